"""Which named colours the pixels of a box have."""

from __future__ import annotations

import numpy as np
from PIL.Image import Image

from ...vision.detector import Box

PROTOTYPES = {  # sRGB, in light and in shade; the names are those of `constraints`
    "red": ("e0242c", "c81818", "a01c1c", "ff5040"),
    "orange": ("fc8010", "e87000", "ffa040"),
    "yellow": ("ffda14", "fff060", "d8b800"),
    "green": ("16963e", "40c040", "206020", "90d060", "6b8e23"),
    "blue": ("2254e8", "1030a0", "4080e0", "80b0f0", "182860"),
    "purple": ("9632c4", "6a2a90", "b070e0"),
    "magenta": ("e020c0", "c81880"),
    "pink": ("f88cb6", "ffc0d0", "e87898"),
    "brown": ("7c5230", "5a3820", "a07048"),
    "black": ("000000", "181818", "2a2a2a"),
    "white": ("ffffff", "ececec"),
    "grey": ("808080", "a8a8a8", "585858", "c8c8c8"),
    "gold": ("d4a537", "b8862b"),
    "silver": ("c0c0c8",),
    "teal": ("109090", "40c8c0", "206868"),
    "beige": ("f0e0c0", "d8c4a0"),
    "maroon": ("701820", "501018"),
}
_NAMES = [name for name, codes in PROTOTYPES.items() for _ in codes]
_SIDE = 48


def colour_shares(image: Image, box: Box) -> dict[str, float]:
    """Share of each named colour within the ellipse of a box (0 to 1, together 1).

    Each pixel gets the name of the nearest prototype in CIE Lab.
    """
    left, top, right, bottom = (round(v) for v in box)
    area = (left, top, max(left + 1, right), max(top + 1, bottom))
    pixels = np.asarray(image.convert("RGB").crop(area).resize((_SIDE, _SIDE)), np.float64)
    y, x = np.mgrid[-1 : 1 : _SIDE * 1j, -1 : 1 : _SIDE * 1j]
    lab = _lab(pixels[x**2 + y**2 <= _RADIUS**2])
    nearest = ((lab[:, None] - _PROTOTYPES_LAB) ** 2).sum(-1).argmin(1)
    counts = np.bincount(nearest, minlength=len(_NAMES)) / len(lab)
    shares: dict[str, float] = {}
    for name, share in zip(_NAMES, counts, strict=True):
        shares[name] = shares.get(name, 0.0) + float(share)
    return shares


_RADIUS = 0.8


def _lab(rgb: np.ndarray) -> np.ndarray:
    """CIE Lab (D65) of sRGB values 0 to 255, [N, 3]."""
    value = rgb / 255
    linear = np.where(value > 0.04045, ((value + 0.055) / 1.055) ** 2.4, value / 12.92)
    xyz = linear @ _XYZ.T / (0.95047, 1.0, 1.08883)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = f.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_PROTOTYPES_LAB = _lab(
    np.array([list(bytes.fromhex(code)) for codes in PROTOTYPES.values() for code in codes], float)
)
