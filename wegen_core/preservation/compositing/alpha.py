"""The alpha channel with which a change is laid into the source."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .. import array_backend as backend
from ..array_backend import Box
from ..registration.transform import Registration
from ..settings import CompositingSettings


def change_alpha(
    mask: np.ndarray,
    extrapolated: np.ndarray | None,
    allowed: np.ndarray | None,
    size: tuple[int, int],
    settings: CompositingSettings,
) -> tuple[np.ndarray, np.ndarray]:
    """Make the alpha channel at full size for a change mask at working size.

    Parameters
    ----------
    mask
        bool [h,w].
    extrapolated
        See `extrapolate_alpha`, [h,w] or None.
    allowed
        bool [H,W]: alpha is 0 elsewhere; or None.
    size
        (H, W).
    settings
        Thresholds.

    Returns
    -------
    alpha
        float32 [H,W] in 0..1.
    mask
        bool [H,W]: the change mask at full size, without its soft edge.
    """
    scale = size[1] / mask.shape[1]
    if mask.shape != size:
        mask = backend.resize(mask.astype(np.float32), size) > 0.5
    alpha = feather_outward(mask, settings.feather * scale, settings.edge_alpha)
    if extrapolated is not None:
        beyond = np.clip(backend.resize(extrapolated, size), 0, 1)
        counts = beyond > settings.min_extrapolated_alpha
        mask = mask | counts
        np.maximum(alpha, beyond, out=alpha, where=counts)
    if allowed is not None:
        alpha[~allowed] = 0
    return alpha, mask


def feather_outward(mask: np.ndarray, radius: float, edge_alpha: float) -> np.ndarray:
    """Turn a bool mask into float32 alpha in 0..1 with a soft edge outside the mask.

    1 on the mask, `edge_alpha` on the first pixel outside, 0 `radius` pixels further.
    """
    if not mask.any():
        return np.zeros(mask.shape, np.float32)
    alpha = backend.distance_to_false(~mask)
    alpha -= 1 + radius
    alpha *= -edge_alpha / radius
    alpha[mask] = 1
    return np.clip(alpha, 0, 1, out=alpha)


def feather_inward(mask: np.ndarray, radius: float) -> np.ndarray:
    """Turn a bool mask into float32 alpha in 0..1 with a soft edge inside the mask.

    0 outside the mask, rising to 1 within `radius` pixels of its edge.
    """
    if not mask.any():
        return np.zeros(mask.shape, np.float32)
    alpha = backend.distance_to_false(mask)
    alpha /= radius + 1
    return np.clip(alpha, 0, 1, out=alpha)


def extrapolate_alpha(
    mask: np.ndarray,
    valid: np.ndarray,
    registration: Registration,
    edited: tuple[int, int],
    settings: CompositingSettings,
) -> np.ndarray | None:
    """Extrapolate the change to where the edited image covers nothing after a shift or zoom.

    A pixel there changes with the nearest one on the border of the edited image, and its content is
    mirrored. A new background goes on to the end, or else a strip of the old one would frame it.
    Any other change that the border cuts fades out.

    Parameters
    ----------
    mask, valid
        bool [h,w]: what changed, and what the edited image covers.
    registration
        Of a source of that size.
    edited
        (height, width) of the edited image that it belongs to.
    settings
        Thresholds.

    Returns
    -------
    float32 [h,w] in 0..1, 0 inside the edited image except on its border; or None if nothing
    changes out there.
    """
    if valid.all() or not mask.any():
        return None
    border = settings.frame_border
    # The pixels on the border itself are half mirrored: they follow those further in, too.
    y, x = np.nonzero(~backend.erode(valid, border))
    points = np.stack([x, y, np.ones_like(x)]).astype(np.float64)
    u, v, _ = registration.matrix @ points
    u, v = (
        np.clip(p, min(border, (n - 1) / 2), max(n - 1 - border, (n - 1) / 2))
        for p, n in ((u, edited[1]), (v, edited[0]))
    )
    back = np.linalg.inv(registration.matrix)
    near_x = back[0, 0] * u + back[0, 1] * v + back[0, 2]
    near_y = back[1, 0] * u + back[1, 1] * v + back[1, 2]
    rows = np.clip(np.rint(near_y), 0, mask.shape[0] - 1).astype(int)
    columns = np.clip(np.rint(near_x), 0, mask.shape[1] - 1).astype(int)
    nearest = backend.blur(mask.astype(np.float32), 1.0)[rows, columns]
    if nearest.mean() < settings.background_share:
        nearest *= np.maximum(1 - np.hypot(near_x - x, near_y - y) / settings.frame_fade, 0)
    out = np.zeros(mask.shape, np.float32)
    out[y, x] = nearest
    return out


def changed_boxes(alpha: np.ndarray) -> Iterator[Box]:
    """Yield boxes, of a few rows each, that hold every pixel with an alpha above 0."""
    for strip, _, _ in backend.row_strips(len(alpha)):
        columns = np.flatnonzero(alpha[strip].any(axis=0))
        if len(columns):
            yield strip.start, int(columns[0]), strip.stop, int(columns[-1]) + 1
