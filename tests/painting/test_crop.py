"""Crops of large images, and how they are laid back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from wegen_core.images.convert import to_pil
from wegen_core.painting.crop import Crop, crop_around
from wegen_core.records.conversation import ImagePart, image_parts
from wegen_core.records.plan import Plan, Reference

AREA = 256 * 256
SMALL = (0.5, 0.25, 0.55, 0.3)


def test_a_small_change_is_painted_at_full_resolution_in_its_surroundings():
    crop = crop_around([SMALL], (4001, 3001), AREA)
    left, top, right, bottom = crop.box
    assert (right - left) * (bottom - top) >= AREA and right - left < 512
    assert left < 2000 - 50 and right > 2200 + 50 and top < 750 - 37 and bottom > 900 + 37


@pytest.mark.parametrize("corner", [(0.0, 0.0, 0.01, 0.01), (0.99, 0.99, 1.0, 1.0)])
def test_at_the_border_of_the_image_the_crop_stays_inside(corner):
    left, top, right, bottom = crop_around([corner], (4001, 3001), AREA).box
    assert (right - left, bottom - top) == (256, 256)
    assert (left, top) == (0, 0) or (right, bottom) == (4001, 3001)


def test_a_crop_holds_all_changes_and_is_not_too_long():
    crop = crop_around([SMALL, (0.5, 0.6, 0.51, 0.65)], (8000, 8000), AREA)
    left, top, right, bottom = crop.box
    assert top < 2000 and bottom > 5200
    assert (right - left) * 2 >= bottom - top
    wide = crop_around([SMALL], (30000, 300), AREA)
    assert wide.box[1::2] == (0, 300)


@pytest.mark.parametrize(
    ("region", "size"),
    [
        (SMALL, (256, 256)),  # as large as what is painted
        (SMALL, (340, 340)),  # hardly larger
        ((0.2, 0.2, 0.7, 0.7), (8000, 8000)),  # most of it changes
        ((0.0, 0.0, 1.0, 1.0), (8000, 8000)),
        (SMALL, (1, 1)),
    ],
)
def test_where_a_crop_is_hardly_sharper_there_is_none(region, size):
    assert crop_around([region], size, AREA) is None


def test_regions_of_a_plan_move_into_the_crop():
    crop = Crop((100, 50, 300, 150), (1000, 500))
    references = (Reference(1, "base"), Reference(2, region=(0.0, 0.0, 0.05, 0.05)))
    plan = Plan("compose", prompt="x", region=(0.2, 0.1, 0.3, 0.2), references=references)
    moved = crop.plan(plan)
    assert moved.region == pytest.approx((0.5, 0.0, 1.0, 0.5))
    assert [r.region for r in moved.references] == [None, None]
    assert crop.plan(Plan("refine", prompt="x")).region is None


def as_pil(values: np.ndarray) -> ImagePart:
    return ImagePart(to_pil(values)[0])


def as_tensor(values: np.ndarray) -> ImagePart:
    return image_parts(torch.from_numpy(values))[0]


@pytest.mark.parametrize("form", [as_pil, image_parts, as_tensor])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("box", [(20, 10, 63, 41), (0, 0, 43, 31), (1, 0, 2, 1)])
def test_a_stitched_image_is_its_source_bit_for_bit_outside_the_mask(form, channels, box):
    rng = np.random.default_rng(3)
    parts = [form(rng.random((67, 91, channels), np.float32)) for _ in range(2)]
    whole, other = (p[0] if isinstance(p, list) else p for p in parts)
    crop = Crop(box, (91, 67))
    left, top, right, bottom = box
    result, mask = crop.stitch(
        whole, crop.part(other), Image.new("L", (right - left, bottom - top), 255)
    )
    before, after, new = (np.asarray(p.exact).squeeze() for p in (whole, result, other))
    changed = np.asarray(mask) > 0
    assert after.dtype == before.dtype and result.image.mode == whole.image.mode
    assert np.array_equal(after[~changed], before[~changed])
    assert not changed[:top].any() and not changed[bottom:].any() and not changed[:, right:].any()
    inside = np.asarray(mask) == 255
    assert np.allclose(after[inside], new[inside], atol=1e-6) or form is as_pil
    if left:  # it fades out at the crop's own border, and not at the image's
        assert np.array_equal(after[:, left], before[:, left])
    else:
        assert inside[0, 0] and not inside[0, right - 1]


def test_values_that_did_not_change_in_the_crop_are_the_sources_own():
    whole = image_parts(np.random.default_rng(4).random((1, 50, 60, 3)))[0]
    crop = Crop((5, 5, 45, 45), (60, 50))
    result, mask = crop.stitch(whole, crop.part(whole), Image.new("L", (40, 40)))
    assert np.array_equal(result.pixels, whole.pixels) and mask.getbbox() is None
    assert result.pixels is not whole.pixels
