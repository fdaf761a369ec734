"""The example workflows for models that users have: in order, and run with tiny models in place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from PIL import Image

from tests.support.comfy_server import PACK
from tests.support.graphs import from_workflow
from tests.support.hostile_server import serving, speak
from tests.support.painting_graphs import PLAN, photo, run_to_success, skip_unless_known

pytestmark = pytest.mark.comfyui
TINY = {
    "flux-3": ("TestFlux3", "flux3-image-klein.safetensors"),
    "flux-2": ("TestFlux2", ""),
    "qwen-image-2-1": ("TestQwen21", "qwen_image_2.1.safetensors"),
    "qwen": ("TestQwenImage", ""),
    "sdxl": ("TestStableDiffusion", ""),
}
"""Part of a workflow's name -> the maker of a tiny model, and the file that it stands for."""
WORKFLOWS = [
    path
    for path in sorted((PACK / "workflows").glob("wegen-*.json"))
    if any(part in path.stem for part in TINY)
]
FILES = ("CheckpointLoaderSimple", "UNETLoader", "CLIPLoader", "VAELoader", "LoadImage")
OUTPUTS = {"UNETLoader": 0, "CLIPLoader": 1, "VAELoader": 2}
TWO = [
    {"picture": n, "role": r, "what": "", "strength": 1} for n, r in ((1, "subject"), (2, "base"))
]
PLANS: dict[str, list[dict[str, Any]]] = {
    "refine": [PLAN],
    "compose": [{**PLAN, "intent": "compose", "references": TWO}],
    "chat": [{**PLAN, "intent": kind} for kind in ("generate", "refine", "answer")],
}


def task(path) -> str:
    return path.stem.split("-")[2]


def tiny(path) -> tuple[str, str]:
    return next(TINY[part] for part in TINY if part in path.stem)


def swapped(graph: dict[str, Any], made: str, file: str, host: str) -> dict[str, Any]:
    """`graph` with a tiny model instead of the files, small pictures and few steps."""
    loaders = {n for n, v in graph.items() if v["class_type"] in FILES[:-1]}
    small = {"width": 64, "height": 64, "steps": 2, "url": f"http://{host}/v1"}
    smaller = {"0": {"class_type": made, "inputs": {"unet_name": file} if file else {}}}
    for name, node in graph.items():
        inputs = {k: small.get(k, v) for k, v in node["inputs"].items()}
        for key, value in inputs.items():
            if isinstance(value, list) and value[0] in loaders:
                kind = graph[value[0]]["class_type"]
                inputs[key] = ["0", OUTPUTS.get(kind, value[1])]
        if node["class_type"] == "WeGenCopilot":
            inputs["check"] = "off"  # one more answer of the language model for each picture
        if name not in loaders:
            smaller[name] = {"class_type": node["class_type"], "inputs": inputs}
    return smaller


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.stem)
def test_only_the_model_files_are_missing(server, object_info, path):
    skip_unless_known(server, tiny(path)[0])
    outcome = server.run(from_workflow(path, object_info))
    assert outcome.end == "rejected"
    faults = json.loads(outcome.message)["node_errors"].values()
    assert faults and all(fault["class_type"] in FILES for fault in faults)
    kinds = {e["type"] for fault in faults for e in fault["errors"]}
    assert kinds <= {"value_not_in_list", "custom_validation_failed"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.stem)
def test_it_runs_with_a_tiny_model(server, object_info, path):
    skip_unless_known(server, tiny(path)[0])
    server.upload(photo(), "example.png")
    acts = [speak(json.dumps(p)) for p in PLANS.get(task(path), [PLAN])]
    with serving(*acts) as host:
        graph = swapped(from_workflow(path, object_info), *tiny(path), host.host)
        outcome = run_to_success(server, graph)
    shown = [n for n, v in graph.items() if v["class_type"] in ("PreviewImage", "SaveImage")]
    pictures = server.pictures(outcome, shown)
    assert len(pictures) == {"prompts": 4, "chat": 2}.get(task(path), 1)
    assert all(isinstance(p, Image.Image) and p.getbbox() for p in pictures)
