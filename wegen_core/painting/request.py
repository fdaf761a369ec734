"""What a painter of one family is asked for: a plan in its wording, pictures in sizes it keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PIL import Image

from ..images.convert import flatten, region_mask
from .collage import collage
from .families import Family, instruction, paint_size, shown_size

if TYPE_CHECKING:
    from ..records.plan import Plan, Reference

STRENGTH, INPAINT_STRENGTH, BLEND_STRENGTH = 0.6, 0.99, 0.5
"""How much noise an editor without instructions lays over the picture, over a region of it that is
made anew, and over things that were laid into it."""


@dataclass(frozen=True)
class PaintRequest:
    """One picture to paint.

    size: (width, height) to paint at. final: what to scale the result to. images: what the
    painter sees, RGB, in the conversation's order. base: the one to change, RGB, of `size`; None
    for a picture made anew. region: mode L, of `size`, white where `base` is painted over; None:
    all of it. strength: how much noise is laid over `base`, 0..1.
    """

    prompt: str
    size: tuple[int, int]
    final: tuple[int, int]
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
) -> PaintRequest:
    """What to ask a painter of `family` for.

    images: those of the conversation. area: pixels to paint. size: of the result; None: that of
    the picture to change, or a square. mask: mode L, where that may change; None: the plan's
    region. strength: of the noise over a whole picture.
    """
    shown, base = _reference_images(plan, len(images), family)
    source = flatten(images[base - 1]) if base else None
    square = round(area**0.5)
    final = size or (source.size if source else paint_size(square, square, family, area))
    if source is None and size is not None:  # as large as asked, not as large as it likes
        step = family.multiple
        width, height = (max(step, round(side / step) * step) for side in size)
    else:
        width, height = paint_size(*final, family, area)
    if source is None:
        return PaintRequest(plan.prompt, (width, height), final)
    fitted = source.resize((width, height), Image.Resampling.LANCZOS)
    if family.edits != "noise":
        seen = [fitted if n == base else _fit_reference(images[n - 1], family, area) for n in shown]
        return PaintRequest(
            instruction(plan, family, shown), fitted.size, final, tuple(seen), fitted
        )
    request = PaintRequest(plan.prompt, fitted.size, final, (fitted,), fitted)
    if inserted := _inserted_objects(plan, len(images), base):
        place = plan.region if len(inserted) == 1 else None
        together, laid = collage(
            fitted, [(images[r.image - 1], r.region or place) for r in inserted]
        )
        return replace(
            request, images=(together,), base=together, region=laid, strength=BLEND_STRENGTH
        )
    region = None if mask is None else mask.resize(fitted.size)
    if region is None and plan.region is not None:
        region = region_mask(plan.region, fitted.size)
    noise = strength if region is None else INPAINT_STRENGTH
    return replace(request, region=region, strength=noise)


def _reference_images(plan: Plan, count: int, family: Family) -> tuple[list[int], int | None]:
    """Numbers of the pictures to show, in their order, and of the one to be changed.

    The painter sees them in the order in which the user counts them: "the cat from picture 1".
    """
    if plan.intent not in ("refine", "compose") or family.edits == "none" or not count:
        return [], None
    given = [r for r in plan.references if r.strength > 0 and r.image <= count]
    numbers = [r.image for r in given]
    # Where nothing must stay, things still lie best on a background that was given.
    behind = next((r.image for r in given if r.role == "background"), None)
    base = plan.base or behind or next(iter(numbers), count)
    chosen = list(dict.fromkeys([base, *numbers]))[: family.pictures]
    return sorted(chosen), base


def _inserted_objects(plan: Plan, count: int, base: int | None) -> list[Reference]:
    """What a composition puts into the picture `base`."""
    return [
        r
        for r in plan.references
        if plan.intent == "compose" and r.role in ("subject", "object")
        if r.image <= count and r.image != base and r.strength > 0
    ]


def _fit_reference(image: Image.Image, family: Family, area: int) -> Image.Image:
    """A picture that is only looked at: no smaller than the family reads, no larger than needed."""
    size = image.size
    if size[0] * size[1] > area:
        size = paint_size(*size, family, area)
    return flatten(image).resize(shown_size(*size, family), Image.Resampling.LANCZOS)
