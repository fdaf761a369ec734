"""plan -> paint -> preserve -> verify, written once, as steps that can be resumed.

`Copilot` runs the steps in a loop; ComfyUI nodes run them with ComfyUI's own nodes in between:

    plan = pipeline.plan(conversation, "refine")          # what to do
    step = paint_step(plan, conversation, seed, mask)     # an image to be painted
    step = pipeline.crop(step)                            # only a part of it, where that is sharper
    painted = ...                                         # by the pipeline's painter, or elsewhere
    outcome = pipeline.finish(step, painted)              # preserved and verified, or ...
    while isinstance(outcome, Step): ...                  # ... a step to paint again
    pipeline.result(step, outcome)                        # with its report
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from PIL import Image

from .constraints.vagueness import is_short_prompt
from .mllm.chat_model import require_chat_model
from .mllm.vocabulary import out_of_vocabulary
from .painting.crop import crop_around
from .painting.painter import DEFAULT_SETTINGS, PaintSettings, image_seeds
from .painting.request import change_regions
from .painting.step import FinishedImage, Step, leave_unchanged, paint_step, preserve_unchanged
from .planning.planner import Planner, describe_sources
from .planning.references import merge_user_references, resolve_base_image
from .planning.requests import generate_request, require_count, require_text
from .planning.small_world import refuse_unknown
from .planning.verification import (
    Expert,
    MLLMExpert,
    emphasise_failures,
    find_atoms,
    verify,
)
from .planning.words import WordsPlanner
from .records.conversation import Conversation, image_parts
from .records.hooks import NO_HOOKS, Hooks, Sampling
from .records.results import ImageResult, Reply, Report
from .rewriting import rewrite

if TYPE_CHECKING:
    from .mllm.chat_model import ChatModel
    from .painting.painter import Painter
    from .records.plan import Intent, Plan

Check = Literal["off", "report", "repaint"]


class Pipeline:
    """The steps, for one chat model, one painter and how images are checked (see `Copilot`)."""

    def __init__(
        self,
        mllm: ChatModel | None,
        painter: Painter | None,
        check: Check = "off",
        experts: Sequence[Expert] = (),
    ) -> None:
        if check not in get_args(Check):
            raise ValueError(f"check is {check!r}; use one of {', '.join(get_args(Check))}")
        self.planner: Planner
        if mllm is None:
            self.planner = WordsPlanner()
        else:
            from .planning.chat_planner import ChatPlanner  # ComfyUI starts without it

            require_chat_model(mllm)
            self.planner = mllm if isinstance(mllm, Planner) else ChatPlanner(mllm)
        self.mllm = mllm
        self.painter = painter
        self.check = check
        self.experts = tuple(experts)

    def plan(
        self,
        conversation: Conversation,
        intent: Intent | None = None,
        seed: int = 0,
        hooks: Hooks = NO_HOOKS,
    ) -> Plan:
        """The plan for the last turn of `conversation`; `intent` forces its kind."""
        plan = self.planner.plan(
            conversation, intent=intent, sampling=Sampling(seed=seed), hooks=hooks
        )
        self._require_intent(plan, intent)
        turn = conversation.turns[-1]
        plan = resolve_base_image(merge_user_references(plan, turn.references), conversation)
        plan = replace(plan, unknown=self._out_of_vocabulary(turn.text))
        plan = refuse_unknown(plan, intent, conversation, self.mllm, self.painter)
        self._emit_unknown_words(plan, hooks)
        return plan

    def plan_images(
        self, prompt: str, n: int = 1, seed: int = 0, hooks: Hooks = NO_HOOKS
    ) -> list[Plan]:
        """Plans for `n` new images. A short prompt is rewritten differently for each."""
        require_text(prompt, "prompt", "say what to draw")
        require_count(n)
        prompts = [prompt] * n
        if is_short_prompt(prompt):
            quiet = replace(hooks, on_text=None)
            rewrites = rewrite(prompt, n, seed, mllm=self.mllm, edit=False, hooks=quiet)
            prompts = [r.prompt for r in rewrites]
        unknown = self._out_of_vocabulary(prompt)
        plans = []
        for k, (text, image_seed) in enumerate(zip(prompts, image_seeds(seed, n), strict=True)):
            if k and hooks.on_text is not None:
                hooks.on_text("\n")
            plan = self.planner.plan(
                generate_request(text),
                intent="generate",
                sampling=Sampling(seed=image_seed),
                hooks=hooks,
            )
            self._require_intent(plan, "generate")
            plans.append(replace(plan, references=(), unknown=unknown))
        self._emit_unknown_words(plans[0], hooks)
        return plans

    def _require_intent(self, plan: Plan, intent: Intent | None) -> None:
        if intent not in (None, plan.intent):
            raise RuntimeError(
                f"{self.planner.name} planned {plan.intent!r} where {intent!r} was asked for"
            )

    def _out_of_vocabulary(self, words: str) -> tuple[str, ...]:
        if self.mllm is None:
            return ()
        return out_of_vocabulary(words, self.mllm.capabilities.vocabulary)

    def _emit_unknown_words(self, plan: Plan, hooks: Hooks) -> None:
        if plan.unknown and hooks.on_text is not None:
            hooks.on_text(f"\n{self._unknown_words(plan)}")

    def _unknown_words(self, plan: Plan) -> str:
        return f"{self.planner.name} does not know: {', '.join(plan.unknown)}"

    def crop(self, step: Step) -> Step:
        """`step` with the crop to paint, where a small part of a large image changes.

        A painter would paint the whole at a smaller size.
        """
        plan, source, painter = step.plan, step.source, self.painter
        if painter is None or painter.area is None or source is None or step.crop is not None:
            return step
        if step.mask is None and plan.scope in ("background", "global"):
            return step
        regions = change_regions(plan, len(step.images), pastes=painter.aligned)
        crop = crop_around(regions, source.image.size, painter.area) if regions else None
        if crop is None:
            return step
        note = f"painted only a crop, {crop}, and stitched it back; preservation is of the crop"
        return replace(step, crop=crop, notes=(*step.notes, note))

    def paint(self, steps: Sequence[Step], hooks: Hooks = NO_HOOKS) -> list[Image.Image]:
        """The images of `steps`, painted as one batch by the pipeline's own painter.

        The steps share their conversation's images and their settings.
        """
        if self.painter is None:
            raise ValueError("this copilot has no painter; give it one to paint images")
        first = steps[0]
        return self.painter.paint(
            [step.local_plan for step in steps],
            first.images,
            seeds=[step.seed for step in steps],
            settings=first.settings,
            hooks=replace(hooks, on_text=None),
        )

    def finish(self, step: Step, painted: Any, hooks: Hooks = NO_HOOKS) -> FinishedImage | Step:
        """Preserve and verify a painted image (PIL, array or tensor).

        Returns a Step where the check failed and the image is to be painted once more.
        """
        aligned = self.painter is not None and self.painter.aligned
        # One that always paints the whole image puts objects where it likes.
        pastes = aligned and self.painter is not None and self.painter.area is not None
        part = image_parts(painted)[0]
        image = preserve_unchanged(step, part, aligned=aligned, pastes=pastes, hooks=hooks)
        # A second attempt is checked for what the first was asked, not for its emphasised plan.
        plan = step.first.plan if step.first else step.plan
        experts: list[Expert] = [*self.experts]
        if self.mllm is not None and self.mllm.capabilities.sees:
            experts.append(MLLMExpert(self.mllm, step.seed))
        if self.check != "off" and experts:
            atoms = find_atoms(plan, step.conversation)
            checks = verify(image.part.image, atoms, experts, hooks=hooks)
            image = replace(image, checks=tuple(checks))
        if step.first is not None:
            return image if image.score > step.first.score else step.first
        if image.failures and self.check == "repaint":
            return replace(step, plan=emphasise_failures(plan, image.failures), first=image)
        return image

    def run(self, steps: Sequence[Step], hooks: Hooks = NO_HOOKS) -> list[FinishedImage]:
        """Paint and finish `steps` with the pipeline's own painter."""
        steps = [self.crop(step) for step in steps]
        to_paint = [step for step in steps if not step.plan.refusal]
        painted = iter(self.paint(to_paint, hooks) if to_paint else ())
        images = []
        for step in steps:
            outcome: FinishedImage | Step
            if step.plan.refusal:
                outcome = leave_unchanged(step)
            else:
                outcome = self.finish(step, next(painted), hooks)
            while isinstance(outcome, Step):
                outcome = self.finish(outcome, self.paint([outcome], hooks)[0], hooks)
            images.append(outcome)
        return images

    def generate(
        self,
        prompt: str,
        n: int = 1,
        seed: int = 0,
        settings: PaintSettings = DEFAULT_SETTINGS,
        hooks: Hooks = NO_HOOKS,
    ) -> list[ImageResult]:
        """`n` new images of `prompt` with their reports; see `Copilot.generate`."""
        plans = self.plan_images(prompt, n, seed, hooks)
        steps = [
            paint_step(plan, generate_request(prompt), image_seed, settings=settings)
            for plan, image_seed in zip(plans, image_seeds(seed, n), strict=True)
        ]
        images = self.run(steps, hooks)
        return [self.result(step, image) for step, image in zip(steps, images, strict=True)]

    def result(self, step: Step, image: FinishedImage) -> ImageResult:
        """`image` with the report of how it was made."""
        report = self.report(image.plan, image, step.seed)
        return ImageResult(image.part, image.plan, report, image.change_mask)

    def reply(
        self, conversation: Conversation, plan: Plan, image: FinishedImage | None, seed: int
    ) -> Reply:
        """Add the assistant's turn to `conversation`: the image, or the answer of the plan."""
        text = plan.text or plan.prompt
        report = self.report(plan, image, seed)
        parts = [] if image is None else [image.part]
        conversation.add("assistant", text, *parts, record=report.data)
        change_mask = None if image is None else image.change_mask
        return Reply("\n".join([text, *self.notes(plan, image)]), parts, plan, report, change_mask)

    def notes(self, plan: Plan, image: FinishedImage | None) -> list[str]:
        """What the user should know at once: unknown words, and why nothing has changed."""
        if plan.refusal:
            return [plan.refusal]
        notes = [self._unknown_words(plan)] if plan.unknown else []
        if image is not None and image.change_mask is not None and not image.change_mask.getbbox():
            from .preservation.report import OUTSIDE_MASK

            is_outside = image.preservation and image.preservation.reason == OUTSIDE_MASK
            why = f": {OUTSIDE_MASK}" if is_outside else ""
            notes.append(f"Nothing in the image has changed{why}.")
        return notes

    def report(self, plan: Plan, image: FinishedImage | None, seed: int) -> Report:
        """What was planned, painted, preserved and verified."""
        lines = [f"{plan.intent}: {plan.text or plan.prompt}"]
        if plan.prompt and plan.prompt not in lines[0]:
            lines.append(f"{'seen' if plan.intent == 'answer' else 'prompt'}: {plan.prompt}")
        if plan.refusal:
            lines.append(plan.refusal)
        elif plan.unknown:
            lines.append(self._unknown_words(plan))
        if plan.sources:
            lines.append(f"planned by {self.planner.name}: {describe_sources(plan)}")
        data = {"seed": seed, "plan": plan.to_dict(), "model": self.planner.name}
        if plan.intent != "answer" and not plan.refusal and self.painter is not None:
            lines.append(f"painted by {self.painter.name}, seed {seed}")
            data["painter"] = self.painter.name
        if image is not None and image.notes:
            lines += image.notes
            data["notes"] = list(image.notes)
        if image is not None and image.preservation is not None:
            lines.append(str(image.preservation))
            data["preservation"] = json.loads(image.preservation.to_json())
        if image is not None and self.check != "off":
            if image.checks is None:
                why = "it needs an MLLM or an expert"
                if self.mllm is not None:
                    why = f"{self.mllm.name} does not see images, and there is no expert"
                lines.append(f"check skipped: {why}")
                data["check"] = "skipped"
            else:
                checks = "; ".join(map(str, image.checks)) or "nothing to check"
                lines.append(f"checked: {checks}")
                data["check"] = [vars(check).copy() for check in image.checks]
        return Report("\n".join(lines), data)
