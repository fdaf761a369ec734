"""What really changed, judged against this editor's own noise."""

from __future__ import annotations

import numpy as np

from . import filters


def change(source: np.ndarray, seen: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """bool [H,W]: where two levelled float32 [H,W,3] pictures in 0..255 differ on purpose."""
    size = source.shape[:2]
    texture = filters.blur(_activity(filters.luma(source)), 1.5)
    found = np.zeros(size, bool)
    for sigma, least in ((0.7, 14.0), (1.5, 9.0), (3.0, 7.0)):
        difference = filters.blur(source, sigma) - filters.blur(seen, sigma)
        size_of = np.abs(difference).max(axis=2)
        size_of[found] = 0
        noise = _noise(size_of, texture, inside & ~found)
        strong = (size_of > np.maximum(6 * noise, 1.5 * least)) & inside
        weak = (size_of > np.maximum(3.5 * noise, least)) & inside
        found |= _connected(strong, weak)
    return found


def _activity(grey: np.ndarray) -> np.ndarray:
    gy = np.abs(np.diff(grey, axis=0, append=grey[-1:]))
    gx = np.abs(np.diff(grey, axis=1, append=grey[:, -1:]))
    return np.maximum(gx, gy)


def _noise(size_of: np.ndarray, texture: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Expected residual given the texture: sigma = a + b * texture, by robust binning."""
    if valid.sum() < 64:
        return np.full(size_of.shape, 2.0, np.float32)
    r, t = size_of[valid][::7], texture[valid][::7]
    low = t <= np.median(t)
    flat = np.median(r[low]) if low.any() else 1.0
    rough = r[~low] - flat
    slope = np.median(rough / t[~low]) if (~low).any() else 0.0
    return np.maximum(0.5, flat + max(0.0, float(slope)) * texture).astype(np.float32)


def _connected(strong: np.ndarray, weak: np.ndarray) -> np.ndarray:
    """The parts of `weak` that hold a strong pixel (hysteresis)."""
    labels, count = filters.label(weak | strong)
    keep = np.zeros(count + 1, bool)
    keep[np.unique(labels[strong])] = True
    keep[0] = False
    return keep[labels]
