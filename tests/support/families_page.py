# ruff: noqa: E501, the page's lines are longer
"""`docs/families.md`, from the rows of `painting.families` and `nodes.backend.recipes`.

python -m tests.support.families_page
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "families.md"

TOP = """# Families of image models

Made by `python -m tests.support.families_page` from the rows in `wegen_core/painting/families.py` and
`nodes/backend/recipes.py`; do not edit it here.

WeGen Painter takes the first recipe that fits: by the model's class and configuration in ComfyUI, and where several fit, by
the file's name. If neither decides, the report calls the recipe a guess, and the widget `recipe` chooses another. A recipe
without a class is for models whose class was not known when its row was written: the file's name alone finds it.

Nodes and numbers are those of ComfyUI's example graphs (the package `comfyui-workflow-templates-json`). Every difference is
listed below, and a test fails for one that is not. *From* is the first version of ComfyUI that has the nodes, as far as the
example graphs say.
"""

MISSING = """## What is not here

- Z-Image-Omni has nodes in ComfyUI and no example graph: its steps, cfg and shift are those of Z-Image.
- The names that ComfyUI gives the classes of FLUX.3 Klein, FIBO 2, MOSS-Image and Ming-Image could not be read, so the names
  of their files find them.
- ComfyUI's example graph of HiDream-O1 draws; only that of HiDream-O1-Dev shows how images are added.
- MOSS-Image-Edit needs its edit LoRA in front of WeGen Painter. No file name tells that it is there: choose the recipe.
- The makers of FLUX.3 Klein, Qwen-Image-2.1, FIBO 2 and others ship a model that rewrites prompts, and their example graphs run
  it. Here the language model of WeGen Copilot has that part. Its instructions are shorter than such a model writes.
- FIBO 2 was trained on long JSON captions and Ming-Image on JSON layouts; both read plain instructions too, and get these.
- JoyAI-Image-Edit's node scales an image to one of its own sizes before it encodes it, so that a result may shift by a few
  pixels. Preservation registers it.
- No published weights have painted here yet.
"""


def page(recipes: Any, families: dict[str, Any]) -> str:
    """The text of the page."""
    names = {id(family): name for name, family in families.items()}
    rows = [r for r in recipes if r.models or r.file]
    lines = [TOP, "## Recipes", ""]
    lines += ["| recipe | class, file name | from | how it edits | steps, cfg, sampler | wording |"]
    lines += ["|---|---|---|---|---|---|"]
    lines += [
        f"| {r.name} | {_found_by(r)} | {r.core} | {_edit(r)} | {_sampling(r)} "
        f"| [{names[id(r.family)]}](#wording) |"
        for r in rows
    ]
    lines += ["", "## Wording", ""]
    lines += ['{keep}: what the plan keeps, or "everything else". Sizes are in pixels.', ""]
    lines += ["| family | an edit | an image is called | images | pixels, sides | guide |"]
    lines += ["|---|---|---|---|---|---|"]
    for name, f in families.items():
        text = f.instruction.replace("{change}", f"make it red{f.keep}")
        if f.edits == "noise":
            text = "a description of the result"
        called = f"`{f.reference}`" if f.reference else "`picture 1`" if f.max_images > 1 else ""
        guide = f"[read]({f.guide})" if f.guide else "no guide read"
        order = ", the one to change first" if f.base_first else ""
        side = round(f.area**0.5)
        limit = f"; at most {f.max_words} words" if f.max_words else ""
        boxes = "; boxes of the plan as JSON" if f.boxes else ""
        lines += [
            f"| {name} | {text}{limit}{boxes} | {called} | {f.max_images}{order} "
            f"| {side}x{side}, {f.multiple} | {guide} |"
        ]
    lines += ["", "## Where the graphs differ from ComfyUI's", ""]
    for r in rows:
        if not r.templates:
            continue
        reasons = dict.fromkeys(r.differs.values())
        lines += [f"**{r.name}** ({', '.join(r.templates)})" + (":" if reasons else ": the same.")]
        lines += ["", *(f"- {reason}" for reason in reasons)] + [""] * bool(reasons)
    return "\n".join([*lines, MISSING])


def _found_by(recipe: Any) -> str:
    config = [k if v else f"no {k}" for k, v in recipe.config.items()]
    classes = " or ".join(recipe.models) + "".join(f", {c}" for c in config)
    file = f"`{recipe.file}`".replace("|", "\\|") if recipe.file else ""
    return "; ".join(part for part in (classes, file) if part)


def _edit(recipe: Any) -> str:
    if recipe.edit == "noise":
        return "paints over it with noise"
    if recipe.edit == "fill":
        return "fills the region"
    nodes = [recipe.encoder.type, recipe.references.type if recipe.references else ""]
    nodes += ["ReferenceLatent"] if recipe.edit == "latents" else []
    nodes = [node for node in nodes if node not in ("", "CLIPTextEncode")]
    return ", ".join(nodes)


def _sampling(recipe: Any) -> str:
    sampler = recipe.sampler if isinstance(recipe.sampler, str) else recipe.sampler.type
    cfg = f"{recipe.cfg:g}" + (f" and {recipe.image_cfg:g}" if recipe.image_cfg else "")
    guidance = f", guidance {recipe.guidance:g}" if recipe.guidance else ""
    shift = f", shift {recipe.shift:g}" if recipe.shift else ""
    schedule = recipe.sigmas.type if recipe.sigmas else recipe.scheduler
    return f"{recipe.steps}, {cfg}, {sampler} {schedule}{guidance}{shift}"


def current() -> str:
    """The page of the rows as they are."""
    from tests.support.pack import loaded_pack

    with loaded_pack(Path(".")) as pack:
        recipes = pack.module("nodes.backend.recipes").RECIPES
        return page(recipes, pack.module("wegen_core.painting.families").FAMILIES)


if __name__ == "__main__":
    PAGE.write_text(current(), "utf-8")
