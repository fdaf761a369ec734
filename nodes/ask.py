"""WeGen Ask."""

from __future__ import annotations

from comfy_api.latest import io

from .backend.memory import Resident, ResidentModel, show_text, speaker
from .backend.schema import CATEGORY, copilot_input, mllm_input, text_input
from .backend.sockets import to_pictures


class WeGenAsk(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenAsk",
            display_name="WeGen Ask",
            category=CATEGORY,
            description="Answers a question about a picture, in words.",
            inputs=[
                copilot_input(optional=True),
                io.Image.Input(
                    "image", tooltip="The picture; a batch is looked at together, in order."
                ),
                text_input("question", "what colour is the boat?", "Your question."),
                mllm_input(),
            ],
            outputs=[io.String.Output("answer", display_name="answer", tooltip="The answer.")],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(
        cls,
        image,
        question: str,
        copilot: Resident | None = None,
        mllm: ResidentModel | None = None,
    ) -> io.NodeOutput:
        asked = speaker(copilot, mllm)
        if asked is None:
            raise ValueError("nobody is asked; connect a copilot or an mllm")
        with asked.at_work(cls.hidden.unique_id) as (wegen, callbacks):
            answer = wegen.ask(to_pictures(image, "image"), question, **callbacks)
        show_text(answer, cls.hidden.unique_id)
        return io.NodeOutput(answer)
