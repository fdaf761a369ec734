"""ComfyUI's sockets <-> parts of a conversation, whatever their number and sizes.

An IMAGE keeps its float values on the way: a part carries them beside its 8-bit PIL image.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ...wegen_core.images.convert import require_shape, to_pil
from ...wegen_core.records.conversation import ImagePart, image_parts

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

Value = TypeVar("Value")


def require(value: Any, kind: type[Value], name: str, remedy: str) -> Value:
    """`value`, if it is a `kind`; ValueError for literals in a graph and nodes that give None."""
    if not isinstance(value, kind):
        raise ValueError(_refusal(value, name, remedy))
    return value


def require_loaded(value: Any, name: str, remedy: str) -> None:
    """ValueError for None and for literals; models of other packs have classes of their own."""
    if value is None or isinstance(value, str | int | float | list | dict):
        raise ValueError(_refusal(value, name, remedy))


def _refusal(value: Any, name: str, remedy: str) -> str:
    content = "empty" if value is None else f"a value of type {type(value).__name__}"
    return f"{name} is {content}; connect {remedy}"


def to_parts(images: Tensor | None, name: str, optional: bool = False) -> list[ImagePart]:
    """IMAGE [N,H,W,C] -> N parts with their float values; nothing, where it is optional -> none.

    Raises ValueError for a batch without images, and for what is not an image.
    """
    if images is None and optional:
        return []
    require_members(images, name)
    return image_parts(images, name)


def require_members(batch: Any, name: str) -> None:
    """ValueError for what is not an IMAGE or MASK, and for one without members."""
    import torch

    require(batch, torch.Tensor, name, "a node that gives an image or a mask")
    if len(batch) == 0:
        raise ValueError(f"{name} is an empty batch; connect at least one image")


def split_masks(mask: Tensor | None) -> list[Tensor | None]:
    """MASK [H,W] or [N,H,W] -> N masks [1,H,W], None for each that is empty, and for no mask.

    An empty mask, nowhere above half, counts as none: Load Image gives one for every file without
    alpha.
    """
    if mask is None:
        return [None]
    require_members(mask, "mask")
    masks = mask[None] if mask.ndim == 2 else mask
    return [m if (m > 0.5).any() else None for m in masks.split(1)]


def to_masks(mask: Tensor | None, images: Sequence[ImagePart]) -> list[Image | None]:
    """MASK [H,W] or [N,H,W] -> one "L" mask in each image's size; None for each without a mask.

    An empty mask comes back black. One mask serves all images. Raises ValueError if there are
    neither one nor as many, and for one of another shape than its image.
    """
    from PIL import Image

    masks = split_masks(mask)
    if len(masks) not in (1, len(images)):
        raise ValueError(
            f"mask holds {len(masks)} masks for {len(images)} images; "
            "give one for all or one for each"
        )
    masks = masks * len(images) if len(masks) == 1 else masks
    sized: list[Image.Image | None] = []
    for member, part in zip(masks, images, strict=True):
        if member is None:
            sized.append(None if mask is None else Image.new("L", part.image.size))
            continue
        white = to_pil(member[..., None].clamp(0, 1), "mask")[0].convert("L")
        require_shape(white.size, part.image.size, of="image")
        sized.append(white.resize(part.image.size))
    return sized


def resize_batch(image: Tensor, size: tuple[int, int]) -> Tensor:
    """IMAGE [N,H,W,C] of `size` (width, height), by PIL's Lanczos filter on float values."""
    import numpy as np
    import torch
    from PIL import Image

    if (image.shape[2], image.shape[1]) == size:
        return image
    planes = [
        np.asarray(Image.fromarray(plane.numpy()).resize(size, Image.Resampling.LANCZOS))
        for plane in image.float().cpu().movedim(-1, 1).flatten(0, 1)
    ]
    resized = torch.from_numpy(np.stack(planes)).view(len(image), -1, size[1], size[0])
    return resized.movedim(1, -1).clamp(0, 1).to(image.device, image.dtype)


def one_batch(images: Sequence[Tensor], like: Tensor) -> Tensor:
    """IMAGEs of any sizes -> one, as large as `like` and on its device.

    Where any has alpha, the others get opaque alpha.
    """
    import torch
    from torch.nn.functional import interpolate, pad

    height, width = like.shape[1:3]
    batch = []
    channels = max(image.shape[-1] for image in images)
    for image in images:
        image = image.to(like.device)
        if image.shape[1:3] != (height, width):
            planes = image.movedim(-1, 1)
            planes = interpolate(planes, size=(height, width), mode="bicubic", antialias=True)
            image = planes.clamp(0, 1).movedim(1, -1)
        batch.append(pad(image, (0, channels - image.shape[-1]), value=1.0))
    return torch.cat(batch)


def to_image(images: Sequence[ImagePart | Image]) -> Tensor:
    """Images of one size -> IMAGE float32 [N,H,W,C] in 0..1; C is 4 if any has alpha.

    Parts that carry float values keep them, on their device.
    """
    import numpy as np
    import torch

    tensors = []
    for image in images:
        if isinstance(image, ImagePart) and isinstance(image.pixels, torch.Tensor):
            tensors.append(image.pixels)
            continue
        pil = image.image if isinstance(image, ImagePart) else image
        pil = pil if pil.mode == "RGBA" else pil.convert("RGB")
        tensors.append(torch.from_numpy(np.asarray(pil).copy())[None].float() / 255)
    return one_batch(tensors, tensors[0])


def to_mask(masks: Sequence[Image]) -> Tensor:
    """Masks of one size -> MASK float32 [N,H,W] in 0..1."""
    import numpy as np
    import torch

    return torch.from_numpy(np.stack([np.asarray(m.convert("L")) for m in masks])).float() / 255
