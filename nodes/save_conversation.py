"""WeGen Save Conversation."""

from __future__ import annotations

from comfy_api.latest import io, ui

from ..wegen_core.records.conversation import Conversation
from .backend.schema import CATEGORY, ConversationSocket, aliases
from .backend.sockets import require, to_image
from .backend.user_conversations import announce, conversations_of_run


class WeGenSaveConversation(io.ComfyNode):
    """Keeps a conversation for the chat sidebar and for later runs."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenSaveConversation",
            display_name="WeGen Save Conversation",
            category=CATEGORY,
            **aliases("save chat", "save history", "保存对话"),
            description="Saves a conversation with its images under a title. It then stands in the "
            "chat sidebar. Turns that are there already stay, as branches.",
            inputs=[
                ConversationSocket.Input("conversation", tooltip="From WeGen Chat."),
                io.String.Input(
                    "name",
                    default="my conversation",
                    tooltip="Its title, or the id of a saved one.",
                ),
            ],
            outputs=[
                ConversationSocket.Output(
                    "talk", display_name="conversation", tooltip="The conversation, to go on with."
                )
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, conversation: Conversation, name: str) -> io.NodeOutput:
        require(conversation, Conversation, "conversation", "a WeGen Chat")
        conversations = conversations_of_run()
        title = name.strip()
        if not title:
            raise ValueError("name is empty; give the conversation a title")
        conversation_id = conversations.find(title) or conversations.create(title)
        # By its id the sidebar saves: whoever has gone on elsewhere meanwhile stays there.
        conversations.save(conversation_id, conversation, follow=title == conversation_id)
        announce(conversation_id)
        last = conversation.images[-1:]
        preview = ui.PreviewImage(to_image(last), cls=cls) if last else None
        return io.NodeOutput(conversation, ui=preview)
