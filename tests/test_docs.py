"""What README, CONTRIBUTING and docs/ claim: links, commands and Python snippets."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import wegen_core
from tests.support.fakes import FakeMLLM, scene
from wegen_core.cli.parser import build_parser

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(language: str) -> list[tuple[Path, str]]:
    pattern = rf"^```{language}\n(.*?)^```"
    return [
        (page, block)
        for page in PAGES
        for block in re.findall(pattern, page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    ]


SNIPPETS = blocks("python")
COMMANDS = [
    (page, line.split("#")[0])
    for page, block in blocks("")
    for line in block.splitlines()
    if line.startswith("python -m wegen_core")
]


def test_readme_is_short_and_names_every_page():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(readme.splitlines()) <= 150
    assert [p.name for p in PAGES[1:] if p.relative_to(ROOT).as_posix() not in readme] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    headings = {
        re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-")
        for h in re.findall(r"^#+ (.+)", text, re.MULTILINE)
    }
    for target in re.findall(r"\]\((?!https?:)(.+?)\)", text):
        path, _, heading = target.partition("#")
        assert (page.parent / path).exists(), target
        assert path or heading in headings, target


def test_scripts_that_are_named_exist():
    for page in PAGES:
        for module in re.findall(r"python -m ((?:benchmarks|tests)[\w.]+)", page.read_text()):
            assert ROOT.joinpath(*module.split(".")).with_suffix(".py").is_file(), module


@pytest.mark.parametrize(("page", "command"), COMMANDS, ids=[c[:50] for _, c in COMMANDS])
def test_commands_are_understood(page, command):
    build_parser().parse_args(shlex.split(command)[3:])


@pytest.mark.parametrize(
    ("page", "code"), SNIPPETS, ids=[f"{p.stem}-{k}" for k, (p, _) in enumerate(SNIPPETS)]
)
def test_python_snippets_run(page, code, tmp_path, monkeypatch, copilot):
    """With fakes in place of the models, as they need folders that are not here."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b", "source", "edited"):
        scene((96, 80)).save(f"{name}.png")
    monkeypatch.setattr(wegen_core, "load", lambda *args, **options: copilot)
    monkeypatch.setattr("wegen_core.mllm.local.load", lambda *args, **options: FakeMLLM())
    monkeypatch.setattr(
        "wegen_core.painting.diffusers.load", lambda *args, **options: copilot.painter
    )
    exec(compile(code, page.name, "exec"), {})
