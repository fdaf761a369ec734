"""Extract the prompt from a language model's reply, without the text around it."""

from __future__ import annotations

import re

from ..constraints.lazy_pattern import lazy_pattern
from ..mllm.lenient_json import find_objects
from ..mllm.reply import without_thoughts

MAX_CHARACTERS = 200_000

_FENCE = lazy_pattern(r"```\w*\n?(.*?)(?:```|\Z)", re.DOTALL)
_BULLET = lazy_pattern(r"^(?:#{1,6}|[-*>•]|\(?\d{1,2}[.)])\s+")
_EMPHASIS = lazy_pattern(r"(\*\*|__)(.+?)\1")
_LABEL = lazy_pattern(
    r"^(?:(?:your |the |my |a )?(?:(?:re-?written|re-?phrased|revised|improved|enhanced|new|final|"
    r"better|detailed|image|full|possible) ){0,3}(?:prompt|rewrite|version|description|output|"
    r"answer|result)(?: \d)?|改写(?:后)?(?:的)?(?:提示词)?|新?提示词)\s*[:：]\s*",
    re.IGNORECASE,
)
# Words to the user instead of about an image. Those that the prompt has itself may stay.
_TALK = lazy_pattern(
    r"\b(?:sure|certainly|of course|okay|absolutely|here(?:['’]s| is| are| you go| it is)|let me|"
    r"feel free|i(?:['’](?:m|ve|ll|d)| am| have| can| will| would| hope| think| need|"
    r" understand)|as an ai|sorry|you(?:['’]re| are| can| could| asked| want)|"
    r"re-?(?:written|wrote|writes?|writing|phrased?)|image generators?|prompts?|hope this|"
    r"does this|would you|please provide|details? to decide|must stay)\b"
    r"|以下是|好的|当然|希望|改写|提示词|请问|您",
    re.IGNORECASE,
)
_SENTENCE = lazy_pattern(r"(?:[\"“][^\"“”]*[\"”]|.)+?(?:[.!?:](?=\s)|[。！？：]|$)\s*")
_SENTENCE_END = lazy_pattern(r"[.!?](?=\s)|[。！？]")
_QUOTATION_MARKS = (
    ('"', '"'),
    ("“", "”"),
    ("'", "'"),
    ("‘", "’"),
    ("「", "」"),
    ("«", "»"),
    ("`", "`"),
)
_QUOTED = lazy_pattern(r"[\"“]([^\"“”]{8,})[\"”]")


def extract_prompt(reply: str, prompt: str = "") -> str:
    """Return the rewritten prompt in a reply to `prompt`, on one line; "" if there is none.

    Removes thinking, code fences, JSON, Markdown, labels, words to the user and outer quotation
    marks.
    """
    text = without_thoughts(reply[:MAX_CHARACTERS])
    if fenced := _FENCE.search(text):
        text = fenced[1].strip() or text
    if text.startswith("{"):
        return " ".join(_from_json(text).split())
    return _first_paragraph(text, prompt)[0]


def has_whole_prompt(reply: str) -> bool:
    """Check whether the beginning of a reply already has a whole prompt; only talk can follow."""
    if reply.lstrip().startswith(("{", "`", "<")):
        return False  # JSON, a fence or thinking must close first
    return _first_paragraph(reply.rpartition("\n")[0], "")[1]


def whole_sentences(reply: str) -> str:
    """Return the reply up to the end of its last whole sentence."""
    ends = list(_SENTENCE_END.finditer(reply))
    return reply[: ends[-1].end()] if ends else ""


def _first_paragraph(text: str, prompt: str) -> tuple[str, bool]:
    """The first lines of a prompt that belong together, and whether any other line follows.

    A title before them is not part of the prompt.
    """
    paragraph: list[str] = []
    title = ""
    for line in text.split("\n"):
        words = _from_line(line, prompt)
        if not paragraph and not title and _is_title_line(line):
            title = words
            continue
        if paragraph and (not words or _BULLET.match(line.strip()) or _LABEL.match(line.strip())):
            return " ".join(paragraph), True
        if words:
            paragraph.append(words)
    return " ".join(paragraph) or title, False


def _is_title_line(line: str) -> bool:
    """Whether a line is a title such as "The Lonely Fox", which weak models write first."""
    words = re.sub(r"[*#_\"“”]", "", line).split()
    long_words = [word for word in words if len(word) > 3]
    return (
        1 < len(words) < 9
        and re.search(r"[.,;:!?]", line) is None
        and len(long_words) > 0
        and all(word[0].isupper() for word in (words[0], *long_words))
    )


def _from_line(line: str, prompt: str) -> str:
    """The prompt in one line of a reply, or ""."""
    text = _BULLET.sub("", line.strip(), count=1)
    if "*" not in prompt and "_" not in prompt:
        text = _EMPHASIS.sub(r"\2", text)
    text = _unquoted(_LABEL.sub("", text, count=1).strip())
    pieces = _SENTENCE.findall(text)
    while pieces and _is_talk(pieces[0], prompt):
        if quoted := _QUOTED.search(pieces[0]):
            return quoted[1].strip() if not _is_talk(quoted[1], prompt) else ""
        pieces.pop(0)
    while pieces and _is_talk(pieces[-1], prompt) and not _QUOTED.search(pieces[-1]):
        pieces.pop()
    text = _unquoted(_LABEL.sub("", "".join(pieces).strip(), count=1).strip())
    return "" if text.endswith((":", "：")) or _is_talk(text, prompt) else " ".join(text.split())


def _is_talk(text: str, prompt: str) -> bool:
    allowed = prompt.casefold()
    return any(match[0].casefold() not in allowed for match in _TALK.finditer(text))


def _unquoted(text: str) -> str:
    """`text` without quotation marks around the whole of it."""
    for left, right in _QUOTATION_MARKS:
        inner = text[1:-1]
        if len(text) > 2 and (text[0], text[-1]) == (left, right):
            return inner if left not in inner and right not in inner else text
    return text


def _from_json(text: str) -> str:
    if "}" not in text:
        return ""  # cut off, so the prompt is not whole
    # Use the last object: reasoning models write drafts first.
    for value in reversed(list(find_objects(text))):
        for key in ("prompt", "rewrite", "rewritten_prompt", "text"):
            if isinstance(value.get(key), str):
                return value[key]
    return ""
