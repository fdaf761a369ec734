"""WeGen Model Loader."""

from __future__ import annotations

from comfy_api.latest import io

from . import model_folders
from .residency import Resident
from .schema import CATEGORY, Copilot, advanced


class WeGenLoadModel(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenLoadModel",
            display_name="WeGen Model Loader",
            category=CATEGORY,
            description="Loads a WeGen copilot: the small built-in one, or a folder of yours.",
            inputs=[
                io.Combo.Input(
                    "model",
                    options=model_folders.names(),
                    default=model_folders.MINI,
                    tooltip="'mini' is built in: it draws simple scenes of 64x64 pixels. Others "
                    "are folders in models/wegen: the official checkpoint, or a converted one.",
                ),
                advanced(
                    io.Combo.Input(
                        "precision",
                        options=["auto", "float32", "bfloat16", "float16"],
                        default="auto",
                        tooltip="Number format of the weights. 'auto' takes what the device does "
                        "best, and float32 for mini.",
                    )
                ),
            ],
            outputs=[
                Copilot.Output(
                    "loaded", display_name="copilot", tooltip="Connect it to the other WeGen nodes."
                )
            ],
        )

    @classmethod
    def validate_inputs(cls, model: str) -> bool | str:
        try:
            model_folders.locate(model)
        except ValueError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(cls, model: str, precision: str) -> str:
        return model_folders.fingerprint(model)

    @classmethod
    def execute(cls, model: str, precision: str) -> io.NodeOutput:
        import torch

        from ..wegen_core import load

        place = model_folders.locate(model)
        dtype = _dtype(precision, small=model == model_folders.MINI)
        with torch.inference_mode(False):  # nodes run inside it; its tensors cannot be altered
            return io.NodeOutput(Resident(load(place, device="cpu", dtype=dtype)))


def _dtype(precision: str, small: bool):
    import comfy.model_management as memory
    import torch

    if precision != "auto":
        return getattr(torch, precision)
    device = memory.get_torch_device()
    if small or memory.is_device_cpu(device):
        return torch.float32
    return torch.bfloat16 if memory.should_use_bf16(device) else torch.float16
