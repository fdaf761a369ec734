"""A smooth warp from scattered evidence: kriging with an affine trend.

The displacement is an affine map plus a Gaussian process over the picture, known where there is
texture and continued from there; what the affine map can explain is never called a warp, and
neighbouring places, which are moved alike, do not count twice in its fit (generalised least
squares; Cressie, Statistics for Spatial Data, 1993).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

_NODES = 14  # along the long side
_REACH = 0.1  # correlation length, share of the long side
_AMPLITUDE = 0.001  # standard deviation, share of the long side
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
) -> tuple[np.ndarray, np.ndarray]:
    """The most likely displacement of the nodes: its affine part, 3x3, and the rest, [gh,gw,2].

    tensor [gh,gw,3] (xx, xy, yy) and vector [gh,gw,2]: normal equations, means over the pixels of
    each cell, of a step from the displacement `before` [gh,gw,2]. noise: variance of the misfit.
    """
    grid = before.shape[:2]
    trend, precision = _prior(grid, size)
    pixels = size[0] * size[1] / (grid[0] * grid[1])
    scale = (_AMPLITUDE * max(size)) ** 2 * pixels / (_ALIKE * noise)
    xx, xy, yy = (np.diag(tensor[..., i].ravel() * scale) for i in range(3))
    normal = np.block([[xx + precision, xy], [xy, yy + precision]])
    start = before.reshape(-1, 2).T.ravel()
    pull = np.moveaxis(vector, -1, 0).ravel() * scale
    pull = pull - np.block([[precision, 0 * xy], [0 * xy, precision]]) @ start
    step = np.linalg.solve(normal + 1e-6 * np.eye(len(start)), pull)
    moved = (start + np.clip(step, -3, 3)).reshape(2, -1).T
    fit = np.eye(3)
    fit[:2] += (trend @ moved).T
    x, y = centres(grid, size)
    points = np.stack([x, y, np.ones_like(x)], axis=-1).reshape(-1, 3)
    rest = moved - points @ (trend @ moved)
    # p -> fit (p + flow): the rest, seen before the affine map.
    rest = rest @ np.linalg.inv(fit[:2, :2]).T
    return fit, rest.reshape(*grid, 2).astype(np.float32)


@lru_cache(maxsize=8)
def _prior(grid: tuple[int, int], size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """[3,n]: the affine map that explains a displacement best; [n,n]: the precision of what it
    leaves over, for an amplitude of 1."""
    x, y = centres(grid, size)
    points = np.stack([x, y, np.ones_like(x)], axis=-1).reshape(-1, 3)
    apart = points[:, None, :2] - points[None, :, :2]
    squared = (apart**2).sum(axis=2) / (_REACH * max(size)) ** 2
    inverse = np.linalg.inv(np.exp(-squared / 2) + 0.01 * np.eye(len(points)))
    weighted = points.T @ inverse
    trend = np.linalg.solve(weighted @ points, weighted)
    return trend, inverse - weighted.T @ trend
