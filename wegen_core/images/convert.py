"""Pictures in any usual form -> RGB or RGBA PIL images."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from PIL import Image


def to_pil(pictures: Any, name: str = "image") -> list[Image.Image]:
    """Every picture in `pictures`, as 8-bit PIL images in mode RGB, or RGBA where there is alpha.

    pictures: a PIL image, a path-free array or tensor [H,W], [H,W,C] or [N,H,W,C] (C = 1, 3 or 4;
        float in 0..1 or an unsigned integer type), or a list of these.
    Raises ValueError, naming `name`, for anything else, for sides of 0 pixels, NaN and infinity.
    """
    if isinstance(pictures, Image.Image):
        return [_from_pil(pictures, name)]
    if isinstance(pictures, (list, tuple)):
        return [p for i, item in enumerate(pictures) for p in to_pil(item, f"{name} {i + 1}")]
    array = _to_numpy(pictures, name)
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim == 3:
        array = array[None]
    if array.ndim != 4 or array.shape[-1] not in (1, 3, 4):
        raise ValueError(
            f"{name} has shape {tuple(array.shape)}; give [H,W], [H,W,C] or [N,H,W,C] "
            "with 1, 3 or 4 channels last"
        )
    if 0 in array.shape[1:3]:
        height, width = array.shape[1:3]
        raise ValueError(f"{name} is {width}x{height}; every side must be at least 1 pixel")
    if array.shape[-1] == 1:
        array = np.repeat(array, 3, axis=-1)
    return [Image.fromarray(a) for a in _to_uint8(array, name)]


def one_pil(picture: Any, name: str = "image") -> Image.Image:
    """The one picture in `picture`; ValueError if there are none or several."""
    found = to_pil(picture, name)
    if len(found) != 1:
        raise ValueError(f"{name} holds {len(found)} pictures; give exactly one")
    return found[0]


def flatten(image: Image.Image, background: str = "white") -> Image.Image:
    """`image` without alpha, laid on `background`, mode RGB."""
    if image.mode != "RGBA":
        return image.convert("RGB")
    base = Image.new("RGBA", image.size, background)
    return Image.alpha_composite(base, image).convert("RGB")


def to_array(images: Iterable[Image.Image]) -> np.ndarray:
    """RGB images of one size -> float32 [N,H,W,3] in 0..1."""
    return np.stack([np.asarray(i.convert("RGB"), np.float32) / 255 for i in images])


def region_mask(region: tuple[float, float, float, float], size: tuple[int, int]) -> Image.Image:
    """White where the box (left, top, right, bottom), 0..1, touches a pixel: "L" of that size."""
    width, height = size
    x0, y0, x1, y1 = region
    mask = Image.new("L", size)
    box = (int(x0 * width), int(y0 * height), -int(-x1 * width // 1), -int(-y1 * height // 1))
    mask.paste(255, box)
    return mask


def require_shape(
    mask: tuple[int, int], source: tuple[int, int], name: str = "mask", of: str = "source"
) -> None:
    """ValueError unless sizes (width, height) have the same shape, within 2 % or a pixel."""
    ratio = (mask[0] / mask[1]) / (source[0] / source[1])
    # Rounding to whole pixels alone changes the ratio of small pictures.
    slack = 0.02 + 1.0 / min(*mask, *source)
    if not 1 / (1 + slack) <= ratio <= 1 + slack:
        raise ValueError(
            f"{name} is {mask[0]}x{mask[1]} but the {of} is {source[0]}x{source[1]}; "
            f"give a mask of the {of}'s size, or of the same aspect ratio"
        )


def box_of(white: np.ndarray) -> tuple[float, float, float, float] | None:
    """The box around what is True in a mask [H,W], in 0..1 of its sides; None: nothing is."""
    rows, columns = np.flatnonzero(white.any(1)), np.flatnonzero(white.any(0))
    if not len(rows):
        return None
    height, width = white.shape
    x0, x1, y0, y1 = columns[0], columns[-1] + 1, rows[0], rows[-1] + 1
    return float(x0 / width), float(y0 / height), float(x1 / width), float(y1 / height)


def _from_pil(image: Image.Image, name: str) -> Image.Image:
    if 0 in image.size:
        raise ValueError(
            f"{name} is {image.width}x{image.height}; every side must be at least 1 pixel"
        )
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image, np.float64)
        scale = 65535.0 if image.mode.startswith("I") else max(1.0, float(np.nanmax(values)))
        return to_pil(np.clip(values / scale, 0, 1), name)[0]
    alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    return image.convert("RGBA" if alpha else "RGB")


def _to_numpy(value: Any, name: str) -> np.ndarray:
    if hasattr(value, "detach"):  # a torch tensor, without importing torch
        value = value.detach().cpu()
        value = value.float() if value.is_floating_point() else value
        return value.numpy()
    if isinstance(value, np.ndarray):
        return value
    raise ValueError(f"{name} is a {type(value).__name__}; give a PIL image, an array or a tensor")


def _to_uint8(array: np.ndarray, name: str) -> np.ndarray:
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.uint16:
        return (array / 257.0 + 0.5).astype(np.uint8)
    if array.dtype == bool:
        return array.astype(np.uint8) * 255
    if not np.issubdtype(array.dtype, np.floating):
        raise ValueError(f"{name} has dtype {array.dtype}; give float in 0..1, uint8 or uint16")
    if not np.isfinite(array).all():
        raise ValueError(
            f"{name} holds values that are not finite (NaN or infinity), often a picture decoded "
            "in half precision; decode it in float32 or replace these values"
        )
    return (np.clip(array, 0, 1) * 255 + 0.5).astype(np.uint8)
