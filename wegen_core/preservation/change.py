"""What really changed, judged against this editor's own noise.

The residual between the source and the levelled picture loses first what the editor's blur
explains, then is smoothed at a few scales, fine to coarse; each scale leaves out what the finer
ones found, or masks would grow by their own blur. Its expected size is sigma^2 = a + b *
gradient^2, learnt per scale and channel on what agrees: an editor redraws texture but leaves
flat areas alone. Around a strong residual only what exceeds a share of it counts, since an
editor also blurs the edges of what it added.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import filters


@dataclass(frozen=True)
class _Scale:
    sigma: float  # pixels of the analysed picture
    shrink: int  # work at this fraction of its size
    least: float  # levels: what a person would hardly see is not a change
    share: float  # of the local peak
    strong: float  # in units of the expected residual


_SCALES = (
    _Scale(0.8, 1, 7.0, 0.25, 9.0),
    _Scale(1.6, 1, 4.5, 0.35, 9.0),
    _Scale(3.2, 2, 4.0, 0.45, 10.0),
    _Scale(6.4, 4, 3.5, 0.5, 10.0),
)
_WEAK = 2.8
_EASE = 0.6  # factor on the evidence asked for where a change was announced
_EVIDENCE = 260.0  # score times the square root of the area in pixels
_REACH = 1.5  # pixels
_GAP = 4.0  # pixels
_CLIPPED = 252.0
_SAMPLES = 6000
_OPPONENT = np.array(
    [[0.299, 0.587, 0.114], [-0.169, -0.331, 0.5], [0.5, -0.419, -0.081]], np.float32
)


@dataclass(frozen=True, eq=False)
class Change:
    """mask: bool [H,W]. flat: the editor's noise in flat areas, levels. rough: the share of a
    gradient that it redraws, about the jitter in pixels. sharpness: the share of the finest
    detail that is left, 0..1."""

    mask: np.ndarray
    flat: float
    rough: float
    sharpness: float


def change(
    source: np.ndarray,
    rest: np.ndarray,
    inside: np.ndarray,
    agree: np.ndarray,
    expected: np.ndarray | None = None,
) -> Change:
    """Where float32 [H,W,3] `source` was changed on purpose; `rest`: its `residual`.

    inside: bool [H,W], what the edited picture covers; the rest never counts as changed.
    agree: float32 [h,w] of any size, how well each place fits, 0..1.
    expected: bool [H,W], where a change was announced, so that less evidence will do there.
    """
    rest = _planes(rest)
    quiet = (filters.resize(agree, inside.shape) > 0.1) & inside
    picture = _planes(source)
    sharpness = _unblur(rest, picture, quiet)
    gradient = _gradient(picture)
    mask, explained = np.zeros(inside.shape, bool), ~inside
    peaks = np.zeros(inside.shape, np.float32)
    ease = np.ones((1, 1), np.float32)
    if expected is not None:
        ease = np.where(expected, _EASE, 1).astype(np.float32)
    flat = rough = 0.0
    for scale in _SCALES:
        found, halo, score, noise = _at_scale(scale, rest, gradient, quiet, ~explained, ease)
        if scale is _SCALES[0]:
            flat, rough = noise
        elif found.any():
            # What looked like the blurred edge of a finer find lies within a coarser one.
            mask |= explained & filters.grow(found, 3)
        mask |= found
        explained |= found | halo
        np.maximum(peaks, score, out=peaks)
    mask = _evident(mask & inside, peaks / ease**2)
    return Change(_whole(mask) & inside, flat, rough, sharpness)


def residual(source: np.ndarray, seen: np.ndarray, levelled: np.ndarray) -> np.ndarray:
    """source - levelled; 0 where the editor clipped and the source lies beyond."""
    rest = source - levelled
    np.minimum(rest, 0, out=rest, where=seen >= _CLIPPED)
    np.maximum(rest, 0, out=rest, where=seen <= 255 - _CLIPPED)
    return rest


def _planes(rgb: np.ndarray) -> np.ndarray:
    """float32 [H,W,3] -> opponent colours [3,H,W]: luma, blue, red."""
    return (_OPPONENT @ rgb.reshape(-1, 3).T).reshape(3, *rgb.shape[:2])


def _unblur(rest: np.ndarray, picture: np.ndarray, quiet: np.ndarray) -> float:
    """Takes from `rest` (in place) the share of the picture's fine detail that the editor lost;
    returns what is left of the finest, 0..1."""
    left = 1.0
    chosen = _some(quiet)
    if len(chosen) < 64:
        return left
    for c in range(3):
        one, two = filters.blur(picture[c], 1.0), filters.blur(picture[c], 2.0)
        bands = picture[c] - one, one - two
        design = np.stack([band.reshape(-1)[chosen] for band in bands], axis=1).astype(np.float64)
        goal = rest[c].reshape(-1)[chosen].astype(np.float64)
        weight, shares = np.ones(len(goal)), np.zeros(2)
        for _ in range(4):
            weighted = design * weight[:, None]
            normal = weighted.T @ design + np.eye(2) * 0.02 * len(goal)
            shares = np.linalg.solve(normal, weighted.T @ goal)
            error = np.abs(goal - design @ shares)
            weight = 1 / (1 + (error / (2 * np.median(error) + 0.5)) ** 2)
        for share, band in zip(shares, bands, strict=True):
            band *= np.float32(share)
            rest[c] -= band
        if c == 0:
            left = float(np.clip(1 - shares[0], 0, 1))
    return left


def _gradient(picture: np.ndarray) -> np.ndarray:
    """Squared length of the gradient, summed over the planes: [H,W]."""
    out = np.zeros(picture.shape[1:], np.float32)
    for plane in picture:
        smooth = filters.blur(plane, 0.6)
        out[:, 1:-1] += (smooth[:, 2:] - smooth[:, :-2]) ** 2
        out[1:-1] += (smooth[2:] - smooth[:-2]) ** 2
    return out / 4


def _at_scale(
    scale: _Scale,
    rest: np.ndarray,
    gradient: np.ndarray,
    quiet: np.ndarray,
    keep: np.ndarray,
    ease: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[float, float]]:
    """What this scale finds and the blurred edge around it, bool [H,W]; the score where found;
    and the luma's noise: flat, and as a share of the gradient."""
    full = keep.shape
    weight = keep.astype(np.float32)
    planes, gradient = [plane * weight for plane in rest], gradient * weight
    if scale.shrink > 1:
        small = max(1, full[0] // scale.shrink), max(1, full[1] // scale.shrink)
        planes = [filters.resize(plane, small) for plane in planes]
        gradient, weight = filters.resize(gradient, small), filters.resize(weight, small)
        quiet = filters.resize(quiet.astype(np.float32), small) > 0.99
        ease = filters.resize(ease, small) if ease.size > 1 else ease
    sigma = scale.sigma / scale.shrink
    total = np.maximum(filters.blur(weight, sigma), 0.15)
    # Colour is stored at half the resolution: it errs a little way off an edge.
    gradient = filters.blur(gradient, max(sigma, _REACH / scale.shrink)) / total
    chosen = _some(quiet & (weight > 0.99))
    score, size = np.zeros((2, *gradient.shape), np.float32)
    noise = []
    for plane in planes:
        plane = filters.blur(plane, sigma) / total
        a, b = _noise(plane.reshape(-1)[chosen], gradient.reshape(-1)[chosen])
        score += plane**2 / (np.float32(a) + np.float32(b) * gradient)
        np.maximum(size, np.abs(plane), out=size)
        noise.append((float(np.sqrt(a)), float(np.sqrt(b))))
    score = np.sqrt(score)
    weak = (score > _WEAK) & (size > scale.least) & (weight > 0.5)
    whole = filters.connected(weak & (score > scale.strong * ease), weak)
    found = whole & (size > scale.share * filters.peak(size, max(1, round(2 * sigma))))
    halo, score = whole & ~found, score * found
    if scale.shrink > 1:
        found, halo = (filters.resize(m.astype(np.float32), full) > 0.5 for m in (found, halo))
        score = filters.resize(score, full)
    return found & keep, halo & keep, score, noise[0]


def _evident(mask: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Without the parts that are too small for how weak they are: along sharp edges an editor's
    jitter leaves short bright lines."""
    labels, count = filters.label(filters.grow(mask, 3))
    if count == 0:
        return mask
    flat = labels[mask]
    area = np.bincount(flat, minlength=count + 1)
    peak = np.zeros(count + 1, np.float32)
    np.maximum.at(peak, flat, score[mask])
    keep = peak * np.sqrt(area) > _EVIDENCE
    return mask & keep[labels]


def _noise(rest: np.ndarray, gradient: np.ndarray) -> tuple[float, float]:
    """a and b of the expected squared residual a + b * gradient, robustly."""
    a, b = 1.0, 0.05
    if len(rest) < 64:
        return a, b
    square, gradient = rest.astype(np.float64) ** 2, gradient.astype(np.float64)
    for _ in range(6):
        expected = a + b * gradient
        clipped = np.minimum(square, 9 * expected) / 0.97
        w = 1 / expected**2
        s0, s1, s2 = w.sum(), (w * gradient).sum(), (w * gradient * gradient).sum()
        t0, t1 = (w * clipped).sum(), (w * clipped * gradient).sum()
        determinant = s0 * s2 - s1 * s1
        if determinant > 1e-9 * s0 * s2:
            a, b = (s2 * t0 - s1 * t1) / determinant, (s0 * t1 - s1 * t0) / determinant
        a, b = max(a, 0.1), max(b, 1e-3)
    return a, b


def _some(mask: np.ndarray) -> np.ndarray:
    """Flat indices of at most `_SAMPLES` evenly spread True pixels."""
    chosen = np.flatnonzero(mask)
    return chosen[:: max(1, len(chosen) // _SAMPLES)]


def _whole(mask: np.ndarray) -> np.ndarray:
    """Gaps of a few pixels and small holes belong to what surrounds them."""
    mask = filters.shrink(filters.grow(mask, _GAP / 2), _GAP / 2)
    labels, count = filters.label(~mask)
    if count < 2:
        return mask
    small = np.bincount(labels.reshape(-1)) < max(9, mask.size // 20000)
    small[0] = False
    return mask | small[labels]
