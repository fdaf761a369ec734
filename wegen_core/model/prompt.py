r"""How a conversation becomes one sequence of tokens; `reply_format` says what the turns contain.

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
    """Something in a turn that is not text."""

    IMAGE = "image"


IMAGE = Marker.IMAGE
Part = str | Marker

INSTRUCTION = "[INST] {} [/INST]"
"""Llama 2's markers around a user's turn."""

IGNORED = -100
"""The label of a token that is not learned; PyTorch's cross-entropy skips it by default."""

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_TAG = re.compile(r"<(?=/?(?:s|unk|img|patch|loc|box)\b|img_)")


def user_ids(tokenizer: Tokenizer, parts: Sequence[Part]) -> list[int]:
    """Encode a user's turn.

    Parameters
    ----------
    parts
        Texts and `IMAGE` markers, in order. Tags of the model in a text are made harmless.

    Returns
    -------
    list of int
        The ids; those of an `IMAGE` are `Tokenizer.image_block`.
    """
    block = tokenizer.decode(tokenizer.image_block()).replace(" ", "")
    inner = "".join(block if part is IMAGE else escape_tags(str(part)) for part in parts)
    return tokenizer.encode(f"{INSTRUCTION.format(inner)}\n")


def reply_ids(tokenizer: Tokenizer, parts: Sequence[Part]) -> list[int]:
    """Encode an assistant's turn, closed by `</s>`; see `user_ids`."""
    ids: list[int] = []
    for part in parts:
        ids += (
            tokenizer.image_block() if part is IMAGE else tokenizer.encode(escape_tags(str(part)))
        )
    return [*ids, tokenizer.eos_id]


def escape_tags(text: str) -> str:
    """Change `text` so that nothing in it reads as one of the model's own tags."""
    return _TAG.sub("< ", text)


def unique_words(text: str) -> list[str]:
    """The words of `text`, lower case, each once, in order; see `WeGenConfig.vocabulary`."""
    return list(dict.fromkeys(word.lower().replace("’", "'") for word in _WORD.findall(text)))
