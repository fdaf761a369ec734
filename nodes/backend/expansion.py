"""A copilot that paints with ComfyUI's own nodes: plan, expand into them, finish what they give."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from ..painter import ComfyPainter
from .graph import COPILOT, Held, Link, PaintingGraph
from .memory import Resident, show_text, stoppable
from .sockets import restored, to_image, to_mask, to_pictures

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

    from ...wegen_core.pipeline import Made
    from ...wegen_core.records.conversation import Conversation, ImagePart
    from ...wegen_core.records.plan import Intent, Plan, Reference

PLAN_SEED = 0
"""Another seed of the node paints the same plan anew: only the sampler has to run again."""

IMAGE, MASK, REPORT, TEXT, TALK, DONE = range(6)
"""Outputs of WeGenFinish: of all pictures so far, of the last one, and all, for the next."""


@dataclass(frozen=True)
class Expanding:
    """The node on screen that expands, its copilot, and the link that this comes by.

    The new nodes get the copilot by the same link: ComfyUI remembers the inputs of the last graph,
    and a model among them would stay in memory when all else is released.
    """

    node_id: str
    resident: Resident
    link: Link

    @property
    def painter(self) -> ComfyPainter:
        return self.resident.copilot.painter


@dataclass(frozen=True)
class Step:
    """A planned picture, and what finishing it takes.

    talk: the conversation up to the user's turn. steps, guidance: 0 for the painter's own. mask:
    where changes are allowed. exact: the source's IMAGE, whose very numbers come back. shown: which
    output the node shows as text. final: the size of the result. first: what an earlier painting of
    the plan `asked` became, where this is the second.
    """

    plan: Plan
    talk: Conversation
    seed: int
    steps: int = 0
    guidance: float = 0.0
    mask: Image | None = None
    exact: Tensor | None = None
    shown: int | None = None
    final: tuple[int, int] = (0, 0)
    first: Made | None = None
    asked: Plan | None = None


def expanding(hidden: Any, resident: Resident) -> Expanding | None:
    """None where the painter paints by itself. hidden: the node's own id and the graph."""
    if not isinstance(resident.copilot.painter, ComfyPainter):
        return None
    node = hidden.dynprompt.get_node(hidden.unique_id)
    return Expanding(hidden.unique_id, resident, node["inputs"]["copilot"])


def plan_turn(here: Expanding, talk: Conversation, intent: Intent | None) -> Plan:
    """The plan for the last turn of `talk`; for the same talk, the same plan."""
    said = [
        (turn.role, turn.text, turn.record.get("references"), *map(_digest, turn.images))
        for turn in talk.turns
    ]

    def plan(wegen: Any, **callbacks: Any) -> Plan:
        return _in_words(wegen.plan_turn(talk, intent, PLAN_SEED, **callbacks))

    return here.resident.planned(repr((intent, said)), here.node_id, plan)


def _digest(picture: ImagePart) -> tuple[Any, ...]:
    image = picture.image
    return image.mode, image.size, hashlib.sha256(image.tobytes()).digest()


def drawing(
    here: Expanding, prompt: str, n: int, seed: int, steps: int, guidance: float
) -> list[Step]:
    """`n` new pictures of `prompt`, planned; for the same prompt, the same plans."""
    from ...wegen_core.copilot import picture_seeds
    from ...wegen_core.records.conversation import Conversation

    def plan(wegen: Any, **callbacks: Any) -> list[Plan]:
        plans = wegen.plan_pictures(prompt, n, PLAN_SEED, **callbacks)
        return [_in_words(plan) for plan in plans]

    plans = here.resident.planned(repr((prompt, n)), here.node_id, plan)
    talk = Conversation()
    talk.add("user", prompt)
    return [
        Step(plan, talk, own, steps, guidance)
        for plan, own in zip(plans, picture_seeds(seed, n), strict=True)
    ]


def refining(
    here: Expanding,
    image: Tensor,
    pictures: Sequence[Image],
    masks: Sequence[Image | None],
    instruction: str,
    seed: int,
) -> list[Step]:
    """Each of `pictures`, those of IMAGE `image`, changed by itself. masks: one each."""
    from ...wegen_core.planning import requests as turns

    steps = []
    for exact, picture, mask in zip(image.split(1), pictures, masks, strict=True):
        talk = turns.refining(picture, instruction)
        plan = plan_turn(here, talk, "refine")
        steps.append(Step(plan, talk, seed, mask=mask, exact=exact, shown=REPORT))
    return steps


def composing(
    here: Expanding,
    exact: dict[int | None, Tensor],
    pictures: Sequence[Image],
    instruction: str,
    seed: int,
    references: Sequence[Reference],
) -> Step:
    """One picture out of several. exact: the IMAGE of each by its number."""
    from ...wegen_core.planning import requests as turns

    talk = turns.composing(pictures, instruction, references)
    plan = plan_turn(here, talk, "compose")
    return Step(plan, talk, seed, exact=exact.get(plan.base), shown=REPORT)


def chatting(
    here: Expanding,
    conversation: Conversation,
    message: str,
    shown: Sequence[Image],
    exact: dict[int | None, Tensor],
    seed: int,
) -> Step:
    """The next turn of a conversation, which stays as it is; its plan may be to answer only.

    exact: as in `composing`, of the pictures `shown`.
    """
    from ...wegen_core.planning import requests as turns

    talk = turns.chatting(conversation, message, shown)
    plan = plan_turn(here, talk, None)
    return Step(plan, talk, seed, exact=exact.get(plan.base), shown=TEXT)


def _in_words(plan: Plan) -> Plan:
    """`plan` without visual tokens: nothing is painted from them."""
    return replace(plan, draft=None)


def expand(
    here: Expanding, steps: Sequence[Step], before: Any = None
) -> tuple[list[Link], dict[str, Any]]:
    """Nodes that paint and finish `steps`, and WeGenFinish's outputs for all of them.

    before: WeGenFinish's last output for earlier pictures of the same batch.
    """
    from comfy_execution.graph_utils import GraphBuilder

    nodes: dict[str, Any] = {}
    for step in steps:
        graph, painter = GraphBuilder(), here.painter
        told = painter.brief(step.plan, [p.image for p in step.talk.images], step.mask)
        parts = graph.node("WeGenUnpack", "copilot", copilot=here.link, token=painter.token)
        painting = PaintingGraph(graph, painter, told, parts)
        image = painting.image(step.seed, step.steps, step.guidance)
        mask = step.mask
        if mask is None and step.plan.region is None and told.region is not None:
            mask = told.region.resize(told.final)
        # Never cached, as its name never comes again: it would run anyway after the sampler.
        held = Held(secrets.token_hex(8), replace(step, final=told.final, mask=mask))
        given = {"copilot": parts.out(COPILOT), "step": held, "image": image}
        if before is not None:
            given["before"] = before
        finish = graph.node("WeGenFinish", "finish", node_id=here.node_id, **given)
        before = finish.out(DONE)
        nodes |= graph.finalize()
    return [finish.out(i) for i in range(DONE)], nodes


def finish(here: Expanding, step: Step, image: Any, before: Any) -> io.NodeOutput:
    """What WeGenFinish does: keep, look, report; or paint once more, if the copilot does that."""
    from ...wegen_core.pipeline import better
    from ...wegen_core.planning.verification import stressed

    wegen, asked = here.resident.copilot, step.asked or step.plan
    made = _preserved(step, image, here.painter.aligned)
    if wegen.looks:
        with here.resident.at_work(here.node_id) as (_, callbacks):
            made = wegen.look_at(made, asked, step.seed, callbacks["should_stop"])
    if step.first is not None:
        made = better(step.first, made)
    elif made.failed and wegen.check == "repaint":
        plan = stressed(step.plan, made.failed)
        again = replace(step, plan=plan, asked=asked, first=made)
        links, nodes = expand(here, [again], before)
        return io.NodeOutput(*links, None, expand=nodes)
    return _output(here, step, made, before)


def _preserved(step: Step, image: Any, aligned: bool) -> Made:
    from PIL.Image import Resampling

    from ...wegen_core.pipeline import preserved

    painted = to_pictures(image, "image")[0]
    if painted.size != step.final:
        painted = painted.resize(step.final, Resampling.LANCZOS)
    pictures = [p.image for p in step.talk.images]
    with stoppable() as callbacks:
        stop = callbacks["should_stop"]
        return preserved(step.plan, painted, pictures, step.mask, aligned=aligned, should_stop=stop)


def _output(here: Expanding, step: Step, made: Made, before: Any) -> io.NodeOutput:
    import torch

    talk = step.talk.branch(step.talk.head)
    reply = here.resident.copilot.reply(talk, made.plan, made, step.seed)
    image = restored(to_image(reply.images), step.exact, reply.change_mask)
    changed = torch.ones(image.shape[:3])
    if reply.change_mask is not None:
        changed = to_mask([reply.change_mask])
    report = str(reply.report)
    if before is not None:
        image = torch.cat([before[IMAGE], image])
        changed = torch.cat([before[MASK], changed])
        report = f"{before[REPORT]}\n\n{report}"
    outputs = (image, changed, report, reply.text, talk)
    if step.shown is not None:
        show_text(outputs[step.shown], here.node_id)
    return io.NodeOutput(*outputs, outputs)
