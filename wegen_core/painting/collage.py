"""Things laid into a picture, for painters that see one picture only; noise then blends them."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from ..records.plan import Region

MARGIN = 0.04
"""Share of the picture's shorter side: around things that is painted over, and of soft edges."""


def collage(
    base: Image.Image, things: Sequence[tuple[Image.Image, Region | None]]
) -> tuple[Image.Image, Image.Image]:
    """`base` with each thing as large as its region allows, standing on the bottom of it.

    things: pictures; those with alpha are cut out along it, others are laid on whole, with soft
    edges. Regions in 0..1; None: side by side in the lower half.
    Returns mode RGB, and mode L, white where it is to be painted over; both of `base`'s size.
    """
    canvas, region = base.convert("RGB"), Image.new("L", base.size)
    margin = max(1, round(MARGIN * min(base.size)))
    for k, (thing, box) in enumerate(things):
        left, top, right, bottom = _pixels(box or _beside(k, len(things)), base.size)
        cut = _cut_out(thing, margin)
        fitted = ImageOps.contain(cut, (right - left, bottom - top), Image.Resampling.LANCZOS)
        place = ((left + right - fitted.width) // 2, bottom - fitted.height)
        canvas.paste(fitted.convert("RGB"), place, fitted.getchannel("A"))
        around = (place[0] - margin, place[1] - margin)
        size = (fitted.width + 2 * margin, fitted.height + 2 * margin)
        region.paste(255, (*around, around[0] + size[0], around[1] + size[1]))
    return canvas, region


def _cut_out(thing: Image.Image, margin: int) -> Image.Image:
    """RGBA, no larger than what is there."""
    if thing.mode == "RGBA" and (box := thing.getchannel("A").getbbox()):
        return thing.crop(box)
    soft = Image.new("L", thing.size)
    inner = (margin, margin, thing.width - 1 - margin, thing.height - 1 - margin)
    if inner[0] >= inner[2] or inner[1] >= inner[3]:
        return thing.convert("RGBA")
    ImageDraw.Draw(soft).rectangle(inner, fill=255)
    whole = thing.convert("RGBA")
    whole.putalpha(soft.filter(ImageFilter.GaussianBlur(margin / 2)))
    return whole


def _pixels(box: Region, size: tuple[int, int]) -> tuple[int, int, int, int]:
    left, top = int(box[0] * size[0]), int(box[1] * size[1])
    right, bottom = round(box[2] * size[0]), round(box[3] * size[1])
    return left, top, max(left + 1, right), max(top + 1, bottom)


def _beside(k: int, count: int) -> Region:
    width = 1 / (count + 1)
    middle = (k + 1) / (count + 1)
    return middle - width / 2, 0.45, middle + width / 2, 0.95
