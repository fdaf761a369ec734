"""Read and write image files."""

from __future__ import annotations

import glob
import io
import itertools
import logging
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from . import png16, png_chunks
from .atomic_write import long_path, write_atomically
from .exif import upright

_ANIMATED = {"GIF", "WEBP", "PNG", "AVIF", "TIFF"}  # not MPO: a phone's second picture is smaller


def open_image(path: str | Path) -> Image.Image:
    """Open an image file and turn it as its EXIF orientation says.

    Of an animation or a file of several pages the first frame is used; a log message says so.
    Colours of printing (CMYK) and Lab files become RGB by their profile.

    Raises
    ------
    FileNotFoundError
        The file does not exist.
    ValueError
        The file is not an image, or holds more pixels than Pillow opens.
    """
    path = Path(path)
    try:
        if not long_path(path).is_file():
            kind = "is not a file" if path.exists() else "does not exist"
            raise FileNotFoundError(f"image {path} {kind}")
        return _read(path, long_path(path))
    except FileNotFoundError:
        raise
    except Image.DecompressionBombError as error:
        raise ValueError(f"{path} is too large, scale it down: {error}") from error
    except Exception as error:  # of whatever type Pillow's readers raise for broken files
        raise ValueError(f"{path} is not an image that can be read: {error}") from error


def _read(name: Path, file: Path | io.BytesIO, profile: bytes | None = None) -> Image.Image:
    """Read `file`, whose colour profile is `profile` if it was stripped. See `open_image`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file) as image:
                if image.format in _ANIMATED and getattr(image, "is_animated", False):
                    logging.getLogger(__name__).warning("%s: only its first frame is used", name)
                if profile is not None:
                    image.info["icc_profile"] = profile
                return _to_rgb(upright(image))
    except ValueError:  # Pillow refuses texts and profiles of more than 1 MB
        stripped = png_chunks.strip_texts(file.read_bytes()) if isinstance(file, Path) else None
        if stripped is None:
            raise
        return _read(name, io.BytesIO(stripped.content), stripped.icc_profile)


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
    profile = image.info.get("icc_profile")
    return (image if pixels is None else pixels), _fitting_profile(profile, image.mode)


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
        `path` does not end in .png, or PNG files hold no images of this mode.
    """
    if path.suffix.lower() != ".png":
        raise ValueError(f"output {path} is not a PNG file; other formats do not keep every pixel")
    if isinstance(image, Image.Image):
        buffer = io.BytesIO()
        try:
            image.save(buffer, "PNG", icc_profile=icc_profile)
        except OSError as error:  # a mode such as F
            raise ValueError(f"{path}: {error}; use 8 or 16 bits per channel") from error
        content = buffer.getvalue()
    else:
        content = png16.encode(image, icc_profile)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content)


def _to_rgb(image: Image.Image) -> Image.Image:
    """CMYK and Lab images as sRGB, CMYK by its own profile where there is one."""
    if image.mode not in ("CMYK", "LAB"):
        return image
    from PIL import ImageCms

    profile: Any = image.info.pop("icc_profile", None)
    try:
        source = ImageCms.createProfile("LAB") if image.mode == "LAB" else io.BytesIO(profile)
        converted: Any = ImageCms.profileToProfile(
            image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (TypeError, OSError, ImageCms.PyCMSError):  # no profile, or a broken one
        return image.convert("RGB")
    converted.info.pop("icc_profile", None)
    return converted


def _fitting_profile(profile: bytes | None, mode: str) -> bytes | None:
    """The ICC profile, unless it is of another colour space (CMYK, Lab, ...) than the pixels."""
    spaces = {b"RGB "} | ({b"GRAY"} if mode[0] in "1LIF" else set())
    return profile if profile and profile[16:20] in spaces else None


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
