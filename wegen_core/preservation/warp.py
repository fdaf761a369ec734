"""A smooth warp from scattered evidence: kriging with an affine trend.

The displacement is an affine map plus a Gaussian process over the picture, known where there is
texture and continued from there; what the affine map can explain is never called a warp, and
neighbouring places, which are moved alike, do not count twice in its fit (generalised least
squares; Cressie, Statistics for Spatial Data, 1993).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.linalg import solve

_NODES = 14  # along the long side
_STEP = 3.0  # pixels of the level, at most at once
_REACH = 0.1  # correlation length, share of the long side
_AMPLITUDE = 0.005  # standard deviation, share of the long side
_TREND_AMPLITUDE = 0.001  # for the affine part, which faint texture must not pull
_ALIKE = 8.0  # neighbouring pixels err alike: so many count as one


def nodes(size: tuple[int, int]) -> tuple[int, int]:
    """The grid (rows, columns) on which the warp of a picture of `size` is described."""
    k = _NODES / max(size)
    return max(2, round(size[0] * k)), max(2, round(size[1] * k))


def centres(grid: tuple[int, int], size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """x and y of the centres of a grid's cells, in pixels of `size`: each [gh,gw]."""
    x = (np.arange(grid[1]) + 0.5) * (size[1] / grid[1]) - 0.5
    y = (np.arange(grid[0]) + 0.5) * (size[0] / grid[0]) - 0.5
    return tuple(np.meshgrid(x, y))


def smooth_warp(
    tensor: np.ndarray, vector: np.ndarray, before: np.ndarray, noise: float, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, float]:
    """The most likely displacement of the nodes: its affine part, 3x3, and the rest, [gh,gw,2];
    and how far that is from `before`, root mean square.

    tensor [gh,gw,3] (xx, xy, yy) and vector [gh,gw,2]: normal equations, means over the pixels of
    each cell, of a step from the displacement `before` [gh,gw,2]. noise: variance of the misfit.
    """
    grid = before.shape[:2]
    evidence = size[0] * size[1] / (grid[0] * grid[1]) / (_ALIKE * noise) * max(size) ** 2
    start = before.reshape(-1, 2)
    moved, calm = (
        start + _step(tensor, vector, start, evidence * amplitude**2)
        for amplitude in (_AMPLITUDE, _TREND_AMPLITUDE)
    )
    x, y = centres(grid, size)
    points = np.stack([x, y, np.ones_like(x)], axis=-1).reshape(-1, 3)
    weighted = points.T @ _prior(grid)[0]
    trend = np.linalg.solve(weighted @ points, weighted @ calm)
    fit = np.eye(3)
    fit[:2] += trend.T
    # p -> fit (p + flow): the rest, seen before the affine map.
    rest = (moved - points @ trend) @ np.linalg.inv(fit[:2, :2]).T
    step = float(np.sqrt(np.mean((moved - start) ** 2)))
    return fit, rest.reshape(*grid, 2).astype(np.float32), step


def _step(tensor: np.ndarray, vector: np.ndarray, start: np.ndarray, evidence: float) -> np.ndarray:
    """The step [n,2] from `start`, with that weight of the evidence against the prior."""
    precision, count = _prior(tensor.shape[:2])[1], len(start)
    normal = np.zeros((2, count, 2, count))
    each = np.arange(count)
    for i, j, part in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        normal[i, each, j, each] = tensor[..., part].ravel() * evidence
    for i in range(2):
        normal[i, :, i] += precision
        normal[i, each, i, each] += 1e-6
    pull = (vector.reshape(-1, 2) * evidence - precision @ start).T.ravel()
    square = normal.reshape(2 * count, -1)
    step = solve(square, pull, assume_a="pos", check_finite=False).reshape(2, -1).T
    return np.clip(step, -_STEP, _STEP)


@lru_cache(maxsize=8)
def _prior(grid: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The precision [n,n] of a displacement of amplitude 1, and of what an affine map leaves."""
    x, y = centres(grid, grid)
    points = np.stack([x, y, np.ones_like(x)], axis=-1).reshape(-1, 3)
    apart = points[:, None, :2] - points[None, :, :2]
    squared = (apart**2).sum(axis=2) / (_REACH * max(grid)) ** 2
    inverse = np.linalg.inv(np.exp(-squared / 2) + 0.01 * np.eye(len(points)))
    weighted = points.T @ inverse
    return inverse, inverse - weighted.T @ np.linalg.solve(weighted @ points, weighted)
