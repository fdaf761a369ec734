"""Conversations as chat models take them, and replies without the model's thinking."""

from __future__ import annotations

import json

import pytest

from tests.support.fakes import FakePainter, scene
from wegen_core.copilot import Copilot
from wegen_core.mllm.messages import THINKING_MARKS, StreamedReply, to_messages
from wegen_core.mllm.text_encoder import TextEncoderMLLM
from wegen_core.records.conversation import Conversation
from wegen_core.records.hooks import Hooks


def stream(pieces) -> tuple[StreamedReply, list[str]]:
    """The reply after all of `pieces`, and what was passed on."""
    passed_on: list[str] = []
    reply = StreamedReply(passed_on.append)
    for piece in pieces:
        reply.add(piece)
    return reply, passed_on


@pytest.mark.parametrize(("opening", "closing"), THINKING_MARKS)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_thinking_is_left_out_however_it_is_cut(opening, closing, size):
    text = f"\n {opening}a < b, </th{closing} a <b>boat</b>\n"
    reply, passed_on = stream(text[i : i + size] for i in range(0, len(text), size))
    assert "".join(passed_on).strip() == reply.text == "a <b>boat</b>"
    assert reply.begun


@pytest.mark.parametrize(("opening", "closing"), THINKING_MARKS)
def test_a_reply_that_is_all_thinking_is_empty(opening, closing):
    for pieces in ([f"{opening}a boat"], [opening], [f"{opening}a boat{closing}"], [opening[:-1]]):
        reply, passed_on = stream(pieces)
        assert not passed_on and not reply.begun
        assert not reply.text or pieces == [opening[:-1]]  # that is not a mark


@pytest.mark.parametrize(("_", "closing"), THINKING_MARKS)
def test_a_template_may_open_the_thinking(_, closing):
    assert stream(["a car? no\n", closing, "\na boat"])[0].text == "a boat"


@pytest.mark.parametrize("text", ["<b>a boat</b>", "<thin lines", "a <think>boat", "<", ""])
def test_other_text_is_passed_on_as_it_is(text):
    reply, passed_on = stream(text)
    assert reply.text == text and "".join(passed_on) in (text, "")  # one "<" may open a mark


def test_words_that_look_like_a_mark_are_passed_on_once_they_do_not():
    assert stream("<thin")[1] == [] and stream("<thin l")[1] == ["<thin ", "l"]


@pytest.mark.parametrize(("opening", "closing"), THINKING_MARKS)
def test_thinking_reaches_neither_chat_nor_plan(opening, closing):
    """A draft in the thinking is not the plan."""
    plan = {"intent": "generate", "text": "Here it is.", "prompt": "a red boat by the sea"}
    draft = json.dumps(plan | {"prompt": "a blue boat", "text": "Let me see."})
    reply = f"{opening}{draft}, or {draft}?{closing}\n{json.dumps(plan)}"
    mllm = TextEncoderMLLM(lambda *_, **__: reply, "qwen3_4b", sees=False)
    passed_on: list[str] = []
    conversation = Conversation()
    answer = Copilot(mllm, FakePainter()).chat(
        conversation, "a red boat", hooks=Hooks(on_text=passed_on.append)
    )
    assert answer.plan.prompt == plan["prompt"]
    assert "".join(passed_on) == answer.text == plan["text"]
    mllm = TextEncoderMLLM(lambda *_, **__: f"{opening}hm{closing}Yes.", "qwen3_4b", sees=False)
    assert mllm.chat(question()) == "Yes."


def question() -> Conversation:
    conversation = Conversation()
    conversation.add("user", "Is it a boat?")
    return conversation


def test_messages_alternate_and_images_are_the_users():
    conversation = Conversation()
    conversation.add("user", scene((30, 20), "RGBA"))
    conversation.add("user", "make it red")
    conversation.add("assistant", scene((3000, 1000)))
    conversation.add("user", "and", "bigger")
    first, second, third = to_messages(conversation)
    assert [m.role for m in (first, second, third)] == ["user", "assistant", "user"]
    assert (first.text, second.text) == ("Picture 1:\nmake it red", "(a picture)")
    assert third.text == "Picture 2, drawn by you:\nand\nbigger"
    assert [i.size for m in (first, second, third) for i in m.images] == [(30, 20), (1536, 512)]
    assert all(i.mode == "RGB" for i in first.images + third.images)
    newest = to_messages(conversation, max_images=1)
    assert newest[0].parts == ["Picture 1: (not shown)\nmake it red"]
    assert len(newest[2].images) == 1


def test_the_user_must_have_the_last_word():
    conversation = Conversation()
    for _ in range(2):
        with pytest.raises(ValueError, match="does not end with the user's turn; add their mess"):
            to_messages(conversation)
        conversation.add("assistant", "hello")
