"""Small questions for models that write no whole plan: one thing each, with worked examples.

The examples are turns of a conversation whose last turn is the user's own message: small models
continue such a pattern, where they copy examples that stand in an instruction.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ..constraints.lazy_pattern import lazy_pattern
from ..records.conversation import Conversation

if TYPE_CHECKING:
    from ..records.conversation import ImagePart
    from ..records.plan import Intent, Region

MAX_NEW_TOKENS = 80
"""For one answer: a sentence. More is rambling."""


class Question(NamedTuple):
    """What is asked, and worked examples of messages and answers."""

    instruction: str
    examples: tuple[tuple[str, str], tuple[str, str]]


class Questions(NamedTuple):
    """The questions of the steps, in one language."""

    intent: Question
    new_prompt: Question
    changed_prompt: Question
    keep: Question
    where: Question


ENGLISH = Questions(
    Question(
        "What does my message ask for? Answer with one word. NEW: draw a new picture. CHANGE: "
        "change the last picture. COMBINE: put several pictures together. TALK: answer in words.",
        (("make the hat blue", "CHANGE"), ("a castle at night", "NEW")),
    ),
    Question(
        "Describe the picture that I ask for in one sentence. Keep every thing, number, colour and "
        "quoted text.",
        (
            ("two kites", "Two kites high above a windy beach, bright morning light."),
            (
                "an old clock, oil painting",
                "An oil painting of an old clock on a wooden shelf, warm light.",
            ),
        ),
    ),
    Question(
        "Describe the whole picture after a change in one sentence.",
        (
            ("A house by a pond.\nmake the roof green", "A house with a green roof by a pond."),
            ("Two kites above a beach.\nremove one kite", "One kite above a beach."),
        ),
    ),
    Question(
        "What in the picture stays as it is when I change it? Answer with a few nouns.",
        (
            ("make the roof green", "the house, the pond"),
            ("turn the day into night", "the house, the garden"),
        ),
    ),
    Question(
        "Where in the picture is what I change? Answer with one of: left, right, top, bottom, "
        "middle, everywhere.",
        (("add a bird in the sky", "top"), ("turn it into a drawing", "everywhere")),
    ),
)
CHINESE = Questions(
    Question(
        "我的消息要做什么？只用一个词回答。NEW：画一张新图。CHANGE：修改上一张图。"
        "COMBINE：把几张图合在一起。TALK：用文字回答。",
        (("把帽子改成蓝色", "CHANGE"), ("夜里的城堡", "NEW")),
    ),
    Question(
        "用一句话描述我要的画面。保留所有的事物、数量、颜色和引号里的文字。",
        (
            ("两只风筝", "两只风筝高高飞在有风的海滩上空，清晨明亮的光线。"),
            ("一座旧钟，油画", "一幅油画，木架上有一座旧钟，温暖的光线。"),
        ),
    ),
    Question(
        "用一句话描述改动之后的整个画面。",
        (
            ("池塘边的房子。\n把屋顶改成绿色", "池塘边一座绿色屋顶的房子。"),
            ("海滩上空的两只风筝。\n去掉一只风筝", "海滩上空的一只风筝。"),
        ),
    ),
    Question(
        "我修改画面时，什么保持不变？用几个名词回答。",
        (("把屋顶改成绿色", "房子，池塘"), ("把白天变成夜晚", "房子，花园")),
    ),
    Question(
        "我要改的东西在画面的哪里？从中选一个回答：左边、右边、上面、下面、中间、全部。",
        (("在天上加一只鸟", "上面"), ("变成素描", "全部")),
    ),
)
_EXAMPLE_THINGS = ("kite", "old clock", "green roof", "风筝", "旧钟", "绿色屋顶")

_INTENTS: dict[str, Intent] = {
    "NEW": "generate",
    "CHANGE": "refine",
    "COMBINE": "compose",
    "TALK": "answer",
}
_INTENT_WORD = lazy_pattern("|".join(_INTENTS), re.IGNORECASE)
_PLACES: dict[str, Region] = {
    "left": (0, 0, 0.5, 1),
    "right": (0.5, 0, 1, 1),
    "top": (0, 0, 1, 0.5),
    "bottom": (0, 0.5, 1, 1),
    "middle": (0.25, 0.25, 0.75, 0.75),
    "左": (0, 0, 0.5, 1),
    "右": (0.5, 0, 1, 1),
    "上": (0, 0, 1, 0.5),
    "下": (0, 0.5, 1, 1),
    "中": (0.25, 0.25, 0.75, 0.75),
}
_LABEL = lazy_pattern(r"^(?:answer|picture|description|回答|画面)\s*[:：]\s*", re.IGNORECASE)
_MARKS = " \t\"'“”‘’「」`*-"


def questions(request: str) -> Questions:
    """The questions in the user's language."""
    return CHINESE if re.search(r"[\u4e00-\u9fff]", request) else ENGLISH


def ask(question: Question, message: str, images: list[ImagePart]) -> Conversation:
    """The conversation that asks for one thing; images: what the model is shown."""
    conversation = Conversation()
    instruction = question.instruction
    for example, answer in question.examples:
        conversation.add("user", f"{instruction}\n{example}".strip())
        conversation.add("assistant", answer)
        instruction = ""
    conversation.add("user", *images, message)
    return conversation


def read_intent(answer: str) -> Intent | None:
    """The intent that the first known word of an answer names."""
    word = _INTENT_WORD.search(answer)
    return _INTENTS[word[0].upper()] if word else None


def read_line(answer: str) -> str:
    """The first line of an answer, without a label and quotation marks around it."""
    lines = [line.strip() for line in answer.strip().splitlines() if line.strip()]
    return _LABEL.sub("", lines[0]).strip(_MARKS) if lines else ""


def read_things(answer: str) -> tuple[str, ...]:
    """The things that an answer lists: a few, and short ones."""
    things = [thing.strip(_MARKS + ".。") for thing in re.split("[,，、;；]", read_line(answer))]
    return tuple(t for t in things if t and len(t) <= 40)[:6]


def read_place(answer: str) -> Region | None:
    """The region of the first place that an answer names; None: everywhere."""
    line = answer.casefold()
    places = [(line.index(name), region) for name, region in _PLACES.items() if name in line]
    return min(places)[1] if places else None


def is_example(line: str, request: str) -> bool:
    """Whether a model repeats things of the examples that the message does not name."""
    line, request = line.casefold(), request.casefold()
    return any(thing in line and thing not in request for thing in _EXAMPLE_THINGS)
