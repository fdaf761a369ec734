"""A step of the pipeline: an image that is planned, painted, and given back what should stay."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from PIL import Image

from ..images.convert import EMPTY_MASK, box_of, region_mask, to_pil
from ..planning.verification import CheckResult
from ..records.conversation import Conversation, ImagePart, image_parts
from ..records.hooks import NO_HOOKS, Hooks
from .crop import Crop, match_size_and_alpha
from .painter import DEFAULT_SETTINGS, PaintSettings
from .request import change_regions

if TYPE_CHECKING:
    from ..preservation import Report as PreservationReport
    from ..records.plan import Plan, Region


@dataclass(frozen=True)
class Step:
    """An image that is planned and to be painted.

    conversation ends with the user's turn. mask: where changes are allowed (mode L, of the source's
    size); None: where the plan says. crop: the part of the source that is painted; None: all of it.
    notes: for the report. first: where the image is painted a second time, the first one.
    """

    plan: Plan
    conversation: Conversation
    seed: int
    mask: Image.Image | None = None
    settings: PaintSettings = DEFAULT_SETTINGS
    crop: Crop | None = None
    notes: tuple[str, ...] = ()
    first: FinishedImage | None = None

    @property
    def source(self) -> ImagePart | None:
        """The image that is changed; None for a new image."""
        return None if self.plan.base is None else self.conversation.images[self.plan.base - 1]

    @property
    def images(self) -> list[Image.Image]:
        """The images of the conversation, for painters: with the crop in place of the source."""
        parts, source, crop = self.conversation.images, self.source, self.crop
        if crop is not None:
            parts = [crop.part(part) if part is source else part for part in parts]
        return [part.image for part in parts]

    @property
    def local_plan(self) -> Plan:
        """The plan for painters: its regions are in the frame of the crop."""
        return self.plan if self.crop is None else self.crop.plan(self.plan)

    @property
    def local_mask(self) -> Image.Image | None:
        """The mask in the frame of the crop."""
        if self.mask is None or self.crop is None:
            return self.mask
        return self.mask.crop(self.crop.box)


@dataclass(frozen=True)
class FinishedImage:
    """A painted image after preservation, and its check results (None: not verified).

    plan: what it was painted from. preservation: None where nothing had to stay. notes: for the
    report.
    """

    plan: Plan
    part: ImagePart
    change_mask: Image.Image | None = None
    preservation: PreservationReport | None = None
    notes: tuple[str, ...] = ()
    checks: tuple[CheckResult, ...] | None = None

    @property
    def failures(self) -> list[CheckResult]:
        """The check results that do not hold."""
        return [check for check in self.checks or () if check.holds is False]

    @property
    def changed(self) -> float:
        """Share of the whole image that changed, 0..1; `preservation` may be of a crop."""
        if self.change_mask is None:
            return 1.0
        return sum(self.change_mask.histogram()[128:]) / math.prod(self.change_mask.size)

    @property
    def score(self) -> float:
        """The sum of its check scores: what cannot be told counts nothing."""
        return sum(check.score or 0.0 for check in self.checks or ())


def paint_step(
    plan: Plan,
    conversation: Conversation,
    seed: int,
    mask: Any = None,
    settings: PaintSettings = DEFAULT_SETTINGS,
) -> Step:
    """The step that paints `plan`. The box around `mask` becomes the plan's region.

    A mask that is nowhere above half counts as none. Raises ValueError for a mask of another shape
    than the image that the plan changes.
    """
    step = Step(plan, conversation, seed, settings=settings)
    if mask is None or step.source is None:
        return step
    from ..preservation.masks import read_mask, soft_mask

    size = step.source.image.size
    allowed = read_mask(mask, size[::-1])
    if not allowed.any():
        return replace(step, notes=(EMPTY_MASK,))
    mask = soft_mask(mask, size)  # soft edges are for painters that take them
    # The region is for painters that take no mask.
    return replace(step, plan=replace(plan, region=box_of(allowed)), mask=mask)


def leave_unchanged(step: Step) -> FinishedImage:
    """The image that a refused plan leaves as it is: the one to change, or the first one shown."""
    part = step.source or step.conversation.turns[-1].images[0]
    return FinishedImage(step.plan, part, Image.new("L", part.image.size))


def preserve_unchanged(
    step: Step,
    painted: ImagePart,
    *,
    aligned: bool = False,
    pastes: bool = False,
    hooks: Hooks = NO_HOOKS,
) -> FinishedImage:
    """`painted`, with what the plan was not meant to change put back from its base image.

    aligned: see `Painter`. pastes: inserted objects stand where `change_regions` puts them. After a
    global change without a mask or region nothing is put back.
    """
    plan, whole = step.local_plan, step.source
    if whole is None:
        return FinishedImage(plan, replace(painted, features=plan.draft), notes=step.notes)
    from ..preservation import preserve

    source = whole if step.crop is None else step.crop.part(whole)
    mask, hint = step.local_mask, None
    if mask is None:  # regions of a plan are a model's guess: they do not limit the change
        regions = change_regions(plan, len(step.images), pastes=pastes, with_border=True)
        hint = _mask_of(regions, source.image.size) if regions else None
    # A plan that names a place, or of which a part of the image was painted, is local.
    named = plan.scope != "global" and (hint is not None or step.crop is not None)
    scope: Literal["auto", "local", "global"] = "local" if named else "auto"
    colour: Literal["match", "keep"] = "match"
    if plan.intent == "refine" and plan.scope == "global" and mask is hint is None:
        scope = "global"
    elif plan.scope == "background" and aligned:
        # So little is unchanged that a colour shift cannot be measured; an aligned painter
        # makes none.
        scope, colour = "local", "keep"
    preserved = preserve(
        source.exact,
        painted.exact,
        mask,
        hint=hint,
        scope=scope,
        align="none" if aligned else "warp",
        colour=colour,
        hooks=hooks,
    )
    part = match_size_and_alpha(image_parts(preserved.image)[0], source)
    change_mask = preserved.change_mask
    if not isinstance(change_mask, Image.Image):
        change_mask = to_pil(change_mask[..., None])[0].convert("L")
    if step.crop is not None:
        part, change_mask = step.crop.stitch(whole, part, change_mask)
    part = replace(part, features=plan.draft)
    return FinishedImage(step.plan, part, change_mask, preserved.report, step.notes)


def _mask_of(regions: Sequence[Region], size: tuple[int, int]) -> Image.Image:
    """White in `regions`: mode L of that size."""
    mask = Image.new("L", size)
    for region in regions:
        mask.paste(255, mask=region_mask(region, size))
    return mask
