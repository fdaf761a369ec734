"""Small questions for models that write no whole plan: one thing each, with worked examples."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ..constraints.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from ..records.plan import Intent, Region

MAX_NEW_TOKENS = 80
"""For one answer: a sentence. More is rambling."""


class Questions(NamedTuple):
    """The questions of the steps, in one language.

    Small models continue a pattern better than they follow an instruction, so each question ends
    with the message as the next example. {request}: the message. {before}: the image before it.
    """

    intent: str
    new_prompt: str
    changed_prompt: str
    keep: str
    where: str


ENGLISH = Questions(
    """\
What does a message ask for? Answer with one word.
NEW: draw a new picture. CHANGE: change the last picture. COMBINE: put things from several \
pictures together. TALK: answer in words.
Message: make the hat blue
Answer: CHANGE
Message: a castle at night
Answer: NEW
Message: {request}
Answer:""",
    """\
Describe the picture that a message asks for in one sentence. Keep every thing, number, colour and \
quoted text of it.
Message: two kites
Picture: Two kites high above a windy beach, bright morning light.
Message: an old clock, oil painting
Picture: An oil painting of an old clock on a wooden shelf, warm light.
Message: {request}
Picture:""",
    """\
Describe the whole picture after a message in one sentence. Keep all that does not change.
Before: A house by a pond.
Message: make the roof green
After: A house with a green roof by a pond.
Before: Two kites above a beach.
Message: remove one kite
After: One kite above a beach.
Before: {before}
Message: {request}
After:""",
    """\
What in the picture must stay as it is? Answer with a few nouns.
Message: make the roof green
Stays: the house, the pond
Message: turn the day into night
Stays: the house, the garden
Message: {request}
Stays:""",
    """\
Where in the picture is what a message changes? Answer with one of: left, right, top, bottom, \
middle, everywhere.
Message: add a bird in the sky
Answer: top
Message: turn it into a drawing
Answer: everywhere
Message: {request}
Answer:""",
)
CHINESE = Questions(
    """\
一条消息要做什么？只用一个词回答。
NEW：画一张新图。CHANGE：修改上一张图。COMBINE：把几张图里的东西合在一起。TALK：用文字回答。
消息：把帽子改成蓝色
回答：CHANGE
消息：夜里的城堡
回答：NEW
消息：{request}
回答：""",
    """\
用一句话描述消息要的画面。保留其中所有的事物、数量、颜色和引号里的文字。
消息：两只风筝
画面：两只风筝高高飞在有风的海滩上空，清晨明亮的光线。
消息：一座旧钟，油画
画面：一幅油画，木架上有一座旧钟，温暖的光线。
消息：{request}
画面：""",
    """\
用一句话描述改动之后的整个画面。没有改动的都要保留。
之前：池塘边的房子。
消息：把屋顶改成绿色
之后：池塘边一座绿色屋顶的房子。
之前：海滩上空的两只风筝。
消息：去掉一只风筝
之后：海滩上空的一只风筝。
之前：{before}
消息：{request}
之后：""",
    """\
画面里什么必须保持不变？用几个名词回答。
消息：把屋顶改成绿色
不变：房子，池塘
消息：把白天变成夜晚
不变：房子，花园
消息：{request}
不变：""",
    """\
消息改动的东西在画面的哪里？从中选一个回答：左边、右边、上面、下面、中间、全部。
消息：在天上加一只鸟
回答：上面
消息：变成素描
回答：全部
消息：{request}
回答：""",
)
UNKNOWN = {ENGLISH: "The picture above.", CHINESE: "上面的画面。"}
"""The image before a change, for a model that sees it."""

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
_LABEL = lazy_pattern(
    r"^(?:answer|picture|after|stays|description|回答|画面|之后|不变)\s*[:：]\s*", re.IGNORECASE
)
_MARKS = " \t\"'“”‘’「」`*-"


def questions(request: str) -> Questions:
    """The questions in the user's language."""
    return CHINESE if re.search(r"[\u4e00-\u9fff]", request) else ENGLISH


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
