"""Painting a case, with and without what is measured: rewriting or preservation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PIL import Image

from ...painting.painter import PaintSettings, image_seeds
from ...painting.step import FinishedImage, leave_unchanged, paint_step
from ...pipeline import Pipeline
from ...planning.planner import Planner
from ...planning.requests import compose_request, generate_request, refine_request
from ...records.conversation import Conversation, image_parts
from ...records.hooks import Sampling
from ...records.plan import Intent, Plan
from .cases import Case

PLAIN, REWRITTEN = "prompt as it is", "rewritten"
AS_PAINTED, PRESERVED = "as painted", "preserved"


def draw(
    pipeline: Pipeline, prompts: Sequence[str], seed: int, settings: PaintSettings
) -> list[Image.Image]:
    """One image for each prompt, which no chat model changes; seeds as `Copilot.generate`'s."""
    steps = []
    for prompt, image_seed in zip(prompts, image_seeds(seed, len(prompts)), strict=True):
        request, mllm = generate_request(prompt), pipeline.mllm
        if isinstance(mllm, Planner):  # its plan holds the visual tokens
            plan = mllm.plan(request, intent="generate", sampling=Sampling(seed=image_seed))
        else:
            plan = Plan("generate", prompt=prompt)
        steps.append(paint_step(plan, request, image_seed, settings=settings))
    return [image.part.image for image in pipeline.run(steps)]


def edit(pipeline: Pipeline, case: Case, seed: int) -> dict[str, list[Image.Image]]:
    """The result of each turn, as it was painted and preserved.

    Each of the two conversations goes on from its own results; the first turn is painted once.
    """
    make_request = compose_request if case.intent == "compose" else refine_request
    request = make_request(case.images(), case.prompts[0])
    first = _turn(pipeline, request, case.intent, seed)
    results = {}
    for variant, result in first.items():
        conversation, finished = request.branch(request.head), [result]
        for instruction in case.prompts[1:]:
            pipeline.reply(conversation, finished[-1].plan, finished[-1], seed)
            conversation.add("user", instruction)
            finished.append(_turn(pipeline, conversation, case.intent, seed)[variant])
        results[variant] = [image.part.image for image in finished]
    return results


def _turn(
    pipeline: Pipeline, conversation: Conversation, intent: Intent, seed: int
) -> dict[str, FinishedImage]:
    plan = pipeline.plan(conversation, intent, seed)
    step = paint_step(plan, conversation, seed)
    if plan.refusal:
        return dict.fromkeys((AS_PAINTED, PRESERVED), leave_unchanged(step))
    part = pipeline.crop(step)
    (painted,) = pipeline.paint([part])
    preserved = pipeline.finish(part, painted)
    if part.crop is not None:  # without preservation the whole image is painted
        (painted,) = pipeline.paint([step])
    if not isinstance(preserved, FinishedImage):
        raise ValueError("this copilot paints again what fails its check; use one without a check")
    as_painted = replace(image_parts(painted)[0], features=plan.draft)
    return {AS_PAINTED: FinishedImage(plan, as_painted), PRESERVED: preserved}
