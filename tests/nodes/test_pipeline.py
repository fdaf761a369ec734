"""The copilot and the nodes run one pipeline: equal plans, masks and reports."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.support.graphs import Graph
from tests.support.hostile_server import serving, speak
from tests.support.painting_graphs import PLAN, add_copilot
from wegen_core.records.hooks import NO_HOOKS

SIZE = 64


def image(seed: int, size: int = SIZE) -> torch.Tensor:
    """A smooth IMAGE whose values are not multiples of 1/255."""
    noise = np.random.default_rng(seed).random((1, 3, 6, 6), np.float32)
    smooth = torch.nn.functional.interpolate(torch.from_numpy(noise), size, mode="bicubic")
    return smooth.clamp(0.01, 0.99).movedim(1, -1)


def half_mask() -> torch.Tensor:
    mask = torch.zeros(1, SIZE, SIZE)
    mask[:, :, SIZE // 2 :] = 1
    return mask


REFINE = {"instruction": "make the boat red"}
CASES = {
    "refine": ("WeGenRefine", {**REFINE, "image": image(1)}, PLAN),
    "refine in a mask": ("WeGenRefine", {**REFINE, "image": image(1), "mask": half_mask()}, PLAN),
    "refine everywhere": (
        "WeGenRefine",
        {**REFINE, "image": image(1)},
        {**PLAN, "region": None, "scope": "global"},
    ),
    "refine a small part of a large image": (
        "WeGenRefine",
        {**REFINE, "image": image(1, 201)},
        {**PLAN, "region": [0.0, 0.4, 0.1, 0.5]},
    ),
    "compose": (
        "WeGenCompose",
        {
            "instruction": "put the boat from img 2 into img 1",
            "image_1": image(1),
            "image_2": image(2),
        },
        {**PLAN, "intent": "compose"},
    ),
    "chat": (
        "WeGenChat",
        {"message": "make the boat red", "images": image(1)},
        PLAN,
    ),
    "generate": (
        "WeGenGenerate",
        {"prompt": "a red boat by the sea, in the early morning, with a dog", "n": 2,
         "steps": 0, "guidance": 0.0},
        {**PLAN, "intent": "generate"},
    ),
}  # fmt: skip


class PaintedBefore:
    """A painter that hands out images painted elsewhere, in order."""

    def __init__(self, painter, images: list[torch.Tensor]) -> None:
        self.name, self.aligned, self.area = painter.name, painter.aligned, painter.area
        self.images = images

    def paint(self, plans, images, *, seeds, settings=None, hooks=NO_HOOKS):
        return [self.images.pop(0) for _ in plans]


def by_nodes(pack, host, kind: str, inputs: dict, check: str) -> SimpleNamespace:
    """What a node gives: IMAGE, MASK, and the records of the turns behind them."""
    graph = Graph()
    copilot = add_copilot(graph, host, check=check)
    node = graph.add(kind, copilot=copilot, seed=7, **inputs)
    run = pack.run(graph)
    run.outputs(node)
    finished = [name for name, n in graph.items() if n["class_type"] == "WeGenFinish"]
    decoded = [name for name, n in graph.items() if n["class_type"] == "VAEDecode"]
    last = run.outputs([finished[-1], 0])
    return SimpleNamespace(
        images=last[0],
        masks=last[1],
        reports=last[2],
        conversation=last[4],
        painted=[run.value([name, 0]) for name in decoded],
        painter=run.value(copilot).copilot.painter,
    )


def by_copilot(pack, host, kind: str, inputs: dict, check: str, nodes) -> list:
    """The results of the copilot's own method, with the images that the nodes painted."""
    endpoint = pack.module("wegen_core.mllm.endpoint")
    mllm = endpoint.EndpointMLLM(f"http://{host.host}/v1", "small", max_images=9)
    painter = PaintedBefore(nodes.painter, list(nodes.painted))
    copilot = pack.module("wegen_core.copilot").Copilot(mllm, painter, check=check)
    if kind == "WeGenRefine":
        mask = inputs.get("mask")
        mask = None if mask is None else mask[0]
        return [copilot.refine(inputs["image"], inputs["instruction"], mask, seed=7)]
    if kind == "WeGenCompose":
        images = [inputs["image_1"], inputs["image_2"]]
        return [copilot.compose(images, inputs["instruction"], seed=7)]
    if kind == "WeGenChat":
        conversation = pack.module("wegen_core.records.conversation").Conversation()
        return [copilot.chat(conversation, inputs["message"], inputs["images"], seed=7)]
    return copilot.pipeline.generate(inputs["prompt"], inputs["n"], seed=7)


def compare(pack, name: str, check: str, *replies: str) -> SimpleNamespace:
    kind, inputs, plan = CASES[name]
    script = [speak(json.dumps(plan)), *map(speak, replies)]
    if name == "generate":
        script = [speak(json.dumps(plan))] * inputs["n"]
    with serving(*script, *script) as host:
        nodes = by_nodes(pack, host, kind, inputs, check)
        results = by_copilot(pack, host, kind, inputs, check, nodes)
    assert "\n\n".join(str(r.report) for r in results) == nodes.reports
    assert nodes.conversation.turns[-1].record == results[-1].report.data
    for k, result in enumerate(results):
        mask = np.full(nodes.masks[k].shape, 255, np.uint8)
        if result.change_mask is not None:
            mask = np.asarray(result.change_mask)
        assert (nodes.masks[k].numpy() * 255 + 0.5).astype(np.uint8).tolist() == mask.tolist()
        part = result.parts[0] if kind == "WeGenChat" else result.part
        assert torch.equal(part.pixels[0], nodes.images[k])
    return nodes


@pytest.mark.parametrize("name", CASES)
def test_both_give_the_same_plan_mask_and_report(pack, name):
    nodes = compare(pack, name, "off")
    plan = nodes.conversation.turns[-1].record["plan"]
    if name == "refine in a mask":
        assert plan["region"] == [0.5, 0.0, 1.0, 1.0], "the mask narrows the plan's region"
    assert ("painted only a crop, 64x64 at (0, 58) of 201x201" in nodes.reports) == (
        name == "refine a small part of a large image"
    )
    if name == "compose":
        assert [r["role"] for r in plan["references"] if r["picture"] == 1] == ["base"]


def test_both_paint_once_more_what_the_check_rejects(pack):
    nodes = compare(pack, "refine", "repaint", "no", "yes")
    assert len(nodes.painted) == 2
    assert "yes: the boat is red" in nodes.reports


@pytest.mark.parametrize("name", ["refine", "refine in a mask", "compose", "chat"])
def test_values_outside_the_change_are_the_sources_own_floats(pack, name):
    kind, inputs, plan = CASES[name]
    with serving(speak(json.dumps(plan))) as host:
        nodes = by_nodes(pack, host, kind, inputs, "off")
    source = next(inputs[k] for k in ("image", "image_1", "images") if k in inputs)
    unchanged = nodes.masks[0] == 0
    assert 0.2 < unchanged.float().mean() < 0.9
    assert torch.equal(nodes.images[0][unchanged], source[0][unchanged])
    rounded = (source * 255).round() / 255
    assert not torch.equal(nodes.images[0][unchanged], rounded[0][unchanged])
