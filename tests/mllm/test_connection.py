"""Proxies and certificates out of the environment, against servers on this machine."""

from __future__ import annotations

import gzip
import json
import os
import ssl
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import hostile_server
from tests.support.conversations import user_says
from tests.support.hostile_server import piece, reply, serving, speak
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


@pytest.mark.parametrize("streamed", [True, False])
def test_replies_that_a_proxy_compressed(streamed):
    whole = {"choices": [{"message": {"content": "a boat"}}]}
    body = json.dumps(whole).encode()
    if streamed:
        body = f"data: {json.dumps(piece('a boat', 'stop'))}\n\ndata: [DONE]\n\n".encode()

    def act(handler):
        handler.start(Content_Encoding="gzip")
        packed = gzip.compress(body)
        for i in range(0, len(packed), 9):
            handler.wfile.write(packed[i : i + 9])

    with serving(act) as server:
        assert chat(f"http://{server.host}") == "a boat"
    words = pytest.raises(EndpointError, match=r"broke \(error: Error -3")
    with serving(reply("{}", Content_Encoding="gzip")) as server, words:
        chat(f"http://{server.host}")
