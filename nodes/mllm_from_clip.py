"""WeGen MLLM from CLIP: the text encoder that ComfyUI already holds, as the MLLM."""

from __future__ import annotations

from typing import Any, cast

from comfy_api.latest import io

from .backend.memory import ManagedModel
from .backend.schema import CATEGORY, MLLMSocket, aliases
from .backend.sockets import require_loaded, to_image

NEEDED = "0.15"
INSTEAD = "use WeGen MLLM Loader or WeGen MLLM Endpoint"


class WeGenMLLMFromCLIP(io.ComfyNode):
    """A loaded text encoder as the MLLM."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="WeGenMLLMFromCLIP",
            display_name="WeGen MLLM from CLIP",
            category=CATEGORY,
            **aliases("text encoder", "Qwen3-VL", "LLM from text encoder", "文本编码器"),
            description="Uses the text encoder that is already loaded to understand and plan, if "
            "it is a language model: Qwen3, Qwen3-VL, Qwen3.5 or Gemma. Nothing is loaded twice. "
            f"Needs ComfyUI {NEEDED} or newer.",
            inputs=[
                io.Clip.Input(
                    "clip",
                    tooltip="From Load CLIP or a checkpoint loader: a text encoder that can write. "
                    "Those of Z-Image, FLUX.2 Klein, Krea 2, Lumina 2 and LTX-2 can; that of "
                    "Qwen-Image cannot.",
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
        from ..wegen_core.mllm.text_encoder import TextEncoderMLLM, markup_of

        network = _writing_network(clip)
        sees = hasattr(network, "preprocess_embed")
        classes = [c.__name__ for c in type(network).__mro__]  # Gemma 4's own is called "Variant"
        family = next(filter(markup_of, classes), classes[0])
        mllm = TextEncoderMLLM(_writer(clip), family, sees=sees)
        return io.NodeOutput(ManagedModel(mllm))


def _writing_network(clip):
    """The network in `clip` that writes. ValueError or RuntimeError that says why none does."""
    from comfyui_version import __version__

    require_loaded(clip, "clip", "Load CLIP if the checkpoint holds no text encoder")
    if not hasattr(clip, "generate"):
        raise RuntimeError(
            f"this is ComfyUI {__version__}, whose text encoders cannot write; update it to "
            f"{NEEDED} or newer, or {INSTEAD}"
        )
    from comfy.text_encoders.llama import BaseGenerate

    encoder = clip.cond_stage_model
    networks = [n for n in encoder.modules() if isinstance(n, BaseGenerate)]
    if not networks or not hasattr(encoder, "generate"):
        raise ValueError(
            f"the text encoder {type(encoder).__name__} is not a language model, so it cannot "
            f"write; connect Qwen3, Qwen3-VL, Qwen3.5 or Gemma, or {INSTEAD}"
        )
    network = networks[0]
    kind, model = type(network).__name__, cast(Any, network.model)
    lacks = None
    if not hasattr(model.config, "stop_tokens"):  # Qwen2.5-VL, whose output layer is not loaded
        lacks = f"ComfyUI {__version__} loads it without its output layer"
    elif model.norm is None:
        lacks = "it is cut off before its last layers"
    elif model.config.lm_head and not model.lm_head.weight[:8].float().any():
        lacks = "its file holds no output layer (lm_head.weight)"
    if lacks is not None:
        raise ValueError(
            f"the text encoder {kind} cannot write: {lacks}; connect another one (Qwen3, "
            f"Qwen3-VL, Qwen3.5, Gemma), or {INSTEAD}"
        )
    return network


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
