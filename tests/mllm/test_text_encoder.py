"""The text-encoder adapter with a plain function in the encoder's place."""

from __future__ import annotations

import pytest

from tests.support.conversations import user_says
from tests.support.fakes import scene
from wegen_core.mllm import Capabilities, ChatModel
from wegen_core.mllm.text_encoder import MARKUPS, TextEncoderMLLM
from wegen_core.records.conversation import Conversation
from wegen_core.records.hooks import Hooks, Sampling, Stopped


class Encoder:
    """A `Write` that records its calls and returns `reply`."""

    def __init__(self, reply: str = "a boat") -> None:
        self.reply, self.calls = reply, []

    def __call__(self, text, images, **options):
        self.calls.append((text, list(images), options))
        return self.reply


def three_images() -> Conversation:
    """Two images of the user's, and one that was drawn in between."""
    conversation = user_says(scene((60, 40)), "a {red} boat")
    conversation.add("assistant", "here it is", scene((50, 50)))
    conversation.add("user", scene((40, 90)), "what is it?")
    return conversation


def test_turns_are_marked_up_as_the_family_does():
    encoder = Encoder()
    mllm = TextEncoderMLLM(encoder, "qwen3_4b", sees=True)
    assert isinstance(mllm, ChatModel)
    assert mllm.capabilities == Capabilities(max_images=0, streams=False)
    assert (
        mllm.chat(
            three_images(), sampling=Sampling(temperature=0.5, top_p=0.9, seed=3, max_new_tokens=7)
        )
        == "a boat"
    )
    text, images, options = encoder.calls[0]
    assert text == (
        "<|im_start|>user\nPicture 1: (not shown)\na {red} boat<|im_end|>\n"
        "<|im_start|>assistant\nhere it is<|im_end|>\n"
        "<|im_start|>user\nPicture 2, drawn by you: (not shown)\nPicture 3: (not shown)\n"
        "what is it?<|im_end|>\n"
        "<|im_start|>assistant\n<think>\n\n</think>\n\n"
    )
    assert not images
    assert options == {"temperature": 0.5, "top_p": 0.9, "seed": 3, "max_new_tokens": 7}


@pytest.mark.parametrize("family", MARKUPS)
def test_every_image_has_its_mark_and_the_newest_are_included(family):
    encoder, markup = Encoder(), MARKUPS[family]
    mllm = TextEncoderMLLM(encoder, f"{family}_4b", sees=True)
    mllm.chat(three_images())
    text, images, _ = encoder.calls[0]
    assert mllm.capabilities.max_images == markup.max_images
    assert [p.size for p in images] == [(60, 40), (50, 50), (40, 90)][
        3 - min(3, markup.max_images) :
    ]
    if mllm.capabilities.max_images:
        assert text.count(markup.image) == len(images)
        assert text.count("(not shown)") == 3 - len(images)
    assert text.endswith(markup.reply) and "a {red} boat" in text


def test_parentheses_are_escaped_where_they_would_be_weights():
    for family, said in (("Gemma2_2B", r"a \(small\) boat"), ("Gemma3_12B", "a (small) boat")):
        encoder = Encoder()
        TextEncoderMLLM(encoder, family, sees=False).chat(user_says("a (small) boat"))
        assert said in encoder.calls[0][0]


def test_each_gemma_4_is_asked_as_it_was_trained():
    """ComfyUI primes an empty thought for the larger ones only."""
    for family, end in (("Gemma4AudioMixin", "model\n"), ("Gemma4_12B", "thought\n<channel|>")):
        encoder = Encoder()
        TextEncoderMLLM(encoder, family, sees=True).chat(user_says("a boat"))
        assert encoder.calls[0][0].endswith(end)


def test_thinking_is_not_passed_on():
    passed_on = []
    mllm = TextEncoderMLLM(Encoder("<think>\nhm</think>a boat"), "gemma4", sees=False)
    assert mllm.chat(
        three_images(), hooks=Hooks(on_text=passed_on.append)
    ) == "a boat" and passed_on == ["a boat"]


def test_unknown_encoders_and_stop():
    with pytest.raises(ValueError, match=r"the text encoder l cannot chat; use Qwen3"):
        TextEncoderMLLM(Encoder(), "l", sees=False)
    encoder = Encoder()
    with pytest.raises(Stopped):
        TextEncoderMLLM(encoder, "gemma2_2b", sees=False).chat(
            three_images(), hooks=Hooks(should_stop=lambda: True)
        )
    assert not encoder.calls
