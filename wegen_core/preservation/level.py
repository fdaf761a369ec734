"""The editor's colour shift, estimated on what agrees and taken back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Level:
    """Per channel: source = gain * edited + bias, in 0..255 levels; `gain`, `bias` float64 [3]."""

    gain: np.ndarray
    bias: np.ndarray

    def apply(self, rgb: np.ndarray) -> np.ndarray:
        """float32 [...,3] in 0..255 -> the same in the source's colours."""
        out = rgb * self.gain.astype(np.float32) + self.bias.astype(np.float32)
        return np.clip(out, 0, 255)


def level(source: np.ndarray, seen: np.ndarray, valid: np.ndarray) -> Level:
    """Robust gain and bias per channel between two float32 [H,W,3] pictures where `valid`."""
    a = source[valid]
    b = seen[valid]
    step = max(1, len(a) // 20000)
    a, b = a[::step].astype(np.float64), b[::step].astype(np.float64)
    gain, bias = np.ones(3), np.zeros(3)
    if len(a) < 16:
        return Level(gain, bias)
    bias = np.median(a - b, axis=0)
    for _ in range(8):
        error = np.abs(a - (b * gain + bias)).max(axis=1)
        scale = 1.4826 * np.median(error) + 1.0
        weight = 1 / (1 + (error / (1.5 * scale)) ** 2) ** 2
        total = weight.sum()
        for c in range(3):
            mx, my = (weight * b[:, c]).sum() / total, (weight * a[:, c]).sum() / total
            var = (weight * (b[:, c] - mx) ** 2).sum() / total
            cov = (weight * (b[:, c] - mx) * (a[:, c] - my)).sum() / total
            # The prior keeps nearly flat pictures at gain 1.
            gain[c] = np.clip((cov + 25) / (var + 25), 0.6, 1.6)
            bias[c] = my - gain[c] * mx
    return Level(gain, bias)
