"""What is known of each family of painters: one row of data per family, and the sizes it paints.

A diffusers pipeline (`painting.diffusers.PIPELINES`) and a ComfyUI recipe (`nodes.backend.recipes`)
refer to a row and add only how the model is called there. `rewriting` reads the wording.

A new family is a new row here, and one row in either table for every way to run it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Family:
    """One family of painters.

    Parameters
    ----------
    edits
        How it changes an image. "instruction": it reads the image and a sentence. "noise": it reads
        a description of the result and paints over the image with noise (image-to-image, inpaint).
    keep, keep_zh
        What follows an English and a Chinese instruction to say what stays, with a field {keep};
        "" for painters that read descriptions.
    keywords
        Whether details are added as keywords instead of phrases: its text encoder is CLIP alone.
    area
        Number of pixels of its training images; it paints as many.
    multiple
        Width and height are multiples of this number of pixels.
    max_images
        How many images it reads at most.
    min_side
        Both sides of an image that it reads have at least this number of pixels.
    """

    edits: Literal["instruction", "noise"]
    keep: str = ""
    keep_zh: str = ""
    keywords: bool = False
    area: int = 1024 * 1024
    multiple: int = 16
    max_images: int = 1
    min_side: int = 1


FAMILIES: dict[str, Family] = {
    # For a painter of an unknown family.
    "plain": Family("instruction", ". Keep {keep} unchanged.", "。保持{keep}不变。"),
    "sd": Family("noise", keywords=True, area=512 * 512, multiple=8),
    "sdxl": Family("noise", keywords=True, multiple=8),
    "flux": Family("noise"),
    "kontext": Family(
        "instruction",
        " while keeping {keep} unchanged.",
        "，同时保持{keep}不变。",
        max_images=3,
    ),
    "flux2": Family(
        "instruction",
        ", keep {keep} exactly the same.",
        "，{keep}完全不变。",
        max_images=10,
        min_side=64,
    ),
    "qwen": Family(
        "instruction", ", keep {keep} unchanged.", "，保持{keep}不变。", multiple=32, max_images=3
    ),
    "qwen-image": Family("noise", multiple=32),
}
"""The families by name. The names are also the styles that `rewriting.rewrite` takes."""


def paint_size(
    width: int, height: int, family: Family, area: int, *, rescales: bool = False
) -> tuple[int, int]:
    """The size to paint an image of the shape `width` x `height` at.

    Parameters
    ----------
    width, height
        Size of the result in pixels; only its aspect ratio matters.
    family
        Whose multiple both sides must be of.
    keywords
        Whether details are added as keywords instead of phrases: its text encoder is CLIP alone.
    area
        Number of pixels to paint at most.
    rescales
        The painter itself resizes every image to `area` pixels, as Qwen-Image-Edit's pipelines do.
        The size is then one that it leaves as it is, and its area is only near `area`.

    Returns
    -------
    (width, height) in pixels: the aspect ratio first, then as many pixels as `area` allows. A shape
    so long that no size of `area` pixels has it gets the smallest square.
    """
    if rescales:
        size = _qwen_size(width / height, area)
        for _ in range(8):  # until its rounding changes nothing more
            size = _qwen_size(size[0] / size[1], area)
        return size
    step, log_ratio = family.multiple, math.log(width / height)
    ideal_width = math.sqrt(area * width / height)
    widths, heights = (
        [max(step, int(side / step + k) * step) for k in (-1, 0, 1)]
        for side in (ideal_width, area / ideal_width)
    )
    sizes = [(w, h) for w in widths for h in heights if w * h <= area]
    if not sizes:
        return step, step
    return min(
        sizes, key=lambda s: 10 * abs(math.log(s[0] / s[1]) - log_ratio) - s[0] * s[1] / area
    )


def _qwen_size(ratio: float, area: int) -> tuple[int, int]:
    """The size that Qwen-Image-Edit's pipelines resize an image of this aspect ratio to."""
    width = math.sqrt(area * ratio)
    return max(32, round(width / 32) * 32), max(32, round(width / ratio / 32) * 32)
