"""Words that this project avoids, because readers stumble over them.

Prose: comments, docstrings, messages, and the pages for users. Names: of variables and parameters.
See CONTRIBUTING.md, "Habits".
"""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROSE = {
    r"\bsigns\b": "say characters",
    r"(?<![Tt]here )\b(is|are|was) no (?!(longer|more|less|better|worse|use)\b)\w": "say not a",
    r"\baloud\b|\bhears?\b|\bheard\b": "say what the program does",
    r"\bnobody is asked\b|\bhas (no )?eyes\b|\bthe eyes\b": "say what the program does",
    r"\b(a|the|this|that|one|whole|long|new) talk\b|\btalk so far\b": "say conversation",
}
NAMES = frozenset("found told made seen own said given asked shown wanted kept talk wish".split())
# Where the words stand for themselves: what users may type, and what language models read.
EXEMPT = ("wegen_core/constraints/lexicon/", "wegen_core/playground/language.py")


def sources() -> list[Path]:
    paths = [ROOT / "__init__.py"]
    for folder in ("wegen_core", "nodes"):
        paths += sorted((ROOT / folder).rglob("*.py"))
    names = {path: path.relative_to(ROOT).as_posix() for path in paths}
    return [p for p in paths if not names[p].startswith(EXEMPT)]


def pages() -> list[Path]:
    paths = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "web").rglob("*.md")]
    return sorted([*paths, *(ROOT / "locales").rglob("*.json")])


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Comments and strings of a Python file with their line numbers; f-strings without fields."""
    source = path.read_text(encoding="utf-8")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    nodes = list(ast.walk(ast.parse(source)))
    formatted = [node for node in nodes if isinstance(node, ast.JoinedStr)]
    parts = {part for node in formatted for part in node.values}
    for node in formatted:
        pieces = [p.value if isinstance(p, ast.Constant) else "X" for p in node.values]
        yield node.lineno, "".join(map(str, pieces))
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in parts:
            yield node.lineno, node.value


def names(path: Path) -> Iterator[tuple[int, str]]:
    """Variables that are assigned, and parameters; not fields, which follow another name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    fields = {s.target for c in classes for s in c.body if isinstance(s, ast.AnnAssign)}
    for node in ast.walk(tree):
        if node in fields:
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg


def complaints(where: str, text: str) -> list[str]:
    flat = " ".join(text.split())
    return [
        f"{where}: {remedy}: ...{flat[max(0, m.start() - 30) : m.end() + 30]}..."
        for pattern, remedy in PROSE.items()
        for m in re.finditer(pattern, flat)
    ]


def test_code_is_in_plain_words():
    found = []
    for path in sources():
        where = path.relative_to(ROOT)
        for line, text in texts(path):
            found += complaints(f"{where}:{line}", text)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", pages(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_pages_are_in_plain_words(path):
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    assert not [c for n, line in lines for c in complaints(f"{path.relative_to(ROOT)}:{n}", line)]


def test_pages_say_image():
    """Not picture, except in code, in names (in asterisks) and in quoted requests."""
    for path in pages():
        if path.suffix == ".md":
            text = re.sub(r"```.*?```|`[^`]+`|\*[^*\n]+\*", "", path.read_text("utf-8"), flags=re.S)
            text = re.sub(r"\]\([^)]+\)|\"[^\"\n]+\"", "", text)
            assert re.findall(r".*\b[Pp]ictures?\b.*", text) == [], path


def test_workflow_notes_are_in_plain_words():
    for path in (ROOT / "workflows").glob("*.json"):
        for node in json.loads(path.read_text(encoding="utf-8"))["nodes"]:
            if node["type"] == "Note":
                assert not complaints(path.name, " ".join(node["widgets_values"]))


def test_names_say_what_they_hold():
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name} does not say what it holds"
        for path in sources()
        for line, name in names(path)
        if name in NAMES
    ]
    assert not found, "\n".join(found)
