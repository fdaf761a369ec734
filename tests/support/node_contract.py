"""What saved workflows and translations rely on, held against a ComfyUI's `object_info`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.graphs import widgets

ROOT = Path(__file__).parents[2]
CONTRACT = json.loads((ROOT / "tests" / "comfyui" / "node_contract.json").read_text())
MAX_VISIBLE_WIDGETS = 8


def contract_of(object_info: dict[str, Any]) -> dict[str, Any]:
    """Inputs, widgets and outputs of the pack's nodes, in order; hidden nodes are left out."""
    return {
        name: {
            "inputs": [
                i for group in ("required", "optional") for i in info["input"].get(group, ())
            ],
            "widgets": [name for name, _ in widgets(info)],
            "outputs": [
                f"{n}: {t}" for n, t in zip(info["output_name"], info["output"], strict=True)
            ],
        }
        for name, info in object_info.items()
        if name.startswith("WeGen") and not (info.get("dev_only") or info.get("deprecated"))
    }


def english_texts(object_info: dict[str, Any]) -> dict[str, Any]:
    """The texts of the schemas in the form of a translation, `locales/*/nodeDefs.json`."""
    texts = {}
    for node in CONTRACT:
        info = object_info[node]
        inputs = {**info["input"].get("required", {}), **info["input"].get("optional", {})}
        outputs = zip(info["output_name"], info["output_tooltips"], strict=True)
        texts[node] = {
            "display_name": info["display_name"],
            "description": info["description"],
            "inputs": {
                name: {"name": spec[1].get("display_name") or name, "tooltip": spec[1]["tooltip"]}
                for name, spec in inputs.items()
            },
            "outputs": {
                str(k): {"name": name, "tooltip": tooltip}
                for k, (name, tooltip) in enumerate(outputs)
            },
        }
    return texts


def assert_explained(object_info: dict[str, Any]) -> None:
    """Every node, input and output has a name and an explanation; few widgets are visible."""
    for node, text in english_texts(object_info).items():
        assert text["display_name"] and text["description"], node
        for part in (*text["inputs"].values(), *text["outputs"].values()):
            assert part["name"] and part["tooltip"], (node, part)
        visible = [i for i, options in widgets(object_info[node]) if not options.get("advanced")]
        assert len(visible) <= MAX_VISIBLE_WIDGETS
