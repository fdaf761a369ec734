"""Replies with the probabilities of their first token: servers' logprobs, and a local model's."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from tests.support.conversations import user_says
from tests.support.hostile_server import piece, reply, serving, speak
from tests.support.tiny_vlms import make
from wegen_core.mllm import FirstTokenModel
from wegen_core.mllm.endpoint import EndpointMLLM
from wegen_core.mllm.endpoint.completion import read_piece
from wegen_core.mllm.local import model as local

TOP = [
    {"token": token, "logprob": math.log(p), "bytes": None}
    for token, p in (("Yes", 0.7), ("No", 0.2), ("It", 0.1))
]
LOGPROBS = {"content": [{"token": "Yes", "logprob": -0.3, "top_logprobs": TOP}], "refusal": None}
OLDER = {"tokens": ["Yes"], "top_logprobs": [{t["token"]: t["logprob"] for t in TOP}]}


def asked(*acts):
    """The reply with its first token, and the server."""
    with serving(*acts) as server:
        mllm = EndpointMLLM(f"http://{server.host}", "small", timeout=5.0)
        assert isinstance(mllm, FirstTokenModel)
        return mllm.chat_with_first_token(user_says()), server


def streamed(handler) -> None:
    handler.start()
    handler.event({"choices": [{"delta": {"role": "assistant"}, "logprobs": None}]})
    for k, word in enumerate(("Yes", ".")):
        event = piece(word)
        event["choices"][0]["logprobs"] = LOGPROBS if k == 0 else {
            "content": [{"token": ".", "logprob": 0.0, "top_logprobs": []}]
        }  # fmt: skip
        handler.event(event)
    handler.event(piece(end="stop"))
    handler.event("[DONE]")


@pytest.mark.parametrize(
    "act",
    [
        streamed,
        reply({"choices": [{"message": {"content": "Yes."}, "logprobs": LOGPROBS}]}),
        reply({"choices": [{"message": {"content": "Yes."}, "logprobs": OLDER}]}),
    ],
)
def test_logprobs_become_probabilities(act):
    (text, tokens), server = asked(act)
    assert text == "Yes." and tokens == pytest.approx({"Yes": 0.7, "No": 0.2, "It": 0.1})
    body = server.asked[0][2]
    assert body["logprobs"] is True and body["top_logprobs"] == 5


@pytest.mark.parametrize("field", ["logprobs", "top_logprobs"])
def test_a_server_that_refuses_logprobs_still_answers(field):
    refusal = reply({"error": {"message": f"Unsupported parameter: '{field}'"}}, 400)
    (text, tokens), server = asked(refusal, speak("No"))
    assert (text, tokens) == ("No", {})
    assert field not in server.asked[1][2]


@pytest.mark.parametrize(
    "logprobs",
    [None, [], "x", {}, {"content": []}, {"content": [1]}, {"content": [{}]}, {"top_logprobs": []},
     {"content": [{"top_logprobs": [{"token": "a", "logprob": "b"}]}]}],
)  # fmt: skip
def test_logprobs_of_another_form_count_as_none(logprobs):
    choice = {"message": {"content": "Yes"}, "logprobs": logprobs}
    assert read_piece({"choices": [choice]}).first_token == {}


def test_a_plain_chat_asks_for_no_logprobs():
    with serving(speak("hello")) as server:
        EndpointMLLM(f"http://{server.host}", "small", timeout=5.0).chat(user_says())
    assert not {"logprobs", "top_logprobs"} & set(server.asked[0][2])


@pytest.mark.slow
def test_a_local_model_gives_its_first_logits(tmp_path: Path):
    mllm = local.load(make("text_only", tmp_path / "m"), device="cpu")
    assert isinstance(mllm, FirstTokenModel)
    text, tokens = mllm.chat_with_first_token(user_says("yes or no?"))
    inputs, _ = mllm._inputs(user_says("yes or no?"))
    with torch.inference_mode():
        expected = mllm.model(**inputs).logits[0, -1].float().softmax(-1)
    best = int(expected.argmax())
    assert tokens[mllm.tokenizer.decode([best])] >= float(expected[best]) - 1e-5
    assert 0 < sum(tokens.values()) <= 1 + 1e-5
    assert text == mllm.chat(user_says("yes or no?"))
