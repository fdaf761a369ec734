"""Pictures between ComfyUI's sockets, where ComfyUI itself is not needed."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from PIL import Image

PACK = Path(__file__).parents[2]


@pytest.fixture
def sockets(monkeypatch):
    """`nodes.sockets` out of a package of any name, as ComfyUI loads it."""
    pack = ModuleType("some_pack")
    pack.__path__ = [str(PACK)]
    monkeypatch.setitem(sys.modules, "some_pack", pack)
    yield importlib.import_module("some_pack.nodes.sockets")
    for name in [n for n in sys.modules if n.startswith("some_pack.")]:
        del sys.modules[name]


def test_pictures_come_back_on_the_device_of_their_source(sockets):
    """With --gpu-only, IMAGEs lie on the GPU; "meta" refuses others' tensors just as that does."""
    source = torch.empty(1, 8, 9, 3, device="meta")
    made = sockets.to_image([Image.new("RGB", (9, 8))])
    mask = Image.new("L", (9, 8))
    assert sockets.restored(made, source, mask).device == source.device
    assert sockets.one_batch([made, source], source).device == source.device
