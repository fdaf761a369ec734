"""From a plan to what a painter of one family gets: a text, images and sizes."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ..constraints.image_numbers import name_images
from ..constraints.lazy_pattern import lazy_pattern
from ..constraints.lexicon.requests import REMOVE
from ..images.convert import flatten, region_mask
from ..planning.references import describe_references
from .collage import MARGIN, collage
from .families import Family, paint_size

if TYPE_CHECKING:
    from ..records.plan import Plan, Reference, Region

STRENGTH = 0.6
"""Noise that a painter without instructions lays over a whole image; 1 leaves nothing of it."""
INPAINT_STRENGTH = 0.99
"""Noise over a region that is painted anew."""
BLEND_STRENGTH = 0.5
"""Noise over objects that were pasted into the image, so that they blend with it."""
_REMOVES = lazy_pattern(rf"^(?:{REMOVE})|\b(?:is|are) (?:removed|erased|gone)\W*$", re.IGNORECASE)


@dataclass(frozen=True)
class PaintRequest:
    """One image to paint.

    Parameters
    ----------
    prompt
        The instruction, or the description of the result, as the family reads it.
    size
        (width, height) to paint at, in pixels.
    result_size
        (width, height) to scale the painted image to.
    images
        What the painter sees, mode RGB, in the order of the conversation.
    base
        The image to change, mode RGB, of `size`; it is one of `images`. None: a new image.
    region
        Mode L, of `size`, white where `base` is painted over. None: everywhere.
    strength
        How much noise is laid over `base`, 0..1.
    """

    prompt: str
    size: tuple[int, int]
    result_size: tuple[int, int]
    images: tuple[Image.Image, ...] = ()
    base: Image.Image | None = None
    region: Image.Image | None = None
    strength: float = 1.0


def paint_request(
    plan: Plan,
    images: Sequence[Image.Image],
    family: Family,
    *,
    area: int,
    size: tuple[int, int] | None = None,
    mask: Image.Image | None = None,
    strength: float = STRENGTH,
    max_images: int | None = None,
    rescales: bool = False,
) -> PaintRequest:
    """What a painter of `family` gets for `plan`.

    Parameters
    ----------
    plan
        What to paint.
    images
        Those of the conversation, RGB or RGBA, numbered from 1 as in `Plan.references`.
    family
        Row of `FAMILIES`.
    area
        Number of pixels to paint.
    size
        (width, height) of the result; None: that of the image to change, or a square of `area`.
    mask
        Mode L, of any size: where the image may change, for painters that paint with noise. None:
        the plan's region.
    strength
        How much noise such painters lay over a whole image, 0..1.
    max_images
        Show no more images than this; None: what the family reads.
    rescales
        See `paint_size`.
    """
    numbers, base = reference_images(plan, len(images), max_images or family.max_images)
    if family.base_first:
        numbers.sort(key=lambda n: n != base)
    if base is None:
        result_size = size or paint_size(1, 1, family, area, rescales=rescales)
        step = family.multiple
        # A requested size is painted as it is, whatever its area.
        width, height = (max(step, round(side / step) * step) for side in result_size)
        return PaintRequest(plan.prompt, (width, height), result_size)

    source = flatten(images[base - 1])
    result_size = size or source.size
    painted_size = paint_size(*result_size, family, area, rescales=rescales)
    canvas = source.resize(painted_size, Image.Resampling.LANCZOS)
    if family.edits == "instruction":
        visible = [
            canvas if n == base else fit_reference(images[n - 1], family, area, rescales)
            for n in numbers
        ]
        prompt = edit_instruction(plan, family, numbers, base)
        return PaintRequest(prompt, painted_size, result_size, tuple(visible), canvas)

    region = None
    if objects := inserted_objects(plan, len(images), base):
        places = object_regions(objects, plan.region)
        pasted = [(images[r.image - 1], place) for r, place in zip(objects, places, strict=True)]
        canvas, region = collage(canvas, pasted)
        strength = BLEND_STRENGTH
    elif mask is not None:
        region, strength = mask.resize(painted_size), INPAINT_STRENGTH
    elif plan.region is not None:
        region, strength = region_mask(plan.region, painted_size), INPAINT_STRENGTH
    return PaintRequest(plan.prompt, painted_size, result_size, (canvas,), canvas, region, strength)


def reference_images(plan: Plan, count: int, max_images: int) -> tuple[list[int], int | None]:
    """Numbers of the images to show a painter, ascending, and that of the image to change.

    The painter sees the images in the order in which the user numbers them, so that "the cat from
    picture 1" stays true. A plan that changes no image, or no image to change: [] and None.

    Parameters
    ----------
    plan
        Its references name images by number.
    count
        How many images the conversation has.
    max_images
        How many the painter reads at most; the base image comes first, then the references in
        their order.
    """
    if plan.intent not in ("refine", "compose") or not count:
        return [], None
    references = [r for r in plan.references if r.strength > 0 and r.image <= count]
    numbers = [r.image for r in references]
    # Without a base image the background reference is the canvas, then the first reference.
    background = next((r.image for r in references if r.role == "background"), None)
    base = plan.base or background or next(iter(numbers), count)
    chosen = list(dict.fromkeys([base, *numbers]))[:max_images]
    return sorted(chosen), base


def inserted_objects(plan: Plan, count: int, base: int) -> list[Reference]:
    """References to what a composition puts into image number `base` of `count`."""
    if plan.intent != "compose":
        return []
    return [
        r
        for r in plan.references
        if r.role in ("subject", "object")
        if r.image <= count and r.image != base and r.strength > 0
    ]


def object_regions(objects: Sequence[Reference], region: Region | None) -> list[Region]:
    """Where a collage puts inserted objects.

    Parameters
    ----------
    objects
        An object with a region of its own goes there. The others stand side by side.
    region
        Where they stand: that of the plan; None: in the lower half of the image.
    """
    if region is not None and len(objects) == 1:
        return [objects[0].region or region]
    left, top, right, bottom = region or (0.0, 0.45, 1.0, 0.95)
    step = (right - left) / (len(objects) + 1)
    return [
        r.region or (left + (k - 0.5) * step, top, left + (k + 0.5) * step, bottom)
        for k, r in enumerate(objects, 1)
    ]


def change_regions(
    plan: Plan, count: int, *, pastes: bool, with_border: bool = False
) -> list[Region]:
    """Boxes that hold what a plan changes in its base image; []: they are not known.

    Parameters
    ----------
    plan
        Its base is not None.
    count
        How many images the conversation has.
    pastes
        The painter pastes every object somewhere; another one decides for itself where an object
        without a region goes.
    with_border
        Also where the painter blends pasted objects with the image around them.
    """
    objects = inserted_objects(plan, count, plan.base or 0)
    if not objects:
        return [plan.region] if plan.region else []
    if pastes:
        margins = np.array([-MARGIN, -MARGIN, MARGIN, MARGIN]) * with_border
        grown = np.clip(object_regions(objects, plan.region) + margins, 0, 1)
        return [tuple(box) for box in grown.tolist()]
    regions = [r.region or plan.region for r in objects]
    return [region for region in regions if region] if all(regions) else []


def fit_reference(
    image: Image.Image, family: Family, area: int, rescales: bool = False
) -> Image.Image:
    """An image that is only read, mode RGB: at most `area` pixels, no side below the family's."""
    width, height = image.size
    if width * height > area:
        width, height = paint_size(width, height, family, area, rescales=rescales)
    scale = max(1.0, family.min_side / min(width, height))
    size = math.ceil(width * scale), math.ceil(height * scale)
    return flatten(image).resize(size, Image.Resampling.LANCZOS)


def edit_instruction(
    plan: Plan, family: Family, numbers: Sequence[int], base: int | None = None
) -> str:
    """The instruction for an editor of `family`: what changes, what stays, which image gives what.

    Parameters
    ----------
    plan
        A refinement or a composition.
    family
        Whose wording to use: what stays, the names of images, the length.
    numbers
        Numbers of the images that the editor sees, in their order.
    base
        That of the image to change; None: the first.
    """
    base = base or numbers[0]
    text = "; ".join(plan.changes) or plan.prompt
    rows = layout_rows(plan, numbers, base, text) if family.boxes else []
    if rows:
        text = " ".join([text.rstrip(".。 "), *(f"<{row['id']}>" for row in rows)])
    if plan.intent == "refine":
        text = text.rstrip(".。 ")
        keep = ", ".join(plan.keep) or "everything else"
        if family.max_words and len(f"{text} {keep}".split()) > family.max_words:
            keep = "everything else"
        text += family.keep.format(keep=keep)
    positions = {number: position for position, number in enumerate(numbers, 1)}
    names = {n: family.reference.format(n=k, i=k - 1) for n, k in positions.items()}
    renamed = family.reference and (len(numbers) > 1 or "{base}" in family.instruction)
    if renamed:
        text = name_images(text, names)
    if len(numbers) > 1 and (references := describe_references(plan.references, positions)):
        if renamed:
            references = name_images(references, {positions[n]: names[n] for n in numbers})
        text = f"{text.rstrip('. ')}. {references}"
    text = family.instruction.format(change=text, base=names[base], result=plan.prompt)
    return f"{text} {json.dumps(rows, ensure_ascii=False)}" if rows else text


def layout_rows(plan: Plan, numbers: Sequence[int], base: int, change: str) -> list[dict[str, Any]]:
    """The boxes of a plan as FLUX.3 reads them, one row for each thing whose place is known.

    A row has the keys id, from (the image that gives the thing; None: it is drawn), src_bbox (the
    thing there), tgt_bbox (where it goes) and desc. A box is [top, left, bottom, right] in 0..1000.
    https://docs.bfl.ai/flux_3/flux3_image_bounding_boxes

    Parameters
    ----------
    plan
        Its region is where something changes; the regions of its references, where these go.
    numbers
        Numbers of the images that the editor sees, in their order.
    base
        That of the image to change.
    change
        What changes, in words.
    """
    box = _grid_box(plan.region) if plan.region else None
    rows: list[dict[str, Any]] = [
        {
            "from": f"ref_image_{numbers.index(r.image)}",
            "src_bbox": [0, 0, 1000, 1000],
            "tgt_bbox": _grid_box(r.region),
            "desc": r.what or "the main thing",
        }
        for r in plan.references
        if r.region and r.image in numbers and r.image != base
    ]
    if box and not rows and _REMOVES.search(change):
        image = f"ref_image_{numbers.index(base)}"
        rows = [{"from": image, "src_bbox": box, "tgt_bbox": None, "desc": change}]
    elif box and not rows:
        rows = [{"from": None, "src_bbox": None, "tgt_bbox": box, "desc": change}]
    return [{"id": f"obj_{k}", **row} for k, row in enumerate(rows, 1)]


def _grid_box(region: Region) -> list[int]:
    """A region as [top, left, bottom, right] in thousandths."""
    left, top, right, bottom = (round(1000 * side) for side in region)
    return [top, left, bottom, right]
