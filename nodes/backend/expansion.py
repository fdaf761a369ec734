"""The pipeline inside ComfyUI.

A painter that is a model loaded in ComfyUI (`ComfyPainter`) paints by expanding the node into
ComfyUI's nodes, with WeGenFinish behind them; any other painter paints at once.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from ...wegen_core.painting.painter import PaintSettings, image_seeds
from ...wegen_core.painting.step import FinishedImage, Step, paint_step
from ...wegen_core.planning.requests import generate_request
from ...wegen_core.records.conversation_files import content_name
from .comfy_painter import ComfyPainter
from .graph import COPILOT, Link, OpaqueInput, PaintingGraph
from .memory import ManagedCopilot, interruptible, require_copilot, show_text
from .sockets import resize_batch, to_image, to_mask, to_parts

if TYPE_CHECKING:
    from torch import Tensor

    from ...wegen_core.planning.verification import CheckResult
    from ...wegen_core.records.conversation import Conversation
    from ...wegen_core.records.plan import Intent, Plan

PLAN_SEED = 0
"""Another seed of the node paints the same plan again: only the sampler has to run."""
IMAGE, MASK, REPORT, TEXT, CONVERSATION, RESULTS = range(6)
"""Outputs of WeGenFinish. IMAGE, MASK and REPORT cover all images so far, TEXT and CONVERSATION the
last one. RESULTS holds all of them, for the WeGenFinish of the next image."""


@dataclass(frozen=True)
class PendingImage:
    """What WeGenFinish needs to know of an image that ComfyUI's nodes paint.

    result_size: (width, height) of a new image. shows_reply: see `ExpansionContext`.
    """

    step: Step
    result_size: tuple[int, int]
    shows_reply: bool


@dataclass(frozen=True)
class ExpansionContext:
    """The node on screen that runs: its id, its copilot, and the link the copilot comes by.

    Nodes that it expands into get the copilot by the same link: ComfyUI remembers the inputs of the
    last graph, and a model among them would stay in memory when everything else is released.
    shows_reply: the node shows the copilot's reply; else what was done, in a line.
    """

    node_id: str
    copilot: ManagedCopilot
    link: Link
    shows_reply: bool = False

    @classmethod
    def of(
        cls, hidden: Any, copilot: ManagedCopilot, shows_reply: bool = False
    ) -> ExpansionContext:
        """hidden: the node's hidden inputs, its id and the graph."""
        require_copilot(copilot)
        node = hidden.dynprompt.get_node(hidden.unique_id)
        return cls(hidden.unique_id, copilot, node["inputs"]["copilot"], shows_reply)

    @property
    def comfy_painter(self) -> ComfyPainter | None:
        """The copilot's painter, if it paints with ComfyUI's nodes."""
        painter = self.copilot.copilot.painter
        return painter if isinstance(painter, ComfyPainter) else None

    def plan(self, conversation: Conversation, intent: Intent | None, seed: int) -> Plan:
        """The plan for the last turn of `conversation`.

        Where ComfyUI's nodes paint, the same conversation always gets the same plan.
        """
        key = None
        if self.comfy_painter is not None:
            seed = PLAN_SEED
            turns = [
                (
                    turn.role,
                    turn.text,
                    turn.references,
                    [content_name(p.image) for p in turn.images],
                )
                for turn in conversation.turns
            ]
            key = repr((intent, turns))
        plans = self.copilot.plans.get(key)
        if plans is None:
            with self.copilot.on_device(self.node_id) as hooks:
                plans = [self.copilot.copilot.pipeline.plan(conversation, intent, seed, hooks)]
            plans = self.copilot.store_plans(key, plans)
        return plans[0]

    def plan_images(self, prompt: str, n: int, seed: int) -> list[Plan]:
        """Plans for `n` new images of `prompt`; the same ones again, as in `plan`."""
        key = None
        if self.comfy_painter is not None:
            seed, key = PLAN_SEED, repr((prompt, n))
        plans = self.copilot.plans.get(key)
        if plans is None:
            with self.copilot.on_device(self.node_id) as hooks:
                plans = self.copilot.copilot.pipeline.plan_images(prompt, n, seed, hooks)
            plans = self.copilot.store_plans(key, plans)
        return plans


def generate_steps(
    context: ExpansionContext, prompt: str, n: int, seed: int, settings: PaintSettings
) -> list[Step]:
    """The steps that paint `n` new images of `prompt`."""
    return [
        paint_step(plan, generate_request(prompt), image_seed, settings=settings)
        for plan, image_seed in zip(
            context.plan_images(prompt, n, seed), image_seeds(seed, n), strict=True
        )
    ]


def paint(context: ExpansionContext, steps: Sequence[Step], *outputs: int) -> io.NodeOutput:
    """Those `outputs` of WeGenFinish for all of `steps`: painted now, or by expansion."""
    refusal = next((step.plan.refusal for step in steps if step.plan.refusal), "")
    if context.comfy_painter is not None and refusal:  # for one image: then for all of the batch
        steps = [replace(step, plan=replace(step.plan, refusal=refusal)) for step in steps]
    elif context.comfy_painter is not None:
        links, nodes = expand(context, steps)
        return io.NodeOutput(*(links[i] for i in outputs), expand=nodes)
    pipeline = context.copilot.copilot.pipeline
    # New images are one batch; changed ones belong to different conversations.
    batches = [steps] if all(step.plan.base is None for step in steps) else [[s] for s in steps]
    with context.copilot.on_device(context.node_id) as hooks:
        images = [image for batch in batches for image in pipeline.run(batch, hooks)]
    results: Any = None
    for step, image in zip(steps, images, strict=True):
        results = _add_turn(context, step, image, results)[RESULTS]
    return io.NodeOutput(*(results[i] for i in outputs))


def expand(
    context: ExpansionContext, steps: Sequence[Step], results: Any = None
) -> tuple[list[Link], dict[str, Any]]:
    """Nodes that paint and finish `steps`, and the links of WeGenFinish's outputs for all of them.

    results: WeGenFinish's last output for earlier images of the same batch.
    """
    from comfy_execution.graph_utils import GraphBuilder

    painter = context.comfy_painter
    if painter is None:
        raise RuntimeError("only a painter that is loaded in ComfyUI paints by expansion")
    nodes: dict[str, Any] = {}
    for step in steps:
        graph = GraphBuilder()
        step = context.copilot.copilot.pipeline.crop(step)
        request = painter.request(step.local_plan, step.images, step.local_mask)
        unpack = graph.node("WeGenUnpack", "copilot", copilot=context.link, token=painter.token)
        image = PaintingGraph(graph, painter, request, unpack).image(step.seed, step.settings)
        # A fresh id defeats ComfyUI's cache on purpose: WeGenFinish must run after the sampler.
        pending = PendingImage(step, request.result_size, context.shows_reply)
        opaque = OpaqueInput(secrets.token_hex(8), pending)
        inputs = {"copilot": unpack.out(COPILOT), "step": opaque, "image": image}
        if results is not None:
            inputs["before"] = results
        last = graph.node("WeGenFinish", "finish", node_id=context.node_id, **inputs)
        results = last.out(RESULTS)
        nodes |= graph.finalize()
    return [last.out(i) for i in range(RESULTS)], nodes


def finish(
    context: ExpansionContext, pending: PendingImage, image: Tensor, before: Any
) -> io.NodeOutput:
    """What WeGenFinish does with a painted IMAGE: preserve, verify, report; or expand once more.

    before: WeGenFinish's last output for earlier images.
    """
    image = image[:1]
    if pending.step.source is None:  # else preservation lays it on its source
        image = resize_batch(image, pending.result_size)
    painted = to_parts(image, "image")[0]
    pipeline = context.copilot.copilot.pipeline
    verifies = pipeline.check != "off"
    hooks_of_node = context.copilot.on_device(context.node_id) if verifies else interruptible()
    with hooks_of_node as hooks:
        outcome = pipeline.finish(pending.step, painted, hooks)
    if isinstance(outcome, FinishedImage):
        return io.NodeOutput(*_add_turn(context, pending.step, outcome, before))
    links, nodes = expand(context, [outcome], before)
    return io.NodeOutput(*links, None, expand=nodes)


def _add_turn(
    context: ExpansionContext, step: Step, image: FinishedImage, before: Any
) -> tuple[Any, ...]:
    """The assistant's turn with a finished image; WeGenFinish's outputs with those `before` it."""
    import torch

    conversation = step.conversation.branch(step.conversation.head)
    reply = context.copilot.copilot.pipeline.reply(conversation, image.plan, image, step.seed)
    images = to_image(reply.parts)
    if image.plan.base is not None:
        # With --gpu-only, IMAGEs are on the GPU; one that is passed through comes back on the CPU.
        source = conversation.images[image.plan.base - 1].pixels
        images = images if source is None else images.to(source.device)
    change_mask = torch.ones(images.shape[:3])
    if reply.change_mask is not None:
        change_mask = to_mask([reply.change_mask])
    report = str(reply.report)
    if before is not None:
        images = torch.cat([before[IMAGE], images])
        change_mask = torch.cat([before[MASK], change_mask])
        report = f"{before[REPORT]}\n\n{report}"
    outputs = (images, change_mask, report, reply.text, conversation)
    line = reply.text if context.shows_reply else _summary(context, image, len(images))
    show_text(line, context.node_id)
    return (*outputs, outputs)


def _summary(context: ExpansionContext, image: FinishedImage, count: int) -> str:
    """One line for the node on screen; the report has the details."""
    lines = [*context.copilot.copilot.pipeline.notes(image.plan, image), *image.notes]
    preservation = image.preservation
    if preservation is None:
        width, height = image.part.image.size
        lines.append(f"{'' if count == 1 else f'{count} images of '}{width}x{height} pixels")
    elif preservation.decision == "pass":
        lines.append(f"The whole image changed: {preservation.reason}")
    elif image.changed > 0:
        lines.append(f"Changed {image.changed:.1%} of the image")
    if image.checks:
        lines.append(_check_summary(image.checks))
    return ". ".join(lines)


def _check_summary(checks: Sequence[CheckResult]) -> str:
    """How many check results hold, and the words of the others."""
    parts = [f"Check: {sum(check.holds is True for check in checks)} of {len(checks)} hold"]
    for holds, answer in ((False, "no"), (None, "cannot tell")):
        if words := [check.words for check in checks if check.holds is holds]:
            parts.append(f"{answer}: {', '.join(words)}")
    return "; ".join(parts)
