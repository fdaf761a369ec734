"""What the pack registers in a real ComfyUI.

The first of the server tests by name: importing is measured where nothing has run yet.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.comfy_server import PACK
from tests.support.graphs import widgets

pytestmark = pytest.mark.comfyui
CONTRACT = json.loads(Path(__file__).with_name("node_contract.json").read_text())
WORKFLOWS = sorted((PACK / "workflows").glob("*.json"))


def test_starting_is_cheap_and_imports_no_model_library(server):
    assert server.get("wegen_test/import_seconds").json() < 0.15
    assert "diffusers" not in server.get("wegen_test/modules").json()


def test_nodes_keep_their_ids_inputs_widgets_and_outputs(object_info):
    found = {
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
    assert found == CONTRACT, "what others expand into is hidden; all else is shown"


def test_everything_is_explained_and_texts_agree(object_info):
    texts = json.loads((PACK / "locales" / "en" / "nodeDefs.json").read_text())
    for name, text in texts.items():
        info = object_info[name]
        assert (info["display_name"], info["description"]) == (
            text["display_name"],
            text["description"],
        )
        given = {**info["input"].get("required", {}), **info["input"].get("optional", {})}
        assert {n: spec[1]["tooltip"] for n, spec in given.items()} == {
            n: t["tooltip"] for n, t in text["inputs"].items()
        }
        assert info["output_tooltips"] == [t["tooltip"] for t in text["outputs"].values()]
        visible = [n for n, options in widgets(info) if not options.get("advanced")]
        assert len(visible) <= 8


def test_help_texts_and_templates_are_served(server):
    for name in CONTRACT:
        for language in ("en", "zh"):
            page = server.get(f"extensions/ComfyUI-WeGen/docs/{name}/{language}.md")
            assert page.status_code == 200 and page.text.startswith("# ")
    translations = server.get("i18n").json()
    assert set(CONTRACT) <= set(translations["zh"]["nodeDefs"])
    templates = server.get("workflow_templates").json()["ComfyUI-WeGen"]
    assert sorted(templates) == [p.stem for p in WORKFLOWS]
    for workflow in WORKFLOWS:
        picture = server.get(f"api/workflow_templates/ComfyUI-WeGen/{workflow.stem}.jpg")
        assert picture.status_code == 200
