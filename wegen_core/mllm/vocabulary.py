"""What a network that was taught few words makes of the others."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
# What people say around a wish, and what such a network takes for a part of it.
_SOFTENED = re.compile(
    r"\b(?:a (?:little |tiny )?bit(?: more| less)?|a little (?:more|less)|more|less|slightly|"
    r"somewhat|a lot|much|(?:kind|sort) of|kinda|really|actually|simply|maybe|perhaps|pls|plz|"
    r"thanks|thank you|ok|okay|hey|hi|hmm|oh|um)\b[ ,.!]*",
    re.IGNORECASE,
)
_ASKED_TO = re.compile(r"\s*(?:can|could|would|will) you (.+?)[?\s]*", re.IGNORECASE | re.DOTALL)
_PICTURE = re.compile(r"\b(?:image|photo|pic|img)(?= ?\d)", re.IGNORECASE)


def words(text: str) -> list[str]:
    """The words of `text`, lower case, each once, in order."""
    return list(dict.fromkeys(word.lower().replace("’", "'") for word in _WORD.findall(text)))


def out_of_vocabulary(text: str, vocabulary: frozenset[str] | None) -> tuple[str, ...]:
    """The words of `text` that are not in `vocabulary` (None: it holds every word), in order.

    Filler phrases do not count.
    """
    if vocabulary is None:
        return ()
    return tuple(word for word in words(plainer(text)) if word not in vocabulary)


def plainer(text: str) -> str:
    """`text` without "could you", "a bit more", "pls" and the like; "picture 2" for "image 2"."""
    asked = _ASKED_TO.fullmatch(text)
    text = asked[1] if asked else text
    plain = _PICTURE.sub("picture", _SOFTENED.sub("", text)).strip()
    return plain if words(plain) else text
