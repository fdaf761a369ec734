"""WeGen Ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from comfy_api.latest import io

from .backend.memory import ManagedCopilot, ManagedModel, copilot_or_mllm, show_text
from .backend.schema import CATEGORY, aliases, copilot_input, mllm_input, text_input
from .backend.sockets import to_parts

if TYPE_CHECKING:
    from ..wegen_core.mllm import ChatModel


class WeGenAsk(io.ComfyNode):
    """Answers a question about images with the copilot or an MLLM."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenAsk",
            display_name="WeGen Ask",
            category=CATEGORY,
            **aliases(
                "describe image", "caption", "visual question", "VQA", "看图提问", "图像描述"
            ),
            description="Answers a question about an image, in words.",
            inputs=[
                copilot_input(optional=True),
                io.Image.Input(
                    "image",
                    tooltip="The image. All images of a batch are shown together, in order.",
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
        copilot: ManagedCopilot | None = None,
        mllm: ManagedModel[ChatModel] | None = None,
    ) -> io.NodeOutput:
        model = copilot_or_mllm(copilot, mllm)
        if model is None:
            raise ValueError("neither copilot nor mllm is connected; connect one of them")
        with model.on_device(cls.hidden.unique_id) as hooks:
            answer = model.copilot.ask(to_parts(image, "image"), question, hooks=hooks)
        show_text(answer, cls.hidden.unique_id)
        return io.NodeOutput(answer)
