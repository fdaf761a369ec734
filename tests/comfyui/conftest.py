"""The server that the tests share; `comfy_server` says which ComfyUI and which Python."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.support.comfy_server import (
    PACK,
    ComfyServer,
    installations,
    interpreter,
    is_explicit,
)

SUPPORT = PACK / "tests" / "support"


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
    paths.write_text(f"more:\n  base_path: {base}\n  wegen: elsewhere\n  LLM: language\n")
    comfy = ComfyServer(request.param, interpreter(request.param), base)
    ours = ("server_side.py", "tiny_models.py", "tiny_families.py", "newer_nodes.py")
    packs = {"ComfyUI-WeGen": PACK, **{name: SUPPORT / name for name in ours}}
    options = ["--preview-method", "latent2rgb", "--extra-model-paths-config", str(paths)]
    try:
        comfy.start(packs, *options)
    except (RuntimeError, OSError) as error:
        if is_explicit():
            raise
        pytest.skip(f"the ComfyUI that was found cannot run: {' '.join(str(error).split())}")
    # Before anything runs: later, models' libraries are loaded and other threads are at work.
    comfy.modules_at_start = comfy.get("wegen_test/modules").json()
    comfy.import_seconds = min(comfy.get("wegen_test/import_seconds").json() for _ in range(3))
    yield comfy
    comfy.stop()


@pytest.fixture(scope="session")
def object_info(server: ComfyServer) -> dict:
    return server.get("object_info").json()
