"""Which picture a sentence means: "put the cat from picture 1 into picture 2" goes into 2."""

from __future__ import annotations

import re

_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_CHINESE = "一二三四五六七八九"

_NOUN = r"(?:picture|image|photo|reference)"
_COUNTED = rf"{_NOUN}\s*(?:number\s*|no\.?\s*|#\s*)?(\d+|{'|'.join(_WORDS)})\b"
_ORDERED = rf"({'|'.join(_ORDINALS)})\s+{_NOUN}\b"
_TARGET = rf"\s+(?:the\s+)?(?:{_COUNTED}|{_ORDERED})"
_CHINESE_TARGET = rf"[到进入至]\s*(?:图片?|图像|第)\s*(\d+|[{_CHINESE}])"

# "the cat in picture 1 into picture 2": a direction says more than a place.
_DIRECTION = re.compile(rf"\b(?:into|onto|to){_TARGET}|{_CHINESE_TARGET}", re.IGNORECASE)
_PLACE = re.compile(rf"\b(?:in|on){_TARGET}", re.IGNORECASE)


def base_picture(instruction: str) -> int | None:
    """Number, from 1, of the picture that `instruction` puts things into; None if it names none."""
    for pattern in (_DIRECTION, _PLACE):
        if matches := list(pattern.finditer(instruction)):
            return _number(next(group for group in matches[-1].groups() if group))
    return None


def _number(word: str) -> int:
    if word.isdecimal():
        return int(word)
    for names in (_WORDS, _ORDINALS, tuple(_CHINESE)):
        if word.lower() in names:
            return names.index(word.lower()) + 1
    raise AssertionError(f"{word!r} matched the pattern but is no number")
