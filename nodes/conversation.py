"""WeGen Conversation."""

from __future__ import annotations

from comfy_api.latest import io

from ..wegen_core.records.conversation import Conversation
from .backend.schema import CATEGORY, ConversationSocket, advanced, aliases
from .backend.user_conversations import conversations_of_run, state_of


class WeGenConversation(io.ComfyNode):
    """A saved conversation, or a new one."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenConversation",
            display_name="WeGen Conversation",
            category=CATEGORY,
            **aliases("open conversation", "load chat", "history", "打开对话"),
            description="Opens a conversation of the chat sidebar by its title. A new name gives "
            "an empty one. Connect it to WeGen Chat to go on with it.",
            inputs=[
                io.String.Input(
                    "name",
                    default="my conversation",
                    tooltip="The title of a conversation in the chat sidebar, or its id.",
                ),
                advanced(
                    io.String.Input(
                        "turn",
                        default="",
                        tooltip="Id of the turn to go on from. Empty: the last one.",
                    )
                ),
            ],
            outputs=[
                ConversationSocket.Output(
                    "talk", display_name="conversation", tooltip="Connect it to WeGen Chat."
                )
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, name: str, turn: str) -> str:
        del turn
        return state_of(name)

    @classmethod
    def execute(cls, name: str, turn: str) -> io.NodeOutput:
        conversations = conversations_of_run()
        conversation_id = conversations.find(name.strip())
        if conversation_id is None:
            return io.NodeOutput(Conversation())
        return io.NodeOutput(conversations.load(conversation_id, turn.strip() or None))
