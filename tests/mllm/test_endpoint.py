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
from wegen_core.mllm import ChatModel
from wegen_core.mllm.endpoint import KEYS, EndpointError, EndpointMLLM, client
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
        assert "response_format" not in last and "max_tokens" not in last
        assert last["max_completion_tokens"] == 2048 and len(server.asked) == 4


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
