"""WeGen MLLM from CLIP: the text encoder that ComfyUI already holds, as the MLLM."""

from __future__ import annotations

from comfy_api.latest import io

from .backend.memory import ManagedModel
from .backend.schema import CATEGORY, MLLMSocket
from .backend.sockets import to_image

NEEDED = "0.15"


class WeGenMLLMFromCLIP(io.ComfyNode):
    """A loaded text encoder as the MLLM."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenMLLMFromCLIP",
            display_name="WeGen MLLM from CLIP",
            category=CATEGORY,
            description="Uses the text encoder that is already loaded to understand and plan, if "
            "it is a language model: Qwen2.5-VL, Qwen3, Qwen3-VL, Gemma, ... Nothing is loaded "
            f"twice. Needs ComfyUI {NEEDED} or newer.",
            inputs=[
                io.Clip.Input(
                    "clip",
                    tooltip="From Load CLIP or a checkpoint loader: a text encoder that can write. "
                    "Those of Qwen-Image, Z-Image, FLUX.2 Klein, Lumina 2 or LTX-2 can.",
                )
            ],
            outputs=[
                MLLMSocket.Output(
                    "mllm", display_name="mllm", tooltip="Connect it to WeGen Copilot."
                )
            ],
        )

    @classmethod
    def execute(cls, clip) -> io.NodeOutput:
        from ..wegen_core.mllm.text_encoder import TextEncoderMLLM

        encoder, family = _encoder(clip)
        sees = hasattr(encoder, "preprocess_embed")
        return io.NodeOutput(ManagedModel(TextEncoderMLLM(_writer(clip), family, sees=sees)))


def _encoder(clip):
    """The network in `clip` that writes, and ComfyUI's name for its kind."""
    if not hasattr(clip, "generate"):
        from comfyui_version import __version__

        raise RuntimeError(
            f"this is ComfyUI {__version__}, whose text encoders cannot write; update it to "
            f"{NEEDED} or newer, or use WeGen MLLM Loader or WeGen MLLM Endpoint"
        )
    from comfy.text_encoders.llama import BaseGenerate

    for network in clip.cond_stage_model.modules():
        if isinstance(network, BaseGenerate):
            return network, clip.tokenizer.clip_name
    raise ValueError(
        "this text encoder cannot write; connect one that is a language model (Qwen2.5-VL, Qwen3, "
        "Qwen3-VL, Gemma), or use WeGen MLLM Loader or WeGen MLLM Endpoint"
    )


def _writer(clip):
    """`clip` as `wegen_core` calls it; its own progress bar checks for Stop at every token."""

    def write(text, images, *, temperature, top_p, seed, max_new_tokens):
        tensors = [to_image([image]) for image in images]
        tokens = clip.tokenize(
            text,
            images=tensors,
            image=tensors[-1] if tensors else None,  # by this name for those that take one
            llama_template="{}",  # the turns are marked up already
            skip_template=True,
            min_length=1,
        )
        ids = clip.generate(
            tokens,
            do_sample=temperature > 0,
            max_length=max_new_tokens,
            temperature=temperature,
            top_k=0,
            top_p=top_p,
            seed=seed % 2**63,
        )
        return clip.decode(ids)

    return write
