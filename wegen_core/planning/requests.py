"""The user's turn of each task, checked, at the end of the conversation that is to be answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..constraints.image_numbers import named_images, renumber_images
from ..records.conversation import Conversation, image_parts
from ..records.plan import Reference
from .references import MAX_IMAGES


def chat_request(conversation: Conversation, message: str, images: Any = ()) -> Conversation:
    """A branch of `conversation` that ends with `message` and the images shown with it."""
    require_text(message, "message", "say something")
    branch = conversation.branch(conversation.head)
    branch.add("user", *image_parts(images), message)
    return branch


def generate_request(prompt: str) -> Conversation:
    """A conversation that asks for a new image."""
    require_text(prompt, "prompt", "say what to draw")
    conversation = Conversation()
    conversation.add("user", prompt)
    return conversation


def refine_request(image: Any, instruction: str) -> Conversation:
    """A conversation that asks to change one image. ValueError for none or several images."""
    require_text(instruction, "instruction", "say what to change")
    parts = image_parts(image)
    if len(parts) != 1:
        raise ValueError(f"image holds {len(parts)} images; give exactly one")
    conversation = Conversation()
    conversation.add("user", *parts, instruction)
    return conversation


def compose_request(
    images: Any, instruction: str, references: Sequence[Reference] = ()
) -> Conversation:
    """A conversation that asks for one image out of several.

    references: what single images give; one with strength 0 leaves its image out, and the others
    are counted anew. Raises ValueError for no or more than MAX_IMAGES images, for two images with
    the role "base", and if `instruction` or `references` name an image that is not there.
    """
    require_text(instruction, "instruction", "say which picture gives what")
    parts = image_parts(images)
    if not parts:
        raise ValueError("there are no images; give at least one")
    if len(parts) > MAX_IMAGES:
        raise ValueError(f"there are {len(parts)} images; give at most {MAX_IMAGES}")
    named = named_images(instruction)
    for owner, numbers in (
        ("instruction names", named),
        ("references name", [reference.image for reference in references]),
    ):
        if missing := [number for number in numbers if not 1 <= number <= len(parts)]:
            raise ValueError(
                f"{owner} picture {missing[0]}; there are {len(parts)} in all: give more images, "
                f"or name only numbers up to {len(parts)}"
            )
    left_out = {r.image for r in references if r.strength == 0}
    if unwanted := left_out.intersection(named):
        raise ValueError(
            f"instruction names picture {min(unwanted)}, whose reference has strength 0; raise the "
            "strength, or do not name it"
        )
    used = [number for number in range(1, len(parts) + 1) if number not in left_out]
    if not used:
        raise ValueError("every reference has strength 0; raise the strength of at least one")
    new_number = {number: k for k, number in enumerate(used, 1)}
    bases = sorted({r.image for r in references if r.role == "base"} - left_out)
    if len(bases) > 1:
        raise ValueError(
            f"pictures {bases[0]} and {bases[1]} both have the role 'base'; give it to one"
        )
    references = [replace(r, image=new_number[r.image]) for r in references if r.strength > 0]
    parts = [parts[number - 1] for number in used]
    instruction = renumber_images(instruction, new_number)
    conversation = Conversation()
    conversation.add("user", *parts, instruction, references=references)
    return conversation


def ask_request(images: Any, question: str) -> Conversation:
    """A conversation that asks a question about images."""
    require_text(question, "question", "ask something")
    conversation = Conversation()
    conversation.add("user", *image_parts(images), question)
    return conversation


def require_text(text: str, name: str, remedy: str) -> None:
    """ValueError unless `text` is a string that holds more than spaces, and can be encoded."""
    if not isinstance(text, str):
        raise ValueError(f"{name} is a {type(text).__name__}; give text")
    if not text.strip():
        raise ValueError(f"{name} is empty; {remedy}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{name} holds half a character at position {error.start + 1} "
            f"({text[error.start]!a}); type it again"
        ) from None


def require_count(n: int) -> None:
    """ValueError unless n is a whole number of at least 1."""
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ValueError(f"n is {n!r}; give a whole number of at least 1")
