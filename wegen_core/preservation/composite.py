"""The changed part, laid on the original pixels."""

from __future__ import annotations

import numpy as np

from . import filters
from .pixels import to_dtype


def feather(mask: np.ndarray, radius: float, limit: np.ndarray | None = None) -> np.ndarray:
    """bool mask -> float32 alpha: 1 inside, falling to exactly 0 at `radius` pixels outside it,
    and 0 outside `limit`."""
    if radius < 1:
        alpha = mask.astype(np.float32)
    else:
        outside = filters.distance(~mask)
        alpha = np.clip(1 - outside / (radius + 1), 0, 1).astype(np.float32)
    if limit is not None:
        alpha[~limit] = 0
    return alpha


def composite(source: np.ndarray, changed: np.ndarray, alpha: np.ndarray, white: float):
    """source + alpha * (changed - source) in the source's dtype, [H,W,C]; where alpha is 0 the
    very values of `source`."""
    out = source.copy()
    touched = alpha > 0
    if touched.any():
        a = alpha[touched][:, None]
        base = source[touched].astype(np.float32)
        mixed = base + a * (changed[touched].astype(np.float32) - base)
        out[touched] = to_dtype(mixed, source.dtype, white)
    return out
