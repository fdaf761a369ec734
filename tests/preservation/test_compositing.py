"""Alpha, seam and composite; the torch composite, run on the CPU, against OpenCV's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage

from wegen_core.preservation import DEFAULTS, array_backend, preserve, preserve_batch
from wegen_core.preservation.colour import ColourTransfer
from wegen_core.preservation.compositing.alpha import (
    change_alpha,
    changed_boxes,
    extrapolate_alpha,
    feather_inward,
    feather_outward,
)
from wegen_core.preservation.compositing.composite import composite
from wegen_core.preservation.image_forms import Pixels, read
from wegen_core.preservation.registration.transform import Registration

SETTINGS = DEFAULTS.compositing
SIZES = [(61, 83), (1, 40), (40, 1), (1, 1), (2, 3), (300, 20)]
needs_opencv = pytest.mark.skipif(array_backend.cv2 is None, reason="compares with OpenCV")


def smooth(height: int, width: int, channels: int, seed: int) -> np.ndarray:
    """float32 in 0..1."""
    noise = np.random.default_rng(seed).random((height, width, channels), dtype=np.float32)
    noise = ndimage.gaussian_filter(noise, (3, 3, 0), mode="wrap")
    return (noise - noise.min()) / max(float(np.ptp(noise)), 1e-6)


def colour_transfer(coefficients: np.ndarray, field: np.ndarray, size: Any) -> ColourTransfer:
    """What compositing uses of a transfer; the measures are not used."""
    nothing = np.zeros((2, 2, 3), np.float32)
    near_grey = np.column_stack([np.eye(3) / 30, np.full(3, -128 / 30)]).astype(np.float32)
    return ColourTransfer(
        coefficients=coefficients,
        whitening=near_grey,
        offset_field=field,
        size=size,
        source_small=nothing,
        edited_small=nothing,
        inlier_weight=nothing[..., 0],
        local_ncc=nothing[..., 0],
        texture=nothing[..., 0],
        median_residual=0.0,
        inlier_share=1.0,
        settings=DEFAULTS.colour,
    )


def parts(size: tuple[int, int], other: tuple[int, int]) -> dict[str, Any]:
    """An affine map that leaves the edited image on every side, a warp, colours, an offset."""
    rng = np.random.default_rng(1)
    scale = other[1] / size[1], other[0] / size[0]
    matrix = np.array([[1.1 * scale[0], 0.03, -2.3], [-0.02, 1.08 * scale[1], 1.7], [0, 0, 1]])
    flow = rng.normal(0, 0.8, (5, 7, 2)).astype(np.float32)
    coefficients = np.eye(7, 3, dtype=np.float32) * 0.9
    coefficients[3:6] = 0.05
    coefficients[6] = (3, -4, 5)
    field = rng.normal(0, 2, (6, 9, 3)).astype(np.float32)
    alpha = np.clip(rng.random(size, np.float32) * 3 - 1, 0, 1)
    return {
        "registration": Registration(matrix, size, flow),
        "colour": colour_transfer(coefficients, field, size),
        "offset": rng.normal(0, 3, (40, 50, 3)).astype(np.float32),
        "alpha": alpha,
        "mask": alpha > 0.5,
        "max_density": SETTINGS.max_density,
    }


def plain_parts(size: tuple[int, int], alpha: np.ndarray) -> dict[str, Any]:
    """No geometry, no colours: alpha alone."""
    identity = colour_transfer(
        np.eye(7, 3, dtype=np.float32), np.zeros((1, 1, 3), np.float32), size
    )
    return {
        "registration": Registration(np.eye(3), size),
        "colour": identity,
        "offset": np.zeros((1, 1, 3), np.float32),
        "alpha": alpha,
        "mask": alpha > 0.5,
        "max_density": SETTINGS.max_density,
    }


def on_accelerator(tensor: torch.Tensor) -> Pixels:
    """A tensor in memory, composited as if an accelerator held it: by torch."""
    return replace(read(tensor, "tensor"), accelerator=tensor.device)


def test_feathers_begin_on_the_side_they_should():
    mask = np.zeros((20, 40), bool)
    mask[:, 20:] = True
    outward = feather_outward(mask, 4.0, 0.48)[10]
    assert (outward[20:] == 1).all() and outward[19] == pytest.approx(0.48)
    assert (np.diff(outward[14:20]) >= 0).all() and not outward[:15].any()
    assert np.array_equal(outward > 0.5, mask[10])
    inward = feather_inward(mask, 4.0)[10]
    assert not inward[:20].any() and inward[20] == pytest.approx(0.2) and (inward[25:] == 1).all()


def test_a_change_that_the_frame_cut_off_fades_out_beyond_it():
    size, width = (64, 80), 40  # the edited image covers the left half
    registration = Registration(np.eye(3), size)
    valid, mask = np.zeros((2, *size), bool)
    valid[:, :width] = True
    mask[20:40, 30:width] = True
    fading = extrapolate_alpha(mask, valid, registration, (size[0], width), SETTINGS)
    assert not fading[:, : width - 4].any() and not fading[:10].any()
    assert fading[30, width] > 0.8 and (np.diff(fading[30, width:]) <= 0).all()
    assert fading[30, -1] == 0
    alpha, full_mask = change_alpha(mask, fading, None, size, SETTINGS)
    assert alpha[30, width] > 0.8 and full_mask[30, width]
    mask[:, 30:width] = True  # a new background
    background = extrapolate_alpha(mask, valid, registration, (size[0], width), SETTINGS)
    assert background[:, width:].min() > 0.9


def test_a_warp_that_leaves_the_frame_is_followed_beyond_it():
    size, out_of_frame = (40, 60), 8
    flow = np.full((4, 4, 2), (-out_of_frame, 0), np.float32)
    valid, mask = np.zeros((2, *size), bool)
    valid[:, out_of_frame:] = True
    mask[10:30, out_of_frame:40] = True
    alpha = extrapolate_alpha(mask, valid, Registration(np.eye(3), size, flow), size, SETTINGS)
    assert alpha[20, :out_of_frame].min() > 0.7 and not alpha[:5].any()


def test_boxes_hold_every_changed_pixel():
    alpha = np.zeros((300, 50), np.float32)
    alpha[70:75, 10:20] = 0.5
    alpha[200, 49] = 1
    assert list(changed_boxes(alpha)) == [(64, 10, 128, 20), (192, 49, 256, 50)]


@needs_opencv
@pytest.mark.parametrize("channels", [(1, 1), (3, 3), (4, 4), (4, 3), (3, 1), (1, 4)])
@pytest.mark.parametrize("size", SIZES)
def test_the_torch_composite_is_that_of_opencv(size, channels):
    other = size[0] + 2, size[1] + 5
    source, edited = smooth(*size, channels[0], 0), smooth(*other, channels[1], 2)
    arguments = parts(size, other)
    expected, error = composite(read(source, "source"), read(edited, "edited"), **arguments)
    tensors = (torch.from_numpy(p) for p in (source, edited))
    values, torch_error = composite(*map(on_accelerator, tensors), **arguments)
    assert isinstance(values, torch.Tensor) and values.dtype == torch.float32
    # OpenCV rounds places to 1/32 px, and very narrow images are left to SciPy's splines.
    steepest = max(np.abs(np.diff(edited, axis=axis)).max(initial=0) for axis in (0, 1))
    off = 2 * steepest / 64 if min(other) >= 8 else steepest / 8
    assert np.abs(values.numpy() - expected).max() < off + 1e-4
    unchanged = arguments["alpha"] == 0
    assert np.array_equal(values.numpy()[unchanged], source[unchanged])
    assert torch_error == pytest.approx(error, rel=0.1, abs=1e-4)
    if channels == (4, 3):
        assert np.array_equal(values.numpy()[..., 3], source[..., 3])


@needs_opencv
@pytest.mark.parametrize("shift", [0.0, 7 / 32, -75 / 32])
def test_it_is_opencv_s_exactly_where_opencv_does_not_round(shift):
    source, edited = smooth(40, 50, 3, 0), np.random.default_rng(0).random((40, 50, 3), np.float32)
    arguments = parts((40, 50), (40, 50))
    matrix = np.array([[1, 0, shift], [0, 1, -shift], [0, 0, 1]])
    arguments["registration"] = Registration(matrix, (40, 50))
    expected, _ = composite(read(source, "source"), read(edited, "edited"), **arguments)
    tensors = (torch.from_numpy(p) for p in (source, edited))
    values, _ = composite(*map(on_accelerator, tensors), **arguments)
    assert np.abs(values.numpy() - expected).max() < 1e-5


@pytest.mark.parametrize(
    "dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.uint8]
)
def test_torch_keeps_every_dtype_and_what_did_not_change(dtype):
    size = 90, 131
    source, edited = smooth(*size, 3, 0), smooth(*size, 3, 0)
    edited[30:60, 40:80] = smooth(30, 40, 3, 5)
    alpha = np.zeros(size, np.float32)
    alpha[28:62, 38:82], alpha[30:60, 40:80] = 0.3, 1
    white = 255 if dtype == torch.uint8 else 1
    before, after = ((torch.from_numpy(p) * white).to(dtype)[None] for p in (source, edited))
    pixels = on_accelerator(before)
    values, _ = composite(pixels, on_accelerator(after), **plain_parts(size, alpha))
    image = pixels.rebuild(values)
    assert image.dtype == dtype and image.shape == (1, *size, 3)
    assert torch.equal(image[0][alpha == 0], before[0][alpha == 0])
    off = (image.double() - after.double())[0][alpha == 1].abs().max()
    assert off < white * (0.01 if dtype == torch.bfloat16 else 0.005)


def test_an_edited_image_of_another_form_or_size_goes_to_the_accelerator():
    source, edited = smooth(50, 60, 3, 0), smooth(50, 60, 3, 0)
    edited[10:30, 10:30] = 1 - edited[10:30, 10:30]
    alpha = np.zeros((50, 60), np.float32)
    alpha[10:30, 10:30] = 1
    arguments = plain_parts((50, 60), alpha)
    pixels = on_accelerator(torch.from_numpy(source))
    expected, _ = composite(pixels, on_accelerator(torch.from_numpy(edited)), **arguments)
    values, _ = composite(pixels, read(edited, "edited"), **arguments)
    assert isinstance(values, torch.Tensor) and torch.equal(values, expected)
    large = edited.repeat(2, axis=0).repeat(2, axis=1)
    arguments["registration"] = Registration(np.diag([2.0, 2.0, 1.0]), (50, 60))
    values, _ = composite(pixels, read(large, "large"), **arguments)
    numpy_values, _ = composite(read(source, "source"), read(large, "large"), **arguments)
    assert np.abs(values.numpy() - numpy_values).max() < 0.01


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_tensors_on_a_gpu_come_back_there():
    source = torch.from_numpy(np.stack([smooth(64, 80, 3, seed) for seed in (0, 1)]))
    large = source.repeat_interleave(2, dim=1).repeat_interleave(2, dim=2)
    large[:, 40:80, 50:100] = 1 - large[:, 40:80, 50:100]
    options = {"scope": "local", "align": "none"}
    results = preserve_batch(source.cuda(), large.cuda(), **options)
    for i, result in enumerate(results):
        expected = preserve(source[i].numpy(), large[i].numpy(), **options)
        assert result.image.device.type == "cuda" and result.change_mask.device.type == "cuda"
        assert np.abs(result.image[0].cpu().numpy() - expected.image).max() < 1 / 255
        assert result.report.psnr_after == pytest.approx(expected.report.psnr_after, abs=0.1)


def test_a_tensor_in_memory_is_left_to_opencv():
    image = torch.zeros(4, 4, 3)
    assert read(image, "image").accelerator is None
    assert read(image.numpy(), "image").accelerator is None
