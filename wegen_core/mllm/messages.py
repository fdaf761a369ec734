"""A conversation in the form that chat models take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from ..images.convert import flatten
from ..records.conversation import ImagePart

if TYPE_CHECKING:
    from ..records.conversation import Conversation, Role

MAX_SIDE = 1536
"""Larger images are scaled down to this many pixels a side: models use no more."""


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
