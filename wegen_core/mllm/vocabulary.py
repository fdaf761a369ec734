"""What a network that was taught few words makes of the others."""

from __future__ import annotations

import re

from ..constraints.image_numbers import find_image_mentions

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
# What people say around a wish, and what such a network takes for a part of it.
_SOFTENED = re.compile(
    r"\b(?:a (?:little |tiny )?bit(?: more| less)?|a little (?:more|less)|more|less|slightly|"
    r"somewhat|a lot|much|(?:kind|sort) of|kinda|really|actually|simply|maybe|perhaps|pls|plz|"
    r"thanks|thank you|ok|okay|hey|hi|hmm|oh|um)\b[ ,.!]*",
    re.IGNORECASE,
)
_ASKED_TO = re.compile(r"\s*(?:can|could|would|will) you (.+?)[?\s]*", re.IGNORECASE | re.DOTALL)
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_LEARNED = re.compile(rf"picture \d+|(?:{'|'.join(_ORDINALS)}) (?:picture|one)", re.IGNORECASE)


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
    plain = _with_plain_numbers(_SOFTENED.sub("", text)).strip()
    return plain if words(plain) else text


def _with_plain_numbers(text: str) -> str:
    """`text` with its English image numbers as the network learned them.

    "picture 2", "the second picture", and "picture 1 and picture 3" for a list.
    """
    for mention in reversed(find_image_mentions(text)):
        phrase, number = text[mention.start : mention.end], mention.numbers[0]
        if not phrase.isascii() or _LEARNED.fullmatch(phrase):
            continue
        if not mention.ordinal:
            plain = " and ".join(f"picture {n}" for n in mention.numbers)
        elif len(mention.numbers) == 1 and 1 <= number <= len(_ORDINALS):
            plain = f"{_ORDINALS[number - 1]} picture"
        else:
            continue
        text = text[: mention.start] + plain + text[mention.end :]
    return text
