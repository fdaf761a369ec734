"""Who may import whom, as CONTRIBUTING.md's table says, and what importing costs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "transformers", "diffusers", "cv2", "accelerate")
COMFY = {"comfy", "comfy_api", "comfy_execution", "comfyui_version", "execution", "folder_paths",
         "nodes", "server"}  # fmt: skip
EXTERNAL = {"comfy", "torch", "cv2"}  # what a row may name besides rooms


class Import(NamedTuple):
    """One import statement: the file, its line, and the module of ours or the top-level package."""

    line: int
    target: Path | str
    at_once: bool  # when the file is imported, not in a function or for type checkers only


def sources() -> list[Path]:
    folders = ("wegen_core", "nodes")
    return [ROOT / "__init__.py", *(p for f in folders for p in sorted((ROOT / f).rglob("*.py")))]


@cache
def table() -> dict[str, set[str]]:
    """Room -> what it may import, from CONTRIBUTING.md; `wegen_core/` and `.py` are left out."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    _, rows = text.split("| room | holds | may import |\n|---|---|---|\n")
    rules = {}
    for row in rows[: rows.index("\n\n")].splitlines():
        room, _, allowed = row.strip("|").split("|")
        (name,) = re.findall(r"`(.+?)`", room)
        assert (ROOT / name).exists(), f"CONTRIBUTING.md names {name}, which does not exist"
        assert short(name) not in rules, f"CONTRIBUTING.md names {name} twice"
        rules[short(name)] = {short(a) for a in re.findall(r"`(.+?)`", allowed)}
    for room, allowed in rules.items():
        assert allowed <= {*rules, *EXTERNAL}, f"{room}: {allowed - {*rules, *EXTERNAL}}"
    return rules


def short(name: str) -> str:
    """`wegen_core/copilot.py` -> `copilot`; the two top-level packages keep their names."""
    return (
        name
        if name.endswith("__init__.py")
        else name.removeprefix("wegen_core/")[: -3 if name.endswith(".py") else None]
    )


@cache
def room_of(path: Path) -> str:
    name = path.relative_to(ROOT).as_posix()
    parts = name.removeprefix("wegen_core/").removesuffix(".py").split("/")
    candidates = [name, *("/".join(parts[:n]) for n in range(len(parts), 0, -1))]
    rooms = [c for c in candidates if c in table()]
    assert rooms, f"{name} has no row in CONTRIBUTING.md's table"
    return rooms[0]


def module_file(parts: tuple[str, ...]) -> Path | None:
    """The file of a module of ours, named from the repository's root; None: there is none."""
    place = ROOT.joinpath(*parts)
    files = (place / "__init__.py", place.with_name(f"{place.name}.py"))
    return next((f for f in files if f.is_file()), None)


@cache
def imports(path: Path) -> tuple[Import, ...]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = path.relative_to(ROOT).parts[:-1]

    def targets(node: ast.Import | ast.ImportFrom) -> Iterator[Path | str]:
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif not node.level:
            yield (node.module or "").split(".")[0]
        else:
            base = package[: len(package) - node.level + 1]
            base += tuple(node.module.split(".")) if node.module else ()
            for alias in node.names:  # a submodule, or a name in the module
                found = module_file((*base, alias.name)) or module_file(base)
                assert found, f"{path}:{node.lineno} imports {'.'.join(base)}: no such module"
                yield found

    def visit(node: ast.AST, at_once: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            now = at_once and not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                now = False
            if isinstance(child, (ast.Import, ast.ImportFrom)):
                yield from (Import(child.lineno, t, now) for t in targets(child))
            yield from visit(child, now)

    return tuple(visit(tree, True))


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_row_has_a_file():
    assert {room_of(path) for path in sources()} == set(table())


def test_imports_follow_the_table():
    wrong = []
    for path in sources():
        room = room_of(path)
        for line, target, _ in imports(path):
            other = room_of(target) if isinstance(target, Path) else room
            if other != room and other not in table()[room]:
                wrong.append(f"{path.relative_to(ROOT)}:{line}: {room} may not import {other}")
    assert not wrong, "\n".join(wrong)


def test_the_table_points_down():
    """The order of the rows is the order of the rooms."""
    order = list(table())
    for room, allowed in table().items():
        for other in allowed - EXTERNAL:
            assert order.index(other) > order.index(room), f"{room} -> {other} points up"


def test_modules_import_each_other_in_no_circle():
    graph = {p: {i.target for i in imports(p) if isinstance(i.target, Path)} for p in sources()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = [str(p.relative_to(ROOT)) for p in error.args[1]]
        raise AssertionError(f"a circle of imports: {' -> '.join(circle)}") from None


def test_the_library_knows_no_comfyui_and_imports_itself_relatively():
    for path in sources():
        for line, target, at_once in imports(path):
            if isinstance(target, Path):
                continue
            where = f"{path.relative_to(ROOT)}:{line}"
            assert target != "wegen_core", f"{where}: import relatively"
            ours = path.is_relative_to(ROOT / "wegen_core")
            assert not (ours and target in COMFY), f"{where} imports {target}"
            if at_once and target in HEAVY:
                needs = "cv2" if target == "cv2" else "torch"
                assert needs in table()[room_of(path)], f"{where} imports {target} at once"


def test_loading_the_pack_imports_nothing_heavy():
    """All that ComfyUI imports when it starts, followed from the pack's entry point."""
    reached, to_follow = set(), [ROOT / "__init__.py"]
    while to_follow:
        path = to_follow.pop()
        if path not in reached:
            reached.add(path)
            at_once = [i.target for i in imports(path) if i.at_once]
            assert not {*HEAVY, "comfy"} & set(at_once), f"{path.relative_to(ROOT)}: {at_once}"
            to_follow += [target for target in at_once if isinstance(target, Path)]
    assert len(reached) > 20


def test_few_files_lie_loose():
    assert len(list((ROOT / "wegen_core").glob("*.py"))) <= 6


def test_importing_loads_nothing_heavy():
    """Each room itself, and every module of the rooms whose row does not name torch."""
    names = []
    for path in sources():
        module = path.relative_to(ROOT).with_suffix("")
        room = room_of(path)
        light = "torch" not in table()[room] or path == ROOT / "wegen_core" / room / "__init__.py"
        if module.parts[0] == "wegen_core" and module.name != "__main__" and light:
            names.append(".".join(module.parts).removesuffix(".__init__"))
    assert len(names) > 50
    code = f"""
import importlib, sys
heavy = set({HEAVY}) - {{"cv2"}}
for name in {names}:
    importlib.import_module(name)
    if heavy & set(sys.modules):
        sys.exit(f"importing {{name}} loads {{heavy & set(sys.modules)}}")
import wegen_core as wegen
assert set(wegen.__all__) <= set(dir(wegen))
for name in wegen.__all__:
    getattr(wegen, name)
wegen.Conversation().add("user", "hello")
print(*heavy & set(sys.modules))"""
    assert run(code) == ""


@pytest.mark.parametrize("module", ["", ".copilot", ".cli", ".planning.chat_planner"])
def test_opencv_waits_until_preservation_is_imported(module):
    assert run(f"import sys, wegen_core{module}; print('cv2' in sys.modules)") == "False"


def test_an_unknown_name_is_an_attribute_error():
    assert run("import wegen_core; print(hasattr(wegen_core, 'nothing'))") == "False"


def test_importing_is_fast(tmp_path, monkeypatch):
    """CPU time, against that of what ComfyUI has imported anyway: both grow on a busy machine.

    All of it is compiled already, as on a user's second start.
    """
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path))
    code = """
import time
start = time.process_time()
import numpy, PIL.Image, scipy.ndimage, scipy.fft
middle = time.process_time()
import wegen_core, wegen_core.copilot
print((time.process_time() - middle) / (middle - start))"""
    assert min(float(run(code)) for _ in range(4)) < 0.4
