"""How each family of models paints with ComfyUI's own nodes: one row of data per way to paint."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from ...wegen_core.painting.families import FAMILIES, Family

AUTO = "auto"


@dataclass(frozen=True)
class Recipe:
    """How one family of models paints.

    Parameters
    ----------
    name
        Option of the node's `recipe` widget.
    models
        Names of the family's classes in ComfyUI's `supported_models`.
    family
        Wording and sizes: a row of `painting.families`.
    edit
        How an image is changed. "noise": image-to-image, with a masked latent for a region. "fill":
        a model trained for inpainting. "references": reference latents. "qwen", "qwen plus":
        reference latents, and the text encoder sees the image or images.
    max_images
        How many images the graph shows, where these are fewer than the family reads.
    steps, cfg, sampler, scheduler
        Used where the user gives none.
    guidance
        Guidance scale that the model gets as an input, apart from the sampler's cfg; None: the
        model has no such input.
    shift
        Of the noise schedule; None: the model's own.
    latent
        Class of the node that makes an empty latent.
    sigmas
        Class of the node that knows the family's noise schedule; None: KSampler's schedulers do.
    file
        Pattern found in the file name of published weights, for models that ComfyUI cannot tell
        apart. The name is in lower case there, with "-" for "_" and " ".
    """

    name: str
    models: tuple[str, ...]
    family: Family
    edit: Literal["noise", "fill", "references", "qwen", "qwen plus"]
    max_images: int | None = None
    steps: int = 20
    cfg: float = 1.0
    sampler: str = "euler"
    scheduler: str = "simple"
    guidance: float | None = None
    shift: float | None = None
    latent: str = "EmptyLatentImage"
    sigmas: str | None = None
    file: str = ""


_SD15 = ("SD15", "SD20")
_SDXL = ("SDXL", "SDXLRefiner")
_SD: dict[str, Any] = {"steps": 25, "cfg": 7.0, "sampler": "dpmpp_2m", "scheduler": "karras"}
_QWEN: dict[str, Any] = {"models": ("QwenImage",), "cfg": 2.5, "shift": 3.0}
RECIPES = (
    Recipe("Stable Diffusion", _SD15, FAMILIES["sd"], "noise", **_SD),
    Recipe("SDXL", _SDXL, FAMILIES["sdxl"], "noise", **_SD),
    Recipe("Stable Diffusion inpainting", _SD15, FAMILIES["sd"], "fill", **_SD),
    Recipe("SDXL inpainting", _SDXL, FAMILIES["sdxl"], "fill", **_SD),
    Recipe(
        "FLUX Kontext", ("Flux",), FAMILIES["kontext"], "references", guidance=2.5, file="kontext"
    ),
    Recipe("FLUX Fill", ("FluxInpaint",), FAMILIES["flux"], "fill", guidance=30.0),
    Recipe("FLUX", ("Flux",), FAMILIES["flux"], "noise", guidance=3.5, file=r"\bdev\b|krea"),
    Recipe("FLUX schnell", ("FluxSchnell",), FAMILIES["flux"], "noise", steps=4),
    Recipe(
        "FLUX.2",
        ("Flux2",),
        FAMILIES["flux2"],
        "references",
        max_images=9,
        guidance=4.0,
        latent="EmptyFlux2LatentImage",
        sigmas="Flux2Scheduler",
    ),
    Recipe(
        "Qwen-Image-Edit-Plus",
        family=FAMILIES["qwen"],
        edit="qwen plus",
        file=r"edit-(25\d\d|plus)",
        **_QWEN,
    ),
    Recipe(
        "Qwen-Image-Edit",
        family=FAMILIES["qwen"],
        edit="qwen",
        max_images=1,
        file="image-edit",
        **_QWEN,
    ),
    Recipe("Qwen-Image", family=FAMILIES["qwen-image"], edit="noise", file="qwen-image", **_QWEN),
    Recipe("reference latents", (), FAMILIES["flux2"], "references", max_images=4, cfg=4.0),
    Recipe("image to image", (), FAMILIES["flux"], "noise", cfg=4.0),
)
"""In the order in which "auto" tries them; the last two fit models of any family."""

NAMES = [AUTO, *(r.name for r in RECIPES)]


def recipe_for(model: Any, name: str, file: str = "") -> tuple[Recipe, bool]:
    """The recipe for a model, and whether it is a guess.

    Parameters
    ----------
    model
        ComfyUI's MODEL.
    name
        Name of a recipe, or "auto": the first one that fits. Among recipes whose weights look the
        same to ComfyUI, `file` decides.
    file
        File name of the weights; "" if it is unknown.

    Raises
    ------
    ValueError
        The recipe called `name` does not fit the model.
    """
    fitting = [r for r in RECIPES if _fits(r, model)]
    if name == AUTO:
        candidates = [r for r in fitting if r.file]
        normalised = re.sub(r"[_ ]", "-", file.lower())
        named = next((r for r in candidates if re.search(r.file, normalised)), None)
        return named or fitting[0], named is None and len(candidates) > 1
    recipe = next((r for r in fitting if r.name == name), None)
    if recipe is None:
        raise ValueError(
            f"recipe {name!r} does not fit the model, which is {model_class(model)}; choose 'auto' "
            f"or {' or '.join(repr(r.name) for r in fitting)}"
        )
    return recipe, False


def model_class(model: Any) -> str:
    """The name of the model's class in ComfyUI's `supported_models`."""
    return type(model.model.model_config).__name__


def _fits(recipe: Recipe, model: Any) -> bool:
    if recipe.name == "reference latents":
        return "ref_latents" in model.model.memory_usage_factor_conds
    if recipe.name == "image to image":
        return True
    # The nearest known class counts: other packs derive their own classes from ComfyUI's.
    lineage = [c.__name__ for c in type(model.model.model_config).__mro__]
    known = next((c for c in lineage if any(c in r.models for r in RECIPES)), None)
    return known in recipe.models and _inpaints(model) == (recipe.edit == "fill")


def _inpaints(model: Any) -> bool:
    """Whether the model was trained for inpainting: it reads a mask along with the image."""
    return model_class(model) == "FluxInpaint" or "mask" in model.model.concat_keys
