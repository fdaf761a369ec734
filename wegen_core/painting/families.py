"""How each family of diffusers pipelines wants to be asked: rows of data, and the wording."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..planning.references import describe_references
from ..records.plan import Plan
from ..rewriting.keep_clause import FAMILIES as WORDING


@dataclass(frozen=True)
class Family:
    """One family of pipelines.

    prefix: of the class names. edits: how it changes a picture: "instruction" reads a sentence and
    the picture, "noise" paints over the picture with noise (image-to-image, inpaint), "none". area:
    pixels it was trained at. multiple: both sides are multiples of it. pictures: how many it reads
    at most, each side of them at least `least`. wording: a row of `rewriting.FAMILIES`. rescales:
    it makes every picture `area` large again by itself. guidance: what the guidance scale is
    called. extra: more arguments of the call.
    """

    prefix: str
    edits: Literal["instruction", "noise", "none"]
    area: int = 1024 * 1024
    multiple: int = 16
    pictures: int = 1
    least: int = 1
    wording: str = "plain"
    rescales: bool = False
    guidance: str = "guidance_scale"
    extra: dict[str, Any] = field(default_factory=dict)


_QWEN: dict[str, Any] = {
    "edits": "instruction",
    "multiple": 32,
    "wording": "qwen",
    "rescales": True,
    "guidance": "true_cfg_scale",
    "extra": {"negative_prompt": " "},  # without one there is no guidance
}
FAMILIES = (
    Family("QwenImageEditPlus", pictures=3, **_QWEN),
    Family("QwenImageEdit", **_QWEN),
    Family("QwenImage", "none", multiple=32, guidance="true_cfg_scale", extra=_QWEN["extra"]),
    # Else it takes the nearest of its own 17 sizes, and the picture shifts.
    Family("FluxKontext", "instruction", wording="kontext", extra={"_auto_resize": False}),
    Family("Flux2", "instruction", pictures=10, least=64, wording="flux2"),
    Family("FluxPipeline", "noise"),
    Family("StableDiffusionXL", "noise", multiple=8, wording="sdxl"),
    Family("StableDiffusion", "noise", area=512 * 512, multiple=8, wording="sdxl"),
    Family("", "none"),
)


def family_of(pipeline: object) -> Family:
    """The first row whose prefix fits the class name; the last row fits all."""
    name = type(pipeline).__name__
    return next(f for f in FAMILIES if name.startswith(f.prefix))


def paint_size(width: int, height: int, family: Family, area: int) -> tuple[int, int]:
    """The (width, height) to paint a picture of this shape at: of `area`, and never rescaled."""
    if family.rescales:
        size = _own_size(width / height, area)
        for _ in range(8):  # its own rounding, until rounding changes nothing
            size = _own_size(size[0] / size[1], area)
        return size
    step, wanted = family.multiple, math.log(width / height)
    best = math.sqrt(area * width / height)
    sides = [
        [max(step, int(side / step + k) * step) for k in (-1, 0, 1)] for side in (best, area / best)
    ]
    sizes = [(w, h) for w in sides[0] for h in sides[1] if w * h <= area]
    if not sizes:
        return step, step
    return min(sizes, key=lambda s: 10 * abs(math.log(s[0] / s[1]) - wanted) - s[0] * s[1] / area)


def _own_size(ratio: float, area: int) -> tuple[int, int]:
    """What Qwen-Image-Edit makes of any picture of this shape."""
    width = math.sqrt(area * ratio)
    return max(32, round(width / 32) * 32), max(32, round(width / ratio / 32) * 32)


def instruction(plan: Plan, family: Family, shown: Sequence[int]) -> str:
    """What an editor is told. shown: numbers of the pictures it sees, in their order."""
    words = "; ".join(plan.changes) or plan.prompt
    keep = ", ".join(plan.keep) or "everything else"
    if plan.intent == "refine":
        words = words.rstrip(".。 ") + WORDING[family.wording].keep.format(keep=keep)
    if len(shown) < 2:
        return words
    roles = describe_references(
        plan.references, {number: place for place, number in enumerate(shown, 1)}
    )
    return f"{words.rstrip('. ')}. {roles}" if roles else words


def shown_size(width: int, height: int, family: Family) -> tuple[int, int]:
    """The size to show a picture at: its own, or larger where the family reads none so small."""
    scale = max(1.0, family.least / min(width, height))
    return math.ceil(width * scale), math.ceil(height * scale)
