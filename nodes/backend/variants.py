"""Messages that ask for several variants at once, in English and Chinese."""

from __future__ import annotations

import re

_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}
_NUMBERS |= {"两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8}
_NUMBERS |= {str(count): count for count in range(2, 9)}

_ASK = (
    r"(?:please )?(?:(?:can|could) you )?(?:(?:show|give|make|draw|paint|create|generate|try|do|"
    r"let me see|i want|i would like|i'd like)(?: me| us)? )?"
)
_VARIANTS = (
    rf"(?P<count>{'|'.join(word for word in _NUMBERS if word.isascii())}) "
    r"(?:(?:different|new|more|other|possible) )*"
    r"(?:variants|variations|versions|alternatives|options|takes|ideas|designs)(?: please)?"
)
_ASK_ZH = r"(?:请|可以|能|再|给我|让我|来|画|出|做|生成|展示|看看|我要|我想要|想要)*"
_VARIANTS_ZH = (
    rf"(?P<count>[{''.join(word for word in _NUMBERS if len(word) == 1)}])[个種种张款套幅]?"
    r"(?:不同的?)?(?:方案|版本|变体|选择|选项|设计)"
)
_END = r"\W*"
_END_ZH = r"[吧吗]?\W*"
_PATTERNS = [
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        rf"{_ASK}{_VARIANTS}{_END}",
        rf"{_ASK}{_VARIANTS}(?: (?:of|for) |\s*[,:;.]\s*)(?P<request>.+)",
        rf"(?P<request>.+?)(?:\s*[,:;.]\s*(?:and )?{_ASK}| (?:in|as) ){_VARIANTS}{_END}",
        rf"{_ASK_ZH}{_VARIANTS_ZH}{_END_ZH}",
        rf"{_ASK_ZH}{_VARIANTS_ZH}[的，。：；,:;]\s*(?P<request>.+)",
        rf"(?P<request>.+?)(?:[，。：；,:;]\s*{_ASK_ZH}|的){_VARIANTS_ZH}{_END_ZH}",
    )
]
_LAST = re.compile(
    r"(?:this|that|it|the (?:last |current )?(?:image|picture|one))(?: please)?\W*|[这那]张图?",
    re.IGNORECASE,
)


def split_variants(message: str) -> tuple[int, str]:
    """How many variants a message asks for (1 to 8), and what of: the rest of its words.

    "four variants of a cat" is (4, "a cat"); "show me three versions" is (3, ""): three of what
    was last drawn. A message that asks for no number of variants is (1, message).
    """
    for pattern in _PATTERNS:
        if match := pattern.fullmatch(" ".join(message.split())):
            request = match.groupdict().get("request") or ""
            request = "" if _LAST.fullmatch(request) else request
            return _NUMBERS[match["count"].lower()], request
    return 1, message
