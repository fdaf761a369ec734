"""PNG files with more text or a larger colour profile than Pillow reads (1 MB)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import NamedTuple

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_PROFILE = 32_000_000
"""Bytes of a colour profile that are read; more is taken for a decompression bomb."""
_TEXTS = {b"tEXt", b"zTXt", b"iTXt"}


class Stripped(NamedTuple):
    """A PNG file without texts and colour profile, and the profile."""

    content: bytes
    icc_profile: bytes | None


def strip_texts(content: bytes) -> Stripped | None:
    """A PNG file without its texts and profile; None for other files."""
    if not content.startswith(SIGNATURE):
        return None
    chunks = list(_chunks(content))
    profile = next((_inflate(data) for name, data, _ in chunks if name == b"iCCP"), None)
    others = [whole for name, _, whole in chunks if name not in _TEXTS | {b"iCCP"}]
    return Stripped(SIGNATURE + b"".join(others), profile)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Name, data and all bytes of every chunk; a cut one at the end is passed on as it is."""
    position = len(SIGNATURE)
    while position < len(content):
        end = position + 12 + int.from_bytes(content[position : position + 4], "big")
        yield (
            content[position + 4 : position + 8],
            content[position + 8 : end - 4],
            content[position:end],
        )
        position = end


def _inflate(data: bytes) -> bytes | None:
    """The profile in the data of a chunk iCCP; None if it is broken or too large."""
    decompressor = zlib.decompressobj()
    try:
        profile = decompressor.decompress(data[data.find(b"\0") + 2 :], MAX_PROFILE)
    except zlib.error:
        return None
    return profile if decompressor.eof else None
