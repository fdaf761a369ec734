"""The playground in one place: scenes, their images and their English."""

from __future__ import annotations

from .drawing import draw
from .instructions import compositions, edits, questions
from .language import phrase, wish
from .scenes import (
    BACKGROUNDS,
    COLOURS,
    KINDS,
    POSITIONS,
    Scene,
    Split,
    Thing,
    describe,
    describe_change,
    held_out,
    parse,
    sample,
)

__all__ = [
    "BACKGROUNDS",
    "COLOURS",
    "KINDS",
    "POSITIONS",
    "Scene",
    "Split",
    "Thing",
    "compositions",
    "describe",
    "describe_change",
    "draw",
    "edits",
    "held_out",
    "parse",
    "phrase",
    "questions",
    "sample",
    "wish",
]
