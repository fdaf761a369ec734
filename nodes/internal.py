"""Nodes that others expand into, or the chat sidebar queues; no menu shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from ..wegen_core.records.conversation import Conversation
from .backend.comfy_painter import ComfyPainter
from .backend.expansion import PLAN_SEED, ExpansionContext, finish
from .backend.graph import OpaqueInput
from .backend.memory import require_copilot
from .backend.schema import CATEGORY, HIDDEN, ConversationSocket, CopilotSocket
from .backend.sockets import require
from .backend.user_conversations import announce, conversations_of_run

if TYPE_CHECKING:
    from .backend.memory import ManagedCopilot

Done = io.Custom("WEGEN_DONE")
NOT_BY_HAND = "nothing to this node: WeGen's other nodes make it by themselves"


class WeGenPlanReply(io.ComfyNode):
    """Plans the reply to the last message of a saved conversation, for the user to see first."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenPlanReply",
            category=CATEGORY,
            **HIDDEN,
            inputs=[
                CopilotSocket.Input("copilot"),
                ConversationSocket.Input("conversation"),
                io.String.Input("name"),
            ],
            hidden=[io.Hidden.unique_id, io.Hidden.dynprompt],
            is_output_node=True,
        )

    @classmethod
    def execute(
        cls, copilot: ManagedCopilot, conversation: Conversation, name: str
    ) -> io.NodeOutput:
        conversation = require(conversation, Conversation, "conversation", "WeGen Conversation")
        plan = ExpansionContext.of(cls.hidden, copilot).plan(conversation, None, PLAN_SEED)
        if conversation.head is None:
            raise ValueError("conversation is empty; say something first")
        conversations_of_run().set_plan(name, conversation.head, plan.to_dict())
        announce(name)
        return io.NodeOutput()


class WeGenHeld(io.ComfyNode):
    """An image, handed into an expanded graph."""

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
    def execute(cls, held: OpaqueInput) -> io.NodeOutput:
        return io.NodeOutput(require(held, OpaqueInput, "held", NOT_BY_HAND).value)


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
            inputs=[CopilotSocket.Input("copilot"), io.String.Input("token")],
            outputs=[
                io.Model.Output("model"),
                io.Clip.Output("clip"),
                io.Vae.Output("vae"),
                CopilotSocket.Output("resident"),
            ],
        )

    @classmethod
    def execute(cls, copilot: list[ManagedCopilot], token: list[str]) -> io.NodeOutput:
        copilots = [(require_copilot(c).copilot.painter, c) for c in copilot]
        painters = [(p, c) for p, c in copilots if isinstance(p, ComfyPainter)]
        if not painters:
            raise ValueError(f"copilot has no painter of ComfyUI's; connect {NOT_BY_HAND}")
        # If the copilot was rebuilt, its token is unknown: fall back to the first.
        painter, managed = next((p for p in painters if p[0].token == token[0]), painters[0])
        return io.NodeOutput(painter.model, painter.clip, painter.vae, managed)


class WeGenFinish(io.ComfyNode):
    """Behind the last of ComfyUI's own nodes: preserves, verifies and reports the painted image."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenFinish",
            category=CATEGORY,
            **HIDDEN,
            enable_expand=True,
            inputs=[
                CopilotSocket.Input("copilot"),
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
                ConversationSocket.Output("talk"),
                Done.Output("done"),
            ],
            hidden=[io.Hidden.unique_id, io.Hidden.dynprompt],
        )

    @classmethod
    def execute(
        cls, copilot: ManagedCopilot, node_id: str, step: OpaqueInput, image, before: Any = None
    ) -> io.NodeOutput:
        inputs = cls.hidden.dynprompt.get_node(cls.hidden.unique_id)["inputs"]
        pending = require(step, OpaqueInput, "step", NOT_BY_HAND).value
        require_copilot(copilot)
        context = ExpansionContext(node_id, copilot, inputs["copilot"], pending.shows_reply)
        return finish(context, pending, image, before)
