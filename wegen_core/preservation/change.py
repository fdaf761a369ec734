"""What really changed, judged against this editor's own noise.

The residual between the source and the levelled picture loses first what the editor's blur
explains, then is looked at in a pyramid, fine to coarse; each level leaves out what the finer
ones found, or masks would grow by their own blur. Its expected size is sigma^2 = a + b *
gradient^2, learnt per level and plane on what agrees: an editor redraws texture but leaves
flat areas alone. Around a strong residual only what exceeds a share of it counts, since an
editor also blurs the edges of what it added.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from . import array_backend as filters
from .colour import Level


@dataclass(frozen=True)
class _Scale:
    """A level of the pyramid; each is half as large as the one before."""

    least: float  # levels of intensity: what a person would hardly see is not a change
    share: float  # of the local peak
    strong: float  # in units of the expected residual


_SCALES = (
    _Scale(7.0, 0.3, 9.0),
    _Scale(4.5, 0.35, 9.0),
    _Scale(4.0, 0.45, 10.0),
    _Scale(3.5, 0.5, 10.0),
)
_SIGMA = 0.8  # pixels of each level
_WEAK = 2.8
_EASE = 0.6  # factor on the evidence asked for where a change was announced
_EVIDENCE = 260.0  # score times the square root of the area in pixels
_REACH = 1.5  # pixels of the picture
_GAP = 4.0  # pixels
_CLIPPED = 252
_SAMPLES = 4000  # pixels that a fit looks at, ...
_STRIPS = 6  # ... and one of how many strips has to be worked out for them, ...
_THIN = 16  # ... of so many rows
_HALO = 8  # rows: the reach of the widest filter
_UNIT = 1 / 32  # levels of intensity: the residual is kept in whole numbers of this
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
    seen: np.ndarray,
    inside: np.ndarray,
    tone: Level,
    expected: np.ndarray | None = None,
) -> Change:
    """Where uint8 [H,W,3] `source` was changed on purpose in `seen`, which `tone` levels.

    inside: bool [H,W], what the edited picture covers; the rest never counts as changed.
    expected: bool [H,W], where a change was announced, so that less evidence will do there.
    """
    size = inside.shape
    ease = np.ones((1, 1), np.float32)
    if expected is not None:
        ease = np.where(expected, _EASE, 1).astype(np.float32)
    layer, sharpness = _finest(source, seen, inside, tone, ease)
    noise = layer.noise()
    flat, rough = np.sqrt(noise[0])
    mask, halo, peaks = layer.found(_SCALES[0], noise)
    explained, found = mask | halo | ~inside, mask
    for scale in _SCALES[1:]:
        layer = layer.halved(found | halo)
        found, halo, score = layer.found(scale, layer.noise())
        if not found.any():
            continue
        new, edge = (filters.resize(m.astype(np.float32), size) > 0.5 for m in (found, halo))
        new &= ~explained
        # What looked like the blurred edge of a finer find lies within a coarser one.
        mask |= new | (explained & filters.grow(new, 3))
        explained |= new | edge
        np.maximum(peaks, filters.resize(score, size), out=peaks)
    mask = _evident(mask & inside, peaks / ease**2)
    return Change(_whole(mask) & inside, float(flat), float(rough), sharpness)


def residual(source: np.ndarray, seen: np.ndarray, tone: Level, top: int, left: int) -> np.ndarray:
    """source - levelled, float32 [h,w,3], of a part of both pictures, uint8 [h,w,3], that begins at
    `top` and `left`; 0 where the editor clipped and the source lies beyond."""
    box = top, left, top + seen.shape[0], left + seen.shape[1]
    levelled = tone.apply(seen.astype(np.float32), box)
    rest = np.subtract(source, levelled, out=levelled)
    flat = rest.reshape(-1)
    for bound, clipped in ((np.minimum, seen >= _CLIPPED), (np.maximum, seen <= 255 - _CLIPPED)):
        where = np.flatnonzero(clipped)
        flat[where] = bound(flat[where], 0)
    return rest


def _finest(
    source: np.ndarray, seen: np.ndarray, inside: np.ndarray, tone: Level, ease: np.ndarray
) -> tuple[_Layer, float]:
    """The finest level of the pyramid, whose residual lacks the share of the picture's fine detail
    that the editor lost; and what is left of the finest detail, 0..1."""
    quiet = (filters.resize(tone.agree, inside.shape) > 0.1) & inside

    def look(wide: slice) -> tuple[np.ndarray, ...]:
        rest = residual(source[wide], seen[wide], tone, wide.start, 0)
        rest = filters.mix(rest, _OPPONENT)
        picture = filters.mix(source[wide].astype(np.float32), _OPPONENT)
        soft = filters.blur(picture, 1.0)
        return rest, picture - soft, soft - filters.blur(picture, 2.0), picture

    shares = np.zeros((3, 2), np.float32)
    samples = _samples(quiet, lambda wide: look(wide)[:3])
    if samples.shape[1] >= 64:
        shares = np.stack([_lost(samples[3 + c :: 3].T, samples[c]) for c in range(3)])
    fine_part, coarse_part = (np.diag(s) / np.float32(_UNIT) for s in shares.T)
    rest = np.empty((3, *quiet.shape), np.int16)
    gradient = np.empty(quiet.shape, np.float32)
    for rows, wide, core in filters.strips(len(quiet), _HALO):
        left, fine, coarse, picture = look(wide)
        left *= 1 / _UNIT
        left -= filters.mix(fine, fine_part)
        left -= filters.mix(coarse, coarse_part)
        rest[:, rows] = np.rint(left[core], out=left[core]).transpose(2, 0, 1)
        gradient[rows] = _gradient(picture)[core]
    rest *= inside
    layer = _Layer(rest, gradient, inside, quiet, ease, _REACH)
    return layer, float(np.clip(1 - shares[0, 0], 0, 1))


def _lost(bands: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """The shares of two bands of detail [n,2] in the residual [n], robustly."""
    design, goal = bands.astype(np.float64), rest.astype(np.float64)
    weight: np.ndarray = np.ones(len(goal))
    shares: np.ndarray = np.zeros(2)
    for _ in range(4):
        weighted = design * weight[:, None]
        normal = weighted.T @ design + np.eye(2) * 0.02 * len(goal)
        shares = np.linalg.solve(normal, weighted.T @ goal)
        error = np.abs(goal - design @ shares)
        weight = 1 / (1 + (error / (2 * np.median(error) + 0.5)) ** 2)
    return shares.astype(np.float32)


def _gradient(picture: np.ndarray) -> np.ndarray:
    """Squared length of the gradient of [H,W,3], summed over the channels: [H,W]."""
    smooth = filters.blur(picture, 0.6)
    square = np.zeros_like(smooth)
    square[:, 1:-1] = (smooth[:, 2:] - smooth[:, :-2]) ** 2
    square[1:-1] += (smooth[2:] - smooth[:-2]) ** 2
    return filters.mix(square, np.full((1, 3), 0.25, np.float32))[..., 0]


def _samples(mask: np.ndarray, look: Callable[[slice], Sequence[np.ndarray]]) -> np.ndarray:
    """What `look` makes of some rows, [h,W] or [h,W,C] each, at about `_SAMPLES` pixels of bool
    `mask`: float32 [number of channels, n]. It looks at strips all over the picture, until they are
    enough."""
    strips = list(filters.strips(len(mask), _HALO, _THIN))
    step = max(1, np.count_nonzero(mask) // (_STRIPS * _SAMPLES))
    found, count = [], 0
    # Multiples of the golden ratio: every beginning of this order is spread evenly.
    for i in sorted(range(len(strips)), key=lambda i: i * 0.618 % 1):
        rows, wide, core = strips[i]
        chosen = np.flatnonzero(mask[rows])[::step]
        if count > _SAMPLES or not len(chosen):
            continue
        parts = [part[core].reshape(mask[rows].size, -1)[chosen] for part in look(wide)]
        found.append(np.concatenate(parts, axis=1).T)
        count += len(chosen)
    return np.concatenate(found, axis=1) if found else np.zeros((0, 0), np.float32)


@dataclass(frozen=True, eq=False)
class _Layer:
    """A level of the pyramid: rest int16 [3,h,w] in `_UNIT`, and per pixel the squared gradient
    of the picture; the weight, 0 where the rest is explained; where the noise is learnt; the factor
    on the evidence. reach: pixels by which colour, stored at half the resolution, errs off an edge.
    """

    rest: np.ndarray
    gradient: np.ndarray
    weight: np.ndarray
    quiet: np.ndarray
    ease: np.ndarray
    reach: float

    def halved(self, explained: np.ndarray) -> _Layer:
        """The next level, which leaves out what this one explained, bool [h,w]."""
        size = filters.half(explained.shape)
        keep = ~explained
        return _Layer(
            np.stack([filters.resize(plane * keep, size) for plane in self.rest]),
            filters.resize(self.gradient, size),
            filters.resize((self.weight * keep).astype(np.float32), size),
            filters.resize(self.quiet.astype(np.float32), size),
            filters.resize(self.ease, size) if self.ease.size > 1 else self.ease,
            self.reach / 2,
        )

    def noise(self) -> np.ndarray:
        """a and b of every plane, [3,2]."""
        samples = _samples((self.quiet > 0.99) & (self.weight > 0.99), self._smooth)
        if samples.shape[1] < 64:
            return np.tile([1.0, 0.05], (3, 1))
        return np.array([_noise(plane, samples[3]) for plane in samples[:3]])

    def found(self, scale: _Scale, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What this level finds and the blurred edge around it, bool [h,w]; the score there."""
        score = np.empty(self.weight.shape, np.float32)
        weak, most = np.empty((2, *score.shape), bool)
        for rows, wide, core in filters.strips(len(score), _HALO):
            *planes, gradient = self._smooth(wide)
            square, size = np.zeros((2, *gradient.shape), np.float32)
            for plane, (a, b) in zip(planes, noise.astype(np.float32), strict=True):
                square += plane * plane / (a + b * gradient)
                np.maximum(size, np.abs(plane), out=size)
            score[rows] = np.sqrt(square[core])
            most[rows] = (size > scale.share * filters.peak(size, 2))[core]
            weak[rows] = (size > scale.least)[core]
        weak &= (score > _WEAK) & (self.weight > 0.5)
        whole = filters.connected(weak & (score > scale.strong * self.ease), weak)
        found = whole & most
        score[~found] = 0
        return found, whole & ~found, score

    def _smooth(self, wide: slice) -> list[np.ndarray]:
        """The three planes and the gradient of some rows, blurred to this level's scale."""
        total = filters.blur(self.weight[wide].astype(np.float32), _SIGMA)
        total = _UNIT / np.maximum(total, 0.15)
        planes = [filters.blur(p[wide].astype(np.float32), _SIGMA) * total for p in self.rest]
        return [*planes, filters.blur(self.gradient[wide], max(_SIGMA, self.reach))]


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
    found = np.zeros_like(mask)
    found[mask] = (peak * np.sqrt(area) > _EVIDENCE)[flat]
    return found


def _noise(rest: np.ndarray, gradient: np.ndarray) -> tuple[float, float]:
    """a and b of the expected squared residual a + b * gradient, robustly."""
    a, b = 1.0, 0.05
    square, gradient = rest.astype(np.float64) ** 2, gradient.astype(np.float64)
    for _ in range(6):
        expected = a + b * gradient
        clipped = np.minimum(square, 9 * expected) / 0.97
        w = 1 / expected**2
        sloped = w * gradient
        s0, s1, s2 = w.sum(), sloped.sum(), sloped @ gradient
        t0, t1 = w @ clipped, sloped @ clipped
        determinant = s0 * s2 - s1 * s1
        if determinant > 1e-9 * s0 * s2:
            a, b = (s2 * t0 - s1 * t1) / determinant, (s0 * t1 - s1 * t0) / determinant
        a, b = max(a, 0.1), max(b, 1e-3)
    return a, b


def _whole(mask: np.ndarray) -> np.ndarray:
    """Gaps of a few pixels and small holes belong to what surrounds them."""
    mask = filters.shrink(filters.grow(mask, _GAP / 2), _GAP / 2)
    labels, count = filters.label(~mask)
    if count < 2:
        return mask
    small = np.bincount(labels.reshape(-1)) < max(9, mask.size // 20000)
    small[0] = False
    return mask | small.take(labels)
