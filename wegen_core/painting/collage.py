"""Objects pasted into an image, for painters that read one image only; noise then blends them."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from ..records.plan import Region

MARGIN = 0.04
"""Border around pasted objects that is painted over, and width of soft edges, as a share of the
image's shorter side."""


def collage(
    base: Image.Image, objects: Sequence[tuple[Image.Image, Region]]
) -> tuple[Image.Image, Image.Image]:
    """`base` with every object as large as its region allows, standing on the region's lower edge.

    Parameters
    ----------
    base
        The image to paste into, of any mode.
    objects
        Images and their regions (left, top, right, bottom), 0..1 of the sides of `base`. Images
        with alpha are cut out along it; others are pasted whole, with soft edges.

    Returns
    -------
    The new image, mode RGB, and a mask, mode L, white where it is to be painted over. Both have the
    size of `base`.
    """
    canvas, mask = base.convert("RGB"), Image.new("L", base.size)
    margin = max(1, round(MARGIN * min(base.size)))
    for image, region in objects:
        left, top, right, bottom = _to_pixels(region, base.size)
        cutout = ImageOps.contain(
            _cut_out(image, margin), (right - left, bottom - top), Image.Resampling.LANCZOS
        )
        x, y = (left + right - cutout.width) // 2, bottom - cutout.height
        canvas.paste(cutout.convert("RGB"), (x, y), cutout.getchannel("A"))
        box = (x - margin, y - margin, x + cutout.width + margin, y + cutout.height + margin)
        mask.paste(255, box)
    return canvas, mask


def _cut_out(image: Image.Image, margin: int) -> Image.Image:
    """`image` as RGBA: cropped to its alpha, or with soft edges of `margin` pixels."""
    if image.mode == "RGBA" and (box := image.getchannel("A").getbbox()):
        return image.crop(box)
    inner = (margin, margin, image.width - 1 - margin, image.height - 1 - margin)
    if inner[0] >= inner[2] or inner[1] >= inner[3]:
        return image.convert("RGBA")
    alpha = Image.new("L", image.size)
    ImageDraw.Draw(alpha).rectangle(inner, fill=255)
    soft = image.convert("RGBA")
    soft.putalpha(alpha.filter(ImageFilter.GaussianBlur(margin / 2)))
    return soft


def _to_pixels(region: Region, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """`region` in pixels, at least one wide and high."""
    left, top = int(region[0] * size[0]), int(region[1] * size[1])
    right, bottom = round(region[2] * size[0]), round(region[3] * size[1])
    return left, top, max(left + 1, right), max(top + 1, bottom)
