"""JSON as language models write it.

With prose around it, fences, comments, trailing commas, single or curly quotation marks, bare keys,
Python's constants, raw line breaks, and sometimes cut off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

MAX_CHARACTERS = 200_000
_MAX_ATTEMPTS = 40
_MAX_DEPTH = 30

_SPACE = re.compile(r"(?:\s+|//[^\n]*|#[^\n]*)*")
_BLANK = re.compile(r"\s*")
_HEX_DIGITS = re.compile(r"[0-9a-fA-F]{4}")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?")
_BARE_WORD = re.compile(r"[^\W\d][\w-]*")
_CLOSING_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_CONSTANTS = {"true": True, "false": False, "null": None, "none": None}


def find_objects(text: str) -> Iterator[dict[str, Any]]:
    """The outermost JSON objects in `text`, in order; never raises.

    An object that is cut off at the end of the text counts as far as it goes.

    Parameters
    ----------
    text
        Only the first MAX_CHARACTERS are read.
    """
    text = text[:MAX_CHARACTERS]
    start = text.find("{")
    for _ in range(_MAX_ATTEMPTS):
        if start < 0:
            return
        try:
            value, end = _Parser(text).object(start, 0)
        except _ParseError:
            start = text.find("{", start + 1)
            continue
        yield value
        start = text.find("{", end)


def is_closed(text: str) -> bool:
    """Whether the first JSON object in `text` has its closing brace."""
    start = text.find("{")
    if start < 0:
        return False
    try:
        parser = _Parser(text)
        parser.object(start, 0)
    except _ParseError:
        return False
    return not parser.is_cut_off


class _ParseError(Exception):
    pass


class _Parser:
    """Recursive descent: every method takes a position and returns a value and its end."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.is_cut_off = False

    def object(self, at: int, depth: int) -> tuple[dict[str, Any], int]:
        """The object whose brace stands `at`."""
        fields: dict[str, Any] = {}
        at = self._skip(at + 1, ",")
        while at < len(self.text):
            if self.text[at] == "}":
                return fields, at + 1
            key, at = self._key(at)
            at = self._skip_space(at)
            if at >= len(self.text):
                break
            if self.text[at] not in ":=：":
                raise _ParseError
            at = self._skip_space(at + 1)
            if at >= len(self.text):
                break
            fields[key], at = self._value(at, depth + 1)
            at = self._skip(at, ",")
        self.is_cut_off = True
        return fields, at

    def _array(self, at: int, depth: int) -> tuple[list[Any], int]:
        items: list[Any] = []
        at = self._skip(at + 1, ",")
        while at < len(self.text):
            if self.text[at] == "]":
                return items, at + 1
            value, at = self._value(at, depth + 1)
            items.append(value)
            at = self._skip(at, ",")
        return items, at

    def _value(self, at: int, depth: int) -> tuple[Any, int]:
        if depth > _MAX_DEPTH:
            raise _ParseError
        first = self.text[at]
        if first == "{":
            return self.object(at, depth)
        if first == "[":
            return self._array(at, depth)
        if first in _CLOSING_QUOTES:
            return self._string(at)
        if number := _NUMBER.match(self.text, at):
            is_int = number[0].lstrip("+-").isdecimal() and len(number[0]) < 19
            return (int if is_int else float)(number[0]), number.end()
        word = _BARE_WORD.match(self.text, at)
        if word and word[0].lower() in _CONSTANTS:
            return _CONSTANTS[word[0].lower()], word.end()
        raise _ParseError

    def _key(self, at: int) -> tuple[str, int]:
        if self.text[at] in _CLOSING_QUOTES:
            return self._string(at)
        if word := _BARE_WORD.match(self.text, at):
            return word[0], word.end()
        raise _ParseError

    def _string(self, at: int) -> tuple[str, int]:
        closing = _CLOSING_QUOTES[self.text[at]]
        pieces: list[str] = []
        at += 1
        while at < len(self.text):
            character = self.text[at]
            if character == "\\":
                piece, at = self._escape(at + 1)
                pieces.append(piece)
            elif character == closing and self._ends_string(at):
                at += 1
                break
            else:
                pieces.append(character)
                at += 1
        # Surrogate halves that were escaped one by one become one character.
        string = "".join(pieces).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return string, at

    def _ends_string(self, at: int) -> bool:
        """Whether the mark ends the string: an apostrophe or a quotation inside does not."""
        blank = _BLANK.match(self.text, at + 1)
        after = blank.end() if blank else at + 1
        following = self.text[after : after + 1]
        if following in _CLOSING_QUOTES:
            return "\n" in self.text[at:after]  # a comma is missing
        return following in ("", *",:=：}]")

    def _escape(self, at: int) -> tuple[str, int]:
        character = self.text[at : at + 1]
        if character == "u" and (digits := _HEX_DIGITS.match(self.text, at + 1)):
            return chr(int(digits[0], 16)), digits.end()
        return _ESCAPES.get(character, character), at + 1

    def _skip_space(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def _skip(self, at: int, separators: str) -> int:
        """Past space and separators, of which there may be too many or too few."""
        at = self._skip_space(at)
        while at < len(self.text) and self.text[at] in separators:
            at = self._skip_space(at + 1)
        return at
