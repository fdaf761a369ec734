"""A conversation as chat models take it, and their reply as it is said aloud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from ..images.convert import flatten
from ..records.conversation import ImagePart

if TYPE_CHECKING:
    from ..records.conversation import Conversation, Role
    from ..records.hooks import OnText

LONGEST_SIDE = 1536
"""Larger pictures are made smaller: models look at no more."""


@dataclass
class Message:
    """What one side says: words and RGB pictures; the assistant's messages hold words only."""

    role: Role
    parts: list[str | Image.Image]

    @property
    def text(self) -> str:
        return "\n".join(p for p in self.parts if isinstance(p, str))


def to_messages(conversation: Conversation, *, pictures: int | None = None) -> list[Message]:
    """User and assistant in turns, the user last.

    Every picture follows a label with its number, as `Plan.references` counts. Chat models take
    pictures from the user alone: one that the assistant drew is shown with the user's next words.
    pictures: how many of the newest are shown, None: all; the others have a label only. Raises
    ValueError if the last turn is not the user's.
    """
    turns = conversation.turns
    if not turns or turns[-1].role != "user":
        raise ValueError("the conversation does not end with the user's turn; add what they say")
    found: list[Message] = []
    drawn: list[str | Image.Image] = []
    number = 0
    hidden = 0 if pictures is None else len(conversation.images) - pictures
    for turn in turns:
        own = turn.role == "user"
        parts: list[str | Image.Image] = drawn if own else []
        drawn = [] if own else drawn
        for part in turn.parts:
            if not isinstance(part, ImagePart):
                parts.append(part.text)
                continue
            number += 1
            label = f"Picture {number}" + (":" if own else ", drawn by you:")
            shown: list[str | Image.Image]
            shown = [f"{label} (not shown)"] if number <= hidden else [label, _shown(part)]
            (parts if own else drawn).extend(shown)
        if found and found[-1].role == turn.role:
            parts = found.pop().parts + parts
        found.append(Message(turn.role, _merged(parts) or ["(a picture)"]))
    return found


def _merged(parts: list[str | Image.Image]) -> list[str | Image.Image]:
    """`parts` with words beside words made one: some templates put nothing in between."""
    merged: list[str | Image.Image] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += f"\n{part}"
        else:
            merged.append(part)
    return merged


def _shown(picture: ImagePart) -> Image.Image:
    image = flatten(picture.image).copy()
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    return image


class Speech:
    """A reply that arrives in pieces; what the model thinks before it speaks is left out.

    `on_text` gets each piece that is said aloud.
    """

    _OPEN, _CLOSE = "<think>", "</think>"

    def __init__(self, on_text: OnText | None = None) -> None:
        self._on_text = on_text
        self._heard: list[str] = []
        self._waiting = ""  # heard, and not yet known to be said aloud
        self._thinking: bool | None = None  # None: the reply has hardly begun
        self.begun = False  # whether anything was said aloud

    def add(self, piece: str) -> None:
        self._heard.append(piece)
        if self._thinking is False:
            self._say(piece)
            return
        self._waiting += piece
        begun = self._waiting.lstrip()
        if self._thinking is None and not self._OPEN.startswith(begun[: len(self._OPEN)]):
            self._thinking = False
        elif begun.startswith(self._OPEN):
            self._thinking = True
        if self._thinking and self._CLOSE in self._waiting[-len(piece) - len(self._CLOSE) :]:
            self._thinking = False
            self._waiting = self._waiting.split(self._CLOSE, 1)[1]
        if self._thinking is False:
            self._say(self._waiting.lstrip())

    def _say(self, piece: str) -> None:
        if not piece:
            return
        self.begun = True
        if self._on_text is not None:
            self._on_text(piece)

    @property
    def text(self) -> str:
        """All that was said aloud so far. Some templates open the thinking themselves."""
        whole = "".join(self._heard)
        if self._CLOSE in whole:
            return whole.rsplit(self._CLOSE, 1)[1].strip()
        return "" if whole.lstrip().startswith(self._OPEN) else whole.strip()
