"""Finds ComfyUI for the server tests.

COMFYUI_PATH: one folder, or several separated by the system's path separator; without it,
comfy-cli's default place. COMFYUI_PYTHON: the interpreter; without it, a virtual environment in or
beside the folder, else the one that runs pytest.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from comfy_server import PACK, ComfyServer

HERE = Path(__file__).parent


def installations() -> list[Path]:
    named = os.environ.get("COMFYUI_PATH")
    places = named.split(os.pathsep) if named else ["~/comfy/ComfyUI"]
    found = [Path(p).expanduser() for p in places if p]
    return [p for p in found if (p / "main.py").is_file()]


def interpreter(folder: Path) -> str:
    if "COMFYUI_PYTHON" in os.environ:
        return os.environ["COMFYUI_PYTHON"]
    inside = "Scripts/python.exe" if os.name == "nt" else "bin/python"
    places = [folder / ".venv", folder / "venv", folder.parent / ".venv", folder.parent / "venv"]
    return next((str(p / inside) for p in places if (p / inside).exists()), sys.executable)


@pytest.fixture(scope="session", params=installations() or [None], ids=lambda p: p and p.name)
def server(request, tmp_path_factory) -> Iterator[ComfyServer]:
    """A running ComfyUI with this pack, the test routes and two more names for the mini model."""
    if request.param is None:
        pytest.skip(
            "no ComfyUI found: set COMFYUI_PATH to its folder, or install it with comfy-cli"
        )
    base = tmp_path_factory.mktemp("comfyui")
    mini = PACK / "wegen_core" / "pretrained" / "mini"
    for place in (base / "models" / "wegen" / "by_default", base / "elsewhere" / "by_yaml"):
        place.parent.mkdir(parents=True)
        if mini.is_dir():
            shutil.copytree(mini, place)
    paths = base / "paths.yaml"
    paths.write_text(f"more:\n  base_path: {base}\n  wegen: elsewhere\n")
    comfy = ComfyServer(request.param, interpreter(request.param), base)
    packs = {"ComfyUI-WeGen": PACK, "server_side.py": HERE / "server_side.py"}
    comfy.start(packs, "--extra-model-paths-config", str(paths))
    yield comfy
    comfy.stop()
