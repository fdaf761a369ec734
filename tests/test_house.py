"""The repository's own papers agree with each other."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import wegen_core

tomllib = pytest.importorskip("tomllib", reason="Python 3.11 reads TOML")

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_requirements_repeat_the_dependencies(project):
    assert (ROOT / "requirements.txt").read_text().split() == project["project"]["dependencies"]


def test_dependencies_have_no_upper_bound_and_no_torch(project):
    groups = project["project"]["optional-dependencies"].values()
    for needed in [*project["project"]["dependencies"], *(d for group in groups for d in group)]:
        assert not re.search(r"[<=~]=|<", needed.replace(">=", "")), needed
        assert not re.match(r"torch", needed), needed


def test_one_version(project):
    assert project["project"]["version"] == wegen_core.__version__


def test_the_registry_finds_what_it_needs(project):
    comfy = project["tool"]["comfy"]
    assert {"PublisherId", "DisplayName", "requires-comfyui"} <= set(comfy)
    repository = project["project"]["urls"]["Repository"].removeprefix("https://github.com/")
    for picture in (comfy["Icon"], comfy["Banner"]):
        address, name = picture.split("/main/")
        assert address.endswith(repository) and (ROOT / name).is_file()
    assert f"git clone https://github.com/{repository}\n" in (ROOT / "README.md").read_text()
    assert "web" not in comfy  # WEB_DIRECTORY says it; both would load every script twice
    assert "Operating System :: OS Independent" in project["project"]["classifiers"]


def test_every_folder_with_code_is_a_package():
    for path in (ROOT / "wegen_core").rglob("*.py"):
        assert (path.parent / "__init__.py").is_file(), f"{path.parent} has no __init__.py"


def test_tests_are_no_package():
    assert not (ROOT / "tests" / "__init__.py").exists()


def test_files_stay_small():
    """A file well over 400 lines should be split; a table of documented settings is not code."""
    files = [p for folder in ("wegen_core", "nodes") for p in (ROOT / folder).rglob("*.py")]
    lines = {str(p.relative_to(ROOT)): len(p.read_text().splitlines()) for p in files}
    assert {
        name: n for name, n in lines.items() if n > 450 and not name.endswith("settings.py")
    } == {}


def test_no_tracked_file_is_over_20_mb():
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    paths = [ROOT / name for name in done.stdout.decode().split("\0") if name]
    assert not [p for p in paths if p.exists() and p.stat().st_size > 20 * 2**20]
