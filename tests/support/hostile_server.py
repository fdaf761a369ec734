"""A local server that speaks chat completions, well or badly, as each test tells it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Act = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    server: HostileServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, dict(self.headers), body))
        acts = self.server.acts
        self.act(acts.pop(0) if len(acts) > 1 else acts[0])

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers), None))
        self.act(reply({"data": [{"id": "small"}, {"id": "large"}]}))

    def act(self, act: Act) -> None:
        try:
            act(self)
        except (BrokenPipeError, ConnectionResetError):
            self.server.hung_up.set()

    def start(self, status: int = 200, kind: str = "text/event-stream", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def event(self, data: object) -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        self.wfile.write(f"data: {text}\n\n".encode())
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        pass


class HostileServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, *acts: Act) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.acts = list(acts)
        self.asked: list[tuple[str, dict[str, str], dict | None]] = []
        self.hung_up = threading.Event()
        self.over = threading.Event()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        pass  # clients that hang up are what is tested


@contextmanager
def serving(*acts: Act) -> Iterator[HostileServer]:
    """The server, answering request k with act k, and all later ones with the last act."""
    server = HostileServer(*acts)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()


def piece(text: str | None = None, end: str | None = None) -> dict:
    delta = {} if text is None else {"content": text}
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": end}]}


def speak(*words: str, end: str | None = "stop", done: bool = True) -> Act:
    """A good stream."""

    def act(handler: Handler) -> None:
        handler.start()
        handler.event({"choices": [{"delta": {"role": "assistant", "content": None}}]})
        for word in words:
            handler.event(piece(word))
        if end:
            handler.event(piece(end=end))
        handler.event({"choices": [], "usage": {"total_tokens": 3}})
        if done:
            handler.event("[DONE]")

    return act


def reply(data: object, status: int = 200, kind: str = "application/json", **headers: str) -> Act:
    """A whole reply at once."""
    text = data if isinstance(data, str) else json.dumps(data)

    def act(handler: Handler) -> None:
        handler.start(status, kind, **headers)
        handler.wfile.write(text.encode())

    return act


def silent(handler: Handler) -> None:
    """Takes the request and says nothing until the caller hangs up or the test is over."""
    handler.server.over.wait(30)


def endless(handler: Handler) -> None:
    handler.start()
    while not handler.server.over.is_set():
        handler.event(piece("word " * 2000))


def talk_slowly(handler: Handler) -> None:
    handler.start()
    handler.event(piece("one "))
    while not handler.server.over.is_set():
        time.sleep(0.02)
        handler.event(piece("more "))
