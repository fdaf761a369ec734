"""Images between ComfyUI's sockets and the parts of a conversation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image


@pytest.fixture
def sockets(pack):
    return pack.module("nodes.backend.sockets")


def test_an_image_keeps_its_floats_on_the_way_in_and_out(sockets):
    batch = torch.rand(3, 5, 7, 4, generator=torch.Generator().manual_seed(1))
    parts = sockets.to_parts(batch, "image")
    assert [part.image.mode for part in parts] == ["RGBA"] * 3
    assert torch.equal(sockets.to_image(parts), batch)
    half = sockets.to_parts(batch[:1, ..., :3].half(), "image")
    assert sockets.to_image(half).dtype == torch.float16


def test_images_of_one_batch_get_one_size_and_alpha_for_all(sockets):
    mixed = [Image.new("RGB", (9, 8), (255, 0, 0)), Image.new("RGBA", (4, 4), (0, 0, 255, 0))]
    image = sockets.to_image(mixed)
    assert image.shape == (2, 8, 9, 4)
    assert image[0, 0, 0].tolist() == [1, 0, 0, 1] and image[1, 0, 0].tolist() == [0, 0, 1, 0]


def test_images_go_to_the_device_of_the_first(sockets):
    """With --gpu-only, IMAGEs lie on the GPU; "meta" refuses other devices' tensors likewise."""
    source = torch.empty(1, 8, 9, 3, device="meta")
    painted = sockets.to_image([Image.new("RGB", (9, 8))])
    assert sockets.one_batch([painted, source], source).device == source.device


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (31, 64)])
def test_resizing_is_pils_lanczos_without_rounding(sockets, size):
    # Values far from 0 and 1: PIL clips 8-bit values between its two passes.
    values = np.random.default_rng(2).integers(90, 166, (33, 21, 3), np.uint8)
    resized = sockets.resize_batch(torch.from_numpy(values)[None] / 255, size)
    wanted = Image.fromarray(values).resize(size, Image.Resampling.LANCZOS)
    assert resized.shape == (1, size[1], size[0], 3)
    difference = np.abs(resized[0].numpy() * 255 - np.asarray(wanted, np.float32))
    assert difference.max() < 1.6  # PIL rounds twice


def test_masks_are_one_for_all_or_one_for_each(sockets):
    parts = sockets.to_parts(torch.zeros(2, 8, 6, 3), "image")
    white = torch.ones(1, 16, 12)
    masks = sockets.to_masks(white, parts)
    assert [mask.size for mask in masks] == [(6, 8)] * 2
    faint = torch.full((1, 4, 4), 0.4)  # of any shape, as Load Image gives them
    for empty in (torch.zeros(1, 16, 12), faint):
        assert not any(mask.getbbox() for mask in sockets.to_masks(empty, parts))
        assert sockets.split_masks(torch.cat([empty, empty + 0.6])[:1]) == [None]
    assert sockets.to_masks(None, parts) == [None, None]
    with pytest.raises(ValueError, match="mask holds 3 masks for 2 images"):
        sockets.to_masks(white.repeat(3, 1, 1), parts)
    with pytest.raises(ValueError, match="mask is 40x8 but the image is 6x8"):
        sockets.to_masks(torch.ones(1, 8, 40), parts)
    with pytest.raises(ValueError, match="image is an empty batch; connect at least one image"):
        sockets.to_parts(torch.zeros(0, 8, 8, 3), "image")


def test_a_key_in_a_graph_is_hidden_in_both_of_its_forms(pack):
    (hide_keys,) = pack.server.on_prompt_handlers
    url = "http://me:secret@h/v1"
    endpoint = {"class_type": "WeGenMLLMEndpoint", "inputs": {"url": url, "model": "m", "n": 9}}
    other = {"class_type": "Other", "inputs": {"url": url}}
    page = {"nodes": [{"type": "WeGenMLLMEndpoint", "widgets_values": [url, "m", 9]}]}
    request = {"prompt": {"1": endpoint, "2": other}, "extra_data": {"workflow": page}}
    hidden = hide_keys(request)
    assert hidden["prompt"]["1"]["inputs"] == {"url": "http://***@h/v1", "model": "m", "n": 9}
    assert hidden["prompt"]["2"] == other
    assert "secret" not in str(hidden["extra_data"]) and "secret" in str(request["extra_data"])
