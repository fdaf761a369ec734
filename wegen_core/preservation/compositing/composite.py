"""The changed part, laid on the original pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...records.hooks import NO_HOOKS, Hooks
from .. import array_backend as backend
from ..array_backend import Box
from ..colour import ColourTransfer
from ..image_forms import Pixels
from ..registration.transform import Registration, match_density
from .alpha import changed_boxes


def composite(
    source: Pixels,
    edited: Pixels,
    registration: Registration,
    colour: ColourTransfer,
    offset: np.ndarray,
    alpha: np.ndarray,
    mask: np.ndarray,
    max_density: float,
    hooks: Hooks = NO_HOOKS,
) -> tuple[Any, float]:
    """Compute source + alpha * (edited, registered and colour-matched - source).

    Parameters
    ----------
    source, edited
        Any dtypes and channels. The source keeps its alpha channel if `edited` has none.
    registration, colour
        For the source's full size.
    offset
        float32 [h,w,3] in levels, over the source's frame; see `seam_offset`.
    alpha
        float32 [H,W] in 0..1. Where it is 0, the values are the source's, bit for bit.
    mask
        bool [H,W]: what counts as changed.
    max_density
        See `CompositingSettings`.
    hooks
        Polled before each strip of rows.

    Returns
    -------
    values
        [H,W,C] in the source's dtype: an array, or a tensor on the accelerator that holds the
        source.
    squared_error
        Sum of the squared differences from the source outside `mask`.
    """
    channels = source.colours if edited.opaque else source.values.shape[2]
    dense, registration = match_density(edited.like(source), registration, max_density)
    if source.accelerator is not None:
        import torch

        from . import torch_composite

        # What the accelerator holds already is not copied there again.
        tensor = edited.tensor() if dense is edited.values else None
        tensor = torch.from_numpy(np.array(dense)) if tensor is None else tensor
        return torch_composite.composite(
            source.tensor(),
            tensor[..., :channels].to(source.accelerator),
            source.white,
            registration,
            colour,
            offset,
            alpha,
            mask,
            hooks,
        )
    dense = dense[..., :channels]
    out, squared_error = np.empty_like(source.values), 0.0
    for rows, _, _ in backend.row_strips(len(out)):
        hooks.check_stop()
        out[rows] = source.values[rows]
    for box in changed_boxes(alpha):
        hooks.check_stop()
        top, left, bottom, right = box
        a = alpha[top:bottom, left:right, None]
        part = out[top:bottom, left:right, :channels]
        new = _matched(dense, source, registration, colour, offset, box)
        base = part.astype(np.float32)
        blended = backend.round_to_dtype(base + a * (new - base), part.dtype)
        outside = (a[..., 0] > 0) & ~mask[top:bottom, left:right]
        difference = blended[outside].astype(np.float64) - part[outside]
        squared_error += float(np.vdot(difference, difference))
        np.copyto(part, blended, where=a > 0)
    return out, squared_error


def _matched(
    values: np.ndarray,
    source: Pixels,
    registration: Registration,
    colour: ColourTransfer,
    offset: np.ndarray,
    box: Box,
) -> np.ndarray:
    """Bring a box of the edited image into the source's frame and colours, float32."""
    new, _ = registration.resample(values, box)
    colours = source.colours
    rgb = new[..., :colours] * np.float32(255 / source.white)
    rgb = np.repeat(rgb, 3, axis=2) if colours == 1 else rgb
    rgb = colour.apply(np.clip(rgb, 0, 255), box) + backend.upsample_box(offset, source.size, box)
    rgb = np.clip(rgb, 0, 255)
    rgb = backend.luma(rgb)[..., None] if colours == 1 else rgb
    new[..., :colours] = rgb * np.float32(source.white / 255)
    return np.clip(new, 0, source.white)
