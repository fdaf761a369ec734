"""The alpha channel with which a change is laid into the source."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ...records.hooks import NO_HOOKS, Hooks
from .. import array_backend as backend
from ..array_backend import Box
from ..registration.transform import Registration
from ..settings import CompositingSettings

_ALPHA_ROWS = 256  # at a time, so that Stop works soon and memory stays small


def change_alpha(
    mask: np.ndarray,
    extrapolated: np.ndarray | None,
    allowed: np.ndarray | None,
    size: tuple[int, int],
    settings: CompositingSettings,
    hooks: Hooks = NO_HOOKS,
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
    hooks
        Polled before each strip of rows.

    Returns
    -------
    alpha
        float32 [H,W] in 0..1.
    mask
        bool [H,W]: the change mask at full size, without its soft edge.
    """
    radius = settings.feather * size[1] / mask.shape[1]
    alpha, full_mask = np.zeros(size, np.float32), np.zeros(size, bool)
    halo = math.ceil(radius) + 2
    for rows, with_halo, inner in backend.row_strips(size[0], halo, _ALPHA_ROWS):
        hooks.check_stop()
        part = _enlarged_rows(mask, size, with_halo) > 0.5
        full_mask[rows] = part[inner]
        alpha[rows] = feather_outward(part, radius, settings.edge_alpha)[inner]
        if extrapolated is not None:
            beyond = np.clip(_enlarged_rows(extrapolated, size, rows), 0, 1)
            counts = beyond > settings.min_extrapolated_alpha
            full_mask[rows] |= counts
            np.maximum(alpha[rows], beyond, out=alpha[rows], where=counts)
        if allowed is not None:
            alpha[rows][~allowed[rows]] = 0
    return alpha, full_mask


def _enlarged_rows(values: np.ndarray, size: tuple[int, int], rows: slice) -> np.ndarray:
    """Some rows of `values` [h,w], bool or float32 in 0..1, enlarged to `size`: float32."""
    if values.shape == size:
        return values[rows].astype(np.float32)
    scale = size[0] / len(values)
    near = values[max(0, int(rows.start / scale) - 3) : int(rows.stop / scale) + 4]
    if not near.any():
        return np.zeros((rows.stop - rows.start, size[1]), np.float32)
    box = rows.start, 0, rows.stop, size[1]
    field = values.astype(np.float32, copy=False)[..., None]
    return backend.upsample_box(field, size, box, cubic=True)[..., 0]


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
    u, v = (
        np.broadcast_to(p, mask.shape)[y, x]
        for p in registration.edited_points((0, 0, *mask.shape))
    )
    beyond = [
        p - np.clip(p, min(border, (n - 1) / 2), max(n - 1 - border, (n - 1) / 2))
        for p, n in ((u, edited[1]), (v, edited[0]))
    ]
    # Over so short a way a warp hardly varies: the affine map alone leads back.
    step_x, step_y = np.linalg.inv(registration.matrix[:2, :2]) @ beyond
    near_x, near_y = x - step_x, y - step_y
    rows = np.clip(np.rint(near_y), 0, mask.shape[0] - 1).astype(int)
    columns = np.clip(np.rint(near_x), 0, mask.shape[1] - 1).astype(int)
    nearest = backend.blur(mask.astype(np.float32), 1.0)[rows, columns]
    if nearest.mean() < settings.background_share:
        nearest *= np.maximum(1 - np.hypot(step_x, step_y) / settings.frame_fade, 0)
    out = np.zeros(mask.shape, np.float32)
    out[y, x] = nearest
    return out


def changed_boxes(alpha: np.ndarray) -> Iterator[Box]:
    """Yield boxes, of a few rows each, that hold every pixel with an alpha above 0."""
    for strip, _, _ in backend.row_strips(len(alpha)):
        columns = np.flatnonzero(alpha[strip].max(axis=0))  # `any` of floats is 10 times slower
        if len(columns):
            yield strip.start, int(columns[0]), strip.stop, int(columns[-1]) + 1
