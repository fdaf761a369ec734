"""ComfyUI's sockets <-> PIL pictures, whatever their number and sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..wegen_core.pictures import to_pil

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor


def to_pictures(images: Tensor | None, name: str) -> list[Image]:
    """IMAGE [N,H,W,C] -> N pictures, RGBA where C is 4; nothing connected -> none."""
    return [] if images is None else to_pil(images, name)


def to_masks(mask: Tensor | None, pictures: Sequence[Image]) -> list[Image | None]:
    """MASK [H,W] or [N,H,W] -> one "L" mask in each picture's size, or None where it is empty.

    One mask serves all pictures. An empty mask counts as none, because Load Image gives one for
    every file without alpha. Raises ValueError if there are neither one nor as many as pictures.
    """
    if mask is None:
        return [None] * len(pictures)
    masks = mask[None] if mask.ndim == 2 else mask
    if len(masks) not in (1, len(pictures)):
        raise ValueError(
            f"mask holds {len(masks)} masks for {len(pictures)} pictures; "
            "give one for all or one for each"
        )
    found = [m.convert("L") for m in to_pil(masks[..., None].clamp(0, 1), "mask")]
    found = found * len(pictures) if len(found) == 1 else found
    fitted = [m.resize(p.size) for m, p in zip(found, pictures, strict=True)]
    return [m if m.getbbox() else None for m in fitted]


def fitted(image: Tensor, like: Tensor) -> Tensor:
    """IMAGE as large as `like`: pictures of one batch must be, and masks fit only then."""
    from torch.nn.functional import interpolate

    size = like.shape[1:3]
    if image.shape[1:3] == size:
        return image
    planes = image.movedim(-1, 1)
    planes = interpolate(planes, size=tuple(size), mode="bicubic", antialias=True).clamp(0, 1)
    return planes.movedim(1, -1)


def restored(image: Tensor, source: Tensor, change_mask: Tensor) -> Tensor:
    """IMAGE with the very numbers of `source` where MASK is black: 8 bits had rounded them."""
    import torch

    same = image.shape == source.shape
    return torch.where(change_mask[..., None] > 0, image, source) if same else image


def to_image(pictures: Sequence[Image]) -> Tensor:
    """Pictures of one size -> IMAGE float32 [N,H,W,C] in 0..1; C is 4 if any has alpha."""
    import numpy as np
    import torch

    mode = "RGBA" if any(p.mode == "RGBA" for p in pictures) else "RGB"
    return torch.from_numpy(np.stack([np.asarray(p.convert(mode)) for p in pictures])).float() / 255


def to_mask(masks: Sequence[Image]) -> Tensor:
    """Masks of one size -> MASK float32 [N,H,W] in 0..1."""
    import numpy as np
    import torch

    return torch.from_numpy(np.stack([np.asarray(m.convert("L")) for m in masks])).float() / 255
