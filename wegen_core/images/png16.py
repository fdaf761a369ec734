"""PNG files with 16 bits per channel, through OpenCV: Pillow reads only grey ones in full depth."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .exif import orientation
from .png_chunks import strip_texts

_HEADER_BYTES = 33  # the signature and the IHDR chunk, which every PNG file begins with
_GREY_ALPHA, _COLOUR, _COLOUR_ALPHA = 4, 2, 6  # colour types of the PNG specification


def read(path: Path) -> np.ndarray | None:
    """Read a PNG file of 16 bits per channel whose lower bits Pillow would drop.

    Parameters
    ----------
    path
        Any image file.

    Returns
    -------
    uint16 [H,W,C] with C = 2 (grey and alpha), 3 or 4, turned upright as EXIF says. None for
    every other kind of file, which Pillow reads without loss.

    Raises
    ------
    ValueError
        OpenCV is not installed, or cannot read the file.
    """
    content = path.read_bytes()
    header = content[:_HEADER_BYTES]
    if len(header) < _HEADER_BYTES or header[12:16] != b"IHDR":
        return None
    bit_depth, colour_type = header[24], header[25]
    if bit_depth != 16 or colour_type not in (_GREY_ALPHA, _COLOUR, _COLOUR_ALPHA):
        return None
    cv2 = _opencv(f"read {path}")
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.uint16:
        raise ValueError(f"{path} cannot be read as a PNG file of 16 bits per channel")
    if colour_type == _GREY_ALPHA:  # OpenCV repeats the grey channel three times
        pixels = pixels[..., [0, 3]]
    else:
        pixels = pixels[..., [2, 1, 0, 3][: pixels.shape[2]]]  # BGR -> RGB
    stripped = strip_texts(content)
    with Image.open(io.BytesIO(stripped.content if stripped else content)) as image:
        return np.ascontiguousarray(_upright(pixels, orientation(image)))


def encode(pixels: np.ndarray, icc_profile: bytes | None = None) -> bytes:
    """Encode pixels as a PNG file of 16 bits per channel.

    Parameters
    ----------
    pixels
        uint16 [H,W] or [H,W,C], C = 1 (grey), 2 (grey and alpha), 3 or 4. Grey with alpha is
        written as RGBA, because OpenCV does not write two channels.
    icc_profile
        The colour profile to embed.

    Returns
    -------
    The bytes of the file.

    Raises
    ------
    ValueError
        OpenCV is not installed.
    """
    cv2 = _opencv("write 16 bits per channel")
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    if pixels.shape[2] == 2:
        pixels = pixels[..., [0, 0, 0, 1]]
    elif pixels.shape[2] > 2:
        pixels = pixels[..., [2, 1, 0, 3][: pixels.shape[2]]]  # RGB -> BGR
    content = cv2.imencode(".png", np.ascontiguousarray(pixels))[1].tobytes()
    if not icc_profile:
        return content
    # OpenCV writes no profile: insert the chunk where the specification wants it, after IHDR.
    profile = chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc_profile))
    return content[:_HEADER_BYTES] + profile + content[_HEADER_BYTES:]


def chunk(name: bytes, data: bytes) -> bytes:
    """One chunk of a PNG file: length, name, data, checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Apply an EXIF orientation (1 to 8): first the transposition, then the flips."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels


def _opencv(purpose: str) -> Any:
    """The module cv2, imported only here because most images do not need it."""
    try:
        import cv2
    except ImportError:
        raise ValueError(
            f"cannot {purpose}: PNG files of 16 bits per channel need OpenCV; "
            "install opencv-python-headless"
        ) from None
    return cv2
