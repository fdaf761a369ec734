"""Nodes that others expand into; no menu shows them, and no workflow holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from .backend.expansion import Expanding, finish
from .backend.schema import CATEGORY, HIDDEN, Conversation, Copilot

if TYPE_CHECKING:
    from .backend.graph import Held
    from .backend.memory import Resident

Done = io.Custom("WEGEN_DONE")


class WeGenHeld(io.ComfyNode):
    """A picture, handed into an expanded graph."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenHeld",
            category=CATEGORY,
            **HIDDEN,
            inputs=[io.AnyType.Input("held")],
            outputs=[io.AnyType.Output("value")],
        )

    @classmethod
    def execute(cls, held: Held) -> io.NodeOutput:
        return io.NodeOutput(held.value)


class WeGenUnpack(io.ComfyNode):
    """What the nodes of an expanded graph take from the copilot of the node that expands.

    That may be one of a list, which a link gives as a whole: the painter's token says which.
    """

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenUnpack",
            category=CATEGORY,
            **HIDDEN,
            is_input_list=True,
            inputs=[Copilot.Input("copilot"), io.String.Input("token")],
            outputs=[
                io.Model.Output("model"),
                io.Clip.Output("clip"),
                io.Vae.Output("vae"),
                Copilot.Output("resident"),
            ],
        )

    @classmethod
    def execute(cls, copilot: list[Resident], token: list[str]) -> io.NodeOutput:
        tokens = [getattr(c.copilot.painter, "token", None) for c in copilot]
        # A copilot that was thrown away meanwhile has been made anew, with another token.
        chosen = copilot[tokens.index(token[0]) if token[0] in tokens else 0]
        painter = chosen.copilot.painter
        return io.NodeOutput(painter.model, painter.clip, painter.vae, chosen)


class WeGenFinish(io.ComfyNode):
    """Behind the last of ComfyUI's own nodes: what came of the plan."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenFinish",
            category=CATEGORY,
            **HIDDEN,
            enable_expand=True,
            inputs=[
                Copilot.Input("copilot"),
                io.String.Input("node_id"),
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
            hidden=[io.Hidden.unique_id, io.Hidden.dynprompt],
        )

    @classmethod
    def execute(
        cls, copilot: Resident, node_id: str, step: Held, image, before: Any = None
    ) -> io.NodeOutput:
        own = cls.hidden.dynprompt.get_node(cls.hidden.unique_id)["inputs"]
        return finish(Expanding(node_id, copilot, own["copilot"]), step.value, image, before)
