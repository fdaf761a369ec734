"""Downloading a language model from a hub that stands in for the real one."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from wegen_core.mllm.local.download import SWITCH, DownloadError, ensure, model_folder
from wegen_core.records.hooks import Hooks, Stopped

NAME = "Some-One/Tiny-VL-0.1B"
FILES = {
    "config.json": b'{"model_type": "llama"}',
    "model.safetensors": b"w" * 300_000,
    "tokenizer_config.json": b"{}",
    "modeling_evil.py": b"print('no')",
    "pytorch_model.bin": b"pickle",
}


class Hub(BaseHTTPRequestHandler):
    """Has one repository."""

    files = FILES
    requests: ClassVar[list[str]] = []

    def do_HEAD(self):
        self.do_GET(body=False)

    def do_GET(self, body=True):
        self.requests.append(self.path)
        _, _, file = self.path.partition("/resolve/")
        name = file.partition("/")[2].partition("?")[0]
        if self.path.startswith(f"/api/models/{NAME}/tree"):
            files = [{"type": "file", "path": f, "size": len(d), "oid": _sha(d)}
                     for f, d in self.files.items()]  # fmt: skip
            self._send(json.dumps(files).encode(), body, "application/json")
        elif self.path.startswith(f"/api/models/{NAME}"):
            info = {"_id": "1", "id": NAME, "modelId": NAME, "sha": "a" * 40, "private": False}
            info["siblings"] = [{"rfilename": f} for f in self.files]
            self._send(json.dumps(info).encode(), body, "application/json")
        elif self.path.startswith(f"/{NAME}/resolve/") and name in self.files:
            self._send(self.files[name], body, "application/octet-stream")
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

    def _send(self, data, body, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("ETag", f'"{_sha(data)}"')
        self.send_header("X-Repo-Commit", "a" * 40)
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, *_):
        pass


def _sha(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


@contextmanager
def serving(handler):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


@pytest.fixture
def hub(monkeypatch):
    """The stand-in for the hub, with the requests that it got."""
    from huggingface_hub import constants

    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    handler = type("FreshHub", (Hub,), {"requests": []})
    with serving(handler) as address:
        handler.address = address
        yield handler


def test_with_the_switch_off_nothing_is_requested(hub, tmp_path, monkeypatch):
    for value in ("", "0", "false"):
        monkeypatch.setenv(SWITCH, value)
        with pytest.raises(DownloadError, match=f"downloads are off; .* {SWITCH}=1, or put its"):
            ensure(NAME, tmp_path, endpoint=hub.address)
    assert not hub.requests and not list(tmp_path.iterdir())


def test_weights_and_settings_are_fetched_and_nothing_else(hub, tmp_path, monkeypatch):
    monkeypatch.setenv(SWITCH, "1")
    folder = ensure(NAME, tmp_path, endpoint=hub.address)
    assert folder == tmp_path / "Tiny-VL-0.1B"
    files = {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}
    assert files == {f: FILES[f] for f in ("config.json", "model.safetensors",
                                           "tokenizer_config.json")}  # fmt: skip
    before = len(hub.requests)
    monkeypatch.setenv(SWITCH, "")
    assert (
        ensure(NAME, tmp_path, endpoint=hub.address) == folder and len(hub.requests) == before
    )  # it is there


def test_failures_are_explained_and_leave_no_model_behind(hub, tmp_path, monkeypatch):
    monkeypatch.setenv(SWITCH, "1")
    with pytest.raises(DownloadError, match="no/such could not be downloaded: "):
        ensure("no/such", tmp_path, endpoint=hub.address)
    with pytest.raises(Stopped):
        ensure(
            NAME,
            tmp_path,
            endpoint=hub.address,
            hooks=Hooks(should_stop=lambda: bool(hub.requests)),
        )
    hub.files = {"README.txt": b"nothing"}
    with pytest.raises(DownloadError, match=r"has no config.json"):
        ensure(NAME, tmp_path, endpoint=hub.address)
    assert not any(p.suffix != ".part" for p in tmp_path.iterdir())


@pytest.mark.parametrize(
    "name", ["", "x", "../x", "a/..", "a/b/c", "a/.b", "/a", "a b/c", "a/b..c"]
)
def test_names_that_are_not_repositories(name, tmp_path):
    with pytest.raises(ValueError, match="give a name such as 'Qwen/Qwen3-VL-4B-Instruct'"):
        model_folder(name, tmp_path)
