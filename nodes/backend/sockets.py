"""ComfyUI's sockets <-> PIL pictures, whatever their number and sizes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ...wegen_core.images.convert import require_shape, to_pil

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor


def to_pictures(images: Tensor | None, name: str) -> list[Image]:
    """IMAGE [N,H,W,C] -> N pictures, RGBA where C is 4; nothing connected -> none.

    Raises ValueError for a batch without pictures, as for what is no picture.
    """
    if images is None:
        return []
    require_members(images, name)
    return to_pil(images, name)


def require_members(batch: Tensor, name: str) -> None:
    """ValueError for an IMAGE or MASK of no pictures, which some nodes give."""
    if len(batch) == 0:
        raise ValueError(f"{name} is an empty batch; connect at least one picture")


def split_masks(mask: Tensor | None) -> list[Tensor | None]:
    """MASK [H,W] or [N,H,W] -> N masks [1,H,W], None for each that is empty, and for no mask.

    An empty mask counts as none, because Load Image gives one for every file without alpha.
    """
    if mask is None:
        return [None]
    masks = mask[None] if mask.ndim == 2 else mask
    require_members(masks, "mask")
    return [None if (m < 1 / 255).all() else m for m in masks.split(1)]


def to_masks(mask: Tensor | None, pictures: Sequence[Image]) -> list[Image | None]:
    """MASK [H,W] or [N,H,W] -> one "L" mask in each picture's size, or None where it is empty.

    One mask serves all pictures. Raises ValueError if there are neither one nor as many, and for
    one of another shape than its picture.
    """
    masks = split_masks(mask)
    if len(masks) not in (1, len(pictures)):
        raise ValueError(
            f"mask holds {len(masks)} masks for {len(pictures)} pictures; "
            "give one for all or one for each"
        )
    masks = masks * len(pictures) if len(masks) == 1 else masks
    return [m if m is None else _sized(m, p) for m, p in zip(masks, pictures, strict=True)]


def _sized(mask: Tensor, picture: Image) -> Image:
    white = to_pil(mask[..., None].clamp(0, 1), "mask")[0].convert("L")
    require_shape(white.size, picture.size, of="image")
    return white.resize(picture.size)


def fitted(image: Tensor, like: Tensor) -> Tensor:
    """IMAGE as large as `like`: pictures of one batch must be, and masks fit only then."""
    from torch.nn.functional import interpolate

    size = like.shape[1:3]
    if image.shape[1:3] == size:
        return image
    planes = image.movedim(-1, 1)
    planes = interpolate(planes, size=tuple(size), mode="bicubic", antialias=True).clamp(0, 1)
    return planes.movedim(1, -1)


def one_batch(images: Sequence[Tensor], like: Tensor) -> Tensor:
    """IMAGEs of any sizes -> one, as large as `like` and on its device; opaque alpha for all where
    any has alpha."""
    import torch
    from torch.nn.functional import pad

    found = [fitted(i.to(like.device), like) for i in images]
    channels = max(i.shape[-1] for i in found)
    return torch.cat([pad(i, (0, channels - i.shape[-1]), value=1.0) for i in found])


def restored(image: Tensor, source: Tensor | None, change_mask: Image | None) -> Tensor:
    """IMAGE of one with the very numbers of `source` where the mask is black: 8 bits rounded them.

    It is then on the device of `source`, which is the GPU's with --gpu-only. source, change_mask
    None: as it is; other channels: no numbers of `source`.
    """
    import torch

    if source is None or change_mask is None:
        return image
    image = fitted(image.to(source.device), source)
    if image.shape != source.shape:
        return image
    changed = to_mask([change_mask]).to(source.device)
    return torch.where(changed[..., None] > 0, image, source)


def numbered(batches: Iterable[Tensor], before: int = 0) -> dict[int | None, Tensor]:
    """IMAGEs -> [1,H,W,C] of every picture by its number in a conversation.

    before: how many pictures are in it already.
    """
    members = (one for batch in batches for one in batch.split(1))
    return dict(enumerate(members, before + 1))


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
