"""The files of a saved conversation: `conversation.json`, and images and visual tokens beside it.

Images and tokens are named after their content, so that each is written once.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from ..images.atomic_write import long_path, write_atomically

FILE = "conversation.json"
VERSION = 1
_NPY_NAME = re.compile(r"[0-9a-f]{16}\.npy")


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Name the file in what is raised if it is not a conversation."""
    try:
        yield
    except (ValueError, KeyError, TypeError) as error:
        what = f"field {error} is missing" if isinstance(error, KeyError) else error
        raise ValueError(
            f"{path} is not a conversation: {what}; move it away, or name another folder"
        ) from error


def read_json(path: Path) -> dict[str, Any]:
    """The file, whose version is checked. An editor may have added a byte order mark."""
    text = long_path(path).read_bytes().removeprefix(codecs.BOM_UTF8)
    data = json.loads(text.decode("utf-8", "surrogatepass"))
    if not isinstance(data, dict):
        raise ValueError("it is not a JSON object")
    if data.get("version") != VERSION:
        raise ValueError(f"its version is {data.get('version')!r}; this WeGen reads {VERSION}")
    return data


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write the file at once."""
    text = json.dumps(data, ensure_ascii=False, indent=1)
    write_atomically(path, text.encode("utf-8", "surrogatepass"))


def keep_branch(data: Mapping[str, Any], head: str) -> dict[str, Any]:
    """Only the turns from the first to `head`."""
    turns = {turn["id"]: turn for turn in data["turns"]}
    path: list[Any] = []
    turn_id: str | None = head
    while turn_id in turns:
        path.insert(0, turns.pop(turn_id))
        turn_id = path[0]["parent"]
    return {"turns": path, "head": head if path else None}


def read_saved(path: Path) -> tuple[str | None, dict[str, Any]]:
    """The head in a file, and its turns by their ids, as they are; none if there is no file."""
    if not long_path(path).exists():
        return None, {}
    with named(path):
        data = read_json(path)
        return data["head"], {turn["id"]: turn for turn in data["turns"]}


def content_name(image: Image.Image) -> str:
    """File name made of an image's content: equal pixels, equal name."""
    digest = hashlib.sha256(f"{image.mode} {image.size}".encode())
    digest.update(image.tobytes())
    return f"{digest.hexdigest()[:16]}.png"


def features_name(features: Any) -> str:
    """File name made of the values of visual tokens."""
    values = features.detach().float().cpu().numpy()
    return f"{hashlib.sha256(values.tobytes()).hexdigest()[:16]}.npy"


def write_once(path: Path, encode: Callable[[], bytes]) -> None:
    """Write a file that is named after its content, unless it is there."""
    path = long_path(path)
    if not path.exists():
        write_atomically(path, encode())


def npy_bytes(features: Any) -> bytes:
    """Visual tokens as a file."""
    import numpy as np

    buffer = io.BytesIO()
    np.save(buffer, features.detach().float().cpu().numpy(), allow_pickle=False)
    return buffer.getvalue()


def png_bytes(image: Image.Image) -> bytes:
    """An image as a file, without what would change it when it is read back."""
    bare = image.copy()
    bare.info.clear()  # "transparency" and gamma
    buffer = io.BytesIO()
    bare.save(buffer, "PNG")
    return buffer.getvalue()


def read_features(name: Any, folder: Path) -> Any:
    """Visual tokens as a tensor; None without their file: the image is then read again."""
    if not isinstance(name, str) or not _NPY_NAME.fullmatch(name) or not (folder / name).is_file():
        return None
    import numpy as np
    import torch

    try:
        return torch.from_numpy(np.load(folder / name, allow_pickle=False))
    except (ValueError, EOFError) as error:
        raise ValueError(f"visual tokens {name} cannot be read: {error}") from error
