"""Masks as programs write them: each means the same square."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from tests.support.fakes import scene
from wegen_core.images.files import open_image
from wegen_core.preservation import preserve
from wegen_core.preservation.masks import mask_values, read_mask

SIZE = (60, 80)
SQUARE = np.zeros(SIZE, bool)
SQUARE[20:50, 30:70] = True
PHOTO = np.asarray(scene(SIZE[::-1]))


def palette() -> Image.Image:
    """A segmentation of three classes in the colours of PASCAL VOC."""
    classes = SQUARE.astype(np.uint8)
    classes[20:30, 30:70] = 2
    image = Image.fromarray(classes, "P")
    image.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
    return image


def brush(colour: tuple[int, int, int], ground: tuple[int, int, int]) -> np.ndarray:
    return np.where(SQUARE[..., None], colour, ground).astype(np.uint8)


def with_alpha(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    return np.dstack([colour, alpha]).astype(np.uint8)


def soft_edge() -> np.ndarray:
    soft = SQUARE * 255
    soft[20:50, 30] = 140
    soft[20:50, 29] = 90
    return soft


BLACK = np.zeros((*SIZE, 3))
FORMS = {
    "bool": SQUARE,
    "0 and 1": SQUARE.astype(np.uint8),
    "0 and 1, long": torch.from_numpy(SQUARE.astype(np.int64)),
    "0 and 1, SAM's axes": torch.from_numpy(SQUARE)[None, None],
    "float with a soft edge": torch.from_numpy(soft_edge() / 255)[None].float(),
    "faint": SQUARE * np.float32(0.3),
    "16 bits": SQUARE.astype(np.uint16) * 4000,
    "0 and 1, PIL": Image.fromarray(SQUARE.astype(np.uint8)),
    "1 bit": Image.fromarray(SQUARE),
    "palette": palette(),
    "red on black": brush((255, 0, 0), (0, 0, 0)),
    "red on white": brush((255, 0, 0), (255, 255, 255)),
    "dark blue on grey": Image.fromarray(brush((0, 0, 100), (90, 90, 90))),
    "white on black, opaque": with_alpha(brush((255,) * 3, (0,) * 3), np.full(SIZE, 255)),
    "black drawn in alpha": with_alpha(BLACK, SQUARE * 255),
    "red drawn in alpha, soft": with_alpha(np.add(BLACK, (200, 30, 30)), soft_edge()),
    "grey and alpha": Image.fromarray(np.dstack([SQUARE * 0, SQUARE * 255]).astype(np.uint8), "LA"),
    "holes in a photograph": with_alpha(PHOTO, 255 - SQUARE * 255),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_means_the_same(form, tmp_path):
    mask = FORMS[form]
    assert np.array_equal(read_mask(mask, SIZE), SQUARE)
    if isinstance(mask, Image.Image):
        mask.save(tmp_path / "mask.png")
        assert np.array_equal(read_mask(open_image(tmp_path / "mask.png"), SIZE), SQUARE)


def test_white_drawn_beside_black_in_alpha():
    alpha = np.zeros(SIZE)
    alpha[10:] = 255
    assert np.array_equal(read_mask(with_alpha(brush((255,) * 3, (0,) * 3), alpha), SIZE), SQUARE)


@pytest.mark.parametrize(
    ("value", "share"),
    [(0, 0), (1, 1), (255, 1), (np.float32(0.3), 0), (np.float32(0.8), 1), (np.uint16(65535), 1)],
)
def test_one_value_everywhere(value, share):
    dtype = np.asarray(value).dtype
    mask = np.full(SIZE, value, np.uint8 if dtype == np.int64 else dtype)
    assert read_mask(mask, SIZE).mean() == share


def test_grey_levels_stay_for_painters():
    values = mask_values(soft_edge().astype(np.uint8))
    assert values.dtype == np.float32 and np.allclose(np.unique(values) * 255, [0, 90, 140, 255])


def test_a_mask_that_leaves_nothing_says_so():
    edited = PHOTO.copy()
    edited[25:45, 35:65] = (255, 0, 0)
    for form in FORMS.values():
        assert preserve(PHOTO, edited, form).report.changed > 0.1
    report = preserve(PHOTO, edited, ~SQUARE).report
    assert report.changed == 0
    assert report.reason == "what changed lies outside the mask"
    report = preserve(PHOTO, edited, np.zeros(SIZE, bool)).report
    assert report.changed == 0 and report.reason == "the mask is empty, so nothing may change"
