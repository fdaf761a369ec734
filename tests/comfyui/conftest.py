"""The server and the page that the tests share.

`comfy_server` says which ComfyUI and which Python. Pages need Playwright; the browser is that of
CHROMIUM, else of Playwright.
"""

from __future__ import annotations

import os
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
from tests.support.sidebar_page import LIMIT, expect, long_conversation, open_page

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


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    api.expect.set_options(timeout=LIMIT)
    with api.sync_playwright() as playwright:
        options = {"args": ["--no-sandbox", "--disable-gpu"]}
        if "CHROMIUM" in os.environ:
            options["executable_path"] = os.environ["CHROMIUM"]
        browser = playwright.chromium.launch(**options)
        yield browser
        browser.close()


@pytest.fixture
def errors() -> list[str]:
    """What pages complained about that is ours."""
    return []


@pytest.fixture(scope="module")
def shared_page(browser, server: ComfyServer) -> Iterator[object]:
    """One page for many tests, and what it complains about: opening one takes seconds."""
    errors: list[str] = []
    page = open_page(browser, server, errors)
    yield page, errors
    page.close()


@pytest.fixture(params=["fresh", pytest.param("long", marks=pytest.mark.slow)])
def page(request, shared_page) -> Iterator[object]:
    """The page with a new conversation, or with one of 50 turns."""
    page, errors = shared_page
    page.wait_for_function(  # whatever the test before has queued
        "fetch('/prompt').then((answer) => answer.json()).then((q) => !q.exec_info.queue_remaining)"
    )
    page.keyboard.press("Escape")
    page.fill(".wegen textarea", "")
    page.click(".wegen header [aria-label='New conversation']")
    if request.param == "long":
        page.click(".wegen header [aria-label='Conversations']")
        file = {"name": "a.zip", "mimeType": "application/zip", "buffer": long_conversation()}
        page.set_input_files(".wegen header input[type=file]", files=[file])
        expect(page, ".wegen-picture", 25)
    yield page
    complaints, errors[:] = [*errors], []
    assert not complaints
