"""An affine map and a smooth warp from scattered evidence: one mixed model.

The displacement is an affine map plus a Gaussian process over the picture, in its cosine modes
(Ashburner and Friston, Nonlinear spatial normalization using basis functions, 1999), known where
there is texture and continued from there. How strong the warp is, is learnt from the pictures by
restricted maximum likelihood (Patterson and Thompson 1971): neighbouring places, which a warp moves
alike, do not count twice in the affine map, and where there is no warp they all count.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve

from .. import array_backend as filters

_NODES = 20  # along the long side
_STEP = 3.0  # pixels of the level, at most at once
_REACH = 0.1  # correlation length, share of the long side
_ROUGHNESS = 2.5  # nu of the Matern covariance
_MODES = 12  # half waves along the long side, at most
# Standard deviations of the warp that come into question, shares of the long side; the first: none.
_AMPLITUDES = (1e-6, 0.0005, 0.001, 0.002, 0.005)
_ALIKE = 8.0  # neighbouring pixels err alike: so many count as one


@dataclass(frozen=True, eq=False)
class Evidence:
    """Of a displacement, per cell of a picture of `size` (height, width): the normal equations of
    the step that it asks for, means over the cell's pixels: tensor [gh,gw,3] (xx, xy, yy) and
    vector [gh,gw,2]; and the variance of what differs, noise."""

    tensor: np.ndarray
    vector: np.ndarray
    noise: float
    size: tuple[int, int]

    @property
    def count(self) -> float:
        """How many pixels there are that err each on its own."""
        return self.size[0] * self.size[1] / _ALIKE

    def at(self, grid: tuple[int, int]) -> Evidence:
        """The same for the cells of another grid (rows, columns)."""
        tensor, vector = (filters.resize(part, grid) for part in (self.tensor, self.vector))
        return replace(self, tensor=tensor, vector=vector)

    def equations(self, design: np.ndarray, before: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The normal equations, [2k,2k] and [2k], of the coefficients [2,k] of a displacement
        `design` [n,k] in units of the long side; `before` [n,2]: what there was of it."""
        unit = max(self.size)
        scale = self.count / len(design) / self.noise
        xx, xy, yy = self.tensor.reshape(-1, 3).T.astype(np.float64) * (scale * unit**2)
        x, y = self.vector.reshape(-1, 2).T * (scale * unit)
        x, y = x + xx * before[:, 0] + xy * before[:, 1], y + xy * before[:, 0] + yy * before[:, 1]
        xx, xy, yy = ((design * weight[:, None]).T @ design for weight in (xx, xy, yy))
        normal = np.concatenate([np.hstack([xx, xy]), np.hstack([xy, yy])])
        return normal, np.concatenate([design.T @ x, design.T @ y])


def nodes(size: tuple[int, int]) -> tuple[int, int]:
    """The grid (rows, columns) on which the warp of a picture of `size` is described."""
    k = _NODES / max(size)
    return max(2, round(size[0] * k)), max(2, round(size[1] * k))


def centres(grid: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
    """x and y of the centres of a grid's cells, in pixels of `size`: [gh,gw,2]."""
    y, x = ((np.arange(g) + 0.5) * (n / g) - 0.5 for g, n in zip(grid, size, strict=True))
    return np.stack(np.meshgrid(x, y), axis=-1)


def affine_step(evidence: Evidence) -> np.ndarray:
    """The affine map that the evidence asks for, 3x3 in pixels."""
    design = _trend(evidence.tensor.shape[:2], evidence.size)
    normal, right = evidence.equations(design, np.zeros((len(design), 2)))
    normal += np.eye(6) * (1e-4 * np.trace(normal) / 6 + 1e-9)
    return _matrix(np.linalg.solve(normal, right).reshape(2, 3), evidence.size)


@dataclass(frozen=True, eq=False)
class Displacement:
    """flow: float32 [gh,gw,2], of the nodes, in pixels. trend: what is affine in it, 3x3. rest: how
    long it is beyond that, and step: how far it is from the one before, root mean squares."""

    flow: np.ndarray
    trend: np.ndarray
    rest: float
    step: float


def smooth_warp(
    evidence: Evidence, before: np.ndarray, amplitude: float | None = None
) -> Displacement:
    """The most likely displacement, given one `before` [gh,gw,2] that the evidence is measured
    from. amplitude: the standard deviation of the warp, share of the long side; the likeliest if
    it is not given."""
    size, grid, unit = evidence.size, before.shape[:2], max(evidence.size)
    design, variance = _design(grid, size)
    start = before.reshape(-1, 2) / unit
    normal, right = evidence.at(grid).equations(design, start)
    found = _likeliest(normal, right, variance, (amplitude,) if amplitude else _AMPLITUDES)
    step = unit * (design @ found.T - start)
    step *= min(1.0, _STEP / (np.abs(step).max() + 1e-9))
    return Displacement(
        before + step.reshape(before.shape).astype(np.float32),
        _matrix(found[:, :3], size),
        unit * float(np.sqrt(np.sum(found[:, 3:] ** 2) / 2)),
        float(np.sqrt(np.mean(step**2))),
    )


def _likeliest(
    normal: np.ndarray, right: np.ndarray, variance: np.ndarray, amplitudes: tuple[float, ...]
) -> np.ndarray:
    """The coefficients [2,3 + m] at the likeliest of some growing amplitudes."""
    best, found = -np.inf, right
    ridge = np.full(3, 1e-9 * np.trace(normal) + 1e-6)  # so little that only rounding notices
    for amplitude in amplitudes:
        prior = np.tile(np.concatenate([ridge, 1 / (amplitude**2 * variance)]), 2)
        factor = cho_factor(normal + np.diag(prior), check_finite=False)
        solution = cho_solve(factor, right, check_finite=False)
        freedom = 2 * len(variance) * np.log(amplitude) + np.log(np.diag(factor[0])).sum()
        likelihood = right @ solution / 2 - freedom
        if likelihood < best:
            break
        best, found = likelihood, solution
    return found.reshape(2, -1)


def departures(evidence: Evidence, rest: float, others: list[np.ndarray]) -> list[float]:
    """How much evidence there is against each of some affine maps, 3x3 in pixels and beyond the
    one found beside a warp of length `rest`: Wald's statistic, chi squared of 6."""
    size, unit = evidence.size, max(evidence.size)
    grid = nodes(size)
    design, variance = _design(grid, size)
    normal, _ = evidence.at(grid).equations(design, np.zeros((len(design), 2)))
    trend = np.tile(np.arange(design.shape[1]) < 3, 2)
    amplitude = max(rest / unit, _AMPLITUDES[0])
    inner = normal[~trend][:, ~trend] + np.diag(np.tile(1 / (amplitude**2 * variance), 2))
    across = normal[~trend][:, trend]
    precision = normal[trend][:, trend] - across.T @ solve(inner, across, assume_a="pos")
    found = []
    for other in others:
        linear = other[:2, :2] - np.eye(2)
        shift = (other[:2, 2] + linear @ _centre(size)) / unit
        apart = np.column_stack([linear, shift]).ravel()
        found.append(float(apart @ precision @ apart))
    return found


def _matrix(trend: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The coefficients [2,3] of `_trend` -> 3x3 in pixels."""
    out = np.eye(3)
    out[:2, :2] += trend[:, :2]
    out[:2, 2] = max(size) * trend[:, 2] - trend[:, :2] @ _centre(size)
    return out


def _centre(size: tuple[int, int]) -> np.ndarray:
    return np.array([(size[1] - 1) / 2, (size[0] - 1) / 2])


@lru_cache(maxsize=8)
def _trend(grid: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
    """x, y, around the centre and in units of the long side, and 1, at the centres of a grid's
    cells: [n,3]."""
    points = (centres(grid, size) - _centre(size)).reshape(-1, 2) / max(size)
    return np.column_stack([points, np.ones(len(points))])


@lru_cache(maxsize=8)
def _design(grid: tuple[int, int], size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """`_trend` and the cosine modes, of mean square 1: [n,3 + m]; and the variances of the modes
    [m], which add up to 1."""
    waves = np.arange(_MODES + 1)
    down, across = (np.cos(np.pi * np.outer(waves, np.arange(g) + 0.5) / g) for g in grid)
    for part in (down, across):
        part[1:] *= np.sqrt(2)
    height, width = np.array(size) / max(size)
    frequency = np.hypot(waves[:, None] / height, waves / width)
    low = frequency <= _MODES
    modes = np.einsum("jy,ix->jiyx", down, across)[low].reshape(np.count_nonzero(low), -1).T
    length = (np.pi * _REACH * frequency[low]) ** 2
    variance = (1 + length / (2 * _ROUGHNESS)) ** -(_ROUGHNESS + 1)
    return np.concatenate([_trend(grid, size), modes], axis=1), variance / variance.sum()
