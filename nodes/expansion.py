"""A copilot whose painter is ComfyUI itself: nodes plan, and expand into nodes that paint."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from .painting_graph import Held, Link, PaintingGraph
from .residency import Resident, show_text
from .schema import CATEGORY, Conversation
from .sockets import fitted, restored, to_image, to_mask, to_pictures

if TYPE_CHECKING:
    from PIL.Image import Image

    from ..wegen_core.conversation import Conversation as Talk
    from ..wegen_core.finishing import Made
    from ..wegen_core.plan import Plan
    from .painters import ComfyPainter

PLAN_SEED = 0
"""Plans do not depend on the node's seed: another seed paints the same plan anew."""


@dataclass(frozen=True)
class Step:
    """A planned picture, and what is needed to finish it once it is painted.

    node_id: the node on screen. talk: the conversation up to the user's turn. exact: the source's
    IMAGE, whose numbers come back where nothing changed. asked: the plan as it was before what
    failed was stressed, and first: what was painted for it.
    """

    resident: Resident
    node_id: str
    plan: Plan
    talk: Talk
    seed: int
    steps: int = 0
    cfg: float = 0.0
    mask: Image | None = None
    exact: Any = None
    asked: Plan | None = None
    first: Made | None = None

    @property
    def painter(self) -> ComfyPainter:
        return self.resident.copilot.painter


def plan_once(
    resident: Resident, node_id: str, key: Sequence[Any], plan: Callable[..., Any]
) -> Any:
    """What `plan(copilot, **callbacks)` returns; remembered for the same `key` on this copilot."""
    name = hashlib.sha256(repr(key).encode()).hexdigest()
    if name not in resident.plans:
        with resident.at_work(node_id) as (wegen, callbacks):
            resident.remember(name, plan(wegen, **callbacks))
    return resident.plans[name]


def plan_turn(resident: Resident, node_id: str, talk: Talk, intent: str | None) -> Plan:
    """The plan for the last turn of `talk`; the same talk is planned once."""

    def plan(wegen, **callbacks: Any) -> Plan:
        return wegen.plan_turn(talk, intent, PLAN_SEED, **callbacks)

    return plan_once(resident, node_id, [intent, *_content(talk)], plan)


def expand(steps: Sequence[Step]) -> io.NodeOutput:
    """Nodes that paint and finish `steps` one after the other, and what the last one gives.

    Outputs: image, change mask and report of all of them, then text and conversation of the last.
    """
    from comfy_execution.graph_utils import GraphBuilder

    nodes: dict[str, Any] = {}
    before: dict[str, Link] = {}
    for step in steps:
        graph = GraphBuilder()
        told = step.painter.brief(step.plan, [p.image for p in step.talk.pictures], step.mask)
        image = PaintingGraph(graph, step.painter, told).image(step.seed, step.steps, step.cfg)
        held = Held(secrets.token_hex(8), step)  # finishing is never cached
        last = graph.node("WeGenFinish", "finish", step=held, image=image, **before)
        before = {"before": last.out(len(OUTPUTS) - 1)}
        nodes |= graph.finalize()
    return io.NodeOutput(*(last.out(i) for i in range(len(OUTPUTS) - 1)), expand=nodes)


OUTPUTS = ("image", "change_mask", "report", "text", "talk", "done")


class WeGenFinish(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        done = io.Custom("WEGEN_DONE")
        return io.Schema(
            node_id="WeGenFinish",
            display_name="WeGen Finish",
            category=CATEGORY,
            description="Puts back what a painted picture was not meant to change, looks at it, and "
            "reports. The last of the nodes that WeGen nodes expand into; not for use by hand.",
            is_deprecated=True,  # see WeGenHeld
            enable_expand=True,
            inputs=[
                io.AnyType.Input("step", tooltip="Given by the node that expands."),
                io.Image.Input("image", tooltip="The picture as it was painted."),
                done.Input("before", optional=True, tooltip="The pictures finished before it."),
            ],
            outputs=[
                io.Image.Output("image", display_name="image", tooltip="The pictures so far."),
            ],
        )
