"""Every way to name an image, as "picture N" with its number in the conversation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ..constraints import find_image_mentions, named_images
from ..constraints.english import known
from ..constraints.lazy_pattern import lazy_pattern
from ..constraints.lexicon.english import ORDINALS
from .references import conversation_number

if TYPE_CHECKING:
    from ..records.conversation import Conversation

_IMAGE = r"(?:picture|image|photo|photograph|drawing|painting|sketch|screenshot|pic|reference)"
_GIVEN = r"style|pose|palette|colou?rs|colou?r scheme|layout|composition|background|lighting|look"
_BARE_ORDINAL = lazy_pattern(
    r"\bthe (?P<ordinal>first|second|third|fourth|original)(?: one| version)?"
    r"(?=\s*(?:$|[,.;!?]|(?:and|with|into|in|on|onto|to|as|for|from|look|should|is)\b))",
    re.IGNORECASE,
)
_ALL = lazy_pattern(
    rf"\b(?:both|all(?: (?:two|three|four))?(?: of)?)(?: of)?(?: (?:the|these|my))? {_IMAGE}s\b"
    r"(?! (?:of|from|in)\b)"
    rf"|\b(?:these|the) (?:two|three|four )?{_IMAGE}s\b(?! (?:of|from|in)\b)|"
    rf"\bboth\b(?= together|\s*$|[.!])"
    r"|(?:这|那)?[两三四](?:张|幅)(?:图片|照片|图)?|这(?:些|几张)(?:图片|照片|图)|"
    r"所有(?:的)?(?:图片|照片|图)",
    re.IGNORECASE,
)
_OTHER = lazy_pattern(
    rf"\bthe other (?:{_IMAGE}|one)\b|另外?一(?:张|幅)(?:图片|照片|图)?", re.IGNORECASE
)
_PREVIOUS = lazy_pattern(
    rf"\bthe (?:previous|earlier|one before) ?(?:{_IMAGE}|one)?\b"
    r"|(?:上一|之前那|前一)(?:张|幅)(?:图片|照片|图)?",
    re.IGNORECASE,
)
_THIS = lazy_pattern(
    rf"\b(?:this|the (?:attached|uploaded|new|given))(?: (?:attached|new|reference))? "
    rf"(?:{_IMAGE}|one)\b|\bmy (?:{_IMAGE})\b"
    r"|这(?:张|幅)(?:图片|照片|图|画)?|上传的(?:图片|照片|图)|附图",
    re.IGNORECASE,
)
_BARE_THIS = lazy_pattern(
    r"(?P<before>\b(?:like|using|from|of|with|use|take|match|as|as in|like in) )(?:this|here)"
    r"(?=\s*(?:$|[,.;!?]|(?:as|for|to|in)\b))"
    r"|(?P<before_zh>像|按|照|用|参考|换成|换上)这个|(?P<put>把|将)这个(?=放|挂|贴|加|摆|P|移|当|"
    r"作)",
    re.IGNORECASE,
)
_ITS_ROLE = lazy_pattern(
    rf"\b(?:this|the same) (?P<role>{_GIVEN})\b|(?:这个|这种|同样的|一样的|同款)(?P<han>风格|"
    rf"画风|姿势|动作|配色|构图|背景)",
    re.I,
)
_ITS_THING = lazy_pattern(
    r"\b(?P<verb>put|add|insert|place|use|give|include|bring|paste|hang)\b(?P<link>[^.;]{0,20}?)"
    r"\b(?:this|these) (?P<thing>[a-z]+)\b"
    r"|这[只个条位辆件顶艘座朵棵匹把面台架本支块幅盏套双副](?P<han>[\u4e00-\u9fff]{1,3}?)"
    r"(?=放|加|贴|移|戴|穿|坐|站|到|进|停|走|跑|飞|躺|趴|睡|游|跳|挂|摆|换|合|融|当|作|画|$|，)",
    re.IGNORECASE,
)
_IN_BRACKETS = lazy_pattern(r"\s*\((picture \d+)\)")
_MINE = lazy_pattern(r"\b(?:my|this|these) (\w+)\b", re.IGNORECASE)
_HAN = lazy_pattern(r"[\u4e00-\u9fff]")


def number_images(text: str, conversation: Conversation) -> str:
    """`text` with "picture N" or "图N" for each image that it names.

    text: the words of the last turn. "this picture", "both", "the other one", "the second" are
    understood where the number of images leaves no doubt.
    """
    count, attached = len(conversation.images), len(conversation.turns[-1].images)
    named = named_images(text)
    for mention in reversed(find_image_mentions(text)):
        numbers = [conversation_number(conversation, n, named) for n in mention.numbers]
        text = _replaced(text, mention.start, mention.end, numbers)
    text = _IN_BRACKETS.sub(r" of \1", text)
    ordinals = _BARE_ORDINAL.findall(text)
    versions = re.search(r"\b(?:back|return|revert)\b|\bversion\b", text, re.IGNORECASE)
    if count > 1 and ordinals and (versions or attached > 1 or len(set(ordinals)) > 1 or named):
        text = _each(text, _BARE_ORDINAL, lambda m: [_number(m["ordinal"], count, attached)])
    current = range(count - attached + 1, count + 1) if attached > 1 else range(1, count + 1)
    if len(current) > 1:
        text = _each(text, _ALL, lambda _: current)
    rest = [n for n in current if n not in named_images(text)]
    if len(current) == 2 and len(rest) == 1:
        text = _each(text, _OTHER, lambda _: rest)
    if count > max(attached, 1):
        text = _each(text, _PREVIOUS, lambda _: [count - max(attached, 1)])
    if attached == 1 or count == 1:
        text = _each(text, _THIS, lambda _: [count])
        text = _BARE_THIS.sub(
            lambda m: (
                f"{m['before']}picture {count}"
                if m["before"]
                else f"{m['before_zh'] or m['put']}图{count}"
            ),
            text,
        )
        text = _ITS_ROLE.sub(
            lambda m: (
                f"图{count}的{m['han']}" if m["han"] else f"the {m['role']} of picture {count}"
            ),
            text,
        )
    if attached == 1 and count > 1:
        text = _MINE.sub(
            lambda m: f"the {m[1]} from picture {count}" if known(m[1].lower()) else m[0], text
        )
        text = _ITS_THING.sub(
            lambda m: (
                f"图{count}的{m['han']}"
                if m["han"]
                else f"{m['verb']}{m['link']}the {m['thing']} from picture {count}"
            ),
            text,
        )
    return text


def _number(ordinal: str, count: int, attached: int) -> int:
    number = ORDINALS.get(ordinal.lower(), 1)
    return count - attached + number if attached >= max(number, 2) else number


def _each(
    text: str, pattern: re.Pattern[str], numbers: Callable[[re.Match[str]], Iterable[int]]
) -> str:
    for match in reversed(list(pattern.finditer(text))):
        text = _replaced(text, match.start(), match.end(), list(numbers(match)))
    return text


def _replaced(text: str, start: int, end: int, numbers: list[int]) -> str:
    if text.startswith("参考", start):  # "参考图3" is a reference image, or an order
        start += 2
    if _HAN.search(text[start:end]) or (_HAN.search(text) and not text[start:end].isascii()):
        names = "和".join(f"图{n}" for n in numbers)
    else:
        names = " and ".join(f"picture {n}" for n in numbers)
    return text[:start] + names + text[end:]
