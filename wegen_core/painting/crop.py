"""Crop and stitch: a small change of a large image is painted at full resolution.

A painter paints about a megapixel. Where the change is small, it gets a part of the image instead
of the whole at a small size, and what it paints is laid back into the image.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ..images.convert import to_pil
from ..records.conversation import ImagePart

if TYPE_CHECKING:
    from ..records.plan import Plan, Region

CONTEXT = 2.0
"""Sides of a crop, as multiples of the sides of the change: painters need the surroundings."""
MAX_ASPECT = 2.0
"""A crop's longer side is at most this many times the shorter one, where the image allows it."""
MAX_SHARE = 0.5
"""A crop has at most this share of the image's pixels: a larger one is hardly sharper."""
MULTIPLE = 64
"""Sides of a crop are multiples of this number of pixels, so that painters need not rescale it."""
FADE = 1 / 16
"""Width, as a share of the crop's shorter side, over which a change fades out at its border."""


@dataclass(frozen=True)
class Crop:
    """A part of an image, to be painted instead of the whole.

    Parameters
    ----------
    box
        (left, top, right, bottom) in pixels.
    size
        (width, height) of the whole image in pixels.
    """

    box: tuple[int, int, int, int]
    size: tuple[int, int]

    def __str__(self) -> str:
        left, top, right, bottom = self.box
        width, height = self.size
        return f"{right - left}x{bottom - top} at ({left}, {top}) of {width}x{height}"

    def part(self, whole: ImagePart) -> ImagePart:
        """The crop of an image. Float values stay what they are."""
        left, top, right, bottom = self.box
        pixels = whole.pixels
        if pixels is not None:
            pixels = pixels[:, top:bottom, left:right]
        return ImagePart(whole.image.crop(self.box), pixels=pixels)

    def plan(self, plan: Plan) -> Plan:
        """`plan` with its regions in the frame of the crop."""
        references = tuple(replace(r, region=self._region(r.region)) for r in plan.references)
        return replace(plan, region=self._region(plan.region), references=references)

    def _region(self, region: Region | None) -> Region | None:
        """A region of the image in the frame of the crop; None if they do not meet."""
        if region is None:
            return None
        (left, top, right, bottom), (width, height) = self.box, self.size
        x0, x1 = ((x * width - left) / (right - left) for x in region[::2])
        y0, y1 = ((y * height - top) / (bottom - top) for y in region[1::2])
        x0, y0, x1, y1 = max(0.0, x0), max(0.0, y0), min(1.0, x1), min(1.0, y1)
        return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None

    def stitch(
        self, whole: ImagePart, part: ImagePart, change_mask: Image.Image
    ) -> tuple[ImagePart, Image.Image]:
        """Lay the changed crop back into the image.

        Parameters
        ----------
        whole
            The image before the change.
        part
            The crop after it, in the form of `self.part(whole)`.
        change_mask
            Of `part`, mode L.

        Returns
        -------
        The image after the change, in the form of `whole`, and its change mask, mode L. Where the
        mask is 0 the image is `whole`, bit for bit. A change that reaches the border of the crop
        fades out there.
        """
        left, top, right, bottom = self.box
        fade = self._fade()
        mask = Image.new("L", self.size)
        # Rounding up: no change is left out of the mask.
        faded = np.ceil(np.asarray(change_mask) * fade).astype(np.uint8)
        mask.paste(Image.fromarray(faded), (left, top))
        if whole.pixels is None:
            image = whole.image.copy()
            image.paste(part.image, (left, top), Image.fromarray((fade * 255).astype(np.uint8)))
            return ImagePart(image), mask
        pixels = whole.pixels
        if isinstance(pixels, np.ndarray):
            weight, pixels = fade[..., None].astype(pixels.dtype), pixels.copy()
        else:
            weight, pixels = pixels.new_tensor(fade[..., None]), pixels.clone()
        painted = part.pixels
        if painted is None:
            painted = np.asarray(part.image, np.float32)[None] / 255
            if not isinstance(pixels, np.ndarray):
                painted = pixels.new_tensor(painted)
        inside = pixels[:, top:bottom, left:right]
        inside += weight * (painted - inside)
        return ImagePart(to_pil(pixels)[0], pixels=pixels), mask

    def _fade(self) -> np.ndarray:
        """1 inside the crop, falling to 0 at those borders that are not the image's: [h,w]."""
        (left, top, right, bottom), (width, height) = self.box, self.size
        reach = max(1.0, FADE * min(right - left, bottom - top))

        def ramp(length: int, open_start: bool, open_end: bool) -> np.ndarray:
            position = np.arange(length)
            start = position if open_start else np.full(length, np.inf)
            end = length - 1 - position if open_end else np.full(length, np.inf)
            return np.minimum(np.minimum(start, end) / reach, 1.0)

        columns = ramp(right - left, left > 0, right < width)
        rows = ramp(bottom - top, top > 0, bottom < height)
        return np.minimum(rows[:, None], columns)


def crop_around(regions: Sequence[Region], size: tuple[int, int], area: int) -> Crop | None:
    """The crop to paint for a change of a large image.

    Parameters
    ----------
    regions
        Boxes that hold the change, 0..1 of the image's sides; at least one.
    size
        (width, height) of the image in pixels.
    area
        How many pixels are painted. A crop has no fewer, so it is never enlarged for painting.

    Returns
    -------
    None where a crop would hardly be sharper than the whole image.
    """
    width, height = size
    x0, y0 = min(r[0] for r in regions) * width, min(r[1] for r in regions) * height
    x1, y1 = max(r[2] for r in regions) * width, max(r[3] for r in regions) * height
    w, h = CONTEXT * (x1 - x0), CONTEXT * (y1 - y0)
    w, h = max(w, h / MAX_ASPECT), max(h, w / MAX_ASPECT)
    side = math.sqrt(area)
    w, h = max(w, min(side, area / h)), max(h, min(side, area / w))
    w, h = (
        min(whole, math.ceil(length / MULTIPLE) * MULTIPLE)
        for length, whole in ((w, width), (h, height))
    )
    if w * h > MAX_SHARE * width * height:
        return None
    left = min(max(0, round((x0 + x1 - w) / 2)), width - w)
    top = min(max(0, round((y0 + y1 - h) / 2)), height - h)
    return Crop((left, top, left + w, top + h), size)


def match_size_and_alpha(part: ImagePart, source: ImagePart) -> ImagePart:
    """`part` in the size of its source and with its alpha.

    Preservation does that itself, except for an edited image that it passes through.
    """
    image = part.image
    if image.size != source.image.size:
        image = image.resize(source.image.size, Image.Resampling.LANCZOS)
    if source.image.mode == "RGBA" and image.mode != "RGBA":
        image = image.convert("RGBA")
        image.putalpha(source.image.getchannel("A"))
    return part if image is part.image else ImagePart(image)
