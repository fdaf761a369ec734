"""Which recipe a model gets: by its class and configuration, and by its file where that is all."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Any

from .recipe import AUTO, Recipe
from .recipes import RECIPES


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
        normalised = re.sub(r"[_ ]", "-", file.lower())
        named = next((r for r in fitting if r.file and re.search(r.file, normalised)), None)
        by_class = [r for r in fitting if r.models]
        default = next(r for r in fitting if r.models or not r.file)
        return named or default, named is None and len(by_class) > 1
    recipe = next((r for r in fitting if r.name == name), None)
    if recipe is None:
        raise ValueError(
            f"recipe {name!r} does not fit the model, which is {model_class(model)}; choose 'auto' "
            f"or {' or '.join(repr(r.name) for r in fitting)}"
        )
    return recipe, False


def require_nodes(recipe: Recipe, known: Container[str]) -> None:
    """ValueError if this ComfyUI lacks a node of the recipe. known: classes of all its nodes."""
    missing = [kind for kind in sorted(recipe.node_types) if kind not in known]
    if missing:
        raise ValueError(
            f"recipe {recipe.name!r} needs {' and '.join(missing)}, which this ComfyUI lacks; "
            f"update ComfyUI{f' to {recipe.core} or newer' if recipe.core else ''}"
        )


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
    if not recipe.models:
        return known != lineage[0]
    config = getattr(model.model.model_config, "unet_config", {})
    return (
        known in recipe.models
        and all(bool(config.get(key)) is value for key, value in recipe.config.items())
        and _inpaints(model) == (recipe.edit == "fill")
    )


def _inpaints(model: Any) -> bool:
    """Whether the model was trained for inpainting: it reads a mask along with the image."""
    return model_class(model) == "FluxInpaint" or "mask" in model.model.concat_keys
