"""WeGen Copilot."""

from __future__ import annotations

from comfy_api.latest import io

from ..wegen_core.copilot import Copilot
from ..wegen_core.mllm import ChatModel
from ..wegen_core.painting import Painter
from ..wegen_core.pipeline import Check
from .backend import model_folders
from .backend.loading import load_native
from .backend.memory import ManagedCopilot, ManagedModel, require_mllm
from .backend.schema import CATEGORY, CopilotSocket, MLLMSocket, PainterSocket, aliases
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
                    tooltip="'report': the MLLM looks at each image and answers, item by item, "
                    "whether it contains what you asked for. 'repaint': an image that "
                    "fails is painted once more.",
                ),
                PainterSocket.Input(
                    "painter",
                    optional=True,
                    tooltip="From WeGen Painter or WeGen Model Loader. Without one, the small "
                    "built-in network draws, at 64x64 pixels; rewriting and questions need none.",
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
    ) -> io.NodeOutput:
        if mllm is not None:
            mllm = require_mllm(mllm)
        if painter is None:
            painter = load_native(model_folders.MINI, "auto")[1]
        painter = require(painter, ManagedModel, "painter", "WeGen Painter or WeGen Model Loader")
        networks = [network for part in (mllm, painter) if part for network in part.networks]
        copilot = Copilot(mllm.model if mllm else None, painter.model, check=check)
        return io.NodeOutput(ManagedCopilot(copilot, networks))
