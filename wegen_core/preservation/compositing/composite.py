"""The changed part, laid on the original pixels."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from ...records.hooks import NO_HOOKS, Hooks
from .. import array_backend as filters
from ..change import residual
from ..colour import Level
from ..image_forms import Pixels
from ..registration.register import Registration

_RING = 0.48  # so that everybody's threshold at a half gives the mask itself
_BORDER = 3.0  # pixels
_FADE = 24.0  # pixels of the analysed picture
_BACKGROUND = 0.5  # share of the border that changes with a background
_OFFSET_REACH = 5.0  # pixels of the analysed picture over which a seam's offset fades
_OFFSET_LIMIT = 8.0  # levels: a larger step along the seam is the edit's own
_DENSE = 1.6  # of its pixels for each of the source, along a side: sampling more would alias


def feather(mask: np.ndarray, radius: float, inward: bool = False) -> np.ndarray:
    """bool mask -> float32 alpha in 0..1.

    Outward, alpha is 1 on the mask, just under a half on the first pixel outside it and 0
    `radius` pixels further. Inward, it is 0 outside the mask and rises to 1 within `radius`
    pixels of its edge.
    """
    if not mask.any():
        return np.zeros(mask.shape, np.float32)
    alpha = filters.distance(mask if inward else ~mask)
    if inward:
        alpha /= radius + 1
    else:
        alpha -= 1 + radius
        alpha *= -_RING / radius
        alpha[mask] = 1
    return np.clip(alpha, 0, 1, out=alpha)


def beyond(
    mask: np.ndarray, inside: np.ndarray, found: Registration, edited: tuple[int, int]
) -> np.ndarray | None:
    """How much changes where the edited picture, of size `edited`, covers nothing: float32 [h,w] in
    0..1, 0 but for its border inside; or None.

    A pixel there changes with the nearest one on the border of the edited picture; its content is
    mirrored. A new background goes on to the end, or a strip of the old one would frame it; any
    other change that the border cut fades out.
    """
    if inside.all() or not mask.any():
        return None
    # The border's own pixels are half mirrored: they follow those a little further in, too.
    y, x = np.nonzero(~filters.shrink(inside, _BORDER))
    points = np.stack([x, y, np.ones_like(x)]).astype(np.float64)
    u, v, _ = found.matrix @ points
    u, v = (
        np.clip(p, min(_BORDER, (n - 1) / 2), max(n - 1 - _BORDER, (n - 1) / 2))
        for p, n in ((u, edited[1]), (v, edited[0]))
    )
    back = np.linalg.inv(found.matrix)
    near_x = back[0, 0] * u + back[0, 1] * v + back[0, 2]
    near_y = back[1, 0] * u + back[1, 1] * v + back[1, 2]
    rows = np.clip(np.rint(near_y), 0, mask.shape[0] - 1).astype(int)
    columns = np.clip(np.rint(near_x), 0, mask.shape[1] - 1).astype(int)
    nearest = filters.blur(mask.astype(np.float32), 1.0)[rows, columns]
    if nearest.mean() < _BACKGROUND:
        nearest *= np.maximum(1 - np.hypot(near_x - x, near_y - y) / _FADE, 0)
    out = np.zeros(mask.shape, np.float32)
    out[y, x] = nearest
    return out


def seam_offset(
    source: np.ndarray, seen: np.ndarray, tone: Level, mask: np.ndarray, inside: np.ndarray
) -> np.ndarray:
    """What to add to the levelled picture so that it meets the source along the seam: float32
    [h,w,3], at half the size of uint8 [H,W,3] `source` and `seen`, fading away from the seam."""
    if not mask.any():
        return np.zeros((1, 1, 3), np.float32)
    out = np.zeros((*filters.half(mask.shape), 3), np.float32)
    near = _near(np.any(mask, axis=1)), _near(np.any(mask, axis=0))
    size = filters.half(mask[near].shape)
    source, seen = (filters.resize(rgb[near], size) for rgb in (source, seen))
    mask, inside = (filters.resize(m[near].astype(np.float32), size) > 0.5 for m in (mask, inside))
    away = filters.distance(~mask)
    ring = ((away > 1) & (away <= _OFFSET_REACH) & inside)[..., None].astype(np.float32)
    top, left = (side.start // 2 for side in near)
    rest = residual(source, seen, replace(tone, size=out.shape[:2]), top, left) * ring
    total = filters.blur(np.clip(rest, -_OFFSET_LIMIT, _OFFSET_LIMIT), _OFFSET_REACH / 2)
    weight = filters.blur(ring[..., 0], _OFFSET_REACH / 2)[..., None] + 0.1
    out[top : top + size[0], left : left + size[1]] = total / weight
    return out


def _near(line: np.ndarray) -> slice:
    """What is True of a side of the picture, bool [n], and as far around it as the offset of a seam
    can reach; it begins at an even pixel."""
    found = np.flatnonzero(line)
    reach = 2 * math.ceil(2.5 * _OFFSET_REACH)
    return slice(max(0, found[0] - reach) // 2 * 2, min(len(line), found[-1] + reach))


def as_dense(edited: np.ndarray, found: Registration) -> tuple[np.ndarray, Registration]:
    """`edited` [h,w,C], averaged down to the source's density where it is denser, and where the
    source's pixels lie in that."""
    density = math.sqrt(abs(float(np.linalg.det(found.matrix[:2, :2]))))
    if density < _DENSE:
        return edited, found
    old = edited.shape[0], edited.shape[1]
    new = max(1, round(old[0] / density)), max(1, round(old[1] / density))
    values = edited.astype(np.float32) if edited.dtype == np.float64 else edited
    return filters.resize(values, new), found.at(found.size, old, new)


def composite(
    source: Pixels,
    edited: Pixels,
    found: Registration,
    tone: Level,
    offset: np.ndarray,
    alpha: np.ndarray,
    mask: np.ndarray,
    hooks: Hooks = NO_HOOKS,
) -> tuple[Any, float]:
    """source + alpha * (edited, registered and levelled - source): [H,W,C] in the source's dtype,
    an array, or a tensor on the accelerator that holds the source; and the sum of the squared
    differences that this makes outside of the bool `mask`.

    found, tone: for the source's full size. Where alpha is 0, the very values of the source, and
    its own transparency everywhere if the edited picture has none.
    hooks: polled before each strip of rows.
    """
    channels = source.colours if edited.opaque else source.values.shape[2]
    dense, found = as_dense(edited.like(source), found)
    if source.accelerator is not None:
        import torch

        from . import torch_composite

        own = edited.tensor() if dense is edited.values else None
        held = torch.from_numpy(np.array(dense)) if own is None else own
        return torch_composite.composite(
            source.tensor(),
            held[..., :channels].to(source.accelerator),
            source.white,
            *(found, tone, offset, alpha, mask, hooks),
        )
    dense = dense[..., :channels]
    out, error = source.values.copy(), 0.0
    for rows, _, _ in filters.strips(source.size[0]):
        hooks.check_stop()
        columns = np.flatnonzero(alpha[rows].any(axis=0))
        if len(columns) == 0:
            continue
        left, right = int(columns[0]), int(columns[-1]) + 1
        a = alpha[rows, left:right, None]
        part = out[rows, left:right, :channels]
        new = _levelled(dense, source, found, tone, offset, (rows.start, left, rows.stop, right))
        base = part.astype(np.float32)
        mixed = filters.rounded(base + a * (new - base), part.dtype)
        beside = (a[..., 0] > 0) & ~mask[rows, left:right]
        change = mixed[beside].astype(np.float64) - part[beside]
        error += float(np.vdot(change, change))
        np.copyto(part, mixed, where=a > 0)
    return out, error


def _levelled(
    values: np.ndarray,
    source: Pixels,
    found: Registration,
    tone: Level,
    offset: np.ndarray,
    box: tuple[int, int, int, int],
) -> np.ndarray:
    """A box of the edited picture in the source's frame, channels and colours, float32."""
    new, _ = found.sample(values, box)
    colours = source.colours
    rgb = new[..., :colours] * np.float32(255 / source.white)
    rgb = np.repeat(rgb, 3, axis=2) if colours == 1 else rgb
    rgb = tone.apply(np.clip(rgb, 0, 255), box) + filters.within(offset, source.size, box)
    rgb = np.clip(rgb, 0, 255)
    rgb = filters.luma(rgb)[..., None] if colours == 1 else rgb
    new[..., :colours] = rgb * np.float32(source.white / 255)
    return np.clip(new, 0, source.white)
