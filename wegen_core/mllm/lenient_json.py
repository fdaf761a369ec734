"""JSON as language models write it: with prose around it, fences, comments, trailing commas, single
or curly quotation marks, bare keys, Python's words, raw line breaks, and sometimes cut off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

MOST_SIGNS = 200_000
_MOST_TRIES = 40
_DEEPEST = 30

_SPACE = re.compile(r"(?:\s+|//[^\n]*|#[^\n]*)*")
_BLANK = re.compile(r"\s*")
_DIGITS = re.compile(r"[0-9a-fA-F]{4}")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?")
_BARE = re.compile(r"[^\W\d][\w-]*")
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_WORDS = {"true": True, "false": False, "null": None, "none": None}


def find_objects(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects in `text`, the outermost ones, in order; never raises.

    What is cut off at the end of `text` counts as far as it goes.
    """
    text = text[:MOST_SIGNS]
    at = text.find("{")
    for _ in range(_MOST_TRIES):
        if at < 0:
            return
        try:
            found, end = _Reader(text).object(at, 0)
        except _Malformed:
            at = text.find("{", at + 1)
            continue
        yield found
        at = text.find("{", end)


class _Malformed(Exception):
    pass


class _Reader:
    """A recursive descent; every method takes a position and returns a value and where it ends."""

    def __init__(self, text: str) -> None:
        self.text = text

    def object(self, at: int, depth: int) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        at = self._skip(at + 1, ",")
        while at < len(self.text):
            if self.text[at] == "}":
                return found, at + 1
            key, at = self._key(at)
            at = self._space(at)
            if at >= len(self.text):
                break
            if self.text[at] not in ":=：":
                raise _Malformed
            at = self._space(at + 1)
            if at >= len(self.text):
                break
            found[key], at = self._value(at, depth + 1)
            at = self._skip(at, ",")
        return found, at

    def _array(self, at: int, depth: int) -> tuple[list[Any], int]:
        found: list[Any] = []
        at = self._skip(at + 1, ",")
        while at < len(self.text):
            if self.text[at] == "]":
                return found, at + 1
            value, at = self._value(at, depth + 1)
            found.append(value)
            at = self._skip(at, ",")
        return found, at

    def _value(self, at: int, depth: int) -> tuple[Any, int]:
        if depth > _DEEPEST:
            raise _Malformed
        sign = self.text[at]
        if sign == "{":
            return self.object(at, depth)
        if sign == "[":
            return self._array(at, depth)
        if sign in _QUOTES:
            return self._string(at)
        if number := _NUMBER.match(self.text, at):
            whole = number[0].lstrip("+-").isdecimal() and len(number[0]) < 19
            return (int if whole else float)(number[0]), number.end()
        word = _BARE.match(self.text, at)
        if word and word[0].lower() in _WORDS:
            return _WORDS[word[0].lower()], word.end()
        raise _Malformed

    def _key(self, at: int) -> tuple[str, int]:
        if self.text[at] in _QUOTES:
            return self._string(at)
        if word := _BARE.match(self.text, at):
            return word[0], word.end()
        raise _Malformed

    def _string(self, at: int) -> tuple[str, int]:
        close = _QUOTES[self.text[at]]
        pieces: list[str] = []
        at += 1
        while at < len(self.text):
            sign = self.text[at]
            if sign == "\\":
                piece, at = self._escape(at + 1)
                pieces.append(piece)
            elif sign == close and self._closes(at):
                return _joined(pieces), at + 1
            else:
                pieces.append(sign)
                at += 1
        return _joined(pieces), at

    def _closes(self, at: int) -> bool:
        """Whether the mark ends the string: an apostrophe or a quotation inside does not."""
        blank = _BLANK.match(self.text, at + 1)
        after = blank.end() if blank else at + 1
        if self.text[after : after + 1] in _QUOTES:
            return "\n" in self.text[at:after]  # a comma is missing
        return self.text[after : after + 1] in ("", *",:=：}]")

    def _escape(self, at: int) -> tuple[str, int]:
        sign = self.text[at : at + 1]
        if sign == "u":
            if digits := _DIGITS.match(self.text, at + 1):
                return chr(int(digits[0], 16)), digits.end()
        return _ESCAPES.get(sign, sign), at + 1

    def _space(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def _skip(self, at: int, separators: str) -> int:
        """Past space and separators, of which there may be too many or too few."""
        at = self._space(at)
        while at < len(self.text) and self.text[at] in separators:
            at = self._space(at + 1)
        return at


def _joined(pieces: list[str]) -> str:
    """The string; halves of one sign that were escaped by themselves become whole."""
    return "".join(pieces).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
