"""The editor's colour shift, estimated on what agrees and taken back.

Three steps, each only as rich as the evidence allows: gain and bias per channel, robustly; then
a quadratic mixing of the channels on the pixels that the first step explains; then a smooth
field over the picture of a few levels. A single rich fit would absorb a local recolouring.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import array_backend as filters

_SIDE = 192  # the fit's long side: averaging hides noise and what registration left over
_SAMPLES = 4000  # pixels that the fit looks at
_FIELD_SIDE = 24
_FIELD_LIMIT = 5.0  # levels: a larger smooth difference is an edit
LEAST = 24  # pixels that must agree before anything is fitted


@dataclass(frozen=True, eq=False)
class Level:
    """Brings an edited picture into the source's colours, float32 in 0..255.

    coefficients: float32 [7,3] for (r, g, b, r^2/255, g^2/255, b^2/255, 1).
    field: float32 [fh,fw,3], added after; in the source's frame of `size` (height, width).
    before, after: float32 [h,w,3], the source and the edited picture, both small; agree: float32
    [h,w], how well each place of them fits, 0..1; similar: float32 [h,w], the correlation of its
    surroundings, 0..1.
    texture: mean deviation of the source from its surroundings, levels.
    spread: median misfit of what agrees, levels. explained: share of the picture that agrees.
    structure: correlation of the texture where it agrees, 0..1.
    """

    coefficients: np.ndarray
    field: np.ndarray
    size: tuple[int, int]
    before: np.ndarray
    after: np.ndarray
    agree: np.ndarray
    similar: np.ndarray
    texture: float
    spread: float
    explained: float
    structure: float

    def apply(self, rgb: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
        """float32 [h,w,3] of a box (top, left, bottom, right) of the source's frame, in 0..255
        -> the same in the source's colours."""
        out = self.curve(rgb)
        out += filters.within(self.field, self.size, box)
        return np.clip(out, 0, 255, out=out)

    def curve(self, rgb: np.ndarray) -> np.ndarray:
        """float32 [h,w,3] through the fit alone, without the field and without clipping."""
        return _curve(rgb, self.coefficients)


def level(source: np.ndarray, seen: np.ndarray, inside: np.ndarray, match: bool = True) -> Level:
    """The fit from `seen` to `source`, uint8 [H,W,3] in one frame, where `inside`.

    Without `match` colours are left as they are, and only how well they agree is found out.
    """
    # Small pictures are halved: their single pixels say more about noise than about colour.
    longest = max(source.shape[:2])
    k = min(1.0, min(_SIDE, max(32, longest / 2)) / longest)
    small = max(1, round(source.shape[0] * k)), max(1, round(source.shape[1] * k))
    a, b = (_small(p, small) for p in (source, seen))
    valid = filters.resize(inside.astype(np.float32), small) > 0.99
    similar, texture = _alike(a, b)
    coefficients = np.eye(7, 3, dtype=np.float32)
    field = np.zeros((1, 1, 3), np.float32)
    agree = np.zeros(small, np.float32)
    spread = explained = structure = 0.0
    if valid.sum() >= LEAST:
        # Flat places say little about whether they are the same, but something.
        weight = ((0.05 + similar**4) * valid).reshape(-1)
        step = max(1, weight.size // _SAMPLES)
        pa, pb = (np.ascontiguousarray(p.reshape(-1, 3)[::step].T) for p in (a, b))
        if match:
            start = _gain_bias(pa, pb, weight[::step])
            coefficients, reach, spread = _quadratic(pa, pb, weight[::step], start)
        else:
            reach, spread = _misfit(np.abs(pa - pb).max(axis=0), weight[::step])
        rest = a - _curve(b, coefficients)
        agree = _agree(filters.strongest(np.abs(rest)), reach) * valid
        if match:
            field = _field(rest, agree, small)
        explained = float((agree > 0.25).sum() / valid.sum())
        trusted = texture * agree
        structure = float((similar * trusted).sum() / (trusted.sum() + 1e-6))
    return Level(
        coefficients,
        field,
        source.shape[:2],
        a,
        b,
        agree,
        similar,
        float(texture.mean()),
        spread,
        explained,
        structure,
    )


def _small(rgb: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """uint8 [H,W,3] -> float32 [h,w,3]: by halves in its own dtype first, which is faster."""
    while rgb.shape[0] >= 2 * size[0] and rgb.shape[1] >= 2 * size[1]:
        rgb = filters.resize(rgb, (rgb.shape[0] // 2, rgb.shape[1] // 2))
    return filters.resize(rgb.astype(np.float32), size)


def _curve(rgb: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """float32 [h,w,3] through the seven-term fit."""
    matrix = coefficients[[0, 1, 2, 6]].T
    out = filters.mix(rgb, matrix)
    if np.any(coefficients[3:6]):
        squares = np.zeros_like(matrix)
        squares[:, :3] = coefficients[3:6].T / 255
        out += filters.mix(rgb * rgb, squares)
    return out


def _alike(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Correlation of the surroundings of each pixel, 0..1 [h,w], 0 where both are flat; and how
    much texture `a` has there, levels up to 20."""
    ya, yb = filters.luma(a), filters.luma(b)
    ca, cb = ya - filters.box(ya, 3), yb - filters.box(yb, 3)
    va, vb = filters.box(ca * ca, 3), filters.box(cb * cb, 3)
    corr = filters.box(ca * cb, 3) / (np.sqrt(np.maximum(va * vb, 0)) + 6.0)
    return np.clip(corr, 0, 1), np.minimum(np.sqrt(np.maximum(va, 0)), 20.0)


def _gain_bias(a: np.ndarray, b: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """Gain and bias per channel of [3,n] by iteratively reweighted least squares: float32 [7,3]."""
    gain = np.ones((3, 1), np.float32)
    bias = np.array([[_weighted_median(plane, trust)] for plane in a - b], np.float32)
    scale = 20.0
    for _ in range(12):
        error = np.abs(a - (b * gain + bias)).max(axis=0)
        weight = trust / (1 + (error / scale) ** 2) ** 2
        total = weight.sum() + 1e-9
        mx, my = ((p @ weight)[:, None] / total for p in (b, a))
        off = b - mx
        var, cov = ((off * q) @ weight / total for q in (off, a - my))
        # The prior keeps nearly flat pictures at gain 1.
        gain = np.clip((cov + 50) / (var + 50), 0.4, 2.5)[:, None]
        bias = my - gain * mx
        middle = _weighted_median(error, weight)
        scale = max(3.0, 0.7 * scale, 2.5 * middle) if scale > 3 else 3.0
    out = np.zeros((7, 3), np.float32)
    out[[0, 1, 2], [0, 1, 2]] = gain[:, 0]
    out[6] = bias[:, 0]
    return out


def _quadratic(
    a: np.ndarray, b: np.ndarray, trust: np.ndarray, start: np.ndarray
) -> tuple[np.ndarray, float, float]:
    """The seven-term fit of [3,n] around `start`; the error that still agrees; its median."""
    unit = b / 255
    terms = np.concatenate([unit, unit * unit, np.ones((1, b.shape[1]), np.float32)])
    units = np.array([255.0] * 6 + [1.0])[:, None]  # full intensity, not levels
    fit = start * units
    for _ in range(6):
        rest = a - fit.T.astype(np.float32) @ terms
        error = np.abs(rest).max(axis=0)
        reach, spread = _misfit(error, trust)
        weight = trust * _agree(error, reach)
        weighted = terms * weight
        # Evidence in proportion to the pixels that agree; a flat picture keeps its start.
        normal = weighted @ terms.T + np.eye(7) * (2e-3 * weight.sum() + 1e-6)
        fit += np.linalg.solve(normal, weighted @ rest.T)
    return (fit / units).astype(np.float32), reach, spread


def _misfit(error: np.ndarray, trust: np.ndarray) -> tuple[float, float]:
    """The error that still agrees, and the median of what is near."""
    near = error < 24
    spread = _weighted_median(error[near], trust[near]) if near.any() else 0.0
    return 3.5 * spread + 3.0, spread


def _agree(error: np.ndarray, reach: float) -> np.ndarray:
    """Tukey's weight: 1 where nothing differs, 0 from `reach` on."""
    return np.clip(1 - (error / reach) ** 2, 0, 1) ** 2


def _field(rest: np.ndarray, agree: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A smooth offset over the picture from what the fit left over, float32 [fh,fw,3]."""
    k = min(1.0, _FIELD_SIDE / max(size))
    grid = max(1, round(size[0] * k)), max(1, round(size[1] * k))
    weight = filters.resize(agree, grid)[..., None]
    total = filters.resize(np.clip(rest, -12, 12) * agree[..., None], grid).astype(np.float32)
    sigma = _FIELD_SIDE / 8
    mean = filters.blur(total, sigma) / (filters.blur(weight[..., 0], sigma)[..., None] + 0.1)
    return np.clip(mean, -_FIELD_LIMIT, _FIELD_LIMIT).astype(np.float32)


def _weighted_median(values: np.ndarray, weight: np.ndarray) -> float:
    order = np.argsort(values)
    total = np.cumsum(weight[order])
    return float(values[order[np.searchsorted(total, total[-1] / 2)]])
