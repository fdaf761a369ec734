"""The graphs that recipes expand to, against ComfyUI's own example graphs.

The facts of these are in `tests/support/data/official_templates.json`; `official_templates` reads
them from the package `comfyui-workflow-templates-json`.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from tests.support import official_templates as official
from tests.support.pack import is_link

FACTS: dict[str, Any] = json.loads(official.FACTS.read_text("utf-8"))
OUTPUTS = ("MODEL", "CLIP", "VAE")
SIDE = 768


@pytest.fixture(scope="module")
def recipes(pack):
    return {recipe.name: recipe for recipe in pack.module("nodes.backend.recipes").RECIPES}


def expanded(pack, recipe, images: int) -> tuple[list[list[Any]], Any]:
    """The facts of a recipe's graph for that many images, and what it paints."""
    from comfy_execution.graph_utils import GraphBuilder

    painters = pack.module("nodes.backend.comfy_painter")
    records = pack.module("wegen_core.records.plan")
    model = SimpleNamespace(object_patches={})
    painter = painters.ComfyPainter(recipe, model, None, None, width=SIDE, height=SIDE)
    references = [records.Reference(n) for n in range(2, images + 1)]
    references += [records.Reference(1, "base")] if images else []
    intent = "compose" if images > 1 else "refine" if images else "generate"
    plan = records.Plan(intent, prompt="a red boat", references=tuple(references))
    request = painter.request(plan, [Image.new("RGB", (SIDE, SIDE))] * images)
    graph = GraphBuilder()
    unpack = graph.node("WeGenUnpack", "copilot")
    settings = pack.module("wegen_core.painting.painter").PaintSettings()
    pack.module("nodes.backend.graph").PaintingGraph(graph, painter, request, unpack).image(
        1, settings
    )
    nodes = graph.finalize()

    def canonical(name: str, value: Any) -> Any:
        if name in official.TEXTS:
            return "TEXT"
        if not is_link(value):
            return "SIZE" if name in ("width", "height") else value
        kind = nodes[value[0]]["class_type"]
        if kind == "WeGenHeld":
            return "IMAGE"
        return OUTPUTS[value[1]] if kind == "WeGenUnpack" else f"{kind}.{value[1]}"

    drop = ("seed", "noise_seed", "held")
    facts = [
        [
            node["class_type"],
            {k: canonical(k, v) for k, v in node["inputs"].items() if k not in drop},
        ]
        for node in nodes.values()
        if node["class_type"] not in ("WeGenUnpack", "WeGenHeld")
    ]
    return facts, request


def size_differs(recipe, size: list[Any]) -> bool:
    """Whether a template scales images to another number of pixels, or to sides that are no
    multiples of the family's."""
    megapixels, step = size
    area = recipe.family.area
    return (
        megapixels is None
        or megapixels * 1024 * 1024 != area
        or recipe.family.multiple % (step or 1)
    )


def all_differences(pack, recipe, name: str) -> dict[str, Any]:
    template = FACTS[name]
    ours, request = expanded(pack, recipe, template["images"])
    found = official.differences(template, ours)
    if template["images"] and size_differs(recipe, template.get("size", [None, None])):
        found["size"] = (template.get("size"), request.size)
    return found


def test_every_difference_is_listed_and_argued(pack, recipes):
    unlisted, argued = [], set()
    for recipe in recipes.values():
        for name in recipe.templates:
            found = all_differences(pack, recipe, name)
            unlisted += [f"{name}: {k}: {v}" for k, v in found.items() if k not in recipe.differs]
            argued |= {(k, v) for k, v in recipe.differs.items() if k in found}
    assert not unlisted, "\n".join(unlisted)
    listed = {item for recipe in recipes.values() for item in recipe.differs.items()}
    assert listed == argued  # none is left over from a graph that was once otherwise


def test_the_version_is_the_oldest_that_a_template_needs(recipes):
    for recipe in recipes.values():
        if recipe.core and recipe.templates:
            assert recipe.core == min(FACTS[name]["core"] for name in recipe.templates)


def test_the_facts_are_those_of_the_installed_package(recipes):
    if official.folder() is None:
        pytest.skip("install comfyui-workflow-templates-json to compare with the graphs themselves")
    if (installed := version("comfyui-workflow-templates-json")) != official.VERSION:
        pytest.skip(
            f"comfyui-workflow-templates-json {installed} is installed, the facts are of "
            f"{official.VERSION}: run python -m tests.support.official_templates and compare"
        )
    names = {name for recipe in recipes.values() for name in recipe.templates}
    assert json.loads(json.dumps(official.read(names))) == FACTS
