"""What `preserve` finds out about a pair of pictures, at one megapixel or less."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ..progress import ShouldStop, check
from . import filters
from .change import Change, change, residual
from .composite import extended, seam_offset
from .level import Level, level
from .pixels import Pixels
from .registration import Registration, register
from .starts import plain_resize

PIXELS = 1_000_000


@dataclass(frozen=True, eq=False)
class Analysis:
    """Registration and level for the full sizes; the rest at `size` (height, width).

    source, seen: float32 [h,w,3] in 0..255, the second registered but not levelled; `inside`:
    bool, what it covers. mask: bool, what changed (or is to change). offset: see `seam_offset`.
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
    given: Registration | None = None,
    should_stop: ShouldStop | None = None,
) -> Analysis:
    """Compares `b` with `a`. limit: bool [H,W], where changes are accepted, or with `replaced`
    where they are; given: a registration at full size found before (of another video frame).
    should_stop: asked before each step; `Stopped` is raised where it says True."""
    size, other = reduced(a.size), reduced(b.size)
    source, edited = a.rgb(size), b.rgb(other)
    check(should_stop)
    if given is None:
        found = register(filters.luma(source), filters.luma(edited), align)
    else:
        found = given.at(size, b.size, other)
    check(should_stop)
    seen, inside = found.sample(edited)
    np.clip(seen, 0, 255, out=seen)
    near = None if limit is None else filters.resize(limit.astype(np.float32), size) > 0.01
    trusted = inside if near is None or (inside & ~near).mean() < 0.05 else inside & ~near
    tone = level(source, seen, trusted)
    levelled = tone.apply(seen)
    check(should_stop)
    rest = residual(source, seen, levelled)
    made = change(source, rest, inside, tone.agree, near)
    mask = made.mask if near is None else (near if replaced else made.mask & near)
    mask = extended(mask, inside, found, other)
    if near is not None:
        mask &= near
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
        seam_offset(rest, mask, inside),
        _raw(source, edited, inside & ~mask),
        np.linalg.inv(plain_resize(a.size, b.size)) @ full.matrix,
    )


def reduced(size: tuple[int, int]) -> tuple[int, int]:
    """The size that a picture of `size` (height, width) is analysed at: at most `PIXELS`."""
    k = min(1.0, math.sqrt(PIXELS / (size[0] * size[1])))
    return max(1, round(size[0] * k)), max(1, round(size[1] * k))


def _raw(source: np.ndarray, edited: np.ndarray, kept: np.ndarray) -> float | None:
    if not kept.any():
        return None
    error = source - filters.resize(edited, source.shape[:2])
    error = (error * error) @ np.full(3, 1 / 3, np.float32)
    return float(error[kept].mean())
