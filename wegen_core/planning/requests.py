"""The user's turn of each task, checked, at the end of the conversation to be answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..constraints.image_numbers import named_images
from ..images.convert import one_pil, to_pil
from ..records.conversation import Conversation
from ..records.plan import Reference
from .references import MOST


def chatting(conversation: Conversation, message: str, images: Any = ()) -> Conversation:
    """A branch of `conversation` with `message` and the pictures shown with it."""
    require(message, "message", "say something")
    branch = conversation.branch(conversation.head)
    branch.add("user", *to_pil(images, "image"), message)
    return branch


def refining(image: Any, instruction: str) -> Conversation:
    require(instruction, "instruction", "say what to change")
    talk = Conversation()
    talk.add("user", one_pil(image), instruction)
    return talk


def composing(images: Any, instruction: str, references: Sequence[Reference] = ()) -> Conversation:
    """references: what single pictures give; kept in the turn's record.

    Raises ValueError, too, for more than MOST pictures, and if `instruction` or `references` name
    one that was not given.
    """
    require(instruction, "instruction", "say which picture gives what")
    pictures = to_pil(images, "image")
    if not pictures:
        raise ValueError("there are no images; give at least one")
    if len(pictures) > MOST:
        raise ValueError(f"there are {len(pictures)} images; give at most {MOST}")
    missing = [n for n in named_images(instruction) if not 1 <= n <= len(pictures)]
    if missing:
        raise ValueError(f"instruction names picture {missing[0]}; there are {len(pictures)}")
    far = [r.picture for r in references if r.picture > len(pictures)]
    if far:
        raise ValueError(f"references name picture {far[0]}; there are {len(pictures)}")
    talk = Conversation()
    record = {"references": [vars(r).copy() for r in references]} if references else {}
    talk.add("user", *pictures, instruction, record=record)
    return talk


def asking(images: Any, question: str) -> Conversation:
    require(question, "question", "ask something")
    talk = Conversation()
    talk.add("user", *to_pil(images, "image"), question)
    return talk


def require(text: str, name: str, remedy: str) -> None:
    """ValueError unless `text` is text with something in it."""
    if not isinstance(text, str):
        raise ValueError(f"{name} is a {type(text).__name__}; give text")
    if not text.strip():
        raise ValueError(f"{name} is empty; {remedy}")
