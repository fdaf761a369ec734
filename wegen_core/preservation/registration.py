"""Where each source pixel lies in the edited picture, found on what did not change.

Coarse to fine: a phase correlation over a scan of scales gives the start, robust Gauss-Newton
steps on locally normalised luma refine an affine map. Each pixel is weighted by how well its
surroundings correlate, so neither a colour shift nor the edit itself pulls.
Coordinates are (x, y) with pixel centres at whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import filters

_SCAN_SIDE = 160
_SCAN_SCALES = np.exp(np.linspace(np.log(0.55), np.log(1.8), 27))


@dataclass(frozen=True, eq=False)
class Registration:
    """`matrix` float64 3x3: source pixel -> edited pixel. `moved` is False where the plain resize
    explains the picture as well. `residual` is the median misfit in source pixels."""

    matrix: np.ndarray
    moved: bool
    residual: float
    correlation: float


def plain_resize(source: tuple[int, int], edited: tuple[int, int]) -> np.ndarray:
    """3x3 of a plain resize between two sizes (height, width)."""
    sy, sx = edited[0] / source[0], edited[1] / source[1]
    return np.array([[sx, 0, sx / 2 - 0.5], [0, sy, sy / 2 - 0.5], [0, 0, 1.0]])


def register(source: np.ndarray, edited: np.ndarray, affine: bool = True) -> Registration:
    """The affine map from `source` to `edited`, float32 luma [H,W] and [h,w] in 0..255.

    With affine False, or where nothing explains the picture better, the plain resize.
    """
    size = source.shape
    plain = plain_resize(size, edited.shape)
    # Everything below runs in source pixels: `fitted` has the source's size.
    fitted = filters.resize(edited, size)
    if min(size) < 16 or not affine:
        return Registration(plain, False, 0.0, local_correlation(source, fitted).mean())
    matrix = np.eye(3)
    best = _agreement(source, fitted, matrix)
    for start in _starts(source, fitted):
        score = _agreement(source, fitted, start)
        if score > best + 0.02:
            matrix, best = start, score
    refined = _refine(source, fitted, matrix)
    score = _agreement(source, fitted, refined)
    moved = score > _agreement(source, fitted, np.eye(3)) + 0.005
    matrix = refined if moved else np.eye(3)
    return Registration(plain @ matrix, moved, 0.0, score)


def local_correlation(a: np.ndarray, b: np.ndarray, radius: int = 4) -> np.ndarray:
    """Correlation of a and b in a square around each pixel, 0 where both are flat: [H,W]."""
    ma, mb = filters.box(a, radius), filters.box(b, radius)
    va = filters.box(a * a, radius) - ma * ma
    vb = filters.box(b * b, radius) - mb * mb
    cov = filters.box(a * b, radius) - ma * mb
    noise = 4.0  # squared levels: flat areas say nothing
    return cov / np.sqrt(np.maximum(va, 0) * np.maximum(vb, 0) + noise * noise)


def sample(edited: np.ndarray, matrix: np.ndarray, size: tuple[int, int], cubic: bool = True):
    """`edited` seen through `matrix` in a frame of `size`; and the bool mask of what it covers."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    m = matrix.astype(np.float32)
    u = m[0, 0] * x + m[0, 1] * y + m[0, 2]
    v = m[1, 0] * x + m[1, 1] * y + m[1, 2]
    height, width = edited.shape[:2]
    inside = (u >= -0.51) & (u <= width - 0.49) & (v >= -0.51) & (v <= height - 0.49)
    return filters.warp(edited, u, v, cubic), inside


def _agreement(source: np.ndarray, fitted: np.ndarray, matrix: np.ndarray) -> float:
    """Mean local correlation over the source's textured part, 0..1."""
    seen, inside = sample(fitted, matrix, source.shape, cubic=False)
    weight = np.sqrt(np.maximum(filters.box(source**2, 4) - filters.box(source, 4) ** 2, 0))
    weight = np.minimum(weight, 40)
    corr = np.clip(local_correlation(source, seen), 0, 1) * inside
    return float((corr * weight).sum() / (weight.sum() + 1e-6))


def _starts(source: np.ndarray, fitted: np.ndarray) -> list[np.ndarray]:
    """Similarity guesses (scale and shift) by phase correlation, the best first."""
    side = max(source.shape)
    k = min(1.0, _SCAN_SIDE / side)
    small = (max(8, round(source.shape[0] * k)), max(8, round(source.shape[1] * k)))
    a = filters.resize(source, small)
    b = filters.resize(fitted, small)
    window = np.outer(np.hanning(small[0] + 2)[1:-1], np.hanning(small[1] + 2)[1:-1])
    spectrum = np.fft.rfft2(_whiten(a) * window)
    centre = (np.array([small[1], small[0]]) - 1) / 2
    found = []
    for scale in _SCAN_SCALES:
        matrix = np.eye(3)
        matrix[0, 0] = matrix[1, 1] = scale
        matrix[:2, 2] = centre - scale * centre
        seen, _ = sample(b, matrix, small, cubic=False)
        cross = spectrum * np.conj(np.fft.rfft2(_whiten(seen) * window))
        surface = np.fft.irfft2(cross / (np.abs(cross) + 1e-6 * np.abs(cross).max() + 1e-9), small)
        peak = np.unravel_index(np.argmax(surface), surface.shape)
        dy, dx = ((p + n // 2) % n - n // 2 for p, n in zip(peak, small, strict=True))
        shift = np.eye(3)
        shift[:2, 2] = -dx, -dy
        found.append((float(surface[peak]), matrix @ shift))
    found.sort(key=lambda item: -item[0])
    up = plain_resize(source.shape, small)
    return [np.linalg.inv(up) @ m @ up for _, m in found[:2]]


def _whiten(a: np.ndarray) -> np.ndarray:
    return a - filters.blur(a, 4.0)


def _normalise(a: np.ndarray, radius: int) -> np.ndarray:
    """Local mean 0 and deviation about 1, so that gain and bias do not matter."""
    centred = a - filters.box(a, radius)
    return centred / np.sqrt(filters.box(centred * centred, radius) + 9.0)


def _refine(source: np.ndarray, fitted: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Gauss-Newton over an image pyramid."""
    side = max(source.shape)
    for target in (96, 192, 384, 640):
        k = min(1.0, target / side)
        small = (max(8, round(source.shape[0] * k)), max(8, round(source.shape[1] * k)))
        up = plain_resize(source.shape, small)
        local = up @ matrix @ np.linalg.inv(up)
        a, b = filters.resize(source, small), filters.resize(fitted, small)
        local = _gauss_newton(a, b, local, steps=8 if target < 300 else 4)
        matrix = np.linalg.inv(up) @ local @ up
        if k == 1.0:
            break
    return matrix


def _gauss_newton(a: np.ndarray, b: np.ndarray, matrix: np.ndarray, steps: int) -> np.ndarray:
    size = a.shape
    radius = 7
    goal = _normalise(a, radius)
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    x, y = (x - size[1] / 2) / size[1], (y - size[0] / 2) / size[0]
    for _ in range(steps):
        seen, inside = sample(b, matrix, size)
        got = _normalise(seen, radius)
        weight = np.clip(local_correlation(a, seen), 0, 1) ** 4 * inside
        gy, gx = np.gradient((goal + got) / 2)
        error = goal - got
        scale = 1.4826 * np.median(np.abs(error[weight > 0.1])) if (weight > 0.1).any() else 1.0
        weight = weight / (1 + (error / (2 * scale + 1e-3)) ** 2)
        columns = np.stack([gx * x, gx * y, gx, gy * x, gy * y, gy], axis=-1).reshape(-1, 6)
        weighted = columns * weight.reshape(-1, 1)
        normal = weighted.T @ columns
        normal += np.eye(6) * (1e-4 * np.trace(normal) / 6 + 1e-9)
        step = np.linalg.solve(normal, weighted.T @ error.reshape(-1))
        update = np.eye(3)
        update[0] += [step[0] / size[1], step[1] / size[0], step[2]]
        update[1] += [step[3] / size[1], step[4] / size[0], step[5]]
        update[0, 2] -= step[0] / 2 + step[1] / 2
        update[1, 2] -= step[3] / 2 + step[4] / 2
        matrix = matrix @ update
        if np.abs(step).max() < 0.01:
            break
    return matrix
