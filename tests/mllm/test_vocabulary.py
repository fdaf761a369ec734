"""Words that a network was never taught: what is said around a wish goes, the rest is named."""

from __future__ import annotations

import pytest

import wegen_core as wegen
from tests.support.fakes import FakeMLLM, FakePainter
from wegen_core.copilot import Copilot
from wegen_core.mllm import Capabilities
from wegen_core.mllm.vocabulary import out_of_vocabulary, strip_fillers
from wegen_core.model.prompt import unique_words
from wegen_core.records.conversation import Conversation
from wegen_core.records.hooks import Hooks
from wegen_core.training.mini import training_vocabulary


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("make it a bit more purple pls", "make it purple"),
        ("Could you make it slightly blue, please?", "make it blue, please"),
        ("ok, the car from image 2 pls", "the car from picture 2"),
        ("an image of a little boat", "an image of a little boat"),
        ("what colour is the car?", "what colour is the car?"),
        ("can you?", "can you?"),
        ("more pls", "more pls"),
        ("", ""),
    ],
)
def test_what_is_said_around_a_wish_is_left_out(said, plain):
    assert strip_fillers(said) == plain


def test_words_are_counted_once_and_in_order():
    assert unique_words("A dragon, a DRAGON’s car 3 红车") == [
        "a",
        "dragon",
        "dragon's",
        "car",
        "红车",
    ]


class SmallVocabulary(FakeMLLM):
    capabilities = Capabilities(vocabulary=frozenset("a boat by the sea".split()))


def test_the_user_is_told_of_them_wherever_a_plan_is_made():
    copilot = Copilot(SmallVocabulary(), FakePainter())
    told: list[str] = []
    reply = copilot.chat(Conversation(), "a dragon by the sea", hooks=Hooks(on_text=told.append))
    note = "fake-mllm does not know: dragon"
    assert reply.text.endswith(f"\n{note}") and note in str(reply.report)
    assert told[-1] == f"\n{note}" and reply.plan.unknown == ("dragon",)
    told.clear()
    drawn = copilot.pipeline.generate("a dragon", n=2, hooks=Hooks(on_text=told.append))
    assert all(note in str(d.report) for d in drawn) and "".join(told).count(note) == 1
    assert "does not know" not in copilot.chat(Conversation(), "a boat").text


def test_what_was_told_is_no_part_of_the_talk():
    talk = Conversation()
    Copilot(SmallVocabulary(), FakePainter()).chat(talk, "a dragon")
    assert "does not know" not in talk.turns[-1].text


@pytest.mark.slow
def test_the_embedded_network_lists_every_word_of_its_lessons():
    vocabulary = wegen.load().mllm.capabilities.vocabulary
    assert vocabulary == frozenset(training_vocabulary().split())
    said = [f"a {word} car" for word in training_vocabulary().split()]
    assert [strip_fillers(words) for words in said] == said
    assert out_of_vocabulary("draw a red kitten under the stars, pls", vocabulary) == ()
    assert out_of_vocabulary("a dragon in a castle", vocabulary) == ("dragon", "castle")


@pytest.mark.slow
def test_sloppy_words_change_what_plain_ones_do():
    copilot, talk = wegen.load(), Conversation()
    copilot.chat(talk, "a red car by the sea", seed=1)
    reply = copilot.chat(talk, "could you make it a bit more purple pls?", seed=1)
    assert reply.plan.prompt == "a purple car on the left, by the sea"


def test_painting_syntax_is_not_a_word():
    assert strip_fillers("a (red:1.3) boat, <lora:x:0.8>") == "a red boat"
    assert (
        out_of_vocabulary("a red boat <lora:x:1> --ar 3:2", frozenset({"a", "red", "boat"})) == ()
    )
