"""From a painted picture to the reply: what must stay is put back, what was made is reported.

None of it runs a painter, so that painting may happen elsewhere, in between.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from PIL import Image

from .images.convert import box_of, region_mask
from .planning.verification import Finding, look
from .records.results import Report

if TYPE_CHECKING:
    from .mllm import MLLM
    from .records.hooks import ShouldStop
    from .records.plan import Plan


@dataclass(frozen=True)
class Made:
    """A picture on its way to the user. findings: None if nobody looked at it."""

    plan: Plan
    image: Image.Image
    change_mask: Image.Image | None = None
    kept: Any = None
    findings: tuple[Finding, ...] | None = None

    @property
    def failed(self) -> Sequence[Finding]:
        """What the picture was looked at for and has not."""
        return [f for f in self.findings or () if f.holds is False]


def within(plan: Plan, pictures: Sequence[Image.Image], mask: Any) -> Plan:
    """`plan` with the box around the user's mask as its region, for painters that take no mask.

    Raises ValueError for a mask of another shape than the picture that the plan changes.
    """
    if mask is None or plan.base is None:
        return plan
    from .preservation.image_forms import read_mask

    source = pictures[plan.base - 1]
    return replace(plan, region=box_of(read_mask(mask, (source.height, source.width))))


def preserved(
    plan: Plan,
    painted: Image.Image,
    pictures: Sequence[Image.Image],
    mask: Any = None,
    *,
    aligned: bool = False,
    should_stop: ShouldStop | None = None,
) -> Made:
    """`painted`, with what `plan` was not meant to change put back from its base.

    pictures: those of the conversation. mask: where changes are allowed; None: the plan's region,
    or anywhere. aligned: see `Painter`. Of a global change, without either, nothing is put back.
    """
    if plan.base is None:
        return Made(plan, painted)
    from .preservation import preserve
    from .records.hooks import Hooks

    source = pictures[plan.base - 1]
    where = mask
    if where is None and plan.region is not None:
        where = region_mask(plan.region, source.size)
    scope: Literal["auto", "local", "global"] = "auto"
    colour: Literal["match", "keep"] = "match"
    if plan.intent == "refine" and plan.scope == "global" and where is None:
        scope = "global"
    elif plan.scope == "background" and aligned:
        # Too little stays to tell a colour shift by, and such a painter makes none.
        scope, colour = "local", "keep"
    done = preserve(
        source,
        painted,
        where,
        scope=scope,
        align="none" if aligned else "warp",
        colour=colour,
        hooks=Hooks(should_stop=should_stop),
    )
    return Made(plan, _framed(done.image, source), done.change_mask, done.report)


def looked_at(
    mllm: MLLM, made: Made, asked: Plan, *, seed: int = 0, should_stop: ShouldStop | None = None
) -> Made:
    """`made`, with what `mllm` finds of what was `asked` for."""
    found = look(mllm, made.image, asked, seed=seed, should_stop=should_stop)
    return replace(made, findings=tuple(found))


def better(first: Made, second: Made) -> Made:
    """The one of which less has failed."""
    return second if len(second.failed) < len(first.failed) else first


def report(
    plan: Plan, made: Made | None, *, seed: int, mllm: str, painter: str, check: Any = None
) -> Report:
    """What was planned, painted and kept. check: `looking.summary`, if anyone was to look."""
    lines = [f"{plan.intent}: {plan.text or plan.prompt}"]
    if plan.prompt and plan.prompt not in lines[0]:
        lines.append(f"{'seen' if plan.intent == 'answer' else 'prompt'}: {plan.prompt}")
    if plan.unknown:
        lines.append(not_known(mllm, plan))
    data = {"seed": seed, "plan": plan.to_dict(), "model": mllm}
    if plan.intent != "answer":
        lines.append(f"painted by {painter}, seed {seed}")
        data["painter"] = painter
    if made is not None and made.kept is not None:
        lines.append(str(made.kept))
        data["preservation"] = json.loads(made.kept.to_json())
    if check is not None:
        line, data["check"] = check
        lines.append(line)
    return Report("\n".join(lines), data)


def not_known(mllm: str, plan: Plan) -> str:
    """What the user is told of words that the MLLM was never taught."""
    return f"{mllm} does not know: {', '.join(plan.unknown)}"


def _framed(image: Image.Image, source: Image.Image) -> Image.Image:
    """`image` in the size of its source and with its alpha, where preservation let it pass."""
    if image.size != source.size:
        image = image.resize(source.size, Image.Resampling.LANCZOS)
    if source.mode == "RGBA" and image.mode != "RGBA":
        image = image.convert("RGBA")
        image.putalpha(source.getchannel("A"))
    return image
