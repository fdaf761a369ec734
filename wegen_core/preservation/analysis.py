"""What `preserve` finds out about a pair of pictures, at one megapixel or less."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ..records.hooks import NO_HOOKS, Hooks
from . import array_backend as filters
from .change import Change, change
from .colour import Level, level
from .compositing.composite import as_dense, beyond, seam_offset
from .image_forms import Pixels
from .registration.initial_transform import plain_resize
from .registration.register import Registration, covered, register

PIXELS = 1_000_000


@dataclass(frozen=True, eq=False)
class Analysis:
    """Registration and level for the full sizes; the rest at `size` (height, width).

    source, seen: uint8 [h,w,3], the second registered but not levelled; `inside`: bool, what it
    covers. mask: bool, what changed (or is to change); beyond: see `beyond`; offset: `seam_offset`.
    raw: mean squared difference to the plainly resized edited picture where unchanged, or None.
    """

    size: tuple[int, int]
    source: np.ndarray
    seen: np.ndarray
    inside: np.ndarray
    found: Registration
    tone: Level
    change: Change
    mask: np.ndarray
    beyond: np.ndarray | None
    offset: np.ndarray
    raw: float | None
    drift: np.ndarray

    @property
    def zoom(self) -> float:
        """How much larger the editor drew the picture, beyond the resize of the sizes."""
        return math.sqrt(abs(float(np.linalg.det(self.drift[:2, :2]))))

    def confidence(self) -> float:
        """How well the kept part fits the source, 0..1."""
        agree = self.tone.agree
        kept = filters.resize((self.inside & ~self.mask).astype(np.float32), agree.shape)
        return float((agree * kept).sum() / kept.sum()) if kept.sum() > 0 else 0.0


def analyse(
    a: Pixels,
    b: Pixels,
    limit: np.ndarray | None,
    replaced: bool,
    align: str,
    colour: str,
    given: Registration | None = None,
    hooks: Hooks = NO_HOOKS,
) -> Analysis:
    """Compares `b` with `a`. limit: bool [H,W], where changes are accepted, or with `replaced`
    where they are; given: a registration at full size found before (of another video frame).
    hooks: polled before each step."""
    size, other = reduced(a.size), reduced(b.size)
    source, edited = a.rgb(size), b.rgb(other)
    hooks.check_stop()
    if given is None:
        found = register(source, edited, align)
    else:
        found = given.at(size, b.size, other)
    hooks.check_stop()
    seen, inside = _seen(edited, found)
    near = None if limit is None else filters.resize(limit.astype(np.float32), size) > 0.01
    trusted = inside if near is None or (inside & ~near).mean() < 0.05 else inside & ~near
    tone = level(source, seen, trusted, colour == "match")
    hooks.check_stop()
    made = change(source, seen, inside, tone, near)
    mask = made.mask if near is None else (near if replaced else made.mask & near)
    cut = None if replaced else beyond(mask, inside, found, other)
    full = found.at(a.size, other, b.size)
    return Analysis(
        size,
        source,
        seen,
        inside,
        full,
        replace(tone, size=a.size),
        made,
        mask,
        cut,
        seam_offset(source, seen, tone, mask, inside),
        _raw(source, edited, inside & ~mask),
        np.linalg.inv(plain_resize(a.size, b.size)) @ full.matrix,
    )


def reduced(size: tuple[int, int]) -> tuple[int, int]:
    """The size that a picture of `size` (height, width) is analysed at: at most `PIXELS`."""
    k = min(1.0, math.sqrt(PIXELS / (size[0] * size[1])))
    return max(1, round(size[0] * k)), max(1, round(size[1] * k))


def _seen(edited: np.ndarray, found: Registration) -> tuple[np.ndarray, np.ndarray]:
    """uint8 `edited` in the source's frame, uint8 [h,w,3], and what it covers, bool [h,w]."""
    edited, found = as_dense(edited, found)
    seen, inside = np.empty((*found.size, 3), np.uint8), np.empty(found.size, bool)
    for rows, _, _ in filters.strips(found.size[0]):
        x, y = found.points((rows.start, 0, rows.stop, found.size[1]))
        inside[rows] = covered(x, y, edited.shape[:2])
        seen[rows] = filters.warp(edited, x, y)
    return seen, inside


def _raw(source: np.ndarray, edited: np.ndarray, kept: np.ndarray) -> float | None:
    if not kept.any():
        return None
    total = filters.squared_error(source, filters.resize(edited, kept.shape), kept)
    return total / (3 * np.count_nonzero(kept))
