"""WeGen Chat."""

from __future__ import annotations

import PIL.Image
from comfy_api.latest import io

from ..wegen_core.painting.step import paint_step
from ..wegen_core.planning.requests import chat_request
from ..wegen_core.planning.undo import try_undo
from ..wegen_core.records.conversation import Conversation, ImagePart
from .backend.conversations import turn_mask, turn_plan
from .backend.expansion import CONVERSATION, IMAGE, TEXT, ExpansionContext, paint
from .backend.memory import ManagedCopilot, show_text
from .backend.schema import (
    CATEGORY,
    ConversationSocket,
    aliases,
    copilot_input,
    seed_input,
    text_input,
)
from .backend.sockets import require, to_image, to_parts


class WeGenChat(io.ComfyNode):
    """One turn of a conversation; expands where ComfyUI paints."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenChat",
            display_name="WeGen Chat",
            category=CATEGORY,
            **aliases("chat", "talk", "conversation", "assistant", "聊天", "对话"),
            description="One turn of a conversation with the copilot. It finds out by itself "
            "whether you want an image, a change or an answer. Chain several nodes for a longer "
            "conversation.",
            inputs=[
                copilot_input(),
                text_input(
                    "message",
                    "draw a red boat by the sea",
                    "What you say to the copilot now. Empty: "
                    "it replies to the last message of the conversation.",
                ),
                seed_input(),
                ConversationSocket.Input(
                    "conversation",
                    optional=True,
                    tooltip="The conversation so far, from an earlier WeGen Chat. Without it, a "
                    "new one begins. It is not altered: two nodes may continue it differently.",
                ),
                io.Image.Input(
                    "images", optional=True, tooltip="Images that you show with the message."
                ),
            ],
            outputs=[
                io.String.Output("text", display_name="text", tooltip="The copilot's reply."),
                io.Image.Output(
                    "picture",
                    display_name="image",
                    tooltip="The image it draws. If it only answers: the last image of the "
                    "conversation, or a grey 64x64 image where there is none.",
                ),
                ConversationSocket.Output(
                    "talk",
                    display_name="conversation",
                    tooltip="The conversation with this turn; connect it to the next WeGen Chat.",
                ),
            ],
            hidden=[io.Hidden.unique_id, io.Hidden.dynprompt],
            enable_expand=True,
        )

    @classmethod
    def execute(
        cls, copilot: ManagedCopilot, message: str, seed: int, conversation=None, images=None
    ) -> io.NodeOutput:
        history = Conversation()
        if conversation is not None:
            history = require(conversation, Conversation, "conversation", "another WeGen Chat")
        waiting = history.turns[-1] if history.turns and history.turns[-1].role == "user" else None
        mask = plan = None
        if waiting is not None and not message.strip():
            # A saved conversation whose last message has no reply yet.
            message, mask, plan = waiting.text, turn_mask(waiting), turn_plan(waiting)
            request, branch = history, history.branch(waiting.parent)
        else:
            request, branch = None, history.branch(history.head)
        reply = try_undo(branch, message)
        if reply is None:
            context = ExpansionContext.of(cls.hidden, copilot, shows_reply=True)
            parts = to_parts(images, "images", optional=True)
            branch = request or chat_request(history, message, parts)
            plan = plan or context.plan(branch, None, seed)
            if plan.intent != "answer":
                return paint(
                    context, [paint_step(plan, branch, seed, mask)], TEXT, IMAGE, CONVERSATION
                )
            reply = copilot.copilot.pipeline.reply(branch, plan, None, seed)
        show_text(reply.text, cls.hidden.unique_id)
        grey = PIL.Image.new("RGB", (64, 64), "grey")
        candidates: list[ImagePart | PIL.Image.Image] = [*reply.parts, *branch.images[-1:], grey]
        return io.NodeOutput(reply.text, to_image(candidates[:1]), branch)
