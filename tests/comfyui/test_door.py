"""What the pack registers in a real ComfyUI.

What importing it costs is measured when the server has started (see `conftest.py`).
"""

from __future__ import annotations

import pytest

from tests.support.comfy_server import PACK
from tests.support.node_contract import CONTRACT, assert_explained, contract_of

pytestmark = pytest.mark.comfyui
WORKFLOWS = sorted((PACK / "workflows").glob("*.json"))


def test_starting_is_cheap_and_imports_no_model_library(server):
    assert "diffusers" not in server.modules_at_start
    assert server.import_seconds < 0.3  # of CPU time; about 0.1 on a quiet machine


def test_nodes_keep_their_ids_inputs_widgets_and_outputs(object_info):
    assert contract_of(object_info) == CONTRACT


def test_everything_is_explained(object_info):
    assert_explained(object_info)


def test_new_nodes_keep_their_seed_and_are_found_by_other_words(object_info):
    refine = object_info["WeGenRefine"]
    if "search_aliases" not in refine:
        pytest.skip("this ComfyUI knows neither")
    assert {"edit image", "inpaint", "改图"} <= set(refine["search_aliases"])
    seeds = [object_info[name]["input"]["required"].get("seed") for name in CONTRACT]
    assert {spec[1]["control_after_generate"] for spec in seeds if spec} == {"fixed"}


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
