"""WeGen Model Loader."""

from __future__ import annotations

from comfy_api.latest import io

from .backend import model_folders
from .backend.loading import PRECISIONS, load_native
from .backend.schema import CATEGORY, CopilotSocket, MLLMSocket, PainterSocket, advanced, aliases


class WeGenLoadModel(io.ComfyNode):
    """Loads a WeGen network: copilot, painter and MLLM in one."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenLoadModel",
            display_name="WeGen Model Loader",
            category=CATEGORY,
            **aliases("WeGen checkpoint", "mini", "加载模型"),
            description="Loads a WeGen copilot: the small built-in one, or a folder of yours.",
            inputs=[
                io.Combo.Input(
                    "model",
                    options=model_folders.names(),
                    default=model_folders.MINI,
                    tooltip="'mini' is built in: it draws simple scenes of 64x64 pixels. The "
                    "others are folders in models/wegen: the official checkpoint, or a "
                    "converted one.",
                ),
                advanced(
                    io.Combo.Input(
                        "precision",
                        options=PRECISIONS,
                        default="auto",
                        tooltip="Number format of the weights. 'auto' takes what the device does "
                        "best, and float32 for mini.",
                    )
                ),
            ],
            outputs=[
                CopilotSocket.Output(
                    "loaded", display_name="copilot", tooltip="Connect it to the other WeGen nodes."
                ),
                PainterSocket.Output(
                    "painter",
                    display_name="painter",
                    tooltip="The part that draws, for WeGen Copilot with another MLLM.",
                ),
                MLLMSocket.Output(
                    "mllm",
                    display_name="mllm",
                    tooltip="The part that understands, for WeGen Copilot with another painter.",
                ),
            ],
        )

    @classmethod
    def validate_inputs(cls, model: str = model_folders.MINI) -> bool | str:
        try:
            model_folders.locate(model)
        except ValueError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(cls, model: str, **_: str) -> str:
        return model_folders.fingerprint(model)

    @classmethod
    def execute(cls, model: str, precision: str) -> io.NodeOutput:
        copilot, painter, mllm = load_native(model, precision)
        return io.NodeOutput(copilot, painter, mllm)
