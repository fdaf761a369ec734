"""Masks in the forms that programs write them, of which black and white is only one."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from ..images.convert import require_shape
from . import array_backend as backend
from .image_forms import Pixels, mask_to_image, read

# Shares of white: how far the channels of a coloured and of a grey pixel are apart, and how far
# colours of one brush are.
_COLOURED, _GREY, _SAME = 0.19, 0.06, 0.1
_MOST = 0.95  # the share of the pixels that must fit a reading
_SAMPLES = 4096


def read_mask(mask: Any, size: tuple[int, int], name: str = "mask") -> np.ndarray:
    """Where a mask allows changes: `mask_values` above half.

    Parameters
    ----------
    mask
        See `mask_values`. A mask of another size but the same aspect ratio (within 2 %) is resized.
    size
        (height, width) of the result.
    name
        Of the input, for errors.

    Returns
    -------
    bool [H,W].

    Raises
    ------
    ValueError
        For another aspect ratio, and for what `read` does not take.
    """
    values = mask_values(mask, name)
    require_shape(values.shape[::-1], size[::-1], name)
    return backend.resize(values, size) > 0.5


def mask_values(mask: Any, name: str = "mask") -> np.ndarray:
    """How far a mask allows changes.

    Parameters
    ----------
    mask
        As `read` takes an image, or bool, any integers, or with further leading axes of length 1.
        It is read as the first of these that fits:

        - drawn with one brush on a transparent ground: what was drawn;
        - an image with transparent holes, as of ComfyUI's mask editor: the holes;
        - drawn with coloured brushes on black, grey or white: what is coloured;
        - of two values, such as 0 and 1: the larger one;
        - any other: its luma.
    name
        Of the input, for errors.

    Returns
    -------
    float32 [H,W] in 0..1, at the mask's own size.

    Raises
    ------
    ValueError
        For what `read` does not take.
    """
    pixels = read(_readable(mask), name)
    alpha = None if pixels.opaque else pixels.values[..., -1] / np.float32(pixels.white)
    if alpha is not None and alpha.min() < 0.5 < alpha.max():
        return _values_of_alpha(pixels, alpha)
    return _values_of_colours(pixels)


def soft_mask(mask: Any, size: tuple[int, int], name: str = "mask") -> Image.Image:
    """`mask_values` as an image of mode L and of `size` (width, height)."""
    return mask_to_image(mask_values(mask, name)).resize(size)


def _readable(mask: Any) -> Any:
    """What `read` takes: no bool, no long integers, no further axes."""
    if isinstance(mask, Image.Image):
        return mask.convert("L") if mask.mode == "1" else mask
    if hasattr(mask, "detach"):  # a torch tensor, without importing torch
        mask = mask.detach().cpu()
        mask = (mask.float() if mask.is_floating_point() else mask).numpy()
    if not isinstance(mask, np.ndarray):
        return mask
    while mask.ndim > 2 and mask.shape[0] == 1:
        mask = mask[0]
    if mask.dtype == bool:
        return mask.astype(np.uint8) * 255
    if np.issubdtype(mask.dtype, np.integer) and mask.size and mask.min() >= 0:
        return mask.astype(np.uint8 if mask.max() < 256 else np.uint16)
    return mask


def _values_of_alpha(pixels: Pixels, alpha: np.ndarray) -> np.ndarray:
    drawn = pixels.values[alpha > 0.9][:, : pixels.colours].astype(np.float32) / pixels.white
    drawn = drawn[:: max(1, len(drawn) // _SAMPLES)]
    if not len(drawn) or (np.abs(drawn - np.median(drawn, axis=0)) < _SAME).all(1).mean() > _MOST:
        return alpha
    extremes = (drawn < _SAME) | (drawn > 1 - _SAME)
    if (extremes.all(axis=1) & (np.ptp(drawn, axis=1) < _GREY)).mean() > _MOST:
        return _values_of_colours(pixels) * alpha  # black and white on a transparent ground
    return 1 - alpha


def _values_of_colours(pixels: Pixels) -> np.ndarray:
    colour = pixels.values[..., : pixels.colours]
    if pixels.colours == 3:
        span = colour.max(axis=2) - colour.min(axis=2)
        coloured, grey = span > _COLOURED * pixels.white, span < _GREY * pixels.white
        if coloured.any() and grey.any() and (coloured | grey).mean() > _MOST:
            return coloured.astype(np.float32)
    luma = colour[..., 0] if pixels.colours == 1 else backend.luma(colour)
    low, high = luma.min(), luma.max()
    if low == high:
        is_one = high == 1 and np.issubdtype(pixels.values.dtype, np.integer)
        return np.full(luma.shape, is_one or high / pixels.white, np.float32)
    if ((luma == low) | (luma == high)).all():
        return (luma == high).astype(np.float32)
    return luma.astype(np.float32) / np.float32(pixels.white)
