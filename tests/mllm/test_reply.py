"""Replies without the model's thinking and marks."""

from __future__ import annotations

import json

import pytest

from tests.support.conversations import user_says
from tests.support.fakes import FakePainter
from wegen_core.copilot import Copilot
from wegen_core.mllm import EmptyReplyError
from wegen_core.mllm.reply import THINKING_MARKS, StreamedReply, opens_thought, without_thoughts
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


@pytest.mark.parametrize("text", ["<b>a boat</b>", "<thin lines", "analysis of a boat", "<", ""])
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
    assert mllm.chat(user_says("Is it a boat?")) == "Yes."
    silent = TextEncoderMLLM(lambda *_, **__: f"{opening}hm", "qwen3_4b", sees=False)
    with pytest.raises(EmptyReplyError, match="nothing besides its thinking"):
        silent.chat(user_says())


@pytest.mark.parametrize(
    "reply",
    [
        "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Red.",
        "<|channel|>commentary<|message|>hm<|channel|>final <|constrain|>json<|message|>Red.",
        "<|start|>assistant<|channel|>final<|message|>Red.<|return|>",
        "analysisThe user asks.assistantfinalRed.",
        "Here is my thought process:\nIt is red.\nHere is my response:\nRed.",
        "Here are my reasoning steps:\nred\n[BEGIN FINAL RESPONSE]\nRed.\n[END FINAL RESPONSE]",
        "<think>red</think><|begin_of_box|>Red.<|end_of_box|>",
        "<think>red</think>\n<answer>Red.</answer>",
        "It is red, I think. <answer>Red.</answer>",
        "<think>It is red. <answer>Red.</answer>",
        "<Think>It is red.</THINK>Red.",
        "<think>a</think>Hm. <think>b</think>Red.",
        "It is red.\n</think>\n\nRed.",
        "<|im_start|>assistant\nRed.<|im_end|>\n<|im_start|>user\nAnd now?",
        "Red.</s></s>",
        "<s>Red.<｜end▁of▁sentence｜>",
        "Red.<end_of_utterance>",
        "<scratch_pad>hm</scratch_pad>Red.",
        "<mm:think>hm</mm:think>Red.",
        "<|thinking_start|>hm<|thinking_end|>Red.",
        '<think type="short">hm</think >Red.',
        "<|inner_prefix|>hm<|inner_suffix|>Red.",
        "<seed:think>a<seed:cot_budget_reflect>b</seed:cot_budget_reflect>c</seed:think>Red.",
        "<Thought>hm</Thought>\n<Output>Red.</Output>",
        "[BEGIN FINAL RESPONSE]\nRed.\n[END FINAL RESPONSE]",
        "<think>hm</think>Red.</think>",
        "Red.",
    ],
)
@pytest.mark.parametrize("size", [1, 4, 1000])
def test_only_the_answer_is_left(reply, size):
    streamed, passed_on = stream(reply[i : i + size] for i in range(0, len(reply), size))
    assert streamed.finish() == without_thoughts(reply) == "Red."
    assert "".join(passed_on).strip().endswith("Red.") or "<answer>" in reply


def test_a_boxed_answer_is_unpacked():
    assert without_thoughts(r"<think>hm</think>It is $\boxed{\text{Red.}}$.") == "Red."
    assert without_thoughts(r"So \boxed{ is no answer") == r"So \boxed{ is no answer"


def test_a_thought_that_the_template_opened_is_known_the_next_time():
    passed_on: list[str] = []
    reply = StreamedReply(passed_on.append)
    reply.add("a car?\n</think>\na boat")
    assert reply.finish() == "a boat" and reply.opened_by_template
    reply = StreamedReply(passed_on.clear() or passed_on.append, thinking=True)
    for piece in ("a car?\n</th", "ink>\n", "a boat"):
        reply.add(piece)
    assert reply.finish() == "a boat" and passed_on == ["a boat"]
    assert opens_thought("<|im_start|>assistant\n<think>\n") and not opens_thought(
        "<think></think>"
    )


def test_a_model_that_did_not_think_this_time_is_heard():
    passed_on: list[str] = []
    reply = StreamedReply(passed_on.append, thinking=True)
    reply.add("a boat")
    assert not passed_on and reply.finish() == "a boat" and passed_on == ["a boat"]
    cut_off = StreamedReply(thinking=True)
    cut_off.add("perhaps a")
    assert cut_off.finish(cut_off=True) == ""


def test_halves_of_a_character_become_one():
    reply, passed_on = stream(["a \ud83d", "\udea4!"])
    assert reply.finish() == "a 🚤!" and "".join(passed_on) == "a 🚤!"
    assert stream(["\ude80 x"])[0].finish() == "\ufffd x"
