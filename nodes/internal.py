"""Nodes that others expand into; no menu shows them, and no workflow holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from .expansion import finish
from .schema import CATEGORY, Conversation

if TYPE_CHECKING:
    from .painting_graph import Held

Done = io.Custom("WEGEN_DONE")


class WeGenHeld(io.ComfyNode):
    """A picture or a model, handed into an expanded graph."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenHeld",
            category=CATEGORY,
            is_deprecated=True,  # the one mark that hides a node in every version
            inputs=[io.AnyType.Input("held")],
            outputs=[io.AnyType.Output("value")],
        )

    @classmethod
    def execute(cls, held: Held) -> io.NodeOutput:
        return io.NodeOutput(held.value)


class WeGenFinish(io.ComfyNode):
    """Behind the last of ComfyUI's own nodes: what came of the plan."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenFinish",
            category=CATEGORY,
            is_deprecated=True,
            enable_expand=True,
            inputs=[
                io.AnyType.Input("step"),
                io.Image.Input("image"),
                Done.Input("before", optional=True),
            ],
            outputs=[
                io.Image.Output("images"),
                io.Mask.Output("change_mask"),
                io.String.Output("report"),
                io.String.Output("text"),
                Conversation.Output("talk"),
                Done.Output("done"),
            ],
        )

    @classmethod
    def execute(cls, step: Held, image, before: Any = None) -> io.NodeOutput:
        return finish(step.value, image, before)
