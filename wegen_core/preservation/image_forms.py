"""Any usual form of an image -> an array to compute on, and back to that same form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from ..records.hooks import NO_HOOKS, Hooks
from . import array_backend as backend

_PIL_MODES = {"L", "LA", "RGB", "RGBA"}
# Floats of arrays above this are 0..255 values passed by mistake. A little above 1 is normal after
# an upscale, and high dynamic range images rarely exceed ten times white.
_MAX_FLOAT = 16.0
_LARGE = 4096  # rows


@dataclass(frozen=True, eq=False)
class Pixels:
    """An image as an array, and the form to which results return.

    Parameters
    ----------
    values
        [H,W,C] in the image's own dtype, C = 1, 2, 3 or 4; half-precision tensors as float32.
    white
        Value of full intensity: 255, 65535 or 1.0.
    form
        What the caller passed.
    accelerator
        The torch device that holds the caller's tensor; None for the CPU and for other forms.
    """

    values: np.ndarray
    white: float
    form: _Form
    accelerator: Any = None

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.values.shape[0], self.values.shape[1]

    @property
    def colours(self) -> int:
        """Number of leading colour channels: 1 (grey) or 3. What follows is alpha."""
        return 1 if self.values.shape[2] < 3 else 3

    @property
    def opaque(self) -> bool:
        """Whether there is no alpha channel."""
        return self.values.shape[2] == self.colours

    def tensor(self) -> Any:
        """Return the caller's tensor as [H,W,C] on its device; None for other forms."""
        tensor = self.form.tensor
        return None if tensor is None else tensor.detach().reshape(self.values.shape)

    def rebuild(self, values: Any) -> Any:
        """`values` [H,W,C], an array or a tensor of any size and channels -> the caller's form."""
        if self.form.kind == "pil" and values.shape[2] > 1:
            values = _convert(values, self.white, np.dtype(np.uint8), 255)  # all that PIL has
        return self.form.rebuild_image(values)

    def rebuild_mask(self, mask: np.ndarray) -> Any:
        """float32 [H,W] in 0..1 -> PIL "L" for PIL images, else a float array or tensor.

        Tensors and batches come back as [1,H,W], as ComfyUI's MASK. Rounding to 8 bits never turns
        a value above 0 into 0.
        """
        return self.form.rebuild_mask(mask)

    def rgb(self, size: tuple[int, int], hooks: Hooks = NO_HOOKS) -> np.ndarray:
        """uint8 [h,w,3] without alpha, resized to `size` (height, width). May be `values`."""
        values = self._to_uint8(self._resized(size, hooks)[..., : self.colours])
        values = np.repeat(values, 3, axis=2) if values.shape[2] == 1 else values
        return np.ascontiguousarray(values)

    def alpha(self, size: tuple[int, int], hooks: Hooks = NO_HOOKS) -> np.ndarray:
        """uint8 [h,w], resized to `size` (height, width); of an image with an alpha channel."""
        return self._to_uint8(self._resized(size, hooks)[..., -1])

    def _resized(self, size: tuple[int, int], hooks: Hooks) -> np.ndarray:
        """All channels, because leaving some out before would copy the whole image."""
        values = self.values
        if values.dtype not in (np.uint8, np.uint16, np.float32):
            values = values.astype(np.float32)
        if len(values) > max(size[0], _LARGE):  # across first, in strips, so that Stop works soon
            narrow = np.empty((len(values), size[1], values.shape[2]), values.dtype)
            for rows, _, _ in backend.row_strips(len(values)):
                hooks.check_stop()
                narrow[rows] = backend.resize(values[rows], narrow[rows].shape[:2])
            values = narrow
        return backend.resize(values, size)

    def _to_uint8(self, values: np.ndarray) -> np.ndarray:
        if values.dtype == np.uint8:
            return values
        values = values * np.float32(255 / self.white)
        return np.rint(np.clip(values, 0, 255, out=values), out=values).astype(np.uint8)

    def with_dtype_of(self, other: Pixels) -> np.ndarray:
        """Convert to the dtype and white of `other`, with the same channels: [H,W,C]."""
        return _convert(self.values, self.white, other.values.dtype, other.white)

    def like(self, other: Pixels) -> np.ndarray:
        """Convert to the channels, dtype and white of `other`: [H,W,C of other].

        Colour becomes grey by luma. A missing alpha channel is opaque.
        """
        values = self.values
        if values.shape[2] == other.values.shape[2] and values.dtype == other.values.dtype:
            return values
        colour = values[..., : self.colours].astype(np.float32) * (other.white / self.white)
        if self.colours > other.colours:
            colour = backend.luma(colour)[..., None]
        elif self.colours < other.colours:
            colour = np.repeat(colour, 3, axis=2)
        parts = [colour]
        if not other.opaque:
            alpha = np.full((*self.size, 1), other.white, np.float32)
            if not self.opaque:
                alpha = values[..., -1:].astype(np.float32) * (other.white / self.white)
            parts.append(alpha)
        return backend.round_to_dtype(np.concatenate(parts, axis=2), other.values.dtype)


@dataclass(frozen=True, eq=False)
class _Form:
    """What an image was before it became an array."""

    kind: str  # "pil", "numpy" or "torch"
    shape: tuple[int, ...]
    mode: str = ""  # PIL's
    tensor: Any = None  # the caller's, for its dtype and device

    def rebuild_image(self, values: Any) -> Any:
        if self.kind == "pil":
            flat = values[..., 0] if values.shape[2] == 1 else values
            return Image.fromarray(np.ascontiguousarray(flat))
        if len(self.shape) == 2:
            values = values[..., 0]
        elif len(self.shape) == 4:
            values = values[None]
        if self.kind == "numpy":
            return values
        import torch

        if isinstance(values, np.ndarray):
            values = torch.from_numpy(np.ascontiguousarray(values))
        return values.to(self.tensor)

    def rebuild_mask(self, mask: np.ndarray) -> Any:
        if self.kind == "pil":
            return mask_to_image(mask)
        mask = mask[None] if self.kind == "torch" or len(self.shape) == 4 else mask
        if self.kind == "numpy":
            return mask
        import torch

        return torch.from_numpy(np.ascontiguousarray(mask)).to(self.tensor.device)


def read(image: Any, name: str) -> Pixels:
    """Read an image in any usual form.

    Parameters
    ----------
    image
        A PIL image, an array or a tensor; [H,W], [H,W,C] or [1,H,W,C] with C = 1, 3 or 4. Floats
        are 0..1 (those of PIL's mode F 0..255), integers uint8 or uint16. PIL modes other than L,
        LA, RGB, RGBA and the 16-bit and float grey ones are converted to RGB or RGBA.
    name
        Of the input, for errors.

    Raises
    ------
    ValueError
        For anything else, for sides of 0 pixels, for values that are not finite, and for an image
        of mode F in 0..1.
    """
    accelerator = None
    if isinstance(image, Image.Image):
        array, form = _from_pil(image)
    elif hasattr(image, "detach"):  # a torch tensor, without importing torch
        array = _to_array(image)
        form = _Form("torch", tuple(array.shape), tensor=image)
        accelerator = None if image.device.type == "cpu" else image.device
    elif isinstance(image, np.ndarray):
        array, form = image, _Form("numpy", image.shape)
    else:
        raise ValueError(
            f"{name} is a {type(image).__name__}; give a PIL image, an array or a tensor"
        )
    values = _three_axes(array, name)
    return Pixels(values, _white(values, name, form), form, accelerator)


def mask_to_array(mask: Any) -> np.ndarray:
    """Convert a change mask, in any form that `preserve` returns, to float32 [H,W] in 0..1."""
    array = _to_array(mask) if hasattr(mask, "detach") else np.asarray(mask)
    array = array[0] if array.ndim == 3 else array
    scale = 255 if array.dtype == np.uint8 else 1
    return array.astype(np.float32) / scale


def mask_to_image(mask: np.ndarray) -> Image.Image:
    """Convert a float mask [H,W] in 0..1 to PIL "L"; no value above 0 becomes 0."""
    out = np.empty(mask.shape, np.uint8)
    for rows, _, _ in backend.row_strips(len(mask)):
        np.ceil(mask[rows] * 255, out=out[rows], casting="unsafe")
    return Image.fromarray(out)


def _to_array(tensor: Any) -> np.ndarray:
    """Convert a torch tensor to an array, half precision to float32: NumPy has no bfloat16."""
    tensor = tensor.detach().cpu()
    is_half = tensor.is_floating_point() and tensor.element_size() < 4
    return (tensor.float() if is_half else tensor).numpy()


def _convert(values: np.ndarray, white: float, dtype: np.dtype, new_white: float) -> np.ndarray:
    if (values.dtype, white) == (dtype, new_white):
        return values
    return backend.round_to_dtype(values * np.float32(new_white / white), dtype)


def _from_pil(image: Image.Image) -> tuple[np.ndarray, _Form]:
    if image.mode == "F" or image.mode.startswith("I"):
        array = np.asarray(image)
        if image.mode == "F":
            return array.astype(np.float32), _Form("pil", array.shape, "F")
        return np.clip(array, 0, 65535).astype(np.uint16), _Form("pil", array.shape, "I;16")
    if image.mode not in _PIL_MODES:
        has_alpha = image.mode == "PA" or "transparency" in image.info
        image = image.convert("RGBA" if has_alpha else "RGB")
    array = np.asarray(image)
    return array, _Form("pil", array.shape, image.mode)


def _three_axes(array: np.ndarray, name: str) -> np.ndarray:
    if array.ndim == 4 and array.shape[0] != 1:
        raise ValueError(
            f"{name} is a batch of {array.shape[0]} images; preserve takes one at a time, "
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
            f"{name} holds values that are not finite (NaN or infinity), often an image decoded "
            "in half precision; decode it in float32 or replace these values"
        )
    if form.mode == "F":  # 0..255, as PIL's own conversions make and take it
        if 0 < high <= 1:
            raise ValueError(
                f"{name} is a PIL image of mode F with values up to {high:g}; PIL's are 0..255: "
                "multiply them by 255, or give an array of floats in 0..1"
            )
        return 255.0
    if high > _MAX_FLOAT:
        raise ValueError(f"{name} has float values up to {high:g}; give floats in 0..1 or uint8")
    return 1.0
