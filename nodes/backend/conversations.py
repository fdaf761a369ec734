"""Saved conversations of one user: folders under ComfyUI's user directory.

Each folder is what `Conversation.save` writes, and beside it `sidebar.json` with what the chat
sidebar needs besides: title, times, counts, the copilot, and which turns are hidden.
"""

from __future__ import annotations

import base64
import io
import json
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...wegen_core.images.atomic_write import locked, write_atomically
from ...wegen_core.records.conversation import Conversation, Turn
from ...wegen_core.records.conversation_files import FILE, content_name, write_json
from ...wegen_core.records.plan import Plan, Reference
from .hidden_keys import hide_keys
from .variants import split_variants

SIDEBAR_FILE = "sidebar.json"
MAX_IMAGE_BYTES = 64 << 20
MAX_IMAGE_SIDE = 8192
_ID = re.compile(r"[0-9a-f]{12}")
_IMAGE_NAME = re.compile(r"[0-9a-f]{16}\.png")


class Conversations:
    """The conversations in one folder. Ids and names are checked: they never become other paths."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, conversation_id: str) -> Path:
        """The folder of a conversation; KeyError for an id that is malformed or unknown."""
        folder = self.root / conversation_id
        # A server that was killed while it created one has left a folder without the file.
        if not _ID.fullmatch(conversation_id) or not (folder / FILE).is_file():
            raise KeyError(f"there is no conversation {conversation_id[:40]!r}")
        return folder

    def summaries(self, query: str = "", deleted: bool = False) -> list[dict[str, Any]]:
        """What a list shows, the newest first; `query` is searched in titles and words."""
        summaries = []
        for path in self.root.iterdir() if self.root.is_dir() else ():
            if not _ID.fullmatch(path.name) or not (path / FILE).is_file():
                continue
            info = self._info(path)
            if info["deleted"] is deleted and (not query or self._matches(path, info, query)):
                summaries.append({"id": path.name, **_listed(info)})
        return sorted(summaries, key=lambda summary: -summary["changed"])

    def create(self, title: str = "") -> str:
        """An empty conversation; its id."""
        conversation_id = secrets.token_hex(6)
        folder = self.root / conversation_id
        folder.mkdir(parents=True)
        Conversation().save(folder)
        self._write_info(folder, {"title": title[:200], "created": time.time()})
        return conversation_id

    def find(self, name: str) -> str | None:
        """The id of the conversation with this id or title, None if there is none."""
        if _ID.fullmatch(name) and (self.root / name / FILE).is_file():
            return name
        return next((s["id"] for s in self.summaries() if s["title"] == name), None)

    def load(self, conversation_id: str, head: str | None = None) -> Conversation:
        """The conversation, or only its branch up to `head`: images are read that it needs."""
        return Conversation.load(self.folder(conversation_id), head)

    def save(self, conversation_id: str, conversation: Conversation, follow: bool = False) -> None:
        """Save it; turns that are only in the folder stay there. follow: see Conversation.save."""
        folder = self.folder(conversation_id)
        conversation.save(folder, follow)
        self._write_info(folder, {})

    def update(self, conversation_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change title, head, copilot, deleted or hidden; what a list shows of it.

        Raises ValueError for another field or a value of another type.
        """
        folder = self.folder(conversation_id)
        types = {"title": str, "head": str, "copilot": dict, "deleted": bool, "hidden": list}
        for name, value in changes.items():
            if name not in types or not isinstance(value, types[name]):
                raise ValueError(f"{name} cannot be set to a {type(value).__name__}")
        if "head" in changes:
            with self._edited(folder) as data:
                data["head"] = _turn(data, changes["head"])["id"]
        fields = {k: v for k, v in changes.items() if k != "head"}
        self._write_info(folder, hide_keys(fields))  # the copilot's nodes may hold one
        return {"id": conversation_id, **_listed(self._info(folder))}

    def describe(self, conversation_id: str) -> dict[str, Any]:
        """All turns that are not hidden, without reading an image."""
        folder = self.folder(conversation_id)
        info = self._info(folder)
        data = _saved(folder)
        hidden = _with_followers(info["hidden"], data["turns"])
        turns = [turn for turn in data["turns"] if turn["id"] not in hidden]
        children: dict[str | None, list[str]] = {}
        for turn in turns:
            children.setdefault(turn["parent"], []).append(turn["id"])
        visible = [
            {
                "id": turn["id"],
                "parent": turn["parent"],
                "role": turn["role"],
                "parts": [_part(part, folder) for part in turn["parts"]],
                "record": turn["record"],
                "references": turn.get("references", []),
                "siblings": children[turn["parent"]],
            }
            for turn in turns
        ]
        head = data["head"]
        while head in hidden:
            head = next(turn["parent"] for turn in data["turns"] if turn["id"] == head)
        return {
            "id": conversation_id,
            "title": info["title"],
            "copilot": info["copilot"],
            "hidden": info["hidden"],
            "head": head,
            "turns": visible,
        }

    def add_turn(
        self,
        conversation_id: str,
        parent: str | None,
        text: str,
        images: Sequence[str] = (),
        references: Sequence[Mapping[str, Any]] = (),
        mask: str | None = None,
    ) -> dict[str, Any]:
        """Add the user's turn after `parent` and make it the head.

        images: names of `add_image`. mask: likewise; white is where the next image may change.

        Returns {"turn": its id, "variants": how many replies the words ask for}. Words that ask
        for variants of the last image alone add no turn: the one that it replies to is the head.
        """
        from PIL import Image

        folder = self.folder(conversation_id)
        turn: dict[str, Any] = {"id": secrets.token_hex(6), "parent": parent, "role": "user"}
        turn["parts"] = [
            {"picture": self.image_path(conversation_id, name).name} for name in images
        ]
        variants, request = split_variants(text)
        if variants > 1 and not request and not images and parent is not None:
            return {"turn": self._go_to_question(folder, parent), "variants": variants}
        if text.strip():
            turn["parts"].append({"text": request or text})
        if not turn["parts"]:
            raise ValueError("the message is empty; give text or an image")
        turn["record"] = {"words": text} if request not in ("", text) else {}
        if mask is not None:
            with Image.open(self.image_path(conversation_id, mask)) as image:
                turn["record"]["mask"] = _small_png(image)
        if references:
            stated = [Reference.from_dict(dict(reference)) for reference in references]
            turn["references"] = [reference.to_dict() for reference in stated]
        with self._edited(folder) as data:
            if parent is not None:
                _turn(data, parent)
            data["turns"].append(turn)
            data["head"] = turn["id"]
        title = self._info(folder)["title"] or " ".join(text.split())[:60]
        self._write_info(folder, {"title": title})
        return {"turn": turn["id"], "variants": variants}

    def _go_to_question(self, folder: Path, turn_id: str) -> str:
        """Make the user's turn that `turn_id` is, or replies to, the head; its id."""
        with self._edited(folder) as data:
            turn = _turn(data, turn_id)
            if turn["role"] == "assistant" and turn["parent"] is not None:
                turn = _turn(data, turn["parent"])
            data["head"] = turn["id"]
        return turn["id"]

    def set_plan(self, conversation_id: str, turn_id: str, plan: Mapping[str, Any]) -> None:
        """Keep the plan for the reply to a user's turn, as `Plan.to_dict` writes it.

        WeGen Chat paints it instead of a plan of its own. Raises ValueError for what is not a plan.
        """
        checked = Plan.from_dict(plan).to_dict()
        with self._edited(self.folder(conversation_id)) as data:
            turn = _turn(data, turn_id)
            if turn["role"] != "user":
                raise ValueError("only a user's turn has a plan for its reply")
            turn["record"]["plan"] = checked

    def add_image(self, conversation_id: str, content: bytes) -> dict[str, Any]:
        """Keep an image: checked, and written anew as PNG under the name of its content.

        Raises ValueError for what is not an image, and for one that is too large.
        """
        from PIL import Image

        from ...wegen_core.images.convert import one_pil

        folder = self.folder(conversation_id)
        if len(content) > MAX_IMAGE_BYTES:
            raise ValueError(f"the image has {len(content) >> 20} MB; at most 64 are taken")
        try:
            with Image.open(io.BytesIO(content)) as image:
                if max(image.size) > MAX_IMAGE_SIDE:
                    raise ValueError(
                        f"the image is {image.width}x{image.height}; sides up to {MAX_IMAGE_SIDE} "
                        "are taken"
                    )
                image.load()
                picture = one_pil(image, "image")
        except (OSError, SyntaxError, Image.DecompressionBombError) as error:
            raise ValueError(f"the file is not an image that can be read: {error}") from error
        name = content_name(picture)
        if not (folder / name).exists():
            buffer = io.BytesIO()
            picture.save(buffer, "PNG")
            write_atomically(folder / name, buffer.getvalue())
        return {"name": name, "width": picture.width, "height": picture.height}

    def image_path(self, conversation_id: str, name: str) -> Path:
        """The file of an image; KeyError for a name that is malformed or unknown."""
        folder = self.folder(conversation_id)
        if not _IMAGE_NAME.fullmatch(name) or not (folder / name).is_file():
            raise KeyError(f"the conversation has no image {name[:40]!r}")
        return folder / name

    def thumbnail(self, conversation_id: str, name: str, size: int) -> bytes:
        """A JPEG of at most `size` pixels (32 to 1024), made once."""
        from PIL import Image

        if not 32 <= size <= 1024:
            raise ValueError(f"size is {size}; it goes from 32 to 1024")
        path = self.image_path(conversation_id, name)
        small = path.parent / "thumbnails" / f"{path.stem}-{size}.jpg"
        if not small.is_file():
            small.parent.mkdir(exist_ok=True)
            with Image.open(path) as image:
                image.thumbnail((size, size))
                buffer = io.BytesIO()
                image.convert("RGB").save(buffer, "JPEG", quality=85)
            write_atomically(small, buffer.getvalue())
        return small.read_bytes()

    def change(self, conversation_id: str, turn_id: str, against: str = "before") -> dict[str, Any]:
        """How the image of a turn differs from an earlier one of its branch.

        against: "before" (the image that it changed) or "first" of the conversation. Returns
        "identical" (share of pixels, byte for byte; None without such an image), the "other"
        image's name, and "mask", a PNG as base64: white where pixels differ.
        """
        import numpy as np
        from PIL import Image

        turns = {turn["id"]: turn for turn in self.describe(conversation_id)["turns"]}
        if turn_id not in turns:
            raise KeyError(f"the conversation has no turn {turn_id[:40]!r}")
        path = []
        step: str | None = turn_id
        while step is not None:
            path.append(turns[step])
            step = turns[step]["parent"]
        images = [p["image"] for turn in path[:0:-1] for p in turn["parts"] if "image" in p]
        last = [p["image"] for p in turns[turn_id]["parts"] if "image" in p]
        if not last or not images:
            return {"identical": None, "other": None, "mask": None}
        base = (turns[turn_id]["record"].get("plan") or {}).get("base")
        number = base if against == "before" and isinstance(base, int) else len(images)
        other = images[0] if against == "first" else images[min(number, len(images)) - 1]
        with (
            Image.open(self.image_path(conversation_id, last[0])) as a,
            Image.open(self.image_path(conversation_id, other)) as b,
        ):
            if a.size != b.size:
                return {"identical": None, "other": other, "mask": None}
            differs = (np.asarray(a.convert("RGBA")) != np.asarray(b.convert("RGBA"))).any(-1)
        mask = _small_png(Image.fromarray((differs * 255).astype(np.uint8)))
        return {"identical": round(1 - float(differs.mean()), 6), "other": other, "mask": mask}

    def remove(self, conversation_id: str) -> None:
        """Remove a deleted conversation for good; ValueError if it is not deleted."""
        folder = self.folder(conversation_id)
        if not self._info(folder)["deleted"]:
            raise ValueError("delete the conversation first")
        shutil.rmtree(folder)

    def _info(self, folder: Path) -> dict[str, Any]:
        """`sidebar.json`, its counts as of now: the command line writes the conversation alone."""
        try:
            info = json.loads((folder / SIDEBAR_FILE).read_text("utf-8"))
        except (OSError, ValueError):
            info = {}
        file = (folder / FILE).stat()
        state = [file.st_mtime_ns, file.st_size]
        if info.get("counted") != state:
            info |= {"counted": state, "changed": file.st_mtime, **_counts(folder)}
        defaults: dict[str, Any] = {"title": "", "copilot": None, "deleted": False, "hidden": []}
        return {"created": info["changed"], **defaults, **info}

    def _write_info(self, folder: Path, changes: Mapping[str, Any]) -> None:
        with locked(folder):
            info = {**self._info(folder), **changes, "changed": time.time()}
            write_atomically(folder / SIDEBAR_FILE, json.dumps(info).encode())

    @contextmanager
    def _edited(self, folder: Path) -> Iterator[dict[str, Any]]:
        """What `conversation.json` says, to be changed; no image is read or written."""
        with locked(folder):
            data = _saved(folder)
            yield data
            write_json(folder / FILE, data)

    def _matches(self, folder: Path, info: Mapping[str, Any], query: str) -> bool:
        text = info["title"] + "\n" + "\n".join(_texts(folder))
        return query.casefold() in text.casefold()


def _saved(folder: Path) -> dict[str, Any]:
    """What `conversation.json` says; no image is read."""
    data: dict[str, Any] = json.loads((folder / FILE).read_text("utf-8", "surrogatepass"))
    return data


def _counts(folder: Path) -> dict[str, Any]:
    """What a list shows of the files that are there now."""
    turns = _saved(folder)["turns"]
    images = [p["picture"] for turn in turns for p in turn["parts"] if "picture" in p]
    return {
        "turns": len(turns),
        "images": len(images),
        "thumbnail": images[-1] if images else None,
        "bytes": sum(p.stat().st_size for p in folder.iterdir() if p.is_file()),
    }


def _listed(info: Mapping[str, Any]) -> dict[str, Any]:
    names = ("title", "created", "changed", "turns", "images", "thumbnail", "bytes", "deleted")
    return {name: info[name] for name in names}


def _turn(data: Mapping[str, Any], turn_id: str) -> dict[str, Any]:
    for turn in data["turns"]:
        if turn["id"] == turn_id:
            return turn
    raise KeyError(f"the conversation has no turn {str(turn_id)[:40]!r}")


def _texts(folder: Path) -> Iterator[str]:
    for turn in _saved(folder)["turns"]:
        yield from (part["text"] for part in turn["parts"] if "text" in part)


def _with_followers(hidden: Sequence[str], turns: Sequence[Mapping[str, Any]]) -> set[str]:
    """Hidden turns and everything that follows them; parents stand before their children."""
    gone = set(hidden)
    for turn in turns:
        if turn["parent"] in gone:
            gone.add(turn["id"])
    return gone


def _part(part: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    if "text" in part:
        return {"text": part["text"]}
    from PIL import Image

    with Image.open(folder / part["picture"]) as image:  # reads the header only
        return {"image": part["picture"], "width": image.width, "height": image.height}


def _small_png(image: Any) -> str:
    """A mask as base64 of a PNG with one bit a pixel."""
    buffer = io.BytesIO()
    image.convert("L").point(lambda level: 255 if level > 127 else 0, mode="1").save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def turn_plan(turn: Turn) -> Plan | None:
    """The plan that the user has seen for the reply to a turn; None without one."""
    data = turn.record.get("plan")
    return Plan.from_dict(data) if isinstance(data, dict) else None


def turn_mask(turn: Turn) -> Any:
    """The mask that the user drew for a turn, a PIL image; None without one."""
    from PIL import Image

    data = turn.record.get("mask")
    if not isinstance(data, str):
        return None
    return Image.open(io.BytesIO(base64.b64decode(data))).convert("L")
