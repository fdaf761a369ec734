r"""A row of training data as token ids and labels, as the reference encodes conversations.

    <s>[INST] {user} [/INST]\n {assistant} </s>[INST] {user} [/INST]\n ...

Learned are the parts that the row says a model should produce: words, the `<img>` that begins an
image, and the `</s>` after them. Never learned are the user's words, the visual tokens (they have
losses of their own) and `</img>`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..model.prompt import IGNORED, IMAGE, Part, escape_tags, user_ids
from ..model.tokenizer import Tokenizer


@dataclass(frozen=True)
class TokenSequence:
    """One conversation.

    Parameters
    ----------
    ids, labels
        [S]; labels of `IGNORED` are not learned.
    generated
        For each image, in order, whether the model should produce it (else it reads it).
    """

    ids: list[int]
    labels: list[int]
    generated: list[bool]

    @property
    def targets(self) -> int:
        """How many tokens are learned."""
        return sum(label != IGNORED for label in self.labels[1:])


def encode_turns(turns: Sequence[dict[str, Any]], tokenizer: Tokenizer) -> TokenSequence:
    """Encode the `turns` of a row (docs/data.md).

    Raises
    ------
    ValueError
        A field of the turns is missing, or has a value that is not allowed; the text names it.
    """
    ids, labels = [tokenizer.bos_id], [IGNORED]
    generated: list[bool] = []
    for n, turn in enumerate(turns):
        where = f"turns[{n}]"
        parts = [_part(part, f"{where}.parts[{i}]") for i, part in enumerate(turn["parts"])]
        learn = [bool(part["learn"]) for part in turn["parts"]]
        if turn["role"] == "user":
            if any(learn):
                raise ValueError(f"{where}: a user's part has learn = true; only replies have it")
            new = user_ids(tokenizer, parts)
            new_labels = [IGNORED] * len(new)
        elif turn["role"] == "assistant":
            new, new_labels = _reply(parts, learn, tokenizer)
        else:
            raise ValueError(f"{where}.role is {turn['role']!r}; use 'user' or 'assistant'")
        ids += new
        labels += new_labels
        generated += [is_learned for p, is_learned in zip(parts, learn, strict=True) if p is IMAGE]
    return TokenSequence(ids, labels, generated)


def _part(part: dict[str, Any], where: str) -> Part:
    if part["type"] == "image":
        return IMAGE
    if part["type"] != "text" or part["text"] is None:
        raise ValueError(
            f"{where} has type {part['type']!r} and text {part['text']!r}; a part is an image or "
            "a text"
        )
    return str(part["text"])


def _reply(
    parts: Sequence[Part], learn: Sequence[bool], tokenizer: Tokenizer
) -> tuple[list[int], list[int]]:
    """Ids and labels of a reply; its end is learned where its last part is."""
    ids: list[int] = []
    labels: list[int] = []
    for part, is_learned in zip(parts, learn, strict=True):
        if part is IMAGE:
            new = tokenizer.image_block()
            new_labels = [new[0], *[IGNORED] * (len(new) - 1)]
        else:
            new = tokenizer.encode(escape_tags(str(part)))
            new_labels = new
        ids += new
        labels += new_labels if is_learned else [IGNORED] * len(new)
    ends_learned = bool(learn) and learn[-1]
    return [*ids, tokenizer.eos_id], [*labels, tokenizer.eos_id if ends_learned else IGNORED]
