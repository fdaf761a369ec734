"""WeGen Painter: any model loaded in ComfyUI as the one that draws."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from .backend.memory import ResidentModel
from .backend.recipes import AUTO, NAMES, Recipe, kind, recipe_for
from .backend.schema import CATEGORY, Painter, advanced

if TYPE_CHECKING:
    from PIL.Image import Image

    from ..wegen_core.painting.request import Brief
    from ..wegen_core.records.plan import Plan


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
                *map(advanced, _seldom()),
            ],
            outputs=[
                Painter.Output(
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
        return io.NodeOutput(ResidentModel(painter))


def _seldom() -> list[io.Input]:
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
    told = (v for v in node["inputs"].values() if isinstance(v, str) and v.endswith(WEIGHTS))
    return next(told, "")


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


@dataclass(frozen=True, eq=False)
class ComfyPainter:
    """A painter whose pictures are made by ComfyUI's nodes: see `painting_graph`.

    steps, cfg, guidance: 0 for the recipe's. guessed: other recipes fit the model as well. token:
    another one for every other set of models and settings.
    """

    recipe: Recipe
    model: Any
    clip: Any
    vae: Any
    steps: int = 0
    cfg: float = 0.0
    sampler_name: str = AUTO
    scheduler: str = AUTO
    negative: str = ""
    guidance: float = 0.0
    strength: float = 0.6
    width: int = 0
    height: int = 0
    guessed: bool = False
    token: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def name(self) -> str:
        doubt = " (a guess: choose it in WeGen Painter)" if self.guessed else ""
        return f"ComfyUI's {kind(self.model)}, recipe {self.recipe.name}{doubt}"

    @property
    def aligned(self) -> bool:
        """Whether what it leaves alone never shifts or scales, as `painting.Painter` says."""
        return not self.recipe.sees

    def brief(self, plan: Plan, pictures: list[Image], mask: Image | None = None) -> Brief:
        """What to ask for, and at which size."""
        from ..wegen_core.painting.request import brief

        family = self.recipe.family
        size = (self.width, self.height) if self.width and self.height else None
        told = brief(
            plan,
            pictures,
            family,
            area=self.width * self.height or family.area,
            size=None if pictures and plan.intent != "generate" else size,
            mask=mask,
            strength=self.strength,
        )
        if self.recipe.edit == "fill" and told.base is not None and told.region is None:
            raise ValueError(
                f"{self.name} paints inside a mask only, and the plan names no region; connect a "
                "mask, or a painter that edits by instruction"
            )
        return told
