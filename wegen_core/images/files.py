"""Read and write image files."""

from __future__ import annotations

import glob
import io
import itertools
import re
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from . import png16
from .atomic_write import long_path, write_atomically


def open_image(path: str | Path) -> Image.Image:
    """Open an image file and turn it as its EXIF orientation says.

    Raises
    ------
    FileNotFoundError
        The file does not exist.
    ValueError
        The file is not an image.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"image {path} does not exist")
    try:
        with Image.open(path) as image:
            return ImageOps.exif_transpose(image)
    except (OSError, SyntaxError) as error:
        raise ValueError(f"{path} is not an image that can be read: {error}") from error


def open_full_depth(path: Path) -> tuple[Image.Image | np.ndarray, bytes | None]:
    """Open an image file in its full bit depth.

    Returns
    -------
    The image, and its ICC profile (None: it has none). The image is uint16 [H,W,C] where Pillow
    would drop the lower 8 bits, else a PIL image as from `open_image`.

    Raises
    ------
    FileNotFoundError, ValueError
        As `open_image`; ValueError also if the file needs OpenCV and that is not installed.
    """
    image = open_image(path)
    pixels = png16.read(path)
    return (image if pixels is None else pixels), image.info.get("icc_profile")


def write_image(
    image: Image.Image | np.ndarray, path: Path, icc_profile: bytes | None = None
) -> None:
    """Write a PNG file; an existing file is replaced as a whole.

    Parameters
    ----------
    image
        A PIL image, or uint16 [H,W,C].
    path
        Must end in .png. Missing folders are created.
    icc_profile
        The colour profile to embed.

    Raises
    ------
    ValueError
        `path` does not end in .png.
    """
    if path.suffix.lower() != ".png":
        raise ValueError(f"output {path} is not a PNG file; other formats do not keep every pixel")
    if isinstance(image, Image.Image):
        buffer = io.BytesIO()
        image.save(buffer, "PNG", icc_profile=icc_profile)
        content = buffer.getvalue()
    else:
        content = png16.encode(image, icc_profile)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content)


def free_path(folder: Path, name: str = "picture") -> Path:
    """`<folder>/<name>-<number>.png` for a new image, with the number after the highest in use.

    No other process gets the same path: a hidden file claims it until `release_path` is called.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pattern = re.compile(rf"\.?{re.escape(name)}-(\d+)\.\w+")
    taken = [int(match[1]) for p in folder.iterdir() if (match := pattern.fullmatch(p.name))]
    for number in itertools.count(max(taken, default=0) + 1):
        path = folder / f"{name}-{number}.png"
        try:
            _claim(path).touch(exist_ok=False)
        except FileExistsError:
            continue
        if not any(folder.glob(f"{glob.escape(path.stem)}.*")):
            break
        release_path(path)  # another process has written and released it in the meantime
    return path


def release_path(path: Path) -> None:
    """Withdraw the claim of `free_path`, once the image is written or will not be."""
    _claim(path).unlink(missing_ok=True)


def _claim(path: Path) -> Path:
    return long_path(path.with_name(f".{path.stem}.claim"))
