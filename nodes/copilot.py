"""WeGen Copilot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from comfy_api.latest import io

from .. import wegen_core
from .backend import model_folders
from .backend.loading import load_native
from .backend.memory import ManagedCopilot, ManagedModel
from .backend.schema import CATEGORY, MLLM, Copilot, Painter

if TYPE_CHECKING:
    from ..wegen_core.mllm import ChatModel
    from ..wegen_core.painting import Painter as PainterModel
    from ..wegen_core.pipeline import Check


class WeGenCopilot(io.ComfyNode):
    """Joins an MLLM and a painter."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenCopilot",
            display_name="WeGen Copilot",
            category=CATEGORY,
            description="A copilot out of a model that understands and one that draws.",
            inputs=[
                MLLM.Input("mllm", tooltip="From WeGen MLLM Loader, Endpoint or from CLIP."),
                io.Combo.Input(
                    "check",
                    options=["off", "report", "repaint"],
                    default="off",
                    tooltip="'report': the MLLM looks at every image and answers, one by one, "
                    "whether it has what you asked for. 'repaint': it also tries once more.",
                ),
                Painter.Input(
                    "painter",
                    optional=True,
                    tooltip="From WeGen Painter or WeGen Model Loader. Without one, the small "
                    "built-in network draws, at 64x64 pixels; rewriting and questions need none.",
                ),
            ],
            outputs=[
                Copilot.Output(
                    "joined", display_name="copilot", tooltip="Connect it to the other WeGen nodes."
                )
            ],
        )

    @classmethod
    def execute(
        cls,
        mllm: ManagedModel[ChatModel],
        check: Check,
        painter: ManagedModel[PainterModel] | None = None,
    ) -> io.NodeOutput:
        if painter is None:
            painter = load_native(model_folders.MINI, "auto")[1]
        networks = [*mllm.networks, *painter.networks]
        copilot = wegen_core.Copilot(mllm.model, painter.model, check=check)
        return io.NodeOutput(ManagedCopilot(copilot, networks))
