"""Every family that a ComfyUI knows paints there: tiny networks of its own, random weights.

Families of a newer ComfyUI get networks of known ones, and stand-ins for its nodes: see
`newer_nodes.py`.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.support.graphs import Graph
from tests.support.hostile_server import serving
from tests.support.painting_graphs import (
    add_copilot,
    add_image,
    add_refine,
    compose_from_colours,
    photo,
    plan_reply,
    run_to_success,
    skip_unless_known,
)

pytestmark = pytest.mark.comfyui


def published(maker: str, file: str = "") -> dict:
    """A tiny model, loaded as if it were that file."""
    return {"maker": maker, "parts": {"unet_name": f"{file}.safetensors"} if file else {}}


FAMILIES = {
    "FLUX.2 Klein base": published("TestFlux2", "flux-2-klein-base-4b-fp8"),
    "FLUX.2 Klein KV": published("TestFlux2", "flux-2-klein-9b-kv-fp8"),
    "FLUX.3 Klein": published("TestFlux3", "flux3-image-klein-int8-convrot"),
    "FLUX.3 Klein base": published("TestFlux3", "flux3-image-klein-base-int8-convrot"),
    "Qwen-Image-2.1": published("TestQwen21", "qwen_image_2.1_int8_convrot"),
    "Qwen-Image-2.1-Turbo": published("TestQwen21", "qwen_image_2.1_turbo_int8_convrot"),
    "Z-Image": published("TestZImage", "z_image_bf16"),
    "Z-Image-Turbo": published("TestZImage", "z_image_turbo_bf16"),
    "JoyAI-Image-Edit": published("TestJoy"),
    "Mage-Flow-Edit": published("TestMageFlow", "mage_flow_edit_int8_convrot"),
    "Mage-Flow": published("TestMageFlow", "mage_flow_int8_convrot"),
    "LongCat-Image-Edit": published("TestLongCat", "longcat_image_edit_bf16"),
    "OmniGen2": published("TestOmniGen2"),
    "FIBO 2": published("TestFibo2", "fibo2_dev_int8_convrot"),
    "MOSS-Image-Edit": {**published("TestMoss"), "recipe": "MOSS-Image-Edit"},
    "Boogu-Image-Edit": published("TestBoogu", "boogu_image_edit_fp8_scaled"),
    "Ming-Image-Design": published("TestMing", "ming_image_0.1_design_int8_convrot"),
    "Chroma": published("TestChroma"),
    "Lumina 2": published("TestLumina2"),
    "Stable Diffusion 3.5": published("TestSD3"),
}
STAND_INS = (
    "TextEncodeQwenImage21", "QwenImage21Cache", "ReferenceMultiLatent", "TextEncodeFibo2",
    "TextEncodeMOSSImageEdit", "TextEncodeMingImageEdit",
)  # fmt: skip
SEVERAL = ("FLUX.3 Klein", "Qwen-Image-2.1", "Mage-Flow-Edit", "OmniGen2", "FIBO 2")
"""Families that read more than one image."""


@pytest.mark.parametrize("recipe", FAMILIES)
def test_it_changes_an_image(server, recipe):
    skip_unless_known(server, **FAMILIES[recipe])
    before = photo((90, 130))
    with serving(plan_reply()) as host:
        graph = Graph()
        add_refine(graph, host, add_image(server, graph, before), **FAMILIES[recipe])
        outcome = run_to_success(server, graph)
    after = server.pictures(outcome)[0].convert("RGB")
    assert f"recipe {recipe}, seed 1" in server.texts(outcome)[0]
    assert after.size == before.size
    assert (np.asarray(before)[:, :40] != np.asarray(after)[:, :40]).any()


@pytest.mark.parametrize("recipe", FAMILIES)
def test_it_draws_a_new_image(server, recipe):
    skip_unless_known(server, **FAMILIES[recipe])
    with serving(plan_reply(intent="generate", region=None)) as host:
        graph = Graph()
        copilot = add_copilot(graph, host, **FAMILIES[recipe])
        settings = {"n": 1, "seed": 1, "steps": 0, "guidance": 0.0, "prompt": "a red boat"}
        graph.add("PreviewImage", images=graph.add("WeGenGenerate", copilot=copilot, **settings))
        (drawn,) = server.pictures(run_to_success(server, graph))
    assert drawn.size == (64, 64) and np.asarray(drawn).std() > 0


@pytest.mark.parametrize("recipe", SEVERAL)
def test_every_image_has_an_effect(server, recipe):
    skip_unless_known(server, **FAMILIES[recipe])
    images = compose_from_colours(server, **FAMILIES[recipe])
    assert all((other != images[0]).any() for other in images[1:])


@pytest.mark.parametrize("kind", STAND_INS)
def test_stand_ins_have_the_documented_inputs_and_outputs(server, object_info, kind):
    spec = find_spec("comfyui_embedded_docs")
    if spec is None or not spec.origin:
        pytest.skip("install comfyui-embedded-docs to compare with the documentation")
    if kind not in object_info:
        pytest.skip("this ComfyUI is too old for inputs that grow")
    page = (Path(spec.origin).parent / "docs" / kind / "en.md").read_text("utf-8")
    inputs, outputs = (
        set(re.findall(r"^\| `([\w.]+)` \|", part, re.MULTILINE))
        for part in page.split("## Outputs")
    )
    info = object_info[kind]
    named = {name for group in info["input"].values() for name in group}
    assert named == inputs - {"megapixels"}  # of an option of `resolution`
    assert set(info["output_name"]) == outputs
