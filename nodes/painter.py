"""WeGen Painter."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from .backend.comfy_painter import ComfyPainter
from .backend.memory import ManagedModel
from .backend.recipe import AUTO
from .backend.recipe_choice import model_class, recipe_for, require_nodes
from .backend.recipes import NAMES
from .backend.schema import CATEGORY, PainterSocket, advanced, aliases
from .backend.sockets import require_loaded

WEIGHTS = (".safetensors", ".sft", ".gguf", ".ckpt", ".pt", ".pth", ".bin")
"""How the names of weight files end."""


class WeGenPainter(io.ComfyNode):
    """Makes a model that ComfyUI has loaded the painter of WeGen Copilot."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        from comfy.samplers import KSampler

        return io.Schema(
            node_id="WeGenPainter",
            display_name="WeGen Painter",
            category=CATEGORY,
            **aliases("image model", "SDXL", "FLUX", "Qwen-Image-Edit", "sampler", "画手"),
            description="Makes a model that ComfyUI has loaded the painter of WeGen Copilot. "
            "ComfyUI's own nodes do the work, with its previews, LoRAs and memory management.",
            inputs=[
                io.Model.Input(
                    "model", tooltip="SDXL, FLUX, Qwen-Image-Edit and others; LoRAs may be applied."
                ),
                io.Clip.Input("clip", tooltip="The text encoder that belongs to the model."),
                io.Vae.Input("vae", tooltip="The VAE that belongs to the model."),
                io.Combo.Input(
                    "recipe",
                    options=NAMES,
                    default=AUTO,
                    tooltip="How to use the model. 'auto' detects it from the model. FLUX dev and "
                    "Kontext have the same weights' shapes, and so have all Qwen-Image models: "
                    "there the file name decides. If it does not help, the report says so.",
                ),
                io.Int.Input(
                    "steps",
                    default=0,
                    min=0,
                    max=200,
                    tooltip="Sampling steps. 0: the value that suits the model family.",
                ),
                io.Float.Input(
                    "cfg",
                    default=0.0,
                    min=0.0,
                    max=30.0,
                    step=0.1,
                    tooltip="Guidance of the sampler. 0: the value that suits the model family. 1: "
                    "no guidance, for distilled models and Lightning LoRAs.",
                ),
                io.Combo.Input(
                    "sampler_name",
                    display_name="sampler",
                    options=[AUTO, *KSampler.SAMPLERS],
                    default=AUTO,
                    tooltip="'auto': the sampler that suits the model family.",
                ),
                io.Combo.Input(
                    "scheduler",
                    options=[AUTO, *KSampler.SCHEDULERS],
                    default=AUTO,
                    tooltip="'auto': the scheduler that suits the model family.",
                ),
                *map(advanced, _advanced_inputs()),
            ],
            outputs=[
                PainterSocket.Output(
                    "painter", display_name="painter", tooltip="Connect it to WeGen Copilot."
                )
            ],
            hidden=[io.Hidden.unique_id, io.Hidden.dynprompt],
        )

    @classmethod
    def execute(cls, model, clip, vae, recipe: str, **settings: Any) -> io.NodeOutput:
        from execution import nodes as comfy_nodes

        require_loaded(model, "model", "Load Checkpoint or Load Diffusion Model")
        require_loaded(clip, "clip", "Load CLIP if the checkpoint holds no text encoder")
        require_loaded(vae, "vae", "Load VAE if the checkpoint holds none")
        file = _weights_file(cls.hidden.dynprompt, cls.hidden.unique_id)
        chosen, guessed = recipe_for(model, recipe, file)
        require_nodes(chosen, comfy_nodes.NODE_CLASS_MAPPINGS)
        _check_parts(model, clip, vae)
        painter = ComfyPainter(chosen, model, clip, vae, guessed=guessed, **settings)
        return io.NodeOutput(ManagedModel(painter))


def _advanced_inputs() -> list[io.Input]:
    return [
        io.String.Input(
            "negative",
            default="",
            tooltip="What images should not contain. Used where the cfg is above 1.",
        ),
        io.Float.Input(
            "guidance",
            default=0.0,
            min=0.0,
            max=100.0,
            step=0.1,
            tooltip="Guidance input of FLUX models, which replaces the cfg. 0: the recipe's value.",
        ),
        io.Float.Input(
            "strength",
            default=0.6,
            min=0.05,
            max=1.0,
            step=0.05,
            tooltip="For models that read no instructions (SDXL): how much of a whole image may "
            "change. A region is always painted anew.",
        ),
        io.Int.Input(
            "width",
            default=0,
            min=0,
            max=8192,
            step=8,
            tooltip="Width of new images. 0: the model's own size. Changed images keep their size.",
        ),
        io.Int.Input(
            "height",
            default=0,
            min=0,
            max=8192,
            step=8,
            tooltip="Height of new images. Width times height is also the number of pixels that "
            "is painted when an image is changed.",
        ),
    ]


def _weights_file(graph: Any, node_id: str) -> str:
    """The file that the node's model is loaded from, from the inputs of its loader; "": none."""
    node = graph.get_node(node_id)
    while isinstance(link := node["inputs"].get("model"), list):
        node = graph.get_node(link[0])
    files = (v for v in node["inputs"].values() if isinstance(v, str) and v.endswith(WEIGHTS))
    return next(files, "")


def _check_parts(model: Any, clip: Any, vae: Any) -> None:
    """ValueError for parts that cannot work together."""
    channels = model.get_model_object("latent_format").latent_channels
    if vae.latent_channels != channels:
        raise ValueError(
            f"vae has {vae.latent_channels} latent channels, and the model ({model_class(model)}) "
            f"needs {channels}; connect the VAE that belongs to the model"
        )
    needed = _text_width(model)
    target = model.model.model_config.clip_target({})
    if needed is None or (target is not None and type(clip.tokenizer) is target.tokenizer):
        return
    # An unusual pair: only trying it tells. That loads the encoder, which painting needs anyway.
    width = clip.encode_from_tokens(clip.tokenize("")).shape[-1]
    if width != needed:
        raise ValueError(
            f"clip gives {width} values for each token, and the model ({model_class(model)}) reads "
            f"{needed}; connect the text encoder that belongs to the model"
        )


def _text_width(model: Any) -> int | None:
    """How many values for each token a model reads; None: it is not known."""
    layers = dict(model.model.diffusion_model.named_children())
    if "txt_in" in layers:
        return layers["txt_in"].in_features
    return model.model.model_config.unet_config.get("context_dim")
