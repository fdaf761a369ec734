"""A conversation in the form that chat models take, and the model's reply as it arrives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from ..images.convert import flatten
from ..records.conversation import ImagePart

if TYPE_CHECKING:
    from ..records.conversation import Conversation, Role
    from ..records.hooks import OnText

MAX_SIDE = 1536
"""Larger images are scaled down to this many pixels a side: models use no more."""

THINKING_MARKS = (("<think>", "</think>"), ("<thinking>", "</thinking>"))
"""What reasoning models write before and after their thinking."""


@dataclass
class Message:
    """One message of a chat: text and RGB images; the assistant's messages hold text only."""

    role: Role
    parts: list[str | Image.Image]

    @property
    def text(self) -> str:
        """All text of the message."""
        return "\n".join(part for part in self.parts if isinstance(part, str))

    @property
    def images(self) -> list[Image.Image]:
        """All images of the message."""
        return [part for part in self.parts if not isinstance(part, str)]


def to_messages(conversation: Conversation, *, max_images: int | None = None) -> list[Message]:
    """Convert a conversation to messages that alternate between user and assistant.

    Every image follows a label with its number, counted as in `Plan.references`. Chat models take
    images from the user alone, so an image that the assistant made is part of the user's next
    message.

    Parameters
    ----------
    conversation
        Its last turn is the user's.
    max_images
        How many of the newest images are included; None: all. The others have only a label.

    Raises
    ------
    ValueError
        The last turn is not the user's.
    """
    turns = conversation.turns
    if not turns or turns[-1].role != "user":
        raise ValueError("the conversation does not end with the user's turn; add their message")
    messages: list[Message] = []
    assistant_images: list[str | Image.Image] = []  # for the user's next message
    number = 0
    hidden = 0 if max_images is None else len(conversation.images) - max_images
    for turn in turns:
        by_user = turn.role == "user"
        parts: list[str | Image.Image] = []
        if by_user:
            parts, assistant_images = assistant_images, parts
        for part in turn.parts:
            if not isinstance(part, ImagePart):
                parts.append(part.text)
                continue
            number += 1
            label = f"Picture {number}" + (":" if by_user else ", drawn by you:")
            target = parts if by_user else assistant_images
            if number <= hidden:
                target.append(f"{label} (not shown)")
            else:
                image = flatten(part.image).copy()
                image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
                target += [label, image]
        if messages and messages[-1].role == turn.role:
            parts = messages.pop().parts + parts
        messages.append(Message(turn.role, _join_texts(parts) or ["(a picture)"]))
    return messages


def _join_texts(parts: list[str | Image.Image]) -> list[str | Image.Image]:
    """`parts` with neighbouring texts joined: some chat templates put nothing between them."""
    joined: list[str | Image.Image] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += f"\n{part}"
        else:
            joined.append(part)
    return joined


class StreamedReply:
    """A reply that arrives in pieces; the model's thinking is left out.

    Parameters
    ----------
    on_text
        Called with each piece of the reply that is not thinking.

    Attributes
    ----------
    begun : bool
        Whether any of the reply proper has arrived.
    """

    def __init__(self, on_text: OnText | None = None) -> None:
        self._on_text = on_text
        self._pieces: list[str] = []
        self._undecided = ""  # the newest text of which it is unclear whether it is thinking
        self._closing_mark = ""  # what ends the thinking; "" outside of it
        self._past_thinking = False
        self.begun = False

    def add(self, piece: str) -> None:
        """Take the next piece of what the model writes."""
        self._pieces.append(piece)
        if not self._past_thinking:
            self._undecided += piece
            if not self._closing_mark:
                start = self._undecided.lstrip()
                for opening, closing in THINKING_MARKS:
                    if start.startswith(opening):
                        self._closing_mark = closing
                    elif opening.startswith(start):
                        return  # perhaps the first half of a mark
                piece = start
            if self._closing_mark:
                _, closed, piece = self._undecided.partition(self._closing_mark)
                if not closed:  # the mark may arrive in two pieces
                    self._undecided = self._undecided[-len(self._closing_mark) :]
                    return
                piece = piece.lstrip()
            self._past_thinking = True
        if piece:
            self.begun = True
            if self._on_text is not None:
                self._on_text(piece)

    @property
    def text(self) -> str:
        """The reply so far, without thinking, which some chat templates open themselves."""
        whole = "".join(self._pieces)
        ends = [
            whole.rindex(closing) + len(closing)
            for _, closing in THINKING_MARKS
            if closing in whole
        ]
        if ends:
            return whole[max(ends) :].strip()
        if whole.lstrip().startswith(tuple(opening for opening, _ in THINKING_MARKS)):
            return ""
        return whole.strip()
