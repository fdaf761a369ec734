"""PNGs with 16 bits per channel: Pillow keeps all of them for grey pictures only."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

# Pillow's raw mode of a file -> raw modes that decode its high and its low bytes. Two 16-bit
# channels are the four bytes of an 8-bit RGBA pixel.
_DECODED = {
    "RGB;16B": ("RGB;16B", "RGB;16L"),
    "RGBA;16B": ("RGBA;16B", "RGBA;16L"),
    "LA;16B": ("RGBA",),
}
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
_UP = 2


def read(path: Path) -> np.ndarray | None:
    """uint16 [H,W,C], C = 2 (grey and alpha), 3 or 4, upright as EXIF says; None for any other
    kind of file."""
    with Image.open(path) as image:
        raw_mode = image.tile[0][3] if image.format == "PNG" and image.tile else None
    if raw_mode not in _DECODED:
        return None
    planes = [_decoded(path, mode) for mode in _DECODED[raw_mode]]
    if len(planes) == 1:
        planes = [planes[0][..., 0::2], planes[0][..., 1::2]]
    high, low = planes
    return high.astype(np.uint16) << 8 | low


def _decoded(path: Path, raw_mode: str) -> np.ndarray:
    with Image.open(path) as image:
        image.tile = [(*image.tile[0][:3], raw_mode)]  # type: ignore[list-item]
        return np.asarray(ImageOps.exif_transpose(image))


def encode(values: np.ndarray, icc_profile: bytes | None = None) -> bytes:
    """uint16 [H,W] or [H,W,C], C = 1 to 4 -> the bytes of a PNG."""
    values = values.reshape(*values.shape[:2], -1)
    height, width, channels = values.shape
    header = struct.pack(">IIBBBBB", width, height, 16, _COLOUR_TYPES[channels], 0, 0, 0)
    rows = values.astype(">u2").view(np.uint8).reshape(height, -1)
    filtered = np.full((height, 1 + rows.shape[1]), _UP, np.uint8)
    filtered[:, 1:] = rows
    filtered[1:, 1:] -= rows[:-1]
    chunks = [_chunk(b"IHDR", header)]
    if icc_profile:
        chunks.append(_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc_profile)))
    chunks += [_chunk(b"IDAT", zlib.compress(filtered.data)), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)
