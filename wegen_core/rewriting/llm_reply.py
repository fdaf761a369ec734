"""The prompt in a model's reply: what chatty and weak models put around it is taken off."""

from __future__ import annotations

import json
import re

MOST_SIGNS = 200_000

_THINKING = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"```\w*\n?(.*?)(?:```|\Z)", re.DOTALL)
_BULLET = re.compile(r"^(?:#{1,6}|[-*>•]|\(?\d{1,2}[.)])\s+")
_EMPHASIS = re.compile(r"(\*\*|__)(.+?)\1")
_LABEL = re.compile(
    r"^(?:(?:your |the |my |a )?(?:(?:re-?written|re-?phrased|revised|improved|enhanced|new|final|"
    r"better|detailed|image|full|possible) ){0,3}(?:prompt|rewrite|version|description|output|"
    r"answer|result)(?: \d)?|改写(?:后)?(?:的)?(?:提示词)?|新?提示词)\s*[:：]\s*",
    re.IGNORECASE,
)
# Words to the user, not about a picture. Those of the wish itself may stay.
_TALK = re.compile(
    r"\b(?:sure|certainly|of course|okay|absolutely|here(?:['’]s| is| are| you go| it is)|let me|"
    r"feel free|i(?:['’](?:m|ve|ll|d)| am| have| can| will| would| hope| think| need|"
    r" understand)|as an ai|sorry|you(?:['’]re| are| can| could| asked| want)|"
    r"re-?(?:written|wrote|writes?|writing|phrased?)|image generators?|prompts?|hope this|"
    r"does this|would you|please provide|details? to decide|must stay)\b"
    r"|以下是|好的|当然|希望|改写|提示词|请问|您",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?:[\"“][^\"“”]*[\"”]|.)+?(?:[.!?:](?=\s)|[。！？：]|$)\s*")
_END = re.compile(r"[.!?](?=\s)|[。！？]")
_MARKS = (('"', '"'), ("“", "”"), ("'", "'"), ("‘", "’"), ("「", "」"), ("«", "»"), ("`", "`"))
_QUOTED = re.compile(r"[\"“]([^\"“”]{8,})[\"”]")


def clean(reply: str, wish: str = "") -> str:
    """The prompt in a reply to `wish`, on one line; "" if there is none.

    Thinking, fences, JSON, markdown, labels, words to the user and outer quotation marks go.
    """
    text = _THINKING.sub(" ", reply[:MOST_SIGNS]).strip()
    if fenced := _FENCE.search(text):
        text = fenced[1].strip() or text
    if text.startswith("{"):
        return " ".join(_from_json(text).split())
    return next((found for line in text.splitlines() if (found := _line(line, wish))), "")


def is_complete(heard: str) -> bool:
    """Whether a whole prompt has been heard already, and what is to come is only talk."""
    if heard.lstrip().startswith(("{", "`", "<")):
        return False  # ends where it closes
    said, newline, _ = heard.rpartition("\n")
    return bool(newline and clean(said))


def whole_sentences(heard: str) -> str:
    """What was heard, up to the end of its last whole sentence."""
    ends = list(_END.finditer(heard))
    return heard[: ends[-1].end()] if ends else ""


def _line(line: str, wish: str) -> str:
    """The prompt in one line of a reply, or ""."""
    text = _BULLET.sub("", line.strip(), count=1)
    if "*" not in wish and "_" not in wish:
        text = _EMPHASIS.sub(r"\2", text)
    text = _unquoted(_LABEL.sub("", text, count=1).strip())
    pieces = _SENTENCE.findall(text)
    while pieces and _is_talk(pieces[0], wish):
        if quoted := _QUOTED.search(pieces[0]):
            return quoted[1].strip() if not _is_talk(quoted[1], wish) else ""
        pieces.pop(0)
    while pieces and _is_talk(pieces[-1], wish) and not _QUOTED.search(pieces[-1]):
        pieces.pop()
    text = _unquoted(_LABEL.sub("", "".join(pieces).strip(), count=1).strip())
    return "" if text.endswith((":", "：")) or _is_talk(text, wish) else " ".join(text.split())


def _is_talk(text: str, wish: str) -> bool:
    known = wish.casefold()
    return any(match[0].casefold() not in known for match in _TALK.finditer(text))


def _unquoted(text: str) -> str:
    """`text` without quotation marks around the whole of it."""
    for left, right in _MARKS:
        inner = text[1:-1]
        if len(text) > 2 and (text[0], text[-1]) == (left, right):
            return inner if left not in inner and right not in inner else text
    return text


def _from_json(text: str) -> str:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    for key in ("prompt", "rewrite", "rewritten_prompt", "text"):
        if isinstance(value, dict) and isinstance(value.get(key), str):
            return value[key]
    return ""
