"""Pictures on disk, each beside a JSON file that says how it was made."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from .. import __version__
from ..records.conversation import write_atomically
from . import png16

PACKAGES = ("torch", "diffusers", "transformers")


def versions() -> dict[str, str]:
    """Versions of what makes the pictures; read from package metadata, so nothing is imported."""
    found = {"wegen": __version__}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def open_picture(path: str | Path) -> Image.Image:
    """The picture in a file, turned as its EXIF orientation says.

    Raises FileNotFoundError, or ValueError if the file is no picture.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"picture {path} does not exist")
    try:
        with Image.open(path) as image:
            return ImageOps.exif_transpose(image)
    except (OSError, SyntaxError) as error:
        raise ValueError(f"{path} is not a picture that can be read: {error}") from error


def open_pixels(path: Path) -> tuple[Image.Image | np.ndarray, bytes | None]:
    """As `open_picture`, but uint16 [H,W,C] where PIL would drop half of the bits; and the ICC
    profile, if the file has one."""
    picture = open_picture(path)
    profile = picture.info.get("icc_profile")
    deep = png16.read(path)
    return (picture if deep is None else deep), profile


def write_picture(
    image: Image.Image | np.ndarray, path: Path, icc_profile: bytes | None = None
) -> None:
    """Write a PNG under a temporary name, and rename it. image: PIL, or uint16 [H,W,C]."""
    if path.suffix.lower() != ".png":
        raise ValueError(f"output {path} is no .png file; other formats would not keep every pixel")
    if isinstance(image, Image.Image):
        buffer = io.BytesIO()
        image.save(buffer, "PNG", icc_profile=icc_profile)
        data = buffer.getvalue()
    else:
        data = png16.encode(image, icc_profile)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, data)


def save(image: Image.Image, path: Path, facts: Mapping[str, Any]) -> None:
    """Write a PNG, and beside it, first, the JSON record of how it was made.

    facts: JSON-able; versions and date are added.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    date = datetime.now(timezone.utc).isoformat(timespec="seconds")
    record = {**facts, "versions": versions(), "date": date}
    text = json.dumps(record, ensure_ascii=False, indent=1)
    write_atomically(path.with_suffix(".json"), text.encode("utf-8", "surrogatepass"))
    write_picture(image, path)


def free_path(folder: Path, name: str = "picture") -> Path:
    """`<folder>/<name>-<number>.png` with the number after the highest one in use."""
    found = folder.iterdir() if folder.is_dir() else ()
    taken = [int(m[1]) for p in found if (m := re.fullmatch(rf"{name}-(\d+)\.\w+", p.name))]
    return folder / f"{name}-{max(taken, default=0) + 1}.png"
