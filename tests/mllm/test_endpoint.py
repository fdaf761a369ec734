"""The endpoint adapter against a local server that behaves in every way servers do."""

from __future__ import annotations

import base64
import io
import json
import socket

import pytest
from PIL import Image

from tests.support.conversations import user_says
from tests.support.fakes import scene
from tests.support.hostile_server import endless, piece, reply, serving, silent, speak, talk_slowly
from wegen_core.mllm import ChatModel, EmptyReplyError
from wegen_core.mllm.endpoint import KEYS, EndpointError, EndpointMLLM, client
from wegen_core.mllm.endpoint.structured_output import SCHEMA_FORMS
from wegen_core.records.hooks import Hooks, Sampling, Stopped

SECRET = "sk-very-secret-0123456789"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(client, "FIRST_WAIT", 0.01)
    monkeypatch.delenv(KEYS, raising=False)


def chat(*acts, conversation=None, timeout=5.0, **options):
    """The reply, and the server with what it was asked."""
    with serving(*acts) as server:
        mllm = EndpointMLLM(f"http://{server.host}", "small", timeout=timeout)
        return mllm.chat(conversation or user_says(), **options), server


def failure(*acts, kind=EndpointError, timeout=5.0) -> str:
    with pytest.raises(kind) as caught:
        chat(*acts, timeout=timeout)
    assert SECRET not in repr(caught.value) and caught.value.__cause__ is None
    return str(caught.value)


def test_it_follows_the_protocol():
    assert isinstance(EndpointMLLM("http://localhost:1", "m"), ChatModel)


def test_words_stream_and_the_request_is_what_servers_expect():
    passed_on = []
    text, server = chat(
        speak("Hel", "lo ", "世界"),
        hooks=Hooks(on_text=passed_on.append),
        sampling=Sampling(temperature=0.3, top_p=0.8, seed=2**40 + 5, max_new_tokens=77),
    )
    assert text == "Hello 世界" and passed_on == ["Hel", "lo ", "世界"]
    path, headers, body = server.asked[0]
    assert path == "/v1/chat/completions" and "Authorization" not in headers
    assert body == {
        "model": "small",
        "messages": [{"role": "user", "content": "hello"}],
        "stream": True,
        "temperature": 0.3,
        "top_p": 0.8,
        "seed": 5,
        "max_tokens": 77,
    }


@pytest.mark.parametrize(
    "act",
    [
        speak("a boat", end=None),
        speak("a boat", done=False),
        speak("a boat", end="length"),
        reply({"choices": [{"message": {"content": "a boat"}}]}),
        speak("<thi", "nk>a car?", " no</th", "ink>\n\n", "a ", "boat"),
        speak("a car? no\n</think>\na boat"),
    ],
)
def test_every_form_of_a_good_reply(act):
    assert chat(act)[0] == "a boat"


def whole(content, **fields):
    return reply({"choices": [{"message": {"content": content, **fields}}]})


def events(*values, kind="text/event-stream"):
    """Server-sent events of these values, or of these lines."""
    lines = (v if isinstance(v, str) else f"data: {json.dumps(v)}\n\n" for v in values)
    return reply("".join(lines) + "data: [DONE]\n\n", kind=kind)


A, BOAT, END = piece("a "), piece("boat"), piece(end="stop")
TEXT = {"type": "text", "text": "a boat"}
SECOND_CHOICE = {"choices": [{"index": 1, "delta": {"content": "no "}}]}


@pytest.mark.parametrize(
    "act",
    [
        whole([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, TEXT]),
        whole([{"type": "text", "text": "hm", "thought": True}, TEXT]),
        whole(TEXT),
        whole(["a ", "boat"]),
        whole([{"type": "output_text", "text": {"value": "a boat"}}]),
        whole("a boat", reasoning_content="hm", refusal=None, tool_calls=None),
        reply({"choices": [{"text": "a boat", "finish_reason": "stop"}]}),
        reply({"error": None, "choices": [{"message": {"content": "a boat"}}]}),
        reply({"choices": [{"message": {"content": "a boat"}}]}, 201),
        events({"choices": [{"message": {"content": "a boat"}, "finish_reason": "stop"}]}),
        events({"choices": [{"delta": {"content": [TEXT]}}]}, END),
        events({"choices": [{"text": "a boat", "finish_reason": "stop"}]}),
        events({"choices": [{"delta": {"reasoning": "hm"}}]}, A, BOAT, END),
        events({"id": "x"}, A, BOAT, END, {"usage": {}}, {"choices": None, "usage": {}}),
        events("data: null\n\n", "data: ping\n\n", "data:\n\n", A, {"type": "ping"}, BOAT, END),
        events({**A, "error": None}, SECOND_CHOICE, BOAT, END),
        events(A, BOAT, {"choices": [{"delta": None, "finish_reason": "stop"}]}),
        events(A, BOAT, END, kind="text/plain"),
        events(A, BOAT, END, kind="application/json"),
        reply("\n".join(map(json.dumps, (A, BOAT, END))), kind="application/x-ndjson"),
    ],
)  # fmt: skip
def test_every_form_in_which_servers_write_the_words(act):
    assert chat(act)[0] == "a boat"


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (whole(None, reasoning_content="a boat"), "wrote thoughts and no reply"),
        (whole("<think>a boat</think>"), "wrote thoughts and no reply"),
        (whole(None, refusal="I cannot help"), "refused to answer: I cannot help"),
        (whole([{"type": "refusal", "refusal": "I cannot"}]), "refused to answer: I cannot"),
        (whole(""), "sent an empty reply"),
        (events(piece(" \n"), END), "sent an empty reply"),
        (events(piece(end="content_filter")), "content filter of small"),
        (events(A, piece(end="content_filter: SAFETY")), "content filter of small"),
        (events(piece(end="tool_calls")), "sent an empty reply (tool_calls)"),
    ],
)
def test_a_reply_without_words_is_an_error_that_says_why(act, words):
    with pytest.raises(EmptyReplyError) as caught:
        chat(act)
    assert words in str(caught.value) and isinstance(caught.value, EndpointError)


@pytest.mark.parametrize(
    "act",
    [
        events(A, {"choices": [{"finish_reason": "error", "error": {"message": "it died"}}]}),
        events(A, {"object": "error", "message": "it died"}),
        events(A, 'event: error\ndata: {"message": "it died"}\n\n'),
        events(A, 'error: {"message": "it died"}\n\n'),
        reply({"detail": "it died"}),
    ],
)
def test_an_error_instead_of_the_reply_is_one(act):
    assert "small" in (text := failure(act)) and "it died" in text
    assert "broke off" in failure(events(A, piece(end="abort")))


def test_a_thought_that_the_template_opened_is_not_passed_on_the_next_time():
    with serving(speak("hm\n", "</think>\n", "a boat")) as server:
        mllm = EndpointMLLM(f"http://{server.host}", "small")
        assert not mllm.capabilities.marks_thoughts and mllm.chat(user_says()) == "a boat"
        assert mllm.capabilities.marks_thoughts
        passed_on = []
        assert mllm.chat(user_says(), hooks=Hooks(on_text=passed_on.append)) == "a boat"
        assert passed_on == ["a boat"]


def test_thinking_is_not_passed_on():
    passed_on = []
    chat(
        speak("\n<thi", "nk>a car?", " no</th", "ink>\n\na", " boat"),
        hooks=Hooks(on_text=passed_on.append),
    )
    assert "".join(passed_on) == "a boat"
    passed_on.clear()
    chat(speak("<", "b>a boat"), hooks=Hooks(on_text=passed_on.append))
    assert passed_on == ["<b>a boat"]


def test_images_are_numbered_and_sent_by_the_user():
    conversation = user_says(scene((30, 20)), scene((40, 30), "RGBA"), "put them together")
    conversation.add("assistant", "done", scene((3000, 1000)))
    conversation.add("user", "make it bigger")
    body = chat(speak("ok"), conversation=conversation)[1].asked[0][2]
    first, second, third = body["messages"]
    assert [m["role"] for m in (first, second, third)] == ["user", "assistant", "user"]
    assert second["content"] == "done"
    texts = [p["text"] for m in (first, third) for p in m["content"] if p["type"] == "text"]
    assert texts == [
        "Picture 1:",
        "Picture 2:",
        "put them together",
        "Picture 3, drawn by you:",
        "make it bigger",
    ]
    urls = [p["image_url"]["url"] for m in (first, third) for p in m["content"] if "image_url" in p]
    sent = [Image.open(io.BytesIO(base64.b64decode(u.split(",")[1]))) for u in urls]
    assert [i.size for i in sent] == [(30, 20), (40, 30), (1536, 512)]
    assert sent[0].tobytes() == scene((30, 20)).tobytes()
    with serving(speak("ok")) as server:
        for most in (0, 1, 2):
            EndpointMLLM(f"http://{server.host}", "small", max_images=most).chat(conversation)
        bodies = [json.dumps(body) for _, _, body in server.asked]
    assert [words.count("data:image") for words in bodies] == [0, 1, 2]
    assert [words.count("(not shown)") for words in bodies] == [3, 2, 1]


def test_the_key_goes_to_its_own_host_only(monkeypatch):
    with serving(speak("ok"), reply({"error": {"message": f"bad key {SECRET}"}}, 401)) as server:
        monkeypatch.setenv(KEYS, f"elsewhere.org=other {server.host}={SECRET}")
        mllm = EndpointMLLM(f"http://{server.host}/v1/", "small")
        mllm.chat(user_says())
        assert server.asked[0][1]["Authorization"] == f"Bearer {SECRET}"
        with pytest.raises(EndpointError, match=r"bad key \*\*\*; the key was not accepted") as e:
            mllm.chat(user_says())
        assert SECRET not in str(e.value) + mllm.name + repr(vars(mllm))
        monkeypatch.setenv(KEYS, f"elsewhere.org={SECRET}")
        with pytest.raises(EndpointError, match=f"key is missing; set .* {KEYS}"):
            mllm.chat(user_says())
        assert "Authorization" not in server.asked[-1][1]


def test_a_redirect_does_not_carry_the_key_away(monkeypatch):
    with serving(speak("stolen")) as other:
        where = f"http://{other.host}/v1/chat/completions"
        with serving(reply("", 307, Location=where)) as server:
            monkeypatch.setenv(KEYS, f"{server.host}={SECRET}")
            with pytest.raises(EndpointError, match=r"refused the request \(307\)"):
                EndpointMLLM(f"http://{server.host}", "small").chat(user_says())
        assert other.asked == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("localhost:11434/v1", "give one such as http"),
        ("ftp://host/v1", "give one such as http"),
        ("http://host:port/v1", "give one such as http"),
        ("", "give one such as http"),
        (f"http://me:{SECRET}@host/v1", "holds a key"),
        (f"http://host/v1?key={SECRET}", "holds a key"),
    ],
)
def test_a_wrong_url_is_refused(url, words):
    with pytest.raises(ValueError, match=words) as caught:
        EndpointMLLM(url, "small")
    assert SECRET not in str(caught.value)
    with pytest.raises(ValueError, match="model is empty"):
        EndpointMLLM("http://localhost", " ")


def test_nothing_answers():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(EndpointError, match=f"nothing answers at {url}/v1; is the server running"):
        EndpointMLLM(url, "small").chat(user_says())
    with pytest.raises(EndpointError, match=r"host of .* is not known"):
        EndpointMLLM("http://no-such-host.invalid", "small").chat(user_says())


def test_an_unknown_model_is_named_with_those_that_are_there():
    text = failure(reply({"error": "model not found"}, 404))
    assert "has no model 'small' (404): model not found; it offers small, large" in text
    text = failure(reply("404 page not found", 404))
    assert "has the model, but no chat completions at http://127.0.0.1" in text


def test_busy_servers_are_asked_again():
    busy = reply({"error": {"message": "slow down"}}, 429, Retry_After="0")
    text, server = chat(busy, reply("oops", 503, "text/plain"), speak("a boat"))
    assert text == "a boat" and len(server.asked) == 3
    assert "received too many requests (429): slow down; try again later" in failure(busy)


def test_a_reply_that_breaks_off_is_asked_for_again_unless_part_of_it_was_passed_on():
    def hang_up(handler):
        handler.close_connection = True

    assert chat(hang_up, speak("a boat"))[0] == "a boat"
    assert chat(speak(end=None, done=False), speak("a boat"))[0] == "a boat"
    cut_off = speak("a bo", end=None, done=False)
    passed_on = []
    with pytest.raises(EndpointError, match="broke off in the middle of its reply"):
        chat(cut_off, speak("a boat"), hooks=Hooks(on_text=passed_on.append))
    assert passed_on == ["a bo"]
    short = {"Content_Length": "1000"}
    assert "not a chat completion" in failure(reply('{"choices": [', **short))
    assert "broke" in failure(hang_up)


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (reply("<html>Welcome</html>", 200, "text/html"), "text/html, which is not a chat compl"),
        (reply("[1, 2]"), "'[1, 2]'; give the base address"),
        (reply({"models": []}), "JSON without choices"),
        (reply({"choices": None, "base_resp": {"status_msg": "login fail"}}), "login fail"),
        (reply('{"message": {"content": "a boat"}}\n{"done": true}'), "JSON without choices"),
        (reply({"success": False, "errors": [{"message": "no route"}]}), "failed: no route"),
        (reply("", 204), "broke off before its reply"),
        (reply("\0\1x" * 50_000), "..."),
        (reply("[" * 100_000), "not a chat completion"),
        (lambda h: (h.start(), h.event("{no json")), "event stream, which is not a chat"),
        (lambda h: (h.start(), h.event(piece("")), h.event({"error": "out of memory"})),
         "failed: out of memory"),
        (reply({"detail": "images are not supported"}, 400), "refused the request (400): images"),
        (reply("", 500, "text/html"), "failed (500)"),
        (speak("<think>hmm", end="length"), "used up all 2048 tokens before it began its reply"),
    ],
)  # fmt: skip
def test_garbage_is_explained(act, words):
    text = failure(act)
    assert words in text and len(text) < 700


def test_endless_replies_are_cut_off(monkeypatch):
    monkeypatch.setattr("wegen_core.mllm.endpoint.http_stream.MAX_RESPONSE_BYTES", 2**20)
    assert "sent more than 1 MiB" in failure(endless)


def test_too_long_a_conversation_is_a_value_error():
    message = "This model's maximum context length is 128 tokens"
    assert message in failure(reply({"error": {"message": message}}, 400), kind=ValueError)


def test_silence_ends_in_time():
    assert "did not answer within 0.3 seconds" in failure(silent, timeout=0.3)


@pytest.mark.parametrize("act", [silent, talk_slowly, reply("", 429, Retry_After="30")])
def test_stopping_takes_effect_at_the_next_poll_and_the_server_notices(act):
    with serving(act) as server:
        polls = []

        def stop() -> bool:
            polls.extend(server.asked)  # one for each poll once the server has the request
            return len(polls) >= 20

        mllm = EndpointMLLM(f"http://{server.host}", "small")
        with pytest.raises(Stopped):
            mllm.chat(user_says(), hooks=Hooks(should_stop=stop))
        assert len(polls) == 20 and len(server.asked) == 1
        if act is talk_slowly:
            assert server.hung_up.wait(60)


def test_fields_that_a_server_refuses_are_left_out_from_then_on():
    schema = {"type": "object"}
    no_schema = reply({"error": {"message": "json_schema is not supported"}}, 400)
    renamed = reply({"error": {"message": "use max_completion_tokens, not max_tokens"}}, 400)
    with serving(no_schema, renamed, speak("{}")) as server:
        mllm = EndpointMLLM(f"http://{server.host}", "small")
        assert mllm.chat(user_says(), schema=schema) == "{}"
        assert mllm.chat(user_says(), schema=schema) == "{}"
        first, *_, last = (body for _, _, body in server.asked)
        assert first["response_format"]["json_schema"]["schema"] == schema
        assert last["response_format"] == {"type": "json_object", "schema": schema}
        assert "max_tokens" not in last
        assert last["max_completion_tokens"] == 2048 and len(server.asked) == 4


LONG = "y" * 500


@pytest.mark.parametrize(
    ("refusal", "field"),
    [
        ({"error": {"message": "Unsupported value", "param": "temperature"}}, "temperature"),
        ({"error": {"message": f"{LONG} Unsupported parameter: 'seed'"}}, "seed"),
        ({"detail": [{"loc": ["body", "x"], "msg": LONG},
                     {"loc": ["body", "top_p"], "msg": "extra", "input": {"seed": 1}}]}, "top_p"),
        ([{"error": {"code": 400, "message": 'Unknown name "seed": Cannot find field.'}}], "seed"),
        ({"error": {"message": "bad", "metadata": {"raw": "seed is not supported"}}}, "seed"),
        ({"error": {"message": "you must be verified to stream", "param": "stream"}}, "stream"),
        ({"error": "Streaming is not supported"}, "stream"),
        ({"errors": [{"message": "seed not allowed"}]}, "seed"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", [400, 422, 500, 501])
def test_a_refused_field_is_found_wherever_it_is_named(refusal, field, status):
    text, server = chat(reply(refusal, status), speak("a boat"))
    assert text == "a boat" and len(server.asked) == 2
    assert set(server.asked[0][2]) - set(server.asked[1][2]) == {field}


def test_the_form_of_a_schema_is_found_once():
    """A server that takes nothing but words, and says so in all kinds of ways."""

    def act(handler):
        body = handler.server.asked[-1][2]
        for field, status in (("response_format", 500), ("structured_outputs", 400)):
            if field in body:
                return reply({"error": f"unknown field {field}"}, status)(handler)
        if "guided_json" in body:
            return reply({"detail": [{"loc": ["body", "guided_json"], "msg": "extra"}]}, 422)(
                handler
            )
        return speak("{}")(handler)

    with serving(act) as server:
        mllm = EndpointMLLM(f"http://{server.host}", "small")
        for _ in range(2):
            assert mllm.chat(user_says(), schema={"type": "object"}) == "{}"
        assert len(server.asked) == len(SCHEMA_FORMS) + 1


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "Failed to load model into execution context: no such file"),
        (413, "Request Entity Too Large"),
        (400, "image input is too large: 1536x1536 exceeds maximum"),
        (400, "the model cannot be loaded with a context size of 4096: out of memory"),
    ],
)
def test_only_a_conversation_that_is_too_long_is_called_so(status, message):
    text = failure(reply({"error": {"message": message}}, status))
    assert message in text and "too long" not in text


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "the request exceeds the available context size, try increasing it"),
        (500, "Requested tokens (5000) exceed context window of 2048"),
        (400, "The input token count (70) exceeds the maximum number of tokens allowed (64)."),
        (422, "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097"),
        (400, "prompt is too long: 2000 tokens > 1000 maximum"),
        (400, "The input (5000 tokens) is longer than the model's context length"),
    ],
)
def test_servers_say_in_many_ways_that_a_conversation_is_too_long(status, message):
    assert message in failure(reply({"error": {"message": message}}, status), kind=ValueError)


def test_a_limit_that_leaves_no_room_is_dropped_before_the_conversation_is_called_too_long():
    message = (
        "'max_tokens' or 'max_completion_tokens' is too large: 2048. The maximum context is 99"
    )
    refused = reply({"error": {"message": message}}, 400)
    text, server = chat(refused, refused, speak("a boat"))
    assert text == "a boat"
    assert [set(b) & {"max_tokens", "max_completion_tokens"} for _, _, b in server.asked] == [
        {"max_tokens"},
        {"max_completion_tokens"},
        set(),
    ]
    assert "too long" in failure(refused, kind=ValueError)


def test_who_breaks_off_while_thinking_is_asked_again():
    cut_off = speak("<think>hm", end=None, done=False)
    passed_on = []
    assert chat(cut_off, speak("a boat"), hooks=Hooks(on_text=passed_on.append))[0] == "a boat"
    assert passed_on == ["a boat"]


def test_the_models_on_offer():
    with serving(silent) as server:
        assert EndpointMLLM(f"http://{server.host}", "x").models() == ["small", "large"]
