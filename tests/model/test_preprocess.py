"""Picture preprocessing against the recorded tensors of the published pipeline."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from wegen_core.model.preprocess import encoder_pixels, painter_images

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def golden() -> dict[str, torch.Tensor]:
    return load_file(ROOT / "tests" / "golden" / "preprocess.safetensors")


@pytest.fixture(scope="module")
def raw(golden: dict[str, torch.Tensor]) -> list[Image.Image]:
    return [Image.fromarray(golden[f"raw_{i}"].numpy()) for i in range(6)]


@pytest.mark.parametrize(
    ("transform", "name"),
    [(encoder_pixels, "clip_resize_all"), (painter_images, "sd_resize_all")],
)
def test_resize(transform, name, golden, raw) -> None:
    expected = golden[name]
    found = transform(raw, expected.shape[-1])
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("transform", "name", "index"),
    [
        (encoder_pixels, "clip_crop", 0),
        (painter_images, "sd_crop", 0),
        (painter_images, "sd_crop", 1),
    ],
)
def test_crop(transform, name, index, golden, raw) -> None:
    expected = golden[f"{name}_{index}"]
    found = transform([raw[index]], expected.shape[-1], crop=True)[0]
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)


def test_transparent_pictures_lie_on_white() -> None:
    clear = Image.new("RGBA", (5, 9), (255, 0, 0, 0))
    assert torch.equal(painter_images([clear], 4), torch.ones(1, 3, 4, 4))


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (7, 5)])
@pytest.mark.parametrize("crop", [False, True])
def test_any_size(size: tuple[int, int], crop: bool) -> None:
    assert encoder_pixels([Image.new("L", size)], 8, crop=crop).shape == (1, 3, 8, 8)


def test_no_pictures() -> None:
    assert encoder_pixels([], 8).shape == (0, 3, 8, 8)


def test_bad_size() -> None:
    with pytest.raises(ValueError, match="0 pixels"):
        encoder_pixels([], 0)


def test_the_model_needs_no_torchvision() -> None:
    pattern = re.compile(r"^\s*(import|from)\s+torchvision", re.MULTILINE)
    for path in (ROOT / "wegen_core" / "model").glob("*.py"):
        assert not pattern.search(path.read_text(encoding="utf-8")), path
