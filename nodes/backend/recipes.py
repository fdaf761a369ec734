"""How each family of models paints with ComfyUI's own nodes: one row of data per family."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ...wegen_core.painting.families import Family

AUTO = "auto"


@dataclass(frozen=True)
class Recipe:
    """One family.

    models: its classes in ComfyUI's `supported_models`. prefix: of a row of `painting.families`,
    for wording and sizes. edit: how a picture is changed: "noise" (image-to-image, masked latent),
    "fill" (a model made for inpainting), "references" (reference latents), "qwen", "qwen plus"
    (these, and the text encoder sees the pictures). pictures: how many it is shown at most. steps,
    cfg, sampler, scheduler: where the user says nothing. guidance: of models that are told it, not
    the sampler. shift: of the noise schedule. latent: the node that makes an empty one. sigmas: a
    node that knows the family's own noise schedule. file: what the published weights' file is
    called, where the weights of other rows look the same; "_" and " " read as "-".
    """

    name: str
    models: tuple[str, ...]
    prefix: str
    edit: Literal["noise", "fill", "references", "qwen", "qwen plus"]
    pictures: int = 1
    steps: int = 20
    cfg: float = 1.0
    sampler: str = "euler"
    scheduler: str = "simple"
    guidance: float | None = None
    shift: float | None = None
    latent: str = "EmptyLatentImage"
    sigmas: str | None = None
    file: str = ""

    @property
    def sees(self) -> bool:
        """Whether the model is shown pictures, and reads instructions."""
        return self.edit not in ("noise", "fill")

    @property
    def family(self) -> Family:
        """The family's row; ComfyUI's nodes get the pictures at the size to paint."""
        from ...wegen_core.painting.families import FAMILIES

        row = next(f for f in FAMILIES if f.prefix == self.prefix)
        edits = "instruction" if self.sees else "noise"
        return replace(row, edits=edits, pictures=self.pictures, rescales=False)


_SD: dict[str, Any] = {"steps": 25, "cfg": 7.0, "sampler": "dpmpp_2m", "scheduler": "karras"}
_SD15 = ("SD15", "SD20")
_SDXL = ("SDXL", "SDXLRefiner")
_QWEN: dict[str, Any] = {"models": ("QwenImage",), "cfg": 2.5, "shift": 3.0}
RECIPES = (
    Recipe("Stable Diffusion", _SD15, "StableDiffusion", "noise", **_SD),
    Recipe("SDXL", _SDXL, "StableDiffusionXL", "noise", **_SD),
    Recipe("Stable Diffusion inpainting", _SD15, "StableDiffusion", "fill", **_SD),
    Recipe("SDXL inpainting", _SDXL, "StableDiffusionXL", "fill", **_SD),
    Recipe(
        "FLUX Kontext",
        ("Flux",),
        "FluxKontext",
        "references",
        pictures=3,
        guidance=2.5,
        file="kontext",
    ),
    Recipe("FLUX Fill", ("FluxInpaint",), "FluxPipeline", "fill", guidance=30.0),
    Recipe("FLUX", ("Flux",), "FluxPipeline", "noise", guidance=3.5, file=r"\bdev\b|krea"),
    Recipe("FLUX schnell", ("FluxSchnell",), "FluxPipeline", "noise", steps=4),
    Recipe(
        "FLUX.2",
        ("Flux2",),
        "Flux2",
        "references",
        pictures=9,
        guidance=4.0,
        latent="EmptyFlux2LatentImage",
        sigmas="Flux2Scheduler",
    ),
    Recipe(
        "Qwen-Image-Edit-Plus",
        **_QWEN,
        prefix="QwenImageEditPlus",
        edit="qwen plus",
        pictures=3,
        file=r"edit-(25\d\d|plus)",
    ),
    Recipe("Qwen-Image-Edit", **_QWEN, prefix="QwenImageEdit", edit="qwen", file="image-edit"),
    Recipe("Qwen-Image", **_QWEN, prefix="QwenImage", edit="noise", file="qwen-image"),
    Recipe("reference latents", (), "Flux2", "references", pictures=4, cfg=4.0),
    Recipe("image to image", (), "FluxPipeline", "noise", cfg=4.0),
)
NAMES = [AUTO, *(r.name for r in RECIPES)]


def recipe_for(model: Any, name: str, file: str = "") -> tuple[Recipe, bool]:
    """The row called `name` for ComfyUI's MODEL, and whether it is a guess.

    "auto": the first that fits; of rows whose weights look the same, the first that `file`, the
    name of the weights, speaks for. Raises ValueError if the row is not for such a model.
    """
    fitting = [r for r in RECIPES if _fits(r, model)]
    if name == AUTO:
        alike = [r for r in fitting if r.file]
        called = re.sub(r"[_ ]", "-", file.lower())
        meant = next((r for r in alike if re.search(r.file, called)), None)
        return meant or fitting[0], meant is None and len(alike) > 1
    found = next((r for r in fitting if r.name == name), None)
    if found is None:
        raise ValueError(
            f"recipe {name!r} does not fit the model, which is {kind(model)}; choose 'auto' or "
            f"{' or '.join(repr(r.name) for r in fitting)}"
        )
    return found, False


def kind(model: Any) -> str:
    """What ComfyUI takes the model for: the name of its class in `supported_models`."""
    return type(model.model.model_config).__name__


def _fits(recipe: Recipe, model: Any) -> bool:
    if recipe.name == "reference latents":
        return "ref_latents" in model.model.memory_usage_factor_conds
    if recipe.name == "image to image":
        return True
    lineage = [c.__name__ for c in type(model.model.model_config).__mro__]
    known = next((c for c in lineage if any(c in r.models for r in RECIPES)), None)
    return known in recipe.models and _fills(model) == (recipe.edit == "fill")


def _fills(model: Any) -> bool:
    """Whether the model is made for inpainting: it reads a mask along with the picture."""
    return kind(model) == "FluxInpaint" or "mask" in model.model.concat_keys
