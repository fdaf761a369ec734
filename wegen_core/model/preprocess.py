"""Images -> the tensors that the image encoder and the painter's VAE take.

Resizing is PIL's (antialiased), as in the published pipeline; torchvision is not needed for it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..images.convert import flatten

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


def encoder_pixels(images: Sequence[Image.Image], size: int, *, crop: bool = False) -> Tensor:
    """Make the image encoder's input.

    Parameters
    ----------
    images
        Of any size; transparent parts become white.
    size
        Pixels along one side, at least 1.
    crop
        False squeezes the whole image into the square, as in stages 2 and 3 and at inference. True
        keeps the aspect ratio and cuts out the centre, as in stage 1.

    Returns
    -------
    Tensor
        float32 [N,3,size,size], resized bilinearly, normalised with CLIP's mean and deviation.

    Raises
    ------
    ValueError
        The size is below 1.
    """
    pixels = _stack(images, size, Image.Resampling.BILINEAR, crop)
    mean, std = torch.tensor([CLIP_MEAN, CLIP_STD]).view(2, 1, 3, 1, 1)
    return (pixels - mean) / std


def painter_images(images: Sequence[Image.Image], size: int, *, crop: bool = False) -> Tensor:
    """Make the VAE's input, float32 [N,3,size,size] in [-1,1].

    Resized bicubically; otherwise like `encoder_pixels`.
    """
    return (_stack(images, size, Image.Resampling.BICUBIC, crop) - 0.5) / 0.5


def _stack(
    images: Sequence[Image.Image], size: int, resample: Image.Resampling, crop: bool
) -> Tensor:
    """[N,3,size,size] in 0..1."""
    if size < 1:
        raise ValueError(f"images cannot be resized to {size} pixels; give a size of at least 1")
    stack = np.empty((len(images), size, size, 3), np.uint8)
    for row, image in zip(stack, images, strict=True):
        image = flatten(image)
        if crop:
            row[:] = np.asarray(_cover(image, size, resample))
        else:
            row[:] = np.asarray(image.resize((size, size), resample))
    return torch.from_numpy(stack).permute(0, 3, 1, 2).float().div(255)


def _cover(image: Image.Image, size: int, resample: Image.Resampling) -> Image.Image:
    """Resize the short side to `size`, and cut out the middle of the long one (rounded down)."""
    width, height = image.size
    short = min(width, height)
    width, height = size * width // short, size * height // short
    left, top = round((width - size) / 2), round((height - size) / 2)
    resized = image.resize((width, height), resample)
    return resized.crop((left, top, left + size, top + size))
