"""A model of a small world leaves alone what it does not know."""

from __future__ import annotations

import pytest

from tests.support.fakes import FakeMLLM, FakePainter, scene
from wegen_core.copilot import Copilot
from wegen_core.mllm import Capabilities, SmallWorld
from wegen_core.mllm.vocabulary import names_nothing_known
from wegen_core.planning.small_world import NO_IMAGE
from wegen_core.records.conversation import Conversation

WORDS = frozenset("make the boat red it draw a put picture in into what is colour cat".split())
KNOWN = scene((48, 32))
UNKNOWN = scene((40, 40))


class SmallMLLM(FakeMLLM):
    name, world, vocabulary = "small", "boats", WORDS
    capabilities = Capabilities(vocabulary=WORDS)

    def knows(self, part):
        return part.image.size != UNKNOWN.size


class SmallPainter(FakePainter):
    name, world, vocabulary = "small painter", "boats", None
    knows = SmallMLLM.knows


COPILOTS = {
    "both": lambda: Copilot(SmallMLLM(), SmallPainter()),
    "the painter": lambda: Copilot(FakeMLLM(), SmallPainter()),
    "the painter, without a language model": lambda: Copilot(None, SmallPainter()),
    "the language model": lambda: Copilot(SmallMLLM(), FakePainter()),
}


@pytest.mark.parametrize("models", COPILOTS)
@pytest.mark.parametrize("task", ["refine", "compose"])
def test_an_unknown_image_stays_as_it_is(models, task):
    copilot = COPILOTS[models]()
    if task == "refine":
        result = copilot.refine(UNKNOWN, "make the boat red")
    else:
        result = copilot.compose([UNKNOWN, KNOWN], "put the boat into picture 1")
    assert result.image.tobytes() == UNKNOWN.tobytes() and result.change_mask.getbbox() is None
    assert copilot.painter.batches == []
    for words in ("Left as it is", "knows boats", "WeGen Painter", "--painter", "MLLM"):
        assert words in str(result.report), words
    assert result.report.data["plan"]["refusal"] and "painter" not in result.report.data
    notes = copilot.pipeline.notes(result.plan, None)
    assert len(notes) == 1 and "Left as it is" in notes[0]  # what the node shows


@pytest.mark.parametrize("models", COPILOTS)
def test_known_images_are_changed(models):
    result = COPILOTS[models]().refine(KNOWN, "make the boat red")
    assert result.plan.refusal == "" and result.change_mask.getbbox() is not None


def test_unknown_words_leave_the_image_as_it_is():
    for instruction in ("make the hair black", "make it golden", "把它变成黑色"):
        result = COPILOTS["both"]().refine(KNOWN, instruction)
        assert result.image.tobytes() == KNOWN.tobytes()
        assert "Left as it is: small does not know" in str(result.report)
    assert COPILOTS["both"]().refine(KNOWN, "make the boat golden").plan.unknown == ("golden",)


def test_chat_answers_instead():
    copilot, talk = COPILOTS["both"](), Conversation()
    assert copilot.chat(talk, "what colour is the boat?").text == NO_IMAGE
    reply = copilot.chat(talk, "make the boat red", [UNKNOWN])
    assert reply.plan.intent == "answer" and "Left as it is" in reply.text and not reply.images
    assert "Left as it is" in copilot.chat(talk, "what is it?").text
    reply = copilot.chat(talk, "draw a red boat")
    assert reply.plan.intent == "generate" and reply.images
    assert copilot.chat(talk, "make the boat red").plan.intent == "refine"
    assert "Left as it is" in copilot.ask([UNKNOWN], "what is it?")


def test_other_models_are_not_concerned():
    assert not isinstance(FakeMLLM(), SmallWorld) and isinstance(SmallPainter(), SmallWorld)
    copilot = COPILOTS["the painter"]()
    assert copilot.ask([UNKNOWN], "what is it?") == "answer to 'what is it?'"
    assert copilot.chat(Conversation(), "what is it?").text == "answer to 'what is it?'"


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("make the boat golden", False),
        ("make it golden", True),
        ("put it in the picture", False),
        ("a bit more sparkle", True),
        ("船", True),
    ],
)
def test_words_that_name_nothing_known(text, unknown):
    assert names_nothing_known(text, WORDS) == unknown
