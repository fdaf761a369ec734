"""WeGen Painter: any model loaded in ComfyUI as the one that draws."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from .backend.comfy_painter import ComfyPainter
from .backend.memory import ManagedModel
from .backend.recipes import AUTO, NAMES, kind, recipe_for
from .backend.schema import CATEGORY, PainterSocket, advanced

WEIGHTS = (".safetensors", ".sft", ".gguf", ".ckpt", ".pt", ".pth", ".bin")


class WeGenPainter(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        from comfy.samplers import KSampler

        return io.Schema(
            node_id="WeGenPainter",
            display_name="WeGen Painter",
            category=CATEGORY,
            description="Lets a model loaded in ComfyUI draw for WeGen Copilot. ComfyUI's own "
            "nodes do the work, with its previews, LoRAs and memory.",
            inputs=[
                io.Model.Input("model", tooltip="SDXL, FLUX, Qwen-Image-Edit, ...; with LoRAs."),
                io.Clip.Input("clip", tooltip="The text encoder that belongs to the model."),
                io.Vae.Input("vae", tooltip="The VAE that belongs to the model."),
                io.Combo.Input(
                    "recipe",
                    options=NAMES,
                    default=AUTO,
                    tooltip="How to drive the model. 'auto' looks at it. FLUX dev and Kontext look "
                    "the same, and so do all Qwen-Image models: there it goes by the file's name, "
                    "and the report says where that tells nothing.",
                ),
                io.Int.Input(
                    "steps", default=0, min=0, max=200, tooltip="0: what the model family likes."
                ),
                io.Float.Input(
                    "cfg",
                    default=0.0,
                    min=0.0,
                    max=30.0,
                    step=0.1,
                    tooltip="Guidance of the sampler. 0: what the model family likes; 1: none, for "
                    "distilled models and Lightning LoRAs.",
                ),
                io.Combo.Input(
                    "sampler_name",
                    display_name="sampler",
                    options=[AUTO, *KSampler.SAMPLERS],
                    default=AUTO,
                    tooltip="'auto': what the model family likes.",
                ),
                io.Combo.Input(
                    "scheduler",
                    options=[AUTO, *KSampler.SCHEDULERS],
                    default=AUTO,
                    tooltip="'auto': what the model family likes.",
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
        file = _weights(cls.hidden.dynprompt, cls.hidden.unique_id)
        chosen, guessed = recipe_for(model, recipe, file)
        _check(model, clip, vae)
        painter = ComfyPainter(chosen, model, clip, vae, guessed=guessed, **settings)
        return io.NodeOutput(ManagedModel(painter))


def _advanced_inputs() -> list[io.Input]:
    return [
        io.String.Input(
            "negative",
            default="",
            tooltip="What pictures should not have, for models with a cfg above 1.",
        ),
        io.Float.Input(
            "guidance",
            default=0.0,
            min=0.0,
            max=100.0,
            step=0.1,
            tooltip="What FLUX models are told instead of a cfg. 0: what the recipe says.",
        ),
        io.Float.Input(
            "strength",
            default=0.6,
            min=0.05,
            max=1.0,
            step=0.05,
            tooltip="For models that read no instructions (SDXL): how much of a whole picture may "
            "change. A region is always painted anew.",
        ),
        io.Int.Input(
            "width",
            default=0,
            min=0,
            max=8192,
            step=8,
            tooltip="Of new pictures; 0: the model's own. Changed pictures keep their size.",
        ),
        io.Int.Input(
            "height",
            default=0,
            min=0,
            max=8192,
            step=8,
            tooltip="Of new pictures; with the width it also says how many pixels are painted "
            "when a picture is changed.",
        ),
    ]


def _weights(graph: Any, node_id: str) -> str:
    """The file that the node's model is loaded from, as its loader is told; "" if none is."""
    node = graph.get_node(node_id)
    while isinstance(link := node["inputs"].get("model"), list):
        node = graph.get_node(link[0])
    files = (v for v in node["inputs"].values() if isinstance(v, str) and v.endswith(WEIGHTS))
    return next(files, "")


def _check(model: Any, clip: Any, vae: Any) -> None:
    """ValueError for what cannot work together."""
    for name, part in (("clip", clip), ("vae", vae)):
        if part is None:
            raise ValueError(
                f"{name} is empty: the checkpoint holds none; load the model's own with "
                f"{'CLIP Loader' if name == 'clip' else 'VAE Loader'}"
            )
    wanted, given = model.get_model_object("latent_format").latent_channels, vae.latent_channels
    if wanted != given:
        raise ValueError(
            f"vae has {given} latent channels, and the model ({kind(model)}) needs {wanted}; "
            "connect the VAE that belongs to the model"
        )
