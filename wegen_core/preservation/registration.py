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

from . import filters
from .starts import plain_resize, scan, size_relations
from .warp import centres, nodes, smooth_warp

_LEVELS = (128, 256, 512)  # long side, pixels
_STILL = 0.05  # pixels of a level: a smaller step is the last one
_CELL = 8  # pixels of the finest level per cell of the warp's grid
_WARP_LEAST = 96  # a picture with a shorter side than this has too little to tell a warp from noise
# (agreement above which this search is left out, long side of its scan; 0: the size relations)
_SEARCHES = ((0.9, 0), (0.26, 64), (0.15, 176))
_WARP_BETTER = 1.02  # a warp must raise the agreement by this factor over the affine map
_BETTER = 0.004  # gain in agreement that a transform must bring over the plain resize, ...
_SURPRISING = 0.02  # ... and one out of the scan: a moved thing must not pass for a moved picture


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
        self, edited: np.ndarray, box: tuple[int, int, int, int] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """`edited` [h,w] or [h,w,C], any dtype, in the source's frame as float32, and the bool
        mask of what it covers; for a box of the source (top, left, bottom, right) or all of it.
        What it does not cover is mirrored."""
        x, y = self.points(box or (0, 0, *self.size))
        height, width = edited.shape[:2]
        inside = (x >= -0.51) & (x <= width - 0.49) & (y >= -0.51) & (y <= height - 0.49)
        if box is not None:  # a box needs a part of the edited picture only
            # Mirrored here, as the part has other borders than the picture.
            x, y = _mirrored(x, width), _mirrored(y, height)
            left, top = max(0, int(x.min()) - 3), max(0, int(y.min()) - 3)
            edited = edited[top : int(y.max()) + 5, left : int(x.max()) + 5]
            x, y = x - left, y - top
        return filters.warp(edited.astype(np.float32, copy=False), x, y), inside


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
    a = filters.resize(a, _times(size, min(1.0, _LEVELS[-1] / max(size))))
    # The edited picture at about the same pixel density, whatever its size was.
    b = filters.luma(edited)
    b = filters.resize(b, _times(other, min(1.0, np.sqrt(a.size / b.size))))
    found = _registered(a, b, align == "warp" and min(size) >= _WARP_LEAST)
    up = size[1] / a.shape[1]
    return replace(found.at(size, b.shape, other), residual=found.residual * up)


def _registered(source: np.ndarray, edited: np.ndarray, warps: bool) -> Registration:
    """`register` for float32 luma of the finest level's size."""
    plain = Registration(plain_resize(source.shape, edited.shape), source.shape, False, 0.0, 0.0)
    coarse = _Level.build(source, edited, _LEVELS[0])
    found, best = plain, coarse.agreement(plain)
    for enough, side in _SEARCHES:
        if best > enough:
            break
        guesses = scan(source, edited, side) if side else size_relations(source, edited)
        needed = best + (_SURPRISING if side else _BETTER)
        for matrix in guesses:
            candidate = coarse.affine(replace(plain, matrix=matrix), steps=3 if side else 6)
            score = coarse.agreement(candidate)
            if score > max(best, needed):
                found, best = candidate, score
    level, found = coarse, coarse.affine(found, steps=3)
    for target in _LEVELS[1:]:
        if max(source.shape) <= level.target:
            break
        level = _Level.build(source, edited, target)
        found = level.warp(found, steps=5) if warps else level.affine(found, steps=3)
    if not warps:
        return _chosen(level, [plain, found])
    # The affine map of a warp is the trend over all of the picture; alone, it fits the texture.
    rigid = level.affine(replace(found, flow=None), steps=3)
    return _chosen(level, [plain, rigid, found])


def _chosen(level: _Level, candidates: list[Registration]) -> Registration:
    """The simplest that explains the picture about as well as the richest: the plain resize, the
    affine map or the warp."""
    plain, rigid, *warps = candidates
    before, found, best = level.agreement(plain), rigid, level.agreement(rigid)
    for bent in warps:
        score = level.agreement(bent)
        if score > best * _WARP_BETTER:
            found, best = bent, score
    if best <= before + _BETTER:
        found, best = plain, before
    moved = found is not plain
    return replace(found, moved=moved, residual=level.misfit(found), agreement=best)


@dataclass(frozen=True, eq=False)
class _Level:
    """Both pictures at one size of the pyramid, with what does not change between steps."""

    source: np.ndarray
    edited: np.ndarray
    full: tuple[tuple[int, int], tuple[int, int]]
    target: int
    goal: np.ndarray  # source, locally normalised
    slopes: tuple[np.ndarray, ...]  # products of its gradient: xx, xy, yy, x, y
    weight: np.ndarray

    @classmethod
    def build(cls, source: np.ndarray, edited: np.ndarray, target: int) -> _Level:
        k = min(1.0, target / max(source.shape))
        small = filters.resize(source, _times(source.shape, k))
        other = filters.resize(edited, _times(edited.shape, k))
        goal, deviation = _normalise(small)
        gy, gx = np.gradient(goal)
        full = (source.shape, edited.shape)
        slopes = gx * gx, gx * gy, gy * gy, gx, gy
        return cls(small, other, full, target, goal, slopes, np.minimum(deviation, 40))

    def agreement(self, found: Registration) -> float:
        """Mean local correlation over the source's texture, 0 for what left the frame."""
        got, inside = self._seen(self._local(found))
        corr = filters.box(self.goal * got, _RADIUS) * inside
        # Below 0.3 is chance: unrelated texture must not outvote a small unchanged part.
        sure = np.clip((corr - 0.3) / 0.7, 0, 1)
        return float((sure * self.weight).sum() / (self.weight.sum() + 1e-6))

    def affine(self, found: Registration, steps: int) -> Registration:
        """Gauss-Newton on the six numbers of the affine map."""
        local = self._local(found)
        for _ in range(steps):
            tensor, vector, _ = self._cells(local, self._grid())
            update = _affine_step(tensor, vector, self.source.shape)
            local = replace(local, matrix=local.matrix @ update)
            corner = (update - np.eye(3)) @ [self.source.shape[1], self.source.shape[0], 1]
            if np.hypot(*(update - np.eye(3))[:2, 2]) + np.hypot(*corner[:2]) < _STILL:
                break
        return self._back(local)

    def warp(self, found: Registration, steps: int) -> Registration:
        """A smooth warp, and the affine map with it."""
        local = self._local(found)
        for _ in range(steps):
            grid = nodes(self.full[0])
            tensor, vector, noise = self._cells(local, grid)
            flow = np.zeros((*grid, 2), np.float32) if local.flow is None else local.flow
            fit, flow, step = smooth_warp(tensor, vector, flow, noise, local.size)
            local = replace(local, matrix=local.matrix @ fit, flow=flow)
            if step < _STILL:
                break
        return self._back(local)

    def misfit(self, found: Registration) -> float:
        """Median length of the step that the grid's cells still ask for, in source pixels."""
        tensor, vector, _ = self._cells(self._local(found), self._grid())
        trace = tensor[..., 0] + tensor[..., 2]
        textured = trace > np.median(trace)
        if not textured.any():
            return 0.0
        length = np.hypot(vector[..., 0], vector[..., 1])[textured] / trace[textured]
        return float(np.median(length)) * self.full[0][1] / self.source.shape[1]

    def _local(self, found: Registration) -> Registration:
        return found.at(self.source.shape, self.full[1], self.edited.shape)

    def _back(self, local: Registration) -> Registration:
        return local.at(self.full[0], self.edited.shape, self.full[1])

    def _seen(self, local: Registration) -> tuple[np.ndarray, np.ndarray]:
        seen, inside = local.sample(self.edited)
        return _normalise(seen)[0], inside

    def _grid(self) -> tuple[int, int]:
        cell = _CELL if max(self.source.shape) > 160 else _CELL // 2
        return max(1, self.source.shape[0] // cell), max(1, self.source.shape[1] // cell)

    def _cells(
        self, local: Registration, grid: tuple[int, int]
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """Normal equations of a displacement per cell: [gh,gw,3] (xx, xy, yy) and [gh,gw,2]; the
        variance of the misfit."""
        got, inside = self._seen(local)
        error = self.goal - got
        corr = np.clip(filters.box(self.goal * got, _RADIUS), 0, 1)
        weight = corr * corr * corr * inside / (1 + error * error)
        pull = weight * error
        maps = [
            filters.resize(slope * factor, grid)
            for slope, factor in zip(self.slopes, [weight] * 3 + [pull] * 2, strict=True)
        ]
        noise = float((pull * error).sum() / (weight.sum() + 1e-6)) + 0.01
        return np.stack(maps[:3], axis=-1), np.stack(maps[3:], axis=-1), noise


_RADIUS = 5


def _normalise(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Local mean 0 and deviation about 1, so that gain and bias do not matter; the deviation.

    Flat areas stay near 0: their noise must not look like texture."""
    mean = filters.box(a, _RADIUS)
    deviation = np.sqrt(np.maximum(filters.box(a * a, _RADIUS) - mean * mean, 0))
    return (a - mean) / np.sqrt(deviation * deviation + 16.0), deviation


def _times(size: tuple[int, int], k: float) -> tuple[int, int]:
    return max(1, round(size[0] * k)), max(1, round(size[1] * k))


def _affine_step(tensor: np.ndarray, vector: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """3x3 update of the source's coordinates from the cells' normal equations."""
    rows, columns = tensor.shape[:2]
    height, width = size
    # Unit coordinates around the centre keep the 6x6 system well conditioned.
    unit = max(size) / 2
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    x, y = centres((rows, columns), size)
    x, y = (x - centre[0]) / unit, (y - centre[1]) / unit
    basis = np.stack([x, y, np.ones_like(x)], axis=-1).reshape(-1, 3)
    t, v = tensor.reshape(-1, 3).astype(np.float64), vector.reshape(-1, 2).astype(np.float64)
    xx, xy, yy = ((basis * t[:, i : i + 1]).T @ basis for i in range(3))
    normal = np.block([[xx, xy], [xy, yy]])
    right = np.concatenate([basis.T @ v[:, 0], basis.T @ v[:, 1]])
    normal += np.eye(6) * (1e-3 * np.trace(normal) / 6 + 1e-9)
    step = np.linalg.solve(normal, right).reshape(2, 3)
    linear = step[:, :2] / unit
    update = np.eye(3)
    update[:2, :2] += linear
    update[:2, 2] = step[:, 2] - linear @ centre
    return update
