"""WeGen MLLM Endpoint."""

from __future__ import annotations

from comfy_api.latest import io

from ..wegen_core.mllm.endpoint import EndpointMLLM
from ..wegen_core.planning.references import MAX_IMAGES
from .backend.memory import ManagedModel
from .backend.schema import CATEGORY, MLLMSocket, advanced, aliases


class WeGenMLLMEndpoint(io.ComfyNode):
    """An OpenAI-compatible server as the MLLM."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenMLLMEndpoint",
            display_name="WeGen MLLM Endpoint",
            category=CATEGORY,
            **aliases("Ollama", "OpenAI", "LM Studio", "vLLM", "llama.cpp", "API", "服务器"),
            description="A model behind an OpenAI-compatible address (Ollama, LM Studio, vLLM, "
            "SGLang, llama.cpp, ...), to plan for WeGen Copilot.",
            inputs=[
                io.String.Input(
                    "url",
                    default="http://localhost:11434/v1",
                    tooltip="The server's address, which usually ends in /v1. Your words and "
                    "images are sent there. A key comes from the environment variable "
                    "WEGEN_API_KEYS ('host=key'), never from a workflow.",
                ),
                io.String.Input(
                    "model", default="qwen2.5vl", tooltip="The name the server knows it by."
                ),
                advanced(
                    io.Int.Input(
                        "pictures",
                        display_name="pictures at once",
                        default=MAX_IMAGES,
                        min=0,
                        max=100,
                        tooltip="How many of the newest images are sent. 0 for a model that "
                        "reads text only; 1 where the server takes only one.",
                    )
                ),
                advanced(
                    io.Int.Input(
                        "timeout",
                        default=300,
                        min=1,
                        max=3600,
                        tooltip="Seconds of silence to wait for; the first reply may have to "
                        "wait for the model to load.",
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
    def execute(cls, url: str, model: str, pictures: int, timeout: int) -> io.NodeOutput:
        mllm = EndpointMLLM(url, model, max_images=pictures, timeout=timeout)
        return io.NodeOutput(ManagedModel(mllm))
