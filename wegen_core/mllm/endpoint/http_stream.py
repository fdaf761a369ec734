"""One HTTP request whose response is read as it arrives, and which can be stopped at any time."""

from __future__ import annotations

import http.client
import queue
import socket
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING

from .connection import open_connection

if TYPE_CHECKING:
    from ...records.hooks import Hooks

MAX_RESPONSE_BYTES = 16 * 2**20
"""Far more than any reply takes; a longer response is cut off."""

ENCODINGS = ("identity", "gzip", "x-gzip", "deflate")
"""Content encodings that are read. None is asked for, but some proxies compress all the same."""
_GZIP_MAGIC = b"\x1f\x8b"
_ZLIB_MAGIC = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_GZIP, _ZLIB, _DEFLATE = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS

_POLL_SECONDS = 0.05
_CHUNK_BYTES = 65536


class ResponseTooLarge(Exception):
    """The server sent more than MAX_RESPONSE_BYTES."""


class StreamingRequest:
    """A context manager that sends a request; `status` and `headers` are there once entered.

    A thread does the reading, so that waiting for a silent server ends at once when the caller
    stops. Redirects are not followed: they would send the key to another host.

    Parameters
    ----------
    method, url, headers, body
        The request. The scheme of `url` is http or https.
    timeout
        Seconds of silence after which the server counts as dead.
    hooks
        should_stop is polled while waiting.

    Raises
    ------
    Stopped
        `hooks.should_stop` returned True.
    TimeoutError
        Nothing arrived for `timeout` seconds.
    ResponseTooLarge
        The server sent more than MAX_RESPONSE_BYTES.
    ValueError
        The environment names a proxy or certificates that cannot be used.
    OSError, http.client.HTTPException, zlib.error
        The connection failed. All of these also come from the reading methods.
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
        self._connection, target, proxy_headers = open_connection(url)
        headers = {**headers, **proxy_headers, "Connection": "close"}
        self._request = (method, target, body, headers)
        self._timeout = timeout
        self._hooks = hooks
        self._arrived: queue.SimpleQueue[http.client.HTTPResponse | bytes | Exception] = (
            queue.SimpleQueue()
        )
        self._socket: socket.socket | None = None
        self._closed = threading.Event()

    def __enter__(self) -> StreamingRequest:
        threading.Thread(target=self._send_and_read, daemon=True, name="wegen endpoint").start()
        try:
            response = self._next_item()
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

    def iter_bytes(self) -> Iterator[bytes]:
        """The body as it arrives."""
        while chunk := self._next_item():
            assert isinstance(chunk, bytes)  # noqa: S101  the response itself came first
            yield chunk

    def read(self) -> bytes:
        """The whole body."""
        return b"".join(self.iter_bytes())

    def _next_item(self) -> http.client.HTTPResponse | bytes:
        """Wait for what the thread reads next: first the response, then its body, at last b""."""
        deadline = time.monotonic() + self._timeout
        while True:
            self._hooks.check_stop()
            try:
                item = self._arrived.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"silent for {self._timeout:g} seconds") from None
                continue
            if isinstance(item, Exception):
                raise item
            return item

    def _send_and_read(self) -> None:
        """What the thread does."""
        try:
            self._connection.connect()
            self._socket = self._connection.sock
            if self._closed.is_set():
                return
            self._socket.settimeout(self._timeout)
            self._connection.request(*self._request)
            response = self._connection.getresponse()
            self._arrived.put(response)
            unpacker = _Unpacker(response.headers.get("Content-Encoding", "").lower())
            total = 0
            while chunk := response.read1(_CHUNK_BYTES):
                chunk = unpacker.unpack(chunk)
                total += len(chunk)
                if total > MAX_RESPONSE_BYTES:
                    raise ResponseTooLarge(f"more than {MAX_RESPONSE_BYTES >> 20} MiB")
                if chunk:
                    self._arrived.put(chunk)
            self._arrived.put(b"")
        except Exception as error:  # raised again where the caller waits
            self._arrived.put(error)
        finally:
            self._connection.close()

    def _close(self) -> None:
        self._closed.set()
        if self._socket is not None:
            with suppress(OSError):  # closed already
                self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread, which then ends


class _Unpacker:
    """Undoes the compression of a body; its first two bytes are trusted more than its header."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._decoder: zlib._Decompress | None = None
        self._begun = False

    def unpack(self, chunk: bytes) -> bytes:
        """The content of the next chunk, at most a byte more than MAX_RESPONSE_BYTES."""
        if not self._begun:
            self._begun, self._decoder = True, self._decoder_for(chunk[:2])
        if self._decoder is None:
            return chunk
        content = self._decoder.decompress(chunk, MAX_RESPONSE_BYTES + 1)
        if self._decoder.eof and self._decoder.unused_data:  # gzip bodies may have several members
            chunk, self._decoder = self._decoder.unused_data, zlib.decompressobj(_GZIP)
            content += self.unpack(chunk)
        return content

    def _decoder_for(self, magic: bytes) -> zlib._Decompress | None:
        if magic == _GZIP_MAGIC:
            return zlib.decompressobj(_GZIP)
        if self._encoding == "deflate":
            return zlib.decompressobj(_ZLIB if magic in _ZLIB_MAGIC else _DEFLATE)
        return None
