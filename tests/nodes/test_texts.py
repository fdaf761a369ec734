"""Translations, help pages and README name what the schemas name.

The English texts are those of the schemas. `locales/en` holds only the labels of inputs, because
the page of ComfyUI 0.3.64 does not read a label from a schema.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.node_contract import CONTRACT, english_texts

PACK = Path(__file__).parents[2]


def locale(language: str) -> dict:
    return json.loads((PACK / "locales" / language / "nodeDefs.json").read_text(encoding="utf-8"))


@pytest.fixture(params=["en", "zh"])
def language(request) -> str:
    return request.param


@pytest.fixture
def texts(pack, language) -> dict:
    return english_texts(pack.object_info) if language == "en" else locale(language)


def test_english_labels_are_those_of_the_schemas(pack):
    labels = {}
    for node, text in english_texts(pack.object_info).items():
        inputs = {i: {"name": t["name"]} for i, t in text["inputs"].items() if t["name"] != i}
        if inputs:
            labels[node] = {"inputs": inputs}
    assert locale("en") == labels


def test_texts_name_every_input_and_output(texts):
    assert list(texts) == list(CONTRACT)
    for node, text in texts.items():
        assert text["display_name"] and text["description"]
        assert list(text["inputs"]) == CONTRACT[node]["inputs"]
        assert list(text["outputs"]) == [str(i) for i in range(len(CONTRACT[node]["outputs"]))]
        parts = [*text["inputs"].values(), *text["outputs"].values()]
        assert all(part["name"] and part["tooltip"] for part in parts)


def test_help_pages_and_nodes_agree(texts, language):
    pages = {p.parent.name: p for p in (PACK / "web" / "docs").glob(f"*/{language}.md")}
    assert set(pages) == set(CONTRACT)
    for node, page in pages.items():
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {texts[node]['display_name']}\n")
        _, inputs, outputs = text.split("\n## ")
        for part, section in (("inputs", inputs), ("outputs", outputs)):
            named = re.findall(r"^- \*\*(.+?)\*\*", section, re.MULTILINE)
            assert named == [t["name"] for t in texts[node][part].values()], page


def test_readme_names_every_node(pack):
    readme = (PACK / "README.md").read_text(encoding="utf-8")
    names = [info["display_name"] for info in english_texts(pack.object_info).values()]
    assert [name for name in names if name not in readme] == []


def test_graphs_for_agents_have_every_required_input(pack):
    page = (PACK / "docs" / "agents.md").read_text("utf-8")
    graphs = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    nodes = [node for graph in graphs for node in graph.values()]
    ours = [node for node in nodes if node["class_type"] in pack.object_info]
    assert len(ours) == 4
    for node in ours:
        inputs = pack.object_info[node["class_type"]]["input"]
        required, optional = (set(inputs.get(group, {})) for group in ("required", "optional"))
        assert required <= set(node["inputs"]) <= required | optional
