"""The composite of tensors on an accelerator: the very code, run on the CPU, against OpenCV."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from wegen_core.preservation import array_backend as filters
from wegen_core.preservation import preserve, preserve_batch
from wegen_core.preservation.colour import Level
from wegen_core.preservation.compositing import torch_composite
from wegen_core.preservation.compositing.composite import composite
from wegen_core.preservation.image_forms import Pixels, read
from wegen_core.preservation.registration.register import Registration

SIZES = [(61, 83), (1, 40), (40, 1), (1, 1), (2, 3), (300, 20)]
opencv = pytest.mark.skipif(filters.cv2 is None, reason="compares with OpenCV")


@pytest.fixture
def accelerated(monkeypatch):
    """Tensors on the CPU are taken for tensors on an accelerator; counts the composites."""
    calls = []
    inner = torch_composite.composite

    def counted(*args):
        calls.append(args)
        return inner(*args)

    held = property(lambda self: None if self.form.like is None else torch.device("cpu"))
    monkeypatch.setattr(Pixels, "accelerator", held)
    monkeypatch.setattr(torch_composite, "composite", counted)
    return calls


def smooth(height: int, width: int, channels: int, seed: int) -> np.ndarray:
    """float32 in 0..1."""
    noise = np.random.default_rng(seed).random((height, width, channels), dtype=np.float32)
    noise = ndimage.gaussian_filter(noise, (3, 3, 0), mode="wrap")
    return (noise - noise.min()) / max(float(np.ptp(noise)), 1e-6)


def parts(size: tuple[int, int], other: tuple[int, int]) -> dict:
    """An affine map that leaves the edited picture on every side, a warp, colours, an offset."""
    rng = np.random.default_rng(1)
    scale = other[1] / size[1], other[0] / size[0]
    matrix = np.array([[1.1 * scale[0], 0.03, -2.3], [-0.02, 1.08 * scale[1], 1.7], [0, 0, 1]])
    flow = rng.normal(0, 0.8, (5, 7, 2)).astype(np.float32)
    colours = np.eye(7, 3, dtype=np.float32) * 0.9
    colours[3:6] = 0.05
    colours[6] = (3, -4, 5)
    field = rng.normal(0, 2, (6, 9, 3)).astype(np.float32)
    small = np.zeros((2, 2, 3), np.float32)
    alpha = np.clip(rng.random(size, np.float32) * 3 - 1, 0, 1)
    return {
        "found": Registration(matrix, size, True, 0.0, 1.0, flow),
        "tone": Level(colours, field, size, *[small] * 2, *[small[..., 0]] * 2, 0.0, 0.0, 1.0, 1.0),
        "offset": rng.normal(0, 3, (40, 50, 3)).astype(np.float32),
        "alpha": alpha,
        "mask": alpha > 0.5,
    }


@opencv
@pytest.mark.parametrize("channels", [(1, 1), (3, 3), (4, 4), (4, 3), (3, 1), (1, 4)])
@pytest.mark.parametrize("size", SIZES)
def test_the_composite_is_that_of_opencv(size, channels, accelerated):
    other = size[0] + 2, size[1] + 5
    source, edited = smooth(*size, channels[0], 0), smooth(*other, channels[1], 2)
    given = parts(size, other)
    wanted, error = composite(read(source, "source"), read(edited, "edited"), **given)
    tensors = [read(torch.from_numpy(p), "tensor") for p in (source, edited)]
    made, same = composite(*tensors, **given)
    assert accelerated and isinstance(made, torch.Tensor) and made.dtype == torch.float32
    # OpenCV rounds places to 1/32 pixel, and very narrow pictures are left to SciPy's splines.
    steepest = max(np.abs(np.diff(edited, axis=axis)).max(initial=0) for axis in (0, 1))
    off = 2 * steepest / 64 if min(other) >= 8 else steepest / 8
    assert np.abs(made.numpy() - wanted).max() < off + 1e-4
    assert np.array_equal(made.numpy()[given["alpha"] == 0], source[given["alpha"] == 0])
    assert same == pytest.approx(error, rel=0.1, abs=1e-4)
    if channels == (4, 3):
        assert np.array_equal(made.numpy()[..., 3], source[..., 3])


@opencv
@pytest.mark.parametrize("place", [0.0, 7 / 32, -75 / 32])
def test_it_is_opencv_s_exactly_where_opencv_does_not_round(place, accelerated):
    source, edited = smooth(40, 50, 3, 0), np.random.default_rng(0).random((40, 50, 3), np.float32)
    given = parts((40, 50), (40, 50))
    matrix = np.array([[1, 0, place], [0, 1, -place], [0, 0, 1]])
    given["found"] = Registration(matrix, (40, 50), True, 0.0, 1.0)
    wanted, _ = composite(read(source, "source"), read(edited, "edited"), **given)
    made, _ = composite(*(read(torch.from_numpy(p), "t") for p in (source, edited)), **given)
    assert np.abs(made.numpy() - wanted).max() < 1e-5


@pytest.mark.parametrize(
    "dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.uint8]
)
def test_every_dtype_comes_back_and_what_did_not_change_is_equal(dtype, accelerated):
    size = 90, 131
    source, edited = smooth(*size, 3, 0), smooth(*size, 3, 0)
    edited[30:60, 40:80] = smooth(30, 40, 3, 5)
    white = 255 if dtype == torch.uint8 else 1
    tensors = [(torch.from_numpy(p) * white).to(dtype)[None] for p in (source, edited)]
    mask = torch.ones(1, *size, dtype=dtype)
    result = preserve(*tensors, mask * white, scope="local")
    assert accelerated and result.image.dtype == dtype and result.image.shape == (1, *size, 3)
    kept = result.change_mask == 0
    assert 0.5 < kept.float().mean() < 0.95
    assert torch.equal(result.image[kept], tensors[0][kept])
    off = (result.image.double() - tensors[1].double())[0, 33:57, 43:77].abs().max()
    assert off < white * (0.01 if dtype == torch.bfloat16 else 0.005)


def test_pairs_of_a_batch_and_a_larger_edited_picture(accelerated):
    source = torch.from_numpy(np.stack([smooth(64, 80, 3, seed) for seed in (0, 1)]))
    large = source.repeat_interleave(2, dim=1).repeat_interleave(2, dim=2)
    large[:, 40:80, 50:100] = 1 - large[:, 40:80, 50:100]
    settings = {"scope": "local", "align": "none"}
    results = preserve_batch(source, large, **settings)
    assert len(accelerated) == 2
    for i, result in enumerate(results):
        plain = preserve(source[i].numpy(), large[i].numpy(), **settings)
        assert np.abs(result.image[0].numpy() - plain.image).max() < 1 / 255
        assert result.report.psnr_after == pytest.approx(plain.report.psnr_after, abs=0.1)


def test_an_edited_picture_of_another_kind_goes_to_the_source(accelerated):
    source, edited = smooth(50, 60, 3, 0), smooth(50, 60, 3, 0)
    edited[10:30, 10:30] = 1 - edited[10:30, 10:30]
    wanted = preserve(torch.from_numpy(source), torch.from_numpy(edited), scope="local").image
    assert torch.equal(preserve(torch.from_numpy(source), edited, scope="local").image, wanted)
    assert len(accelerated) == 2


def test_a_tensor_in_memory_is_left_to_opencv():
    picture = torch.zeros(4, 4, 3)
    assert read(picture, "picture").accelerator is None
    assert read(picture.numpy(), "picture").accelerator is None
