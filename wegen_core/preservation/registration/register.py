"""Where each source pixel lies in the edited picture, found on what did not change.

A start (the size relation, or a phase correlation over a scan of scales) is refined
coarse to fine by Gauss-Newton steps on locally normalised luma: an affine map, and a smooth warp
on a coarse grid. Pixels weigh as much as their surroundings correlate, so neither a colour shift
nor the edit itself pulls (Lucas and Kanade 1981; Baker and Matthews 2004).
Coordinates are (x, y) with pixel centres at whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .. import array_backend as filters
from .initial_transform import plain_resize, scan, size_relations
from .mixed_model import Evidence, affine_step, centres, departures, nodes, smooth_warp

_LEVELS = (128, 256, 512)  # long side, pixels
_STILL = 0.05  # pixels of a level: a smaller step is the last one
_AHEAD = 0.7  # cosine to the step before, from which the stride doubles
_STEPS = 12  # at most, at the finest level
_CELL = 8  # pixels of the finest level per cell of the warp's grid
_WARP_LEAST = 96  # a picture with a shorter side than this has too little to tell a warp from noise
_FITS = 0.9  # agreement above which nothing better than the plain resize is looked for, ...
_LOST = 0.26  # ... and up to which the relations of the sizes are not all that is tried
_ROOM = 0.01  # for a warp, to begin with and at the last: amplitude, share of the long side
_SLIGHT = 0.06  # pixels of the finest level: a smaller warp is the texture that was drawn anew
_STRETCH = 1.25  # beyond a relation of the sizes, at most: editors hardly stretch pictures
_BETTER = 0.004  # gain in agreement that a transform must bring over the plain resize, ...
_SURPRISING = 1.2  # ... and the factor for one out of the scan: a moved thing moves no picture
_SPREAD = 0.3  # share of the picture that must be found again after a far shift: more than a thing
_DOUBTFUL, _CLEAR = 0.002, 0.1  # such a gain at the coarsest level may be chance; and is not


@dataclass(frozen=True, eq=False)
class Registration:
    """Source point p lies at `matrix` (p + flow(p)) in the edited picture.

    matrix: float64 3x3. flow: float32 [gh,gw,2] in source pixels on a coarse grid, or None.
    size: the source's (height, width). moved: False where the plain resize explains the picture
    as well. residual: median misfit, source pixels. agreement: mean local correlation over the
    source's texture, 0..1.
    """

    matrix: np.ndarray
    size: tuple[int, int]
    moved: bool
    residual: float
    agreement: float
    flow: np.ndarray | None = None

    def at(self, size: tuple[int, int], old: tuple[int, int], new: tuple[int, int]) -> Registration:
        """The same relation for a source of `size` and an edited picture `new` instead of `old`."""
        up = plain_resize(self.size, size)
        matrix = plain_resize(old, new) @ self.matrix @ np.linalg.inv(up)
        flow = None if self.flow is None else self.flow * np.array([up[0, 0], up[1, 1]], np.float32)
        return replace(self, matrix=matrix, flow=flow, size=size)

    def about(self, matrix: np.ndarray) -> Registration:
        """The same relation as a warp of another affine map, or without a warp that map alone."""
        if self.flow is None:
            return replace(self, matrix=matrix)
        p = centres(self.flow.shape[:2], self.size)
        change = np.linalg.inv(matrix) @ self.matrix
        flow = (p + self.flow) @ change[:2, :2].T + change[:2, 2] - p
        return replace(self, matrix=matrix, flow=flow.astype(np.float32))

    def points(self, box: tuple[int, int, int, int]) -> tuple[np.ndarray, np.ndarray]:
        """float32 x and y in the edited picture of a box (top, left, bottom, right) of the
        source's pixels."""
        top, left, bottom, right = box
        x = np.arange(left, right, dtype=np.float32)[None]
        y = np.arange(top, bottom, dtype=np.float32)[:, None]
        m = self.matrix.astype(np.float32)
        if self.flow is not None:
            flow = filters.within(self.flow, self.size, box, cubic=True)
            x, y = x + flow[..., 0], y + flow[..., 1]
        return m[0, 0] * x + (m[0, 1] * y + m[0, 2]), m[1, 0] * x + (m[1, 1] * y + m[1, 2])

    def sample(
        self, edited: np.ndarray, box: tuple[int, int, int, int] | None = None, cubic: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        """`edited` [h,w] or [h,w,C], any dtype, in the source's frame as float32, and the bool
        mask of what it covers; for a box of the source (top, left, bottom, right) or all of it.
        What it does not cover is mirrored."""
        x, y = self.points(box or (0, 0, *self.size))
        height, width = edited.shape[:2]
        inside = covered(x, y, (height, width))
        if box is not None:  # a box needs a part of the edited picture only
            # Mirrored here, as the part has other borders than the picture.
            x, y = _mirrored(x, width), _mirrored(y, height)
            left, top = max(0, int(x.min()) - 3), max(0, int(y.min()) - 3)
            edited = edited[top : int(y.max()) + 5, left : int(x.max()) + 5]
            x, y = x - left, y - top
        return filters.warp(edited.astype(np.float32, copy=False), x, y, cubic), inside


def covered(x: np.ndarray, y: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Which points lie in a picture of `size` (height, width): bool."""
    height, width = size
    return (x >= -0.51) & (x <= width - 0.49) & (y >= -0.51) & (y <= height - 0.49)


def _mirrored(x: np.ndarray, side: int) -> np.ndarray:
    """Coordinates beyond 0..side - 1, reflected into it."""
    if side == 1:
        return np.zeros_like(x)
    if x.min() >= 0 and x.max() <= side - 1:
        return x
    period = 2 * (side - 1)
    x = np.abs(x) % period
    return np.where(x > side - 1, period - x, x).astype(np.float32)


def register(source: np.ndarray, edited: np.ndarray, align: str = "warp") -> Registration:
    """The relation between two pictures, uint8 [H,W,3] and [h,w,3].

    align: "warp" (affine and smooth warp), "affine", or "none" (the plain resize is trusted).
    Pictures under 16 pixels or longer than 16:1 hold too little to register.
    """
    size, other = source.shape[:2], edited.shape[:2]
    least = min(_times(size, min(1.0, _LEVELS[0] / max(size))))
    if align == "none" or least < 8 or min(*size, *other) < 16:
        return Registration(plain_resize(size, other), size, False, 0.0, 0.0)
    a = filters.luma(source)
    a = filters.resize(a, _finest(size))
    # The edited picture at about the same pixel density, whatever its size was.
    b = filters.luma(edited)
    b = filters.resize(b, _times(other, min(1.0, np.sqrt(a.size / b.size))))
    down, up = plain_resize(other, b.shape), plain_resize(a.shape, size)
    relations = [down @ matrix @ up for matrix in size_relations(size, other)]
    found = _registered(a, b, relations, align == "warp" and min(size) >= _WARP_LEAST)
    found = found.at(size, b.shape, other)
    return replace(found, residual=found.residual * up[0, 0])


def _registered(
    source: np.ndarray, edited: np.ndarray, relations: list[np.ndarray], warps: bool
) -> Registration:
    """`register` for float32 luma of the finest level's size; relations: those of the sizes, the
    plain resize first."""
    level = _Level.build(source, edited, _LEVELS[0])
    found = level.affine(_begun(source, edited, relations, level), steps=3)
    rest = 0.0
    for target in _LEVELS[1:]:
        if max(source.shape) <= level.target:
            break
        level = _Level.build(source, edited, target)
        if not warps:
            found = level.affine(found, steps=3)
            continue
        if not level.finest:  # what does not fit at all yet says little about its amplitude
            found, _ = level.warp(found, 3, _ROOM)
        found, rest = level.warp(found, 9)
    if rest > _SLIGHT:
        found, _ = level.warp(found, 6, _ROOM)
        found, rest = level.split(found)
    if found.flow is not None and rest <= _SLIGHT:
        found, rest = level.affine(replace(found, flow=None), _STEPS), 0.0
    return _chosen(level, relations, found, rest)


def _begun(
    source: np.ndarray, edited: np.ndarray, relations: list[np.ndarray], coarse: _Level
) -> Registration:
    """The plain resize, or what agrees better: another of `relations`, or the best of a scan."""
    plain = Registration(relations[0], source.shape, False, 0.0, 0.0)
    found, best = plain, coarse.agreement(plain)
    if best > _FITS:
        return found
    needed = best + _BETTER
    for matrix in relations:
        candidate = coarse.affine(replace(plain, matrix=matrix), steps=6)
        score = coarse.agreement(candidate)
        if score > needed:
            found, best, needed = candidate, score, score
    if best > _LOST:
        return found
    near, far = scan(source, edited)
    guesses = [replace(plain, matrix=matrix) for matrix in near]
    shifted = coarse.affine(replace(plain, matrix=far), steps=3)
    if coarse.spread(shifted) > _SPREAD:
        guesses.append(shifted)
    candidate = coarse.affine(max(guesses, key=coarse.agreement), steps=3)
    gain = coarse.agreement(candidate) - best
    if not _DOUBTFUL < gain < _CLEAR:
        return found if gain < _CLEAR else candidate
    finer = _Level.build(source, edited, _LEVELS[1])  # what agrees by chance disagrees here
    found, candidate = (finer.affine(rival, steps=3) for rival in (found, candidate))
    surprising = finer.agreement(candidate) > _SURPRISING * finer.agreement(found) + _BETTER
    return candidate if surprising else found


def _chosen(
    level: _Level, relations: list[np.ndarray], found: Registration, rest: float
) -> Registration:
    """`found`, beside a warp of length `rest`, but in terms of a relation of the sizes if there is
    too little evidence against that."""
    evidence, score = level.judged(found)
    against = level.departures(found, evidence, rest, relations)
    for matrix, statistic in zip(relations, against, strict=True):
        if statistic < 6 * np.log(evidence.count):  # Schwarz's criterion (1978)
            found = found.about(matrix)
            break
    plain = replace(found, matrix=relations[0], flow=None, residual=level.misfit(evidence))
    best = level.agreement(plain)
    stretch = min(_stretch(np.linalg.inv(matrix) @ found.matrix) for matrix in relations)
    if score <= best + _BETTER or stretch > _STRETCH:
        return replace(plain, agreement=best)
    return replace(found, moved=True, residual=plain.residual, agreement=score)


def _stretch(matrix: np.ndarray) -> float:
    """How much more a 3x3 map enlarges in one direction than in another."""
    most, least = np.linalg.svd(matrix[:2, :2], compute_uv=False)
    return float(most / least)


@dataclass(frozen=True, eq=False)
class _Level:
    """Both pictures at one size of the pyramid, locally normalised (a warp hardly changes what that
    does), with what does not change between steps."""

    source: np.ndarray
    edited: np.ndarray
    full: tuple[tuple[int, int], tuple[int, int]]
    target: int
    slopes: tuple[np.ndarray, ...]  # products of the source's gradient: xx, xy, yy, x, y
    weight: np.ndarray
    energy: np.ndarray  # mean square of the source around every pixel

    @property
    def finest(self) -> bool:
        return self.source.shape == self.full[0]

    @classmethod
    def build(cls, source: np.ndarray, edited: np.ndarray, target: int) -> _Level:
        k = min(1.0, target / max(source.shape))
        small = filters.resize(source, _times(source.shape, k))
        other = filters.resize(edited, _times(edited.shape, k))
        small, variance = _normalise(small)
        other, _ = _normalise(other)
        gy, gx = np.gradient(small)
        full = (source.shape, edited.shape)
        slopes = gx * gx, gx * gy, gy * gy, gx, gy
        weight, energy = np.minimum(np.sqrt(variance), 40), filters.box(small * small, _RADIUS)
        return cls(small, other, full, target, slopes, weight, energy)

    def agreement(self, found: Registration) -> float:
        """Mean local correlation over the source's texture, 0 for what left the frame."""
        _, corr, inside = self._look(self._local(found))
        return self._agreement(corr, inside)

    def spread(self, found: Registration) -> float:
        """The share of the picture whose texture is found again."""
        _, corr, inside = self._look(self._local(found))
        return float(np.mean((corr > 0.5) & inside))

    def judged(self, found: Registration) -> tuple[Evidence, float]:
        """What the pictures ask for beyond `found`, and its `agreement`."""
        error, corr, inside = self._look(self._local(found))
        agreement = self._agreement(corr, inside)
        return self._evidence(error, corr, inside), agreement

    def affine(self, found: Registration, steps: int) -> Registration:
        """Gauss-Newton on the six numbers of the affine map, with a longer stride where it keeps
        its direction: little evidence makes for many small steps."""
        local = self._local(found)
        corners = np.array([[0, self.source.shape[1]], [0, self.source.shape[0]], [1, 1]])
        before, stride = np.zeros((2, 2)), 1.0
        for _ in range(steps):
            update = affine_step(self._evidence(*self._look(local))) - np.eye(3)
            step = update[:2] @ corners
            # A coarse level's best is not yet the picture's: hurrying there leads astray.
            ahead = np.vdot(step, before) > _AHEAD * np.linalg.norm(step) * np.linalg.norm(before)
            stride = 2 * stride if ahead and self.finest else 1.0
            local = replace(local, matrix=local.matrix @ (np.eye(3) + stride * update))
            if np.hypot(*step).sum() < _STILL:
                break
            before = step
        return self._back(local)

    def warp(
        self, found: Registration, steps: int, amplitude: float | None = None
    ) -> tuple[Registration, float]:
        """A smooth warp, and the affine map with it; and how long the warp is, root mean square in
        pixels of this level. amplitude: see `smooth_warp`."""
        local = self._local(found)
        for _ in range(steps):
            made = smooth_warp(self._evidence(*self._look(local)), self._flow(local), amplitude)
            local = replace(local, flow=made.flow)
            certain = amplitude is None and made.rest > 2 * _SLIGHT
            if made.step < _STILL or certain:
                break
        return self._back(local.about(local.matrix @ made.trend)), made.rest

    def split(self, found: Registration) -> tuple[Registration, float]:
        """The same, with what is affine at the warp's likeliest amplitude in the matrix; and how
        long that warp is."""
        local = self._local(found)
        made = smooth_warp(self._evidence(*self._look(local)), self._flow(local))
        return self._back(local.about(local.matrix @ made.trend)), made.rest

    def departures(
        self, found: Registration, evidence: Evidence, rest: float, others: list[np.ndarray]
    ) -> list[float]:
        """The evidence against other matrices in the place of what was found, beside a warp of
        length `rest`."""
        back = np.linalg.inv(self._local(found).matrix)
        maps = [back @ self._local(replace(found, matrix=matrix)).matrix for matrix in others]
        return departures(evidence, rest, maps)

    def misfit(self, evidence: Evidence) -> float:
        """Median length of the step that the grid's cells still ask for, in source pixels."""
        trace = evidence.tensor[..., 0] + evidence.tensor[..., 2]
        textured = trace > np.median(trace)
        if not textured.any():
            return 0.0
        length = np.hypot(*evidence.vector[textured].T) / trace[textured]
        return float(np.median(length)) * self.full[0][1] / self.source.shape[1]

    def _local(self, found: Registration) -> Registration:
        return found.at(self.source.shape, self.full[1], self.edited.shape)

    def _back(self, local: Registration) -> Registration:
        return local.at(self.full[0], self.edited.shape, self.full[1])

    def _flow(self, local: Registration) -> np.ndarray:
        if local.flow is None:
            return np.zeros((*nodes(self.full[0]), 2), np.float32)
        return local.flow

    def _look(self, local: Registration) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What differs, how well the surroundings correlate, and what is covered: [h,w] each."""
        got, inside = local.sample(self.edited, cubic=self.finest)
        error = self.source - got
        both = filters.box(got * got, _RADIUS)
        both += self.energy
        corr = filters.box(np.multiply(self.source, got, out=got), _RADIUS)
        corr /= np.add(both, 2 * _FAINT, out=both)
        corr *= 2
        return error, corr, inside

    def _agreement(self, corr: np.ndarray, inside: np.ndarray) -> float:
        # Below 0.3 is chance: unrelated texture must not outvote a small unchanged part.
        sure = np.clip(corr - 0.3, 0, 0.7)
        sure *= inside
        return float(np.vdot(sure, self.weight) / (0.7 * self.weight.sum() + 1e-6))

    def _grid(self) -> tuple[int, int]:
        cell = _CELL if max(self.source.shape) > 160 else _CELL // 2
        return max(1, self.source.shape[0] // cell), max(1, self.source.shape[1] // cell)

    def _evidence(self, error: np.ndarray, corr: np.ndarray, inside: np.ndarray) -> Evidence:
        """Of what `_look` saw; takes the first two for its own use."""
        weight = np.clip(corr, 0, 1, out=corr)
        weight *= weight * weight
        weight *= inside
        weight /= 1 + error * error
        pull = weight * error
        noise = float(np.vdot(pull, error) / (weight.sum() + 1e-6)) + 0.01
        factors = [weight] * 3 + [pull] * 2
        grid, product = self._grid(), error
        maps = [
            filters.resize(np.multiply(slope, factor, out=product), grid)
            for slope, factor in zip(self.slopes, factors, strict=True)
        ]
        tensor, vector = np.stack(maps[:3], axis=-1), np.stack(maps[3:], axis=-1)
        return Evidence(tensor, vector, noise, self.source.shape)


_RADIUS = 6  # pixels of a level
_FAINT = 0.3  # mean square from which what is normalised counts as texture


def _normalise(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Local mean 0 and deviation about 1, so that gain and bias do not matter; the variance.

    Flat areas stay near 0: their noise must not look like texture."""
    mean = filters.box(a, _RADIUS)
    variance = filters.box(a * a, _RADIUS)
    out = a - mean
    variance -= np.multiply(mean, mean, out=mean)
    np.maximum(variance, 0, out=variance)
    out /= np.sqrt(np.add(variance, 16.0, out=mean), out=mean)
    return out, variance


def _finest(size: tuple[int, int]) -> tuple[int, int]:
    """The size of the finest level: of whole cells at every level, which is faster."""
    k = _LEVELS[-1] / max(size)
    height, width = (max(1, round(n * k / 16)) * 16 for n in size)
    return size if k >= 1 else (height, width)


def _times(size: tuple[int, int], k: float) -> tuple[int, int]:
    return max(1, round(size[0] * k)), max(1, round(size[1] * k))
