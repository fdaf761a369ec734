"""`tests/support/comfy_stand_in` has the names and parameters of a real ComfyUI."""

from __future__ import annotations

import ast
import json
import subprocess
from collections.abc import Iterator

import pytest

from tests.support.comfy_server import ComfyServer
from tests.support.pack import STAND_IN

pytestmark = pytest.mark.comfyui
NOT_OURS_TO_MAKE = ("PromptServer", "ComfyTypeIO", "Custom.CustomType")

COMPARE = """
import importlib, inspect, json, sys
from comfy.cli_args import args
args.cpu = True
wrong = []
for module, parts in json.loads(sys.argv[1]).items():
    for path, parameters in parts.items():
        try:
            value = importlib.import_module(module)
        except ModuleNotFoundError:  # comfy_api.latest.io and ui are attributes
            parent, _, name = module.rpartition(".")
            value = getattr(importlib.import_module(parent), name)
        for name in path.split("."):
            value = getattr(value, name, None)
        if value is None:
            wrong.append(f"{module} has no {path}")
            continue
        if not parameters:
            continue
        theirs = inspect.signature(value).parameters.values()
        missing = set(parameters) - {p.name for p in theirs}
        if missing and not any(p.kind is p.VAR_KEYWORD for p in theirs):
            wrong.append(f"{module}.{path} has no parameter {sorted(missing)}")
print("\\n" + json.dumps(wrong))
"""


def signatures(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, list[str]]]:
    """Dotted name and parameters of each public class, method and function."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = [a.arg for a in (*node.args.args, *node.args.kwonlyargs)]
            if node.name == "__init__" or node.name[0] != "_":
                is_property = any(getattr(d, "id", "") == "property" for d in node.decorator_list)
                if not is_property:
                    given = [a for a in arguments if a not in ("self", "cls")]
                    yield f"{prefix}{node.name}", given
        elif isinstance(node, ast.ClassDef) and f"{prefix}{node.name}" not in NOT_OURS_TO_MAKE:
            fields = [n.target.id for n in node.body if isinstance(n, ast.AnnAssign)]
            is_dataclass = any("dataclass" in ast.dump(d) for d in node.decorator_list)
            yield f"{prefix}{node.name}", fields if is_dataclass else []
            yield from signatures(node.body, f"{prefix}{node.name}.")


def test_names_and_parameters_are_comfyuis(server: ComfyServer):
    ours = {}
    for path in STAND_IN.rglob("*.py"):
        module = ".".join(path.relative_to(STAND_IN).with_suffix("").parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        ours[module.removesuffix(".__init__")] = dict(signatures(tree.body))
    command = [server.python, "-c", COMPARE, json.dumps(ours)]
    done = subprocess.run(command, cwd=server.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == []
