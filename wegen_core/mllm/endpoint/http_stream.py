"""One HTTP exchange that hears Stop while the server is silent."""

from __future__ import annotations

import http.client
import queue
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from ...records.hooks import Hooks

CONNECT_SECONDS = 10.0
MOST_BYTES = 16 * 2**20
"""No reply in words is longer; a server that sends more is cut off."""

_POLL_SECONDS = 0.05
_PIECE = 65536


class TooMuch(Exception):
    """The server sent more than MOST_BYTES."""


class Exchange:
    """A request under way. A thread reads, so that waiting ends at once on Stop.

    `status` and `headers` of the reply are there after entering. Raises `Stopped`, TimeoutError
    after `timeout` seconds without a sign, TooMuch, and what `http.client` raises. Redirects are
    not followed: they would carry the key to another host.
    """

    def __init__(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        timeout: float,
        hooks: Hooks,
    ) -> None:
        place = urlsplit(url)
        secure = place.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        self._connection = kind(place.hostname or "", place.port, timeout=CONNECT_SECONDS)
        self._request = (method, place.path, body, {**headers, "Connection": "close"})
        self._timeout = timeout
        self._hooks = hooks
        self._arrived: queue.SimpleQueue[http.client.HTTPResponse | bytes | Exception] = (
            queue.SimpleQueue()
        )
        self._socket: socket.socket | None = None
        self._closed = threading.Event()

    def __enter__(self) -> Exchange:
        threading.Thread(target=self._run, daemon=True, name="wegen endpoint").start()
        try:
            response = self._next()
        except BaseException:
            self._close()
            raise
        assert isinstance(response, http.client.HTTPResponse)  # noqa: S101  the first to arrive
        self.status, self.headers = response.status, response.headers
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def pieces(self) -> Iterator[bytes]:
        """The body as it arrives."""
        while piece := self._next():
            assert isinstance(piece, bytes)  # noqa: S101  the response itself came first
            yield piece

    def read(self) -> bytes:
        """All of the body."""
        return b"".join(self.pieces())

    def lines(self) -> Iterator[bytes]:
        """The body line by line, without line ends."""
        rest: list[bytes] = []
        for piece in self.pieces():
            *whole, last = piece.split(b"\n")
            for line in whole:
                yield b"".join([*rest, line]).rstrip(b"\r")
                rest = []
            rest.append(last)
        if rest := [part for part in rest if part]:
            yield b"".join(rest)

    def _next(self) -> http.client.HTTPResponse | bytes:
        late = time.monotonic() + self._timeout
        while True:
            self._hooks.check_stop()
            try:
                item = self._arrived.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                if time.monotonic() > late:
                    raise TimeoutError(f"silent for {self._timeout:g} seconds") from None
                continue
            if isinstance(item, Exception):
                raise item
            return item

    def _run(self) -> None:
        """The thread: connects, sends, and hands over what arrives; b"" is the end."""
        try:
            self._connection.connect()
            self._socket = self._connection.sock
            if self._closed.is_set():
                return
            self._socket.settimeout(self._timeout)
            self._connection.request(*self._request)
            response = self._connection.getresponse()
            self._arrived.put(response)
            total = 0
            while piece := response.read1(_PIECE):
                total += len(piece)
                if total > MOST_BYTES:
                    raise TooMuch(f"more than {MOST_BYTES >> 20} MiB")
                self._arrived.put(piece)
            self._arrived.put(b"")
        except Exception as error:  # raised again where the caller waits
            self._arrived.put(error)
        finally:
            self._connection.close()

    def _close(self) -> None:
        self._closed.set()
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread, which then ends
            except OSError:
                pass  # closed already
