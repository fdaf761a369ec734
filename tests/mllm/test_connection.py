"""Proxies and certificates out of the environment, against servers on this machine."""

from __future__ import annotations

import gzip
import json
import os
import ssl
import zlib
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import hostile_server
from tests.support.conversations import user_says
from tests.support.hostile_server import piece, serving, speak
from wegen_core.mllm.endpoint import EndpointError, EndpointMLLM, client

CERTIFICATE = Path(hostile_server.__file__).with_name("data") / "localhost.pem"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    monkeypatch.setattr(client, "FIRST_WAIT", 0.01)
    for name in [*os.environ]:
        if name.lower().endswith("_proxy") or name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            monkeypatch.delenv(name)


def chat(url: str) -> str:
    return EndpointMLLM(url, "small", timeout=5).chat(user_says())


def test_a_proxy_gets_the_whole_address(monkeypatch):
    with serving(speak("a boat")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://me:p%40ss@{proxy.host}")
        assert chat("http://model.invalid:81/v1") == "a boat"
        path, headers, _ = proxy.asked[0]
        assert path == "http://model.invalid:81/v1/chat/completions"
        assert headers["Host"] == "model.invalid:81"
        assert headers["Proxy-Authorization"] == "Basic bWU6cEBzcw=="


def test_the_machine_itself_and_no_proxy_are_reached_directly(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with serving(speak("a boat")) as server:
        assert chat(f"http://{server.host}") == "a boat"
    monkeypatch.setenv("NO_PROXY", "model.invalid")
    with pytest.raises(EndpointError, match=r"host of http://model.invalid/v1 is not known;"):
        chat("http://model.invalid")


def test_a_proxy_that_fails_is_named_without_its_password(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://me:secret@127.0.0.1:1")
    with pytest.raises(EndpointError, match=r"through the proxy 127.0.0.1.*NO_PROXY") as caught:
        chat("https://model.invalid")
    assert "secret" not in str(caught.value)
    with serving(speak("no")) as proxy:  # it does not know CONNECT
        monkeypatch.setenv("HTTPS_PROXY", proxy.host)
        with pytest.raises(EndpointError, match=r"Tunnel connection failed.*NO_PROXY"):
            chat("https://model.invalid")
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:1")
    with pytest.raises(ValueError, match=r"of kind 'socks5'.*model.invalid into NO_PROXY"):
        chat("https://model.invalid")


@contextmanager
def secured(*acts):
    with serving(*acts) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        yield server


def test_a_certificate_of_ones_own_is_trusted_where_the_environment_says_so(monkeypatch, tmp_path):
    with secured(speak("a boat")) as server:
        with pytest.raises(EndpointError, match=r"certificate .* not trusted.*SSL_CERT_FILE"):
            chat(f"https://{server.host}")
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            with monkeypatch.context() as trusting:
                trusting.setenv(name, str(CERTIFICATE))
                assert chat(f"https://{server.host}") == "a boat"
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
        with pytest.raises(ValueError, match=r"REQUESTS_CA_BUNDLE is .*, which holds no certif"):
            chat(f"https://{server.host}")


def test_a_server_without_tls_is_explained():
    words = pytest.raises(EndpointError, match=r"begins with http://")
    with serving(speak("a boat")) as server, words:
        chat(f"https://{server.host}")


EVENTS = [
    f"data: {json.dumps(piece(*words))}\n\n".encode() for words in (("a ",), ("boat", "stop"))
]
WHOLE = json.dumps({"choices": [{"message": {"content": "a boat"}}]}).encode()
RAW_DEFLATE = zlib.compress(WHOLE)[2:-4]


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(WHOLE)),
        ("X-GZip", gzip.compress(b"".join(EVENTS))),
        ("gzip", b"".join(map(gzip.compress, EVENTS))),  # one member for each event
        ("deflate", zlib.compress(WHOLE)),
        ("deflate", RAW_DEFLATE),
        ("identity", WHOLE),
        ("gzip", WHOLE),  # unpacked on the way
        ("identity", gzip.compress(WHOLE)),
    ],
    ids="gzip x-gzip members deflate raw-deflate plain unpacked unnamed".split(),
)
@pytest.mark.parametrize("size", [9, 10_000])
def test_replies_that_a_proxy_compressed(encoding, body, size):
    def act(handler):
        handler.start(Content_Encoding=encoding)
        for i in range(0, len(body), size):
            handler.wfile.write(body[i : i + size])

    with serving(act) as server:
        assert chat(f"http://{server.host}") == "a boat"


@pytest.mark.parametrize(
    ("encoding", "body", "words"),
    [
        ("gzip", b"\x1f\x8b{}" + bytes(20), r"broke \(error: Error -3"),
        ("br", b"\x0b\x02\x80abc", "packs its reply as 'br', which cannot be read; turn this"),
    ],
)
def test_compression_that_cannot_be_undone_is_named(encoding, body, words):
    def act(handler):
        handler.start(Content_Encoding=encoding)
        handler.wfile.write(body)

    with serving(act) as server, pytest.raises(EndpointError, match=words):
        chat(f"http://{server.host}")
