"""Conversation: the interleaved turns of text and images, and the only state the copilot has.

Turns form a tree: every reply can be branched. A conversation is saved as a folder of plain files:
`conversation.json`, one PNG per different image and the visual tokens of images that a network of
ours drew, all named after their content.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from ..images.atomic_write import locked
from ..images.convert import float_batch, one_pil, to_pil
from .conversation_files import (
    FILE,
    VERSION,
    content_name,
    features_name,
    keep_branch,
    named,
    npy_bytes,
    png_bytes,
    read_features,
    read_json,
    read_saved,
    write_json,
    write_once,
)
from .plan import Reference

Role = Literal["user", "assistant"]
_PNG_NAME = re.compile(r"[0-9a-f]{16}\.png")


@dataclass(frozen=True)
class TextPart:
    """Words."""

    text: str


@dataclass(frozen=True, eq=False)
class ImagePart:
    """An image of a turn.

    Parameters
    ----------
    image
        Mode RGB or RGBA, 8 bits per channel.
    features
        Visual tokens [64, W] of the network that drew it, a tensor: they save reading the image
        again, and a conversation that was saved goes on exactly as one that was not.
    pixels
        The array or tensor [1, H, W, C], float in 0..1, that `image` rounds to 8 bits; None where
        `image` is exact. Never written to disk.
    """

    image: Image.Image
    features: Any = field(default=None, repr=False)
    pixels: Any = field(default=None, repr=False)

    @property
    def exact(self) -> Any:
        """`pixels` where there are any, else `image`."""
        return self.image if self.pixels is None else self.pixels


Part = TextPart | ImagePart


def image_parts(images: Any, name: str = "image") -> list[ImagePart]:
    """Every image in `images` as a part; float arrays and tensors keep their exact values.

    images: what `wegen_core.images.to_pil` takes, ImageParts, or lists of these. Raises ValueError
    that uses `name`.
    """
    if isinstance(images, ImagePart):
        return [images]
    if isinstance(images, (list, tuple)):
        return [
            part
            for number, item in enumerate(images, 1)
            for part in image_parts(item, f"{name} {number}")
        ]
    batch = float_batch(images)
    return [
        ImagePart(image, pixels=None if batch is None else batch[k : k + 1])
        for k, image in enumerate(to_pil(images, name))
    ]


@dataclass(frozen=True)
class Turn:
    """What one side said at once.

    Parameters
    ----------
    id, parent
        Its name in the tree, and that of the turn before it (None: it is the first).
    role
        "user" or "assistant".
    parts
        Text and images in order; at least one.
    record
        How it was made (seed, plan, models), as plain JSON.
    references
        What single images give, stated by the user apart from the words. Numbers count the images
        of the whole conversation.
    """

    id: str
    parent: str | None
    role: Role
    parts: tuple[Part, ...]
    record: dict[str, Any] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()

    @property
    def text(self) -> str:
        """All words of the turn."""
        return "\n".join(p.text for p in self.parts if isinstance(p, TextPart))

    @property
    def images(self) -> list[ImagePart]:
        """The images of the turn, in order."""
        return [p for p in self.parts if isinstance(p, ImagePart)]


class Conversation:
    """A tree of turns and a position in it, `head`: the last turn of the current branch."""

    def __init__(self) -> None:
        self.tree: dict[str, Turn] = {}
        self.head: str | None = None

    def __repr__(self) -> str:
        return f"Conversation({len(self.turns)} turns, {len(self.images)} images)"

    @property
    def turns(self) -> list[Turn]:
        """The turns from the first to the head."""
        path = []
        turn_id = self.head
        while turn_id is not None:
            path.append(self.tree[turn_id])
            turn_id = self.tree[turn_id].parent
        return path[::-1]

    @property
    def images(self) -> list[ImagePart]:
        """The images from the first turn to the head. Users call the first one picture 1."""
        return [image for turn in self.turns for image in turn.images]

    def add(
        self,
        role: Role,
        *parts: Part | str | Image.Image,
        record: Mapping[str, Any] | None = None,
        references: Sequence[Reference] = (),
    ) -> Turn:
        """Add a turn after the head, and make it the head.

        Strings become TextPart, PIL images ImagePart (RGB, or RGBA where they have alpha).
        Raises ValueError for another role, for no parts, for a part of another kind, and for a
        record that is not JSON.
        """
        if not parts:
            raise ValueError("a turn needs at least one part: text or an image")
        checked = tuple(_part(part, f"part {i}") for i, part in enumerate(parts, 1))
        turn = Turn(
            secrets.token_hex(6),
            self.head,
            _role(role),
            checked,
            _plain(record or {}),
            tuple(references),
        )
        self.tree[turn.id] = turn
        self.head = turn.id
        return turn

    def branch(self, turn_id: str | None) -> Conversation:
        """The same turns with the head at `turn_id` (None: before the first).

        Adding to the branch leaves this conversation alone; `adopt` brings the new turns back.
        """
        self._check_known(turn_id)
        other = Conversation()
        other.tree = dict(self.tree)
        other.head = turn_id
        return other

    def branches(self, turn_id: str | None) -> list[Turn]:
        """The turns that follow `turn_id` (None: the first turns), oldest first."""
        self._check_known(turn_id)
        return [t for t in self.tree.values() if t.parent == turn_id]

    def adopt(self, branch: Conversation) -> None:
        """Take over the turns and the head of a branch, at once."""
        self.tree.update(branch.tree)
        self.head = branch.head

    def save(self, folder: str | os.PathLike[str], follow: bool = False) -> None:
        """Write `conversation.json` and the images into `folder`, which is created if missing.

        Turns that are only in the folder stay there, as branches: two processes may continue the
        same conversation. Every file is written under a temporary name and renamed, images first:
        an interrupted save leaves the old conversation as it was. Images already there are not
        written again. Raises ValueError if the folder holds something else than a conversation.

        follow: a head of the folder at a turn that this conversation does not hold stays there.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        ours = {turn.id: _turn_to_dict(turn) for turn in self.tree.values()}
        for turn in self.tree.values():
            for part, names in zip(turn.parts, ours[turn.id]["parts"], strict=True):
                if isinstance(part, ImagePart):
                    write_once(folder / names["picture"], partial(png_bytes, part.image))
                    if "features" in names:
                        write_once(folder / names["features"], partial(npy_bytes, part.features))
        with locked(folder):
            saved_head, saved = read_saved(folder / FILE)
            is_elsewhere = saved_head not in (None, *self.tree)
            head = saved_head if follow and is_elsewhere else self.head
            data = {"version": VERSION, "head": head, "turns": list((saved | ours).values())}
            write_json(folder / FILE, data)

    @classmethod
    def load(cls, folder: str | os.PathLike[str], branch: str | None = None) -> Conversation:
        """The conversation saved in `folder`.

        branch: id of a turn. Only the turns up to it are read, and it becomes the head.

        Raises FileNotFoundError if the folder holds no conversation or one of its images is
        missing, and ValueError, naming the file and the turn, if it is not a conversation, or for
        an unknown `branch`.
        """
        path = Path(folder) / FILE
        if not path.is_file():
            raise FileNotFoundError(f"{folder} holds no conversation: {FILE} is missing")
        with named(path):
            data = read_json(path)
            data = data if branch is None else keep_branch(data, branch)
            conversation = cls._from_dict(data, path.parent)
        conversation._check_known(branch)
        return conversation

    @classmethod
    def _from_dict(cls, data: dict[str, Any], folder: Path) -> Conversation:
        conversation = cls()
        for item in data["turns"]:
            turn = _turn_from_dict(item, folder)
            if turn.id in conversation.tree:
                raise ValueError(f"turn {turn.id!r} occurs twice")
            conversation.tree[turn.id] = turn
        conversation.head = data["head"]
        conversation._check_known(conversation.head)
        _check_parents(conversation.tree)
        return conversation

    def _check_known(self, turn_id: str | None) -> None:
        if turn_id is not None and turn_id not in self.tree:
            raise ValueError(f"the conversation has no turn {turn_id!r}")


def _has_tokens(part: ImagePart) -> bool:
    """Whether there are visual tokens that can be saved: a tensor."""
    if part.features is None:
        return False
    import torch

    return isinstance(part.features, torch.Tensor)


def _role(value: Any) -> Role:
    if value not in ("user", "assistant"):
        raise ValueError(f"turn role is {value!r}; use 'user' or 'assistant'")
    return value


def _plain(record: Mapping[str, Any]) -> dict[str, Any]:
    """`record` as JSON keeps it (tuples become lists): loading gives back what was added."""
    try:
        return json.loads(json.dumps(dict(record), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ValueError(f"the turn's record cannot be written as JSON: {error}") from error


def _part(part: Any, name: str) -> Part:
    if isinstance(part, str):
        return TextPart(part)
    if isinstance(part, TextPart):
        return part
    image = part.image if isinstance(part, ImagePart) else part
    if not isinstance(image, Image.Image):
        raise ValueError(f"{name} is a {type(part).__name__}; give text or a PIL image")
    converted = one_pil(image, name)
    if isinstance(part, ImagePart):
        return part if converted.mode == image.mode else replace(part, image=converted)
    return ImagePart(converted)


def _turn_to_dict(turn: Turn) -> dict[str, Any]:
    data: dict[str, Any] = {
        "id": turn.id,
        "parent": turn.parent,
        "role": turn.role,
        "parts": [_part_to_dict(part) for part in turn.parts],
        "record": turn.record,
    }
    if turn.references:
        data["references"] = [reference.to_dict() for reference in turn.references]
    return data


def _turn_from_dict(item: Any, folder: Path) -> Turn:
    if not isinstance(item, dict) or not isinstance(item.get("id"), str):
        raise ValueError("a turn has no id")
    try:
        parts = tuple(_part_from_dict(part, folder) for part in item["parts"])
        if not parts:
            raise ValueError("it has no parts")
        record = dict(item["record"])
        # The first releases kept the references in the record.
        references = item.get("references", record.pop("references", []))
        return Turn(
            item["id"],
            item["parent"],
            _role(item["role"]),
            parts,
            record,
            tuple(Reference.from_dict(reference) for reference in references),
        )
    except FileNotFoundError:
        raise
    except (ValueError, TypeError) as error:
        raise ValueError(f"turn {item['id']!r}: {error}") from error


def _part_to_dict(part: Part) -> dict[str, str]:
    if isinstance(part, TextPart):
        return {"text": part.text}
    data = {"picture": content_name(part.image)}
    return {**data, "features": features_name(part.features)} if _has_tokens(part) else data


def _part_from_dict(part: Any, folder: Path) -> Part:
    if isinstance(part, dict) and isinstance(part.get("text"), str):
        return TextPart(part["text"])
    name = part.get("picture") if isinstance(part, dict) else None
    if not isinstance(name, str) or not _PNG_NAME.fullmatch(name):
        raise ValueError(f"part {part!r} is neither text nor an image")
    if not (folder / name).is_file():
        raise FileNotFoundError(f"image {name} of the conversation in {folder} is missing")
    try:
        with Image.open(folder / name) as image:
            image.load()
            return ImagePart(image.copy(), read_features(part.get("features"), folder))
    except (OSError, SyntaxError) as error:
        raise ValueError(f"image {name} cannot be read: {error}") from error


def _check_parents(tree: Mapping[str, Turn]) -> None:
    """ValueError unless every turn leads back to a first one."""
    checked: set[str] = set()
    for turn in tree.values():
        path: list[str] = []
        turn_id: str | None = turn.id
        while turn_id is not None and turn_id not in checked:
            if turn_id not in tree:
                raise ValueError(f"turn {path[-1]!r} follows unknown turn {turn_id!r}")
            if turn_id in path:
                raise ValueError(f"turn {turn_id!r} follows itself")
            path.append(turn_id)
            turn_id = tree[turn_id].parent
        checked.update(path)
