"""Transparent images: what neither shows has no weight, and another transparency is a change."""

from __future__ import annotations

import numpy as np

from ..records.hooks import NO_HOOKS, Hooks
from . import array_backend as backend
from .image_forms import Pixels
from .registration.transform import Registration, to_source_frame
from .settings import TransparencySettings


def is_cut_out(source: Pixels, edited: Pixels, settings: TransparencySettings) -> bool:
    """Whether `edited` leaves only a part of an opaque `source`.

    An alpha channel of the source can take up small holes; without one, any hole is a cut-out.
    """
    if edited.opaque or not (source.opaque or (source.values[..., -1] == source.white).all()):
        return False
    removed = float((edited.values[..., -1] < edited.white / 2).mean())
    return removed > (0 if source.opaque else settings.cut_out_share)


def compare_alpha(
    source: Pixels,
    edited: Pixels,
    registration: Registration,
    edited_size: tuple[int, int],
    max_density: float,
    settings: TransparencySettings,
    hooks: Hooks = NO_HOOKS,
) -> tuple[np.ndarray, np.ndarray]:
    """Compare the alpha channels of two images in the source's frame.

    Parameters
    ----------
    source
        With an alpha channel.
    edited
        With one or without.
    registration
        From the source at working size to the edited image at `edited_size`.
    edited_size
        (height, width).
    max_density
        See `CompositingSettings`.
    settings
        Thresholds.
    hooks
        Polled while large images are reduced.

    Returns
    -------
    hidden
        bool [h,w]: where the result shows nothing, whatever its colours are.
    changed
        bool [h,w]: where the transparency differs by more than a small displacement explains.
    """
    before = source.alpha(registration.size, hooks)
    if edited.opaque:
        return _areas(before < settings.visible), np.zeros(before.shape, bool)
    channels = np.repeat(edited.alpha(edited_size, hooks)[..., None], 3, axis=2)
    after = to_source_frame(channels, registration, max_density)[0][..., 0]
    a, b = before.astype(np.float32), after.astype(np.float32)
    beyond = np.zeros_like(a)
    for one, other in ((a, b), (b, a)):
        np.maximum(beyond, one - backend.max_filter(other, settings.displacement), out=beyond)
        np.maximum(beyond, -backend.max_filter(-other, settings.displacement) - one, out=beyond)
    changed = backend.hysteresis(beyond > settings.min_difference, np.abs(a - b) > settings.visible)
    return _areas(np.maximum(a, b) < settings.visible), changed


def _areas(mask: np.ndarray) -> np.ndarray:
    """Without single pixels and lines: they would be holes in a change."""
    return backend.dilate(backend.erode(mask, 1), 1) & mask
