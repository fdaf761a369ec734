"""WeGen Chat."""

from __future__ import annotations

from comfy_api.latest import io

from .backend.expansion import IMAGE, TALK, TEXT, chatting, expand, expanding
from .backend.memory import Resident, show_text
from .backend.schema import CATEGORY, Conversation, copilot_input, seed_input, text_input
from .backend.sockets import numbered, restored, to_image, to_pictures


class WeGenChat(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenChat",
            display_name="WeGen Chat",
            category=CATEGORY,
            description="One turn of a conversation with the copilot. It finds out by itself "
            "whether you want a picture, a change or an answer. Chain several for a longer talk.",
            inputs=[
                copilot_input(),
                text_input(
                    "message", "draw a red boat by the sea", "What you say to the copilot now."
                ),
                seed_input(),
                Conversation.Input(
                    "conversation",
                    optional=True,
                    tooltip="The talk so far, from an earlier WeGen Chat. Without it a new one "
                    "begins. It is not altered: two nodes may continue the same talk differently.",
                ),
                io.Image.Input(
                    "images", optional=True, tooltip="Pictures that you show with the message."
                ),
            ],
            outputs=[
                io.String.Output("text", display_name="text", tooltip="What the copilot says."),
                io.Image.Output(
                    "picture",
                    display_name="image",
                    tooltip="The picture it draws. If it only answers: the last picture of the "
                    "talk, or a grey 64x64 picture where there is none.",
                ),
                Conversation.Output(
                    "talk",
                    display_name="conversation",
                    tooltip="The talk with this turn; connect it to the next WeGen Chat.",
                ),
            ],
            hidden=[io.Hidden.unique_id, io.Hidden.dynprompt],
            enable_expand=True,
        )

    @classmethod
    def execute(
        cls, copilot: Resident, message: str, seed: int, conversation=None, images=None
    ) -> io.NodeOutput:
        from ..wegen_core.planning.undo import undone
        from ..wegen_core.records.conversation import Conversation as Talk

        talk = Talk() if conversation is None else conversation.branch(conversation.head)
        shown = to_pictures(images, "images")
        exact = {} if images is None else numbered([images], before=len(talk.images))
        if back := undone(talk, message):
            reply = back
        elif here := expanding(cls.hidden, copilot):
            step = chatting(here, talk, message, shown, exact, seed)
            if step.plan.intent != "answer":
                links, nodes = expand(here, [step])
                return io.NodeOutput(links[TEXT], links[IMAGE], links[TALK], expand=nodes)
            talk = step.talk
            reply = copilot.copilot.reply(talk, step.plan, None, seed)
        else:
            with copilot.at_work(cls.hidden.unique_id) as (wegen, callbacks):
                reply = wegen.chat(talk, message, shown, seed=seed, **callbacks)
        show_text(reply.text, cls.hidden.unique_id)
        return io.NodeOutput(reply.text, _picture(reply, talk, exact), talk)


def _picture(reply, talk, exact):
    """The IMAGE that was drawn; else the last one of the talk."""
    from PIL import Image

    if reply.images:
        source = exact.get(reply.plan.base)
        return restored(to_image(reply.images), source, reply.change_mask)
    last = [p.image for p in talk.images[-1:]]
    return to_image(last or [Image.new("RGB", (64, 64), "grey")])
