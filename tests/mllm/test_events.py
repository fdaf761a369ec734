"""The JSON values in a response, however it is written and cut."""

from __future__ import annotations

import pytest

from wegen_core.mllm.endpoint.events import read_events

EVENTS = b'data: {"a": 1}\n\ndata: {"b":\ndata: 2}\n\n: a comment\n\ndata: [DONE]\n\n'
VALUES = [{"a": 1}, {"b": 2}, "[DONE]"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\n\n", b": hello\n\n"])
def test_server_sent_events_however_they_are_cut(size, end, start):
    body = (start + EVENTS).replace(b"\n", end)
    events = list(read_events(body[i : i + size] for i in range(0, len(body), size)))
    assert [event.value for event in events] == VALUES
    assert all(event.streamed for event in events)


@pytest.mark.parametrize(
    ("body", "values"),
    [
        (b'data: {"a": 1}\ndata: {"b": 2}\ndata: [DONE]', VALUES),  # no blank lines
        (b"data:\n\ndata: null\n\ndata: ping\n\n", [None, "ping"]),
        (b'event: ping\nid: 7\nretry: 3\ndata: {"t": "ping"}\n\n', [{"t": "ping"}]),
        (b'error: {"code": 500}\n\n', [{"code": 500}]),
        (b'{"a":\n 1}\n', [{"a": 1}]),
        (b'{"a": 1}\n{"b": 2}\n', [{"a": 1}, {"b": 2}]),
        (b"<html>\n</html>", ["<html>\n</html>"]),
        (b"[1, 2]", [[1, 2]]),
        (b"", []),
    ],
)
def test_other_bodies(body, values):
    assert [event.value for event in read_events([body])] == values


def test_an_event_is_passed_on_before_the_next_arrives():
    def chunks():
        yield b'data: {"a": 1}\n'
        raise AssertionError("asked for more")

    assert next(read_events(chunks())).value == {"a": 1}
    assert next(read_events([b'event: error\ndata: {"m": 1}\n\n'])).name == "error"
