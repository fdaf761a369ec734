"""What importing costs, and who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORE = ROOT / "wegen_core"
HEAVY = ("torch", "transformers", "diffusers", "cv2", "accelerate")

# The rooms from the ground up: a file imports from its own level and from below. Rooms of one level
# do not know each other, except on the ground.
LEVELS = (
    ("progress", "pictures", "png16", "plan", "conversation", "references", "device"),
    ("model",),
    ("rewriting", "preservation"),
    ("mllm", "painting"),
    ("replies", "turns", "undo", "finishing", "copilot", "loading"),
    ("data", "training", "evaluation", "records", "page"),
    ("cli", "demo", "__main__"),
)
LEVEL = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
ON_TOP = {"data", "training", "evaluation"}


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    "module",
    ["", ".conversation", ".plan", ".copilot", ".cli", ".rewriting", ".preservation", ".mllm"],
)
def test_importing_loads_nothing_heavy(module):
    code = f"import sys, wegen_core{module}; print(*set(sys.modules) & set({HEAVY}))"
    allowed = {"cv2"} if module == ".preservation" else set()  # what it computes with
    assert set(run(code).split()) <= allowed


def test_using_the_lazy_names_loads_nothing_heavy():
    code = f"""
import sys, wegen_core as wegen
assert set(wegen.__all__) <= set(dir(wegen))
for name in wegen.__all__: getattr(wegen, name)
wegen.Conversation().add("user", "hello")
print(*set(sys.modules) & set({HEAVY}))"""
    assert run(code) == ""


def test_an_unknown_name_is_an_attribute_error():
    assert run("import wegen_core; print(hasattr(wegen_core, 'nothing'))") == "False"


def test_importing_is_fast():
    """CPU seconds beyond numpy, PIL and scipy, which ComfyUI has loaded anyway."""
    code = """
import time, numpy, PIL.Image, scipy.ndimage, scipy.fft
start = time.process_time()
import wegen_core, wegen_core.copilot
print(time.process_time() - start)"""
    assert min(float(run(code)) for _ in range(3)) < 0.15


def room_of(path: Path) -> str:
    return path.relative_to(CORE).parts[0].removesuffix(".py")


@cache
def imported(path: Path) -> set[str]:
    """Names of what `path` imports: "numpy", or "wegen_core.records.plan" for our own."""
    tree = ast.parse(path.read_text())
    package = ("wegen_core", *path.relative_to(CORE).parts[:-1])
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1]
            assert base, f"{path} imports from outside the library"
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{module}.{alias.name}" for alias in node.names}
    return found


def our_rooms(path: Path) -> set[str]:
    names = (name.split(".") for name in imported(path) if name.startswith("wegen_core."))
    return {parts[1] for parts in names if parts[1] in LEVEL}


FILES = sorted(p for p in CORE.rglob("*.py") if p != CORE / "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(CORE)))
def test_arrows_point_down(path):
    room = room_of(path)
    assert room in LEVEL, f"{path.name}: give the room {room} a level in this test"
    for other in our_rooms(path) - {room}:
        assert LEVEL[other] <= LEVEL[room], f"{room} may not import {other}"
        beside = LEVEL[other] == LEVEL[room]
        assert not beside or LEVEL[room] in (0, 4, 5, 6), f"{room} and {other} are neighbours"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(CORE)))
def test_no_comfy_and_relative_imports_only(path):
    tops = {name.split(".")[0] for name in imported(path) if not name.startswith("wegen_core.")}
    assert not tops & {"comfy", "comfy_api", "folder_paths", "nodes", "server", "execution"}
    absolute = {n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.ImportFrom)}
    assert not [n.module for n in absolute if not n.level and n.module.startswith("wegen_core")]


def test_only_the_command_line_knows_data_training_and_evaluation():
    knows = {room_of(p) for p in FILES if our_rooms(p) & ON_TOP} - ON_TOP
    assert knows <= {"cli"}
