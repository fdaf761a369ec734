"""What saved workflows and users rely on in the pack, checked without ComfyUI.

`tests/comfyui/node_contract.json` pins ids, inputs, widgets and outputs; the server tests hold the
running nodes against it.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.node_contract import CONTRACT
from tests.support.pack import STAND_IN

PACK = Path(__file__).parents[2]
DOOR = [PACK / "__init__.py"]
ROOMS = sorted((PACK / "nodes").glob("*.py"))
HEAVY = {"accelerate", "comfy", "cv2", "diffusers", "scipy", "torch", "transformers"}
OURS = [p for p in ROOMS if p.name != "internal.py"]  # whose nodes no user and no workflow sees


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def node_ids() -> dict[str, str]:
    """Class name -> node_id of every node."""
    classes = [c for p in OURS for c in parsed(p).body if isinstance(c, ast.ClassDef)]
    return {
        c.name: k.value.value
        for c in classes
        for k in ast.walk(c)
        if isinstance(k, ast.keyword) and k.arg == "node_id" and isinstance(k.value, ast.Constant)
    }


def test_ids_are_the_class_names_and_never_change():
    assert node_ids() == {name: name for name in CONTRACT}


def test_every_node_is_listed_at_the_door():
    names = {n.id for n in ast.walk(parsed(DOOR[0])) if isinstance(n, ast.Name)}
    assert set(CONTRACT) <= names
    assert "NODE_CLASS_MAPPINGS" not in names  # even an empty one would switch V3 nodes off


def test_every_output_says_its_name():
    """ComfyUI 0.3.64 would show the type instead."""
    calls = [n for p in OURS for n in ast.walk(parsed(p)) if isinstance(n, ast.Call)]
    outputs = [c for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr == "Output"]
    assert len(outputs) == sum(len(node["outputs"]) for node in CONTRACT.values())
    assert all("display_name" in [k.arg for k in c.keywords] for c in outputs)


def test_workflows_have_thumbnails_and_use_nodes_that_exist():
    found = sorted((PACK / "workflows").glob("*.json"))
    assert [p.stem[:9] for p in found] == [f"wegen-{n:02}-" for n in range(1, 16)]
    for path in found:
        workflow = json.loads(path.read_text(encoding="utf-8"))
        ours = {n["type"] for n in workflow["nodes"] if n["type"].startswith("WeGen")}
        assert ours <= set(CONTRACT)
        assert path.with_suffix(".jpg").is_file()


@pytest.mark.parametrize("path", sorted((PACK / "workflows").glob("*.json")), ids=lambda p: p.stem)
def test_a_workflow_opens_readable_and_explained(path):
    workflow = json.loads(path.read_text(encoding="utf-8"))
    assert "ds" not in workflow["extra"]  # a stored view: the page would not fit the graph in
    (note,) = (n for n in workflow["nodes"] if n["type"] == "MarkdownNote")
    english, chinese = note["widgets_values"][0].split("\n\n---\n\n")
    assert re.search("[\u4e00-\u9fff]", chinese) and not re.search("[\u4e00-\u9fff]", english)
    compares = any(n["type"] == "ImageCompare" for n in workflow["nodes"])
    assert ("*Compare Images* needs ComfyUI 0.9" in english) == compares
    right, bottom = (
        max(
            n["pos"][k] + (0 if n["flags"].get("collapsed") else n["size"][k])
            for n in workflow["nodes"]
        )
        for k in (0, 1)
    )
    # The page fits a graph into three quarters of its window: at least 60 % of 1440 x 900.
    assert right + 20 <= 0.75 * 1440 / 0.6 and bottom + 30 + 20 <= 0.75 * 900 / 0.6


def test_loading_the_pack_imports_nothing_heavy():
    code = f"""
import importlib.util, sys
sys.path.insert(0, {str(STAND_IN)!r})
where = [{str(PACK)!r}]
spec = importlib.util.spec_from_file_location("pack", where[0] + "/__init__.py",
                                              submodule_search_locations=where)
sys.modules["pack"] = door = importlib.util.module_from_spec(spec)
spec.loader.exec_module(door)
print(*sorted({HEAVY} & set(sys.modules)))"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_pack_imports_itself_relatively():
    for path in DOOR + ROOMS:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ImportFrom) and not node.level:
                assert not (node.module or "").startswith(("wegen_core", "nodes")), path.name
            if isinstance(node, ast.Import):
                assert not any(a.name.startswith(("wegen_core", "nodes")) for a in node.names)


def test_the_registrys_security_rules_find_nothing():
    rules = "S102,S307,E702,S3,S6"
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--select", rules]
    command += ["--ignore", "S311", "__init__.py", "nodes", "wegen_core"]
    done = subprocess.run(command, cwd=PACK, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
