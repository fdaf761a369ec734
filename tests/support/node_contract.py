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


def assert_explained(object_info: dict[str, Any]) -> None:
    """Names, descriptions and tooltips are those of the English texts; few widgets are visible."""
    texts = json.loads((ROOT / "locales" / "en" / "nodeDefs.json").read_text(encoding="utf-8"))
    for name, text in texts.items():
        info = object_info[name]
        assert info["display_name"] == text["display_name"]
        assert info["description"] == text["description"]
        inputs = {**info["input"].get("required", {}), **info["input"].get("optional", {})}
        tooltips = {i: spec[1]["tooltip"] for i, spec in inputs.items()}
        assert tooltips == {i: t["tooltip"] for i, t in text["inputs"].items()}
        assert info["output_tooltips"] == [t["tooltip"] for t in text["outputs"].values()]
        visible = [i for i, options in widgets(info) if not options.get("advanced")]
        assert len(visible) <= MAX_VISIBLE_WIDGETS
