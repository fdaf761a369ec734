"""WeGen Copilot."""

from __future__ import annotations

from comfy_api.latest import io

from ..wegen_core.copilot import Copilot
from ..wegen_core.loading import load_expert
from ..wegen_core.mllm import ChatModel
from ..wegen_core.painting import Painter
from ..wegen_core.pipeline import Check
from .backend import model_folders
from .backend.loading import load_native
from .backend.memory import ManagedCopilot, ManagedModel, require_mllm
from .backend.schema import CATEGORY, CopilotSocket, MLLMSocket, PainterSocket, advanced, aliases
from .backend.sockets import require


class WeGenCopilot(io.ComfyNode):
    """Joins an MLLM and a painter; either may be missing."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenCopilot",
            display_name="WeGen Copilot",
            category=CATEGORY,
            **aliases("design copilot", "assistant", "助手"),
            description="A copilot out of a model that understands and one that draws.",
            inputs=[
                MLLMSocket.Input(
                    "mllm",
                    optional=True,
                    tooltip="From WeGen MLLM Loader, Endpoint or from CLIP. Without one, your "
                    "words are read as they are; only questions stay unanswered.",
                ),
                io.Combo.Input(
                    "check",
                    options=["off", "report", "repaint"],
                    default="off",
                    tooltip="'report': each image is checked, item by item, for what you asked "
                    "for: by the detector, the encoder and the text reader below, and what they "
                    "leave open by the MLLM. 'repaint': an image that fails is painted once more.",
                ),
                PainterSocket.Input(
                    "painter",
                    optional=True,
                    tooltip="From WeGen Painter or WeGen Model Loader. Without one, the small "
                    "built-in network draws, at 64x64 pixels; rewriting and questions need none.",
                ),
                advanced(
                    io.Combo.Input(
                        "detector",
                        options=model_folders.vision_names(),
                        default=model_folders.NO_VISION,
                        optional=True,
                        tooltip="For the check: things, numbers, colours and places. The folder of "
                        "an object detector (DETR, RT-DETR, YOLOS) in models/vision.",
                    )
                ),
                advanced(
                    io.Combo.Input(
                        "encoder",
                        options=model_folders.vision_names(),
                        default=model_folders.NO_VISION,
                        optional=True,
                        tooltip="For the check: whether the thing of a reference is in the image. "
                        "The folder of a vision encoder (DINOv2, CLIP) in models/vision.",
                    )
                ),
                advanced(
                    io.Boolean.Input(
                        "read_text",
                        display_name="read text",
                        default=False,
                        optional=True,
                        tooltip="For the check: text in the image. It needs the packages rapidocr "
                        "and onnxruntime.",
                    )
                ),
            ],
            outputs=[
                CopilotSocket.Output(
                    "joined", display_name="copilot", tooltip="Connect it to the other WeGen nodes."
                )
            ],
        )

    @classmethod
    def execute(
        cls,
        check: Check,
        mllm: ManagedModel[ChatModel] | None = None,
        painter: ManagedModel[Painter] | None = None,
        detector: str = model_folders.NO_VISION,
        encoder: str = model_folders.NO_VISION,
        read_text: bool = False,
    ) -> io.NodeOutput:
        if mllm is not None:
            mllm = require_mllm(mllm)
        if painter is None:
            painter = load_native(model_folders.MINI, "auto")[1]
        painter = require(painter, ManagedModel, "painter", "WeGen Painter or WeGen Model Loader")
        networks = [network for part in (mllm, painter) if part for network in part.networks]
        experts = [model_folders.locate_vision(name) for name in (detector, encoder)]
        if read_text:
            experts.append("ocr")
        copilot = Copilot(
            mllm.model if mllm else None,
            painter.model,
            check=check,
            # They are small and stay on the CPU: ComfyUI's memory manager does not see them.
            experts=[load_expert(name, "cpu") for name in experts if name and check != "off"],
        )
        return io.NodeOutput(ManagedCopilot(copilot, networks))
