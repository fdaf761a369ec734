"""WeGen MLLM Loader."""

from __future__ import annotations

from comfy_api.latest import io

from .backend import model_folders
from .backend.loading import (
    PRECISIONS,
    dtype_of,
    free_device_memory,
    load_outside_inference_mode,
)
from .backend.memory import ManagedModel, ManagedNetwork, interruptible, kv_cache_bytes
from .backend.schema import CATEGORY, MLLMSocket, advanced, aliases

BITS = {"off": None, "8 bit": 8, "4 bit": 4}
ATTENTIONS = ["sdpa", "flash_attention_2", "eager"]


class WeGenLoadMLLM(io.ComfyNode):
    """Loads a transformers model folder as the MLLM."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenLoadMLLM",
            display_name="WeGen MLLM Loader",
            category=CATEGORY,
            **aliases("VLM", "LLM", "vision language model", "load Qwen-VL", "语言模型"),
            description="Loads a vision-language model of yours (Qwen2.5-VL, Qwen3-VL, Gemma 3, "
            "...), or one that reads text only, to plan for WeGen Copilot.",
            inputs=[
                io.Combo.Input(
                    "model",
                    options=model_folders.mllm_names(),
                    tooltip="Folders as they are published, in models/LLM, models/text_encoders "
                    "or models/wegen.",
                ),
                advanced(
                    io.Combo.Input(
                        "precision",
                        options=PRECISIONS,
                        default="auto",
                        tooltip="Number format of the weights. 'auto' takes what the device does "
                        "best.",
                    )
                ),
                advanced(
                    io.Combo.Input(
                        "quantisation",
                        options=list(BITS),
                        default="off",
                        tooltip="Needs the packages bitsandbytes and accelerate. A quantised model "
                        "stays on its device until the node releases it.",
                    )
                ),
                advanced(
                    io.Combo.Input(
                        "attention",
                        options=ATTENTIONS,
                        default="sdpa",
                        tooltip="flash_attention_2 needs the package flash-attn and an NVIDIA GPU.",
                    )
                ),
                advanced(
                    io.String.Input(
                        "repository",
                        default="",
                        tooltip="Instead of a folder: a name on the Hugging Face hub, such as "
                        "Qwen/Qwen3-VL-4B-Instruct. It is downloaded into models/LLM once, and "
                        "only if ComfyUI was started with the environment variable "
                        "WEGEN_DOWNLOAD=1.",
                    )
                ),
            ],
            outputs=[
                MLLMSocket.Output(
                    "mllm", display_name="mllm", tooltip="Connect it to WeGen Copilot."
                )
            ],
        )

    @classmethod
    def validate_inputs(cls, model: str | None = None, repository: str = "") -> bool | str:
        try:
            if model is not None and not repository.strip():
                model_folders.locate_mllm(model)
        except ValueError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(cls, model: str, repository: str = "", **_) -> str:
        return model_folders.fingerprint(model) + repository

    @classmethod
    def execute(
        cls,
        model: str,
        precision: str,
        quantisation: str = "off",
        attention: str = "sdpa",
        repository: str = "",
    ) -> io.NodeOutput:
        from ..wegen_core.mllm import local
        from ..wegen_core.mllm.local.download import ensure

        bits = BITS[quantisation]
        with interruptible() as hooks:
            if repository.strip():
                folder = str(ensure(repository.strip(), model_folders.downloads(), hooks=hooks))
            else:
                folder = model_folders.locate_mllm(model)
            # The memory manager cannot move a quantised model: it stays on the device.
            device = "cpu"
            if bits is not None:
                device = free_device_memory(model_folders.weights_size(folder) * bits // 16)
            dtype = dtype_of(precision, small=False)
            options = {"attention": attention, "bits": bits, "hooks": hooks}
            mllm = load_outside_inference_mode(local.load, folder, dtype, device, **options)
        networks = []
        if bits is None:
            networks = [ManagedNetwork(mllm.model, mllm.forget, kv_cache_bytes(mllm.model))]
        return io.NodeOutput(ManagedModel(mllm, networks))
