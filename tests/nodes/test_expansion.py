"""Graphs that nodes expand into, where a model loaded in ComfyUI paints.

ComfyUI's own nodes are fakes; what it does with these graphs is tested in `tests/comfyui`.
"""

from __future__ import annotations

import json
from collections import Counter

import pytest
import torch

from tests.support.graphs import Graph, output
from tests.support.hostile_server import serving, speak
from tests.support.pack import is_link
from tests.support.painting_graphs import PLAN, add_copilot, plan_reply

SD = {"CLIPTextEncode", "VAEEncode", "SetLatentNoiseMask", "KSampler", "VAEDecode"}
OURS = {"WeGenUnpack", "WeGenHeld", "WeGenFinish"}


def image_of(width: int = 64, height: int = 64) -> torch.Tensor:
    """[1,H,W,3], its values between the steps of 8 bits."""
    x, y = torch.linspace(0, 0.7, width), torch.linspace(0, 0.3, height)
    return (x[None, :] + y[:, None])[None, :, :, None].repeat(1, 1, 1, 3)


def refine(graph: Graph, copilot, image, seed: int = 1, **more) -> str:
    fields = {"image": image, "instruction": "make the boat red", "seed": seed}
    return graph.add("WeGenRefine", copilot=copilot, **fields, **more)[0]


def expanded(graph: Graph) -> dict[str, dict]:
    """The nodes that were added while the graph ran."""
    return {name: node for name, node in graph.items() if "." in name}


def kinds(graph: Graph) -> Counter:
    return Counter(node["class_type"] for node in expanded(graph).values())


def test_a_region_is_painted_by_comfyuis_nodes_and_the_rest_keeps_its_numbers(pack):
    source = image_of(90, 70)
    with serving(plan_reply()) as host:
        graph = Graph()
        name = refine(graph, add_copilot(graph, host), source)
        image, change_mask, report = pack.outputs(graph, name)
    assert set(kinds(graph)) == SD | OURS
    assert image.shape == source.shape and change_mask.shape == source.shape[:3]
    assert torch.equal(image[:, :, 50:], source[:, :, 50:])
    assert (image[:, :, :40] != source[:, :, :40]).any()
    assert (change_mask[:, :, 50:] == 0).all()
    assert "ComfyUI's SD15, recipe Stable Diffusion, seed 1" in report
    assert (name, report) in pack.server.texts


def test_every_link_of_an_expanded_graph_leads_to_a_node(pack):
    with serving(plan_reply()) as host:
        graph = Graph()
        pack.outputs(graph, refine(graph, add_copilot(graph, host), image_of()))
    links = [v for n in expanded(graph).values() for v in n["inputs"].values() if is_link(v)]
    assert links and all(name in graph and isinstance(index, int) for name, index in links)
    unpack = next(n for n in expanded(graph).values() if n["class_type"] == "WeGenUnpack")
    finish = next(n for n in expanded(graph).values() if n["class_type"] == "WeGenFinish")
    sampler = next(n for n in expanded(graph).values() if n["class_type"] == "KSampler")
    assert unpack["inputs"]["copilot"] == finish_source(graph)
    assert graph[finish["inputs"]["image"][0]]["class_type"] == "VAEDecode"
    assert sampler["inputs"]["seed"] == 1 and sampler["inputs"]["steps"] == 2
    assert graph[sampler["inputs"]["model"][0]]["class_type"] == "WeGenUnpack"


def finish_source(graph: Graph) -> list:
    """The link by which the node on screen gets its copilot; the new nodes get it by the same."""
    return next(n for n in graph.values() if n["class_type"] == "WeGenRefine")["inputs"]["copilot"]


def test_the_plan_is_made_once_for_all_seeds(pack):
    with serving(plan_reply()) as host:
        graph = Graph()
        copilot = pack.run(graph, add_copilot(graph, host))
        images = []
        for seed in (1, 2):
            graph = Graph()
            graph["source"] = {"class_type": "Value", "inputs": {}}
            images.append(pack.outputs(graph, refine(graph, copilot, image_of(), seed))[0])
        assert len(host.asked) == 1
    assert not torch.equal(*images)
