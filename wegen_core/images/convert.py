"""Images in any usual form -> RGB or RGBA PIL images; boxes and masks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from PIL import Image

Box = tuple[float, float, float, float]
EMPTY_MASK = "the mask is empty (nowhere above half), so it counts as no mask"
"""What reports say of such a mask."""


def to_pil(images: Any, name: str = "image") -> list[Image.Image]:
    """Every image in `images` as an 8-bit PIL image, mode RGB, or RGBA where there is alpha.

    Parameters
    ----------
    images
        A PIL image; an array or tensor [H,W], [H,W,C] or [N,H,W,C], C = 1, 3 or 4, float in 0..1,
        bool, uint8 or uint16; or a list of these.
    name
        What error messages call it.

    Raises
    ------
    ValueError
        For anything else, for sides of 0 pixels, for NaN and infinity.
    """
    if isinstance(images, Image.Image):
        return [_from_pil(images, name)]
    if isinstance(images, (list, tuple)):
        return [image for i, item in enumerate(images, 1) for image in to_pil(item, f"{name} {i}")]
    array = _to_numpy(images, name)
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


def one_pil(image: Any, name: str = "image") -> Image.Image:
    """The one image in `image`; ValueError if there are none or several."""
    images = to_pil(image, name)
    if len(images) != 1:
        raise ValueError(f"{name} holds {len(images)} images; give exactly one")
    return images[0]


def float_batch(images: Any) -> Any:
    """`images` as [N,H,W,C] if it is a float array or tensor of 3 or 4 channels, else None."""
    if isinstance(images, np.ndarray):
        is_float = np.issubdtype(images.dtype, np.floating)
    else:
        is_float = _is_tensor(images) and images.is_floating_point()
    if not is_float or images.ndim not in (3, 4) or images.shape[-1] not in (3, 4):
        return None
    return images[None] if images.ndim == 3 else images


def flatten(image: Image.Image, background: str = "white") -> Image.Image:
    """`image` without alpha, laid on `background`, mode RGB."""
    if image.mode != "RGBA":
        return image.convert("RGB")
    base = Image.new("RGBA", image.size, background)
    return Image.alpha_composite(base, image).convert("RGB")


def region_mask(region: Box, size: tuple[int, int]) -> Image.Image:
    """White where the box (left, top, right, bottom), 0..1, touches a pixel: "L" of that size."""
    width, height = size
    x0, y0, x1, y1 = region
    mask = Image.new("L", size)
    mask.paste(
        255, (int(x0 * width), int(y0 * height), math.ceil(x1 * width), math.ceil(y1 * height))
    )
    return mask


def require_shape(
    mask: tuple[int, int], source: tuple[int, int], name: str = "mask", of: str = "source"
) -> None:
    """ValueError unless sizes (width, height) have the same shape, within 2 % or a pixel."""
    ratio = (mask[0] / mask[1]) / (source[0] / source[1])
    # Rounding to whole pixels alone changes the ratio of small images.
    slack = 0.02 + 1.0 / min(*mask, *source)
    if not 1 / (1 + slack) <= ratio <= 1 + slack:
        raise ValueError(
            f"{name} is {mask[0]}x{mask[1]} but the {of} is {source[0]}x{source[1]}; "
            f"give a mask of the {of}'s size, or of the same aspect ratio"
        )


def box_of(mask: np.ndarray) -> Box | None:
    """The box around what is True in a mask [H,W], in 0..1 of its sides; None: nothing is."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    height, width = mask.shape
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


def _is_tensor(value: Any) -> bool:
    """Whether it is a torch tensor; torch is not imported for that."""
    return type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "detach")


def _to_numpy(value: Any, name: str) -> np.ndarray:
    if _is_tensor(value):
        value = value.detach().cpu()
        return (value.float() if value.is_floating_point() else value).numpy()
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
            f"{name} holds values that are not finite (NaN or infinity), often an image decoded "
            "in half precision; decode it in float32 or replace these values"
        )
    return (np.clip(array, 0, 1) * 255 + 0.5).astype(np.uint8)
