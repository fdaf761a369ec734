"""Images between ComfyUI's sockets."""

from __future__ import annotations

import pytest
import torch
from PIL import Image


@pytest.fixture
def sockets(pack):
    return pack.module("nodes.backend.sockets")


def test_pictures_come_back_on_the_device_of_their_source(sockets):
    """With --gpu-only, IMAGEs lie on the GPU; "meta" refuses others' tensors just as that does."""
    source = torch.empty(1, 8, 9, 3, device="meta")
    made = sockets.to_image([Image.new("RGB", (9, 8))])
    mask = Image.new("L", (9, 8))
    assert sockets.restored(made, source, mask).device == source.device
    assert sockets.one_batch([made, source], source).device == source.device
