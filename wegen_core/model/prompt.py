"""How a conversation becomes one sequence of tokens.

    <s>[INST] {user} [/INST]\n {assistant} </s>[INST] {user} [/INST]\n ...

as the published prompts do it, with `</s>` closing each reply. Every turn is encoded on its own, so
that a longer conversation always begins with the ids of the shorter one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .tokenizer import Tokenizer


class Marker(Enum):
    """A place in a turn that is no text."""

    IMAGE = "image"


IMAGE = Marker.IMAGE
Part = str | Marker

SEEN, AROUND, THEN = ". ", "now ", " -> "
"""In a reply that changes pictures: what ends the description of what is seen in them, and what
stands before that of the new one. Between them is said what changes; `AROUND` begins it where that
is all but the things in it."""

_TAG = re.compile(r"<(?=/?(?:s|unk|img|patch|loc|box)\b|img_)")


def user_ids(tokenizer: Tokenizer, parts: Sequence[Part]) -> list[int]:
    """A user's turn: text and images, in order."""
    block = tokenizer.decode(tokenizer.image_block()).replace(" ", "")
    inner = "".join(block if part is IMAGE else plain(str(part)) for part in parts)
    return tokenizer.encode(f"[INST] {inner} [/INST]\n")


def reply_ids(tokenizer: Tokenizer, parts: Sequence[Part]) -> list[int]:
    """An assistant's turn, closed by `</s>`."""
    ids: list[int] = []
    for part in parts:
        ids += tokenizer.image_block() if part is IMAGE else tokenizer.encode(plain(str(part)))
    return [*ids, tokenizer.eos_id]


def plain(text: str) -> str:
    """`text` in which nothing reads as one of the model's own tags."""
    return _TAG.sub("< ", text)
