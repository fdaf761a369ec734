"""The editor's colour shift, estimated on what agrees and taken back.

Three steps, each only as rich as the evidence allows: gain and bias per channel, robustly; then
a quadratic mixing of the channels on the pixels that the first step explains; then a smooth
field over the picture of a few levels. A single rich fit would absorb a local recolouring.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import filters

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
    [h,w], how well each place of them fits, 0..1.
    spread: median misfit of what agrees, levels. explained: share of the picture that agrees.
    structure: correlation of the texture where it agrees, 0..1.
    """

    coefficients: np.ndarray
    field: np.ndarray
    size: tuple[int, int]
    before: np.ndarray
    after: np.ndarray
    agree: np.ndarray
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
        matrix = self.coefficients[[0, 1, 2, 6]].T
        out = filters.mix(rgb, matrix)
        if np.any(self.coefficients[3:6]):
            squares = np.zeros_like(matrix)
            squares[:, :3] = self.coefficients[3:6].T / 255
            out += filters.mix(rgb * rgb, squares)
        return out


def level(source: np.ndarray, seen: np.ndarray, inside: np.ndarray) -> Level:
    """The fit from `seen` to `source`, uint8 [H,W,3] in one frame, where `inside`."""
    # Small pictures are halved: their single pixels say more about noise than about colour.
    longest = max(source.shape[:2])
    k = min(1.0, min(_SIDE, max(32, longest / 2)) / longest)
    small = max(1, round(source.shape[0] * k)), max(1, round(source.shape[1] * k))
    a, b = (filters.resize(p.astype(np.float32), small) for p in (source, seen))
    valid = filters.resize(inside.astype(np.float32), small) > 0.99
    similar, texture = alike(a, b)
    # Flat places say little about whether they are the same, but something.
    weight = ((0.05 + similar**4) * valid).reshape(-1)
    pa, pb = a.reshape(-1, 3), b.reshape(-1, 3)
    coefficients = np.eye(7, 3, dtype=np.float32)
    field = np.zeros((1, 1, 3), np.float32)
    if valid.sum() < LEAST:
        none = np.zeros(small, np.float32)
        return Level(coefficients, field, source.shape[:2], a, b, none, 0.0, 0.0, 0.0)
    some = slice(None, None, max(1, len(pa) // _SAMPLES))
    coefficients = _gain_bias(pa[some], pb[some], weight[some])
    coefficients, reach, spread = _quadratic(pa[some], pb[some], weight[some], coefficients)
    rest = (pa - _mix(pb, coefficients)).reshape(a.shape)
    agree = _agree(filters.strongest(np.abs(rest)), reach)
    agree = (agree * valid).astype(np.float32)
    field = _field(rest, agree, small)
    explained = float((agree > 0.25).sum() / valid.sum())
    texture = texture * agree
    structure = float((similar * texture).sum() / (texture.sum() + 1e-6))
    size = source.shape[:2]
    return Level(coefficients, field, size, a, b, agree, spread, explained, structure)


def alike(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Correlation of the surroundings of each pixel, 0..1 [h,w], 0 where both are flat; and how
    much texture `a` has there, levels up to 20."""
    ya, yb = filters.luma(a), filters.luma(b)
    ca, cb = ya - filters.box(ya, 3), yb - filters.box(yb, 3)
    va, vb = filters.box(ca * ca, 3), filters.box(cb * cb, 3)
    corr = filters.box(ca * cb, 3) / (np.sqrt(np.maximum(va * vb, 0)) + 6.0)
    return np.clip(corr, 0, 1), np.minimum(np.sqrt(np.maximum(va, 0)), 20.0)


def _mix(rgb: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    out = rgb @ coefficients[:3]
    if np.any(coefficients[3:6]):
        out += (rgb * rgb) @ (coefficients[3:6] / 255)
    return out + coefficients[6]


def _gain_bias(a: np.ndarray, b: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """Gain and bias per channel by iteratively reweighted least squares: float32 [7,3]."""
    gain, bias = np.ones(3, np.float32), _weighted_median(a - b, trust)
    scale = 20.0
    for _ in range(12):
        error = filters.strongest(np.abs(a - (b * gain + bias)))
        weight = trust / (1 + (error / scale) ** 2) ** 2
        total = weight.sum() + 1e-9
        mx, my = (weight @ b) / total, (weight @ a) / total
        var, cov = weight @ (b - mx) ** 2 / total, weight @ ((b - mx) * (a - my)) / total
        # The prior keeps nearly flat pictures at gain 1.
        gain = np.clip((cov + 50) / (var + 50), 0.4, 2.5)
        bias = my - gain * mx
        middle = _weighted_median(error[:, None], weight)[0]
        scale = max(3.0, 0.7 * scale, 2.5 * float(middle)) if scale > 3 else 3.0
    out = np.zeros((7, 3), np.float32)
    out[[0, 1, 2], [0, 1, 2]] = gain
    out[6] = bias
    return out


def _quadratic(
    a: np.ndarray, b: np.ndarray, trust: np.ndarray, start: np.ndarray
) -> tuple[np.ndarray, float, float]:
    """The seven-term fit around `start`; the error that still agrees; the median misfit."""
    unit = b / 255
    terms = np.concatenate([unit, unit * unit, np.ones((len(b), 1), np.float32)], axis=1)
    coefficients = start.astype(np.float64)
    for _ in range(6):
        rest = a - _mix(b, coefficients.astype(np.float32))
        error = filters.strongest(np.abs(rest))
        near = error < 24
        spread = float(_weighted_median(error[near][:, None], trust[near])[0]) if near.any() else 0
        reach = 3.5 * spread + 3.0
        weight = (trust * _agree(error, reach))[:, None]
        normal = (terms * weight).T @ terms
        # Evidence in proportion to the pixels that agree; a flat picture keeps its start.
        normal += np.eye(7) * (2e-3 * weight.sum() + 1e-6)
        step = np.linalg.solve(normal, (terms * weight).T @ rest)
        step[:6] /= 255  # from units of full intensity to levels
        coefficients += step
    return coefficients.astype(np.float32), reach, spread


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


def _weighted_median(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Per column of [n,c]."""
    out = np.empty(values.shape[1], np.float32)
    for c in range(values.shape[1]):
        order = np.argsort(values[:, c])
        total = np.cumsum(weight[order])
        out[c] = values[order[np.searchsorted(total, total[-1] / 2)], c]
    return out
