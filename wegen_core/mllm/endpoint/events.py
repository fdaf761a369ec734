"""The JSON values in a response: server-sent events, one JSON document, or one JSON each line.

The form is told by how the body begins, because servers label it wrongly.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

DONE = b"[DONE]"
"""The data of the last event."""

_LINE_END = re.compile(rb"\r\n|\r|\n")
_EVENT_LINE = re.compile(rb"(data|event|id|retry|error)?:")
_UNREADABLE = object()


class Event(NamedTuple):
    """What the server sent at once.

    Parameters
    ----------
    name
        Of a server-sent event; mostly "".
    value
        Its JSON; a string where it is not JSON.
    streamed
        Whether it is a server-sent event.
    """

    name: str
    value: Any
    streamed: bool


def read_events(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The events of a body that arrives in chunks, as they are complete."""
    lines = _iter_lines(chunks)
    for line in lines:
        if not line.strip():
            continue
        if _EVENT_LINE.match(line):
            yield from _server_sent_events(line, lines)
        else:
            yield from _documents(b"\n".join([line, *lines]))
        return


def _iter_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    unfinished: list[bytes] = []
    first = True
    for chunk in chunks:
        if unfinished and unfinished[-1].endswith(b"\r"):  # perhaps half of a CR LF
            chunk = unfinished.pop() + chunk
        *lines, last = _LINE_END.split(chunk)
        if chunk.endswith(b"\r"):
            last = lines.pop() + b"\r"
        for line in lines:
            whole = b"".join([*unfinished, line])
            unfinished = []
            yield whole.removeprefix(codecs.BOM_UTF8) if first else whole
            first = False
        unfinished.append(last)
    rest = b"".join(unfinished).rstrip(b"\r")
    yield rest.removeprefix(codecs.BOM_UTF8) if first else rest


def _server_sent_events(first: bytes, lines: Iterator[bytes]) -> Iterator[Event]:
    """An event ends at a blank line, or with a line that is a whole JSON object."""
    name, data = "", list[bytes]()

    def lines_from_first() -> Iterator[bytes]:
        yield first
        yield from lines
        yield b""  # ends the last event

    for line in lines_from_first():
        field, _, content = line.partition(b":")
        content = content.removeprefix(b" ")
        if field == b"event":
            name = content.decode("utf-8", "replace").strip()
        elif field == b"error":  # llama.cpp
            name, data = "error", [content]
        elif field == b"data":
            if not data and isinstance(value := _parse(content), dict):
                yield Event(name, value, True)
                continue
            data.append(content)
        if not line.strip() or content.strip() == DONE:
            joined = b"\n".join(data)
            if joined.strip():
                value = _parse(joined)
                text = joined.decode("utf-8", "replace").strip()
                yield Event(name, text if value is _UNREADABLE else value, True)
            name, data = "", []


def _documents(body: bytes) -> Iterator[Event]:
    value = _parse(body)
    if value is not _UNREADABLE:
        yield Event("", value, False)
        return
    lines = [_parse(line) for line in body.splitlines() if line.strip()]
    if len(lines) > 1 and all(isinstance(line, dict) for line in lines):
        yield from (Event("", line, True) for line in lines)
    else:
        yield Event("", body.decode("utf-8", "replace"), False)


def _parse(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return _UNREADABLE
