"""Any usual form of a picture -> an array to compute on, and back to that same form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from ..images.convert import require_shape
from . import array_backend as filters

_PIL_MODES = {"L", "LA", "RGB", "RGBA"}
# Floats above this are 0..255 values handed over by mistake; a little above 1 is normal after
# an upscale, and high dynamic range pictures rarely pass ten times white.
_FLOAT_LIMIT = 16.0


@dataclass(frozen=True, eq=False)
class Pixels:
    """A picture as an array `values` [H,W,C] (C = 1, 2, 3 or 4) in its own dtype.

    `white` is the value of full intensity (255, 65535 or 1.0). `form` says what the caller
    handed over; `rebuild` and `rebuild_mask` return to it.
    """

    values: np.ndarray
    white: float
    form: _Form

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.values.shape[0], self.values.shape[1]

    @property
    def colours(self) -> int:
        """How many leading channels are colour: 1 (grey) or 3. What follows is alpha."""
        return 1 if self.values.shape[2] < 3 else 3

    @property
    def opaque(self) -> bool:
        """Whether there is no alpha."""
        return self.values.shape[2] == self.colours

    @property
    def accelerator(self) -> Any:
        """The torch device that holds the caller's picture, if that is not the CPU; or None."""
        like = self.form.like
        return None if like is None or like.device.type == "cpu" else like.device

    def tensor(self) -> Any:
        """The caller's tensor as [H,W,C] where it lies; None for another kind of picture."""
        like = self.form.like
        return None if like is None else like.detach().reshape(self.values.shape)

    def rebuild(self, values: Any) -> Any:
        """`values` [H,W,C] (any size and channels), an array, or a tensor if the caller's picture
        is one -> the caller's kind of picture."""
        if self.form.kind == "pil" and values.shape[2] > 1:
            values = _levels(values, self.white, np.dtype(np.uint8), 255)  # all that PIL has
        return self.form.picture(values)

    def rebuild_mask(self, mask: np.ndarray) -> Any:
        """float32 [H,W] in 0..1 -> PIL "L" for PIL pictures, else a float array or tensor.

        Tensors and batches come back as [1,H,W], as ComfyUI's MASK. Rounding to 8 bits never
        turns a mask value above 0 into 0.
        """
        return self.form.mask(mask)

    def rgb(self, size: tuple[int, int]) -> np.ndarray:
        """uint8 [h,w,3], resized to `size` (height, width); no alpha. May be `values` itself."""
        values = self._resized(size)
        if values.dtype != np.uint8:
            values = values * np.float32(255 / self.white)
            values = np.rint(np.clip(values, 0, 255, out=values), out=values).astype(np.uint8)
        values = np.repeat(values, 3, axis=2) if values.shape[2] == 1 else values
        return np.ascontiguousarray(values)

    def luma(self, size: tuple[int, int]) -> np.ndarray:
        """float32 [h,w] in 0..1, resized to `size` (height, width)."""
        return filters.luma(self._resized(size)) / np.float32(self.white)

    def _resized(self, size: tuple[int, int]) -> np.ndarray:
        values = self.values[..., : self.colours]
        if values.dtype not in (np.uint8, np.uint16, np.float32):
            values = values.astype(np.float32)
        return filters.resize(values, size)

    def levels_of(self, other: Pixels) -> np.ndarray:
        """These values in the dtype and white of `other`: [H,W,C]."""
        return _levels(self.values, self.white, other.values.dtype, other.white)

    def like(self, other: Pixels) -> np.ndarray:
        """These values with the channels, dtype and white of `other`: [H,W,C of other].

        Colour becomes grey by luma; an alpha that is missing here is opaque.
        """
        values = self.values
        if values.shape[2] == other.values.shape[2] and values.dtype == other.values.dtype:
            return values
        colour = values[..., : self.colours].astype(np.float32) * (other.white / self.white)
        if self.colours > other.colours:
            colour = filters.luma(colour)[..., None]
        elif self.colours < other.colours:
            colour = np.repeat(colour, 3, axis=2)
        parts = [colour]
        if not other.opaque:
            alpha = np.full((*self.size, 1), other.white, np.float32)
            if not self.opaque:
                alpha = values[..., -1:].astype(np.float32) * (other.white / self.white)
            parts.append(alpha)
        return filters.rounded(np.concatenate(parts, axis=2), other.values.dtype)


@dataclass(frozen=True, eq=False)
class _Form:
    """What a picture was before it became an array."""

    kind: str  # "pil", "numpy" or "torch"
    shape: tuple[int, ...]
    mode: str = ""
    like: Any = None  # a tensor, for its dtype and device

    def picture(self, values: Any) -> Any:
        if self.kind == "pil":
            flat = values[..., 0] if values.shape[2] == 1 else values
            return Image.fromarray(np.ascontiguousarray(flat))
        if len(self.shape) == 2:
            values = values[..., 0]
        elif len(self.shape) == 4:
            values = values[None]
        return self._tensor(values) if self.kind == "torch" else values

    def mask(self, mask: np.ndarray) -> Any:
        if self.kind == "pil":
            return mask_to_image(mask)
        batch = self.kind == "torch" or len(self.shape) == 4
        mask = mask[None] if batch else mask
        if self.kind == "torch":
            import torch

            return torch.from_numpy(np.ascontiguousarray(mask)).to(self.like.device)
        return mask

    def _tensor(self, values: Any) -> Any:
        import torch

        if isinstance(values, np.ndarray):
            values = torch.from_numpy(np.ascontiguousarray(values))
        return values.to(self.like)


def read(picture: Any, name: str) -> Pixels:
    """A PIL image, an array or a tensor, [H,W], [H,W,C] or [1,H,W,C], C = 1, 3 or 4 -> Pixels.

    Floats are 0..1; integers are uint8 or uint16. PIL modes other than L, LA, RGB, RGBA and the
    16-bit and float grey ones are converted to RGB or RGBA.
    Raises ValueError, naming `name`, for anything else, sides of 0 pixels, or values that are
    not finite.
    """
    if isinstance(picture, Image.Image):
        array, form = _from_pil(picture)
    elif hasattr(picture, "detach"):
        array = _array(picture)
        form = _Form("torch", tuple(array.shape), like=picture)
    elif isinstance(picture, np.ndarray):
        array, form = picture, _Form("numpy", picture.shape)
    else:
        raise ValueError(
            f"{name} is a {type(picture).__name__}; give a PIL image, an array or a tensor"
        )
    values = _three_axes(array, name)
    return Pixels(values, _white(values, name, form), form)


def read_mask(mask: Any, size: tuple[int, int], name: str = "mask") -> np.ndarray:
    """A mask in any form -> bool [H,W] of `size`; True (above half) = may change.

    A mask of another size but the same shape (within 2 %) is resized.
    Raises ValueError for another shape, or anything `read` does not take.
    """
    if isinstance(mask, np.ndarray) and mask.dtype == bool:
        mask = mask.astype(np.uint8) * 255
    elif hasattr(mask, "detach"):
        mask = _array(mask)
        mask = mask.astype(np.uint8) * 255 if mask.dtype == bool else mask
    if isinstance(mask, np.ndarray) and mask.ndim == 3 and mask.shape[0] == 1:
        mask = mask[0]
    pixels = read(mask, name)
    require_shape(pixels.size[::-1], size[::-1], name)
    return pixels.luma(size) > 0.5


def mask_array(mask: Any) -> np.ndarray:
    """A change mask in any of its forms -> float32 [H,W] in 0..1."""
    array = _array(mask) if hasattr(mask, "detach") else np.asarray(mask)
    array = array[0] if array.ndim == 3 else array
    scale = 255 if array.dtype == np.uint8 else 1
    return array.astype(np.float32) / scale


def mask_to_image(mask: np.ndarray) -> Image.Image:
    """float [H,W] in 0..1 -> "L"; what is not 0 stays so."""
    return Image.fromarray(np.ceil(mask * 255).astype(np.uint8))


def _array(tensor: Any) -> np.ndarray:
    """A torch tensor -> an array; NumPy knows no half precision of some kinds."""
    tensor = tensor.detach().cpu()
    half = tensor.is_floating_point() and tensor.element_size() < 4
    return (tensor.float() if half else tensor).numpy()


def _levels(values: np.ndarray, white: float, dtype: np.dtype, new_white: float) -> np.ndarray:
    if (values.dtype, white) == (dtype, new_white):
        return values
    return filters.rounded(values * np.float32(new_white / white), dtype)


def _from_pil(image: Image.Image) -> tuple[np.ndarray, _Form]:
    if image.mode == "F" or image.mode.startswith("I"):
        array = np.asarray(image)
        if image.mode == "F":
            return array.astype(np.float32), _Form("pil", array.shape, "F")
        return np.clip(array, 0, 65535).astype(np.uint16), _Form("pil", array.shape, "I;16")
    if image.mode not in _PIL_MODES:
        alpha = image.mode == "PA" or "transparency" in image.info
        image = image.convert("RGBA" if alpha else "RGB")
    array = np.asarray(image)
    return array, _Form("pil", array.shape, image.mode)


def _three_axes(array: np.ndarray, name: str) -> np.ndarray:
    if array.ndim == 4 and array.shape[0] != 1:
        raise ValueError(
            f"{name} is a batch of {array.shape[0]} pictures; preserve takes one at a time, "
            "preserve_batch takes several"
        )
    values = array[0] if array.ndim == 4 else array
    values = values[..., None] if values.ndim == 2 else values
    if values.ndim != 3 or values.shape[2] not in (1, 2, 3, 4):
        raise ValueError(
            f"{name} has shape {tuple(array.shape)}; give [H,W], [H,W,C] or [1,H,W,C] "
            "with 1, 3 or 4 channels last"
        )
    if 0 in values.shape:
        height, width = values.shape[:2]
        raise ValueError(f"{name} is {width}x{height}; every side must be at least 1 pixel")
    return values


def _white(values: np.ndarray, name: str, form: _Form) -> float:
    if values.dtype == np.uint8:
        return 255.0
    if values.dtype == np.uint16:
        return 65535.0
    if not np.issubdtype(values.dtype, np.floating):
        raise ValueError(f"{name} has dtype {values.dtype}; give float in 0..1, uint8 or uint16")
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(
            f"{name} holds values that are not finite (NaN or infinity), often a picture decoded "
            "in half precision; decode it in float32 or replace these values"
        )
    if form.mode == "F" and high > _FLOAT_LIMIT:
        return 255.0
    if high > _FLOAT_LIMIT:
        raise ValueError(f"{name} has float values up to {high:g}; give floats in 0..1 or uint8")
    return 1.0
