"""Reading the replies of judges, on each published scale."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...mllm.lenient_json import find_objects
from .cases import Reader

_NUMBER = r"\d+(?:\.\d+)?"
_NUMBERS = "zero one two three four five six seven eight nine ten".split()
_ANSWERS = {"yes": 1.0, "no": 0.0, "是": 1.0, "否": 0.0}


def scores(count: int, high: float = 10) -> Reader:
    """`count` numbers of 0 to `high` in the field "score", or in a bare list; for one, it alone.

    VIEScore's form (GEdit-Bench, OmniContext).
    """

    def read(reply: str) -> list[float] | None:
        values = [o["score"] for o in find_objects(reply) if "score" in o]
        value = values[-1] if values else None
        if value is None and (lists := re.findall(r"\[[\d\s.,]+\]", reply)):
            value = [float(n) for n in re.findall(_NUMBER, lists[-1])]
        if value is None and re.fullmatch(rf"\s*{_NUMBER}\s*", reply):
            value = float(reply)
        return _numbers(value if isinstance(value, list) else [value], count, 0, high)

    return read


def fields(names: Sequence[str], low: float, high: float) -> Reader:
    """One number of `low` to `high` in each JSON field; without JSON, behind its name.

    The form of MSE-Bench (0 to 10) and KRIS-Bench (1 to 5).
    """

    def read(reply: str) -> list[float] | None:
        for item in reversed(list(find_objects(reply))):
            values = [item.get(name) for name in names]
            if (numbers := _numbers(values, len(names), low, high)) is not None:
                return numbers
        numbers_behind = []
        for name in names:
            label = re.escape(name).replace("_", r"[_\s]*")
            match = re.search(rf"{label}\W{{0,6}}({_NUMBER})", reply, re.IGNORECASE)
            numbers_behind.append(match[1] if match else None)
        return _numbers(numbers_behind, len(names), low, high)

    return read


def lines(count: int, low: float, high: float) -> Reader:
    """`count` lines that end with a number of `low` to `high`: "Prompt Compliance: 4" (ImgEdit)."""

    def read(reply: str) -> list[float] | None:
        pattern = rf"^[^:\n]+:[\s*]*({_NUMBER})(?:\s*/\s*\d+)?[\s.*]*$"
        values = re.findall(pattern, reply, re.MULTILINE)
        return _numbers(values, count, low, high)

    return read


def answer(expected: str) -> Reader:
    """1 if the reply begins with the expected word (Yes, No, a number), 0 for another such word."""

    def read(reply: str) -> list[float] | None:
        match = re.match(r"\W*((?:yes|no)\b|是|否|\w+)", reply.strip(), re.IGNORECASE)
        if match is None:
            return None
        word = match[1].casefold()
        if expected.casefold() in _ANSWERS:
            if word not in _ANSWERS:
                return None
            return [float(_ANSWERS[word] == _ANSWERS[expected.casefold()])]
        number = _number_of(word)
        return None if number is None else [float(number == _number_of(expected.casefold()))]

    return read


def _number_of(word: str) -> int | None:
    if word in _NUMBERS:
        return _NUMBERS.index(word)
    return int(word) if word.isdecimal() else None


def _numbers(values: Sequence[object], count: int, low: float, high: float) -> list[float] | None:
    """`values` as numbers, if these are `count` from `low` to `high`."""
    try:
        numbers = [float(value) for value in values]  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return numbers if len(numbers) == count and all(low <= n <= high for n in numbers) else None
