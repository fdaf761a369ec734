"""Text in the image: what was read against what was asked for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from ...records.hooks import NO_HOOKS, Hooks
from ...vision.text_reader import TextLine, TextReader
from .atoms import Atom
from .expert import Answer

if TYPE_CHECKING:
    from PIL.Image import Image

_SAME_SHAPE = str.maketrans({letter: letter.lower() for letter in "CKOPSUVWXZ"})
"""A capital of these looks like a large small letter."""


class TextExpert:
    """Answers whether a quoted text is written in the image.

    Parameters
    ----------
    reader
        What reads the text; None: `TextReader`, which raises ValueError where it is not installed.
    """

    def __init__(self, reader: TextReader | None = None) -> None:
        self._reader = reader or TextReader()
        self.name = self._reader.name

    def covers(self, atom: Atom) -> bool:
        """Whether it is a text in characters that the reader knows."""
        letters = set(_normalise(atom.words)) - {" "}
        return atom.kind == "quote" and letters <= self._reader.characters

    def answer(
        self, image: Image, atoms: Sequence[Atom], *, hooks: Hooks = NO_HOOKS
    ) -> list[Answer]:
        """Yes if the text was read letter by letter, in one line or over several.

        The score of a yes is the reader's; that of a no is half the similarity of the most similar
        line, or of all lines together.
        """
        lines = self._reader.read(image)
        return [_look_for(atom.words, lines) for atom in atoms]


def _look_for(quote: str, lines: Sequence[TextLine]) -> Answer:
    everything = " ".join(line.text for line in lines)
    for line in sorted(lines, key=lambda line: -line.score):
        if _contains(line.text, quote):
            return Answer(max(0.5, line.score), f'read "{line.text}" at {line.corner}')
    evidence = f'read "{everything}"' if lines else "no text was read"
    if _contains(everything, quote):
        return Answer(max(0.5, min(line.score for line in lines)), evidence)
    texts = [*(line.text for line in lines), everything]
    return Answer(max(_similarity(quote, text) for text in texts) / 2, evidence)


def _normalise(text: str) -> str:
    """Without differences that a reader cannot see: width, spaces, size of like letters."""
    return " ".join(unicodedata.normalize("NFKC", text).translate(_SAME_SHAPE).split())


def _contains(text: str, quote: str) -> bool:
    """Whether `quote` is in `text` as whole words; Chinese and Japanese have no bounds."""
    letter = r"[^\W\u2e80-\u9fff]"
    pattern = r"\s*".join(map(re.escape, _normalise(quote).replace(" ", "")))
    return re.search(rf"(?<!{letter}){pattern}(?!{letter})", _normalise(text)) is not None


def _similarity(quote: str, text: str) -> float:
    ratio = SequenceMatcher(None, _normalise(quote), _normalise(text), autojunk=False).ratio()
    return min(ratio, 0.98)
