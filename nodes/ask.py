"""WeGen Ask."""

from __future__ import annotations

from comfy_api.latest import io

from .residency import Resident, show_text
from .schema import CATEGORY, copilot_input, text_input
from .sockets import to_pictures


class WeGenAsk(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenAsk",
            display_name="WeGen Ask",
            category=CATEGORY,
            description="Answers a question about a picture, in words.",
            inputs=[
                copilot_input(),
                io.Image.Input(
                    "image", tooltip="The picture; a batch is looked at together, in order."
                ),
                text_input("question", "what colour is the boat?", "Your question."),
            ],
            outputs=[io.String.Output("answer", display_name="answer", tooltip="The answer.")],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, copilot: Resident, image, question: str) -> io.NodeOutput:
        with copilot.at_work(cls.hidden.unique_id) as (wegen, callbacks):
            answer = wegen.ask(to_pictures(image, "image"), question, **callbacks)
        show_text(answer, cls.hidden.unique_id)
        return io.NodeOutput(answer)
