"""Alpha channels: hidden colours, edits of the transparency alone, cut-outs."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.support.simulated_editor import texture
from wegen_core.preservation import preserve


def cut_out(colour: np.ndarray) -> np.ndarray:
    """A disc of `colour` [120,160,3] with a soft edge, before a transparent background."""
    y, x = np.mgrid[:120, :160]
    alpha = np.clip(45 - np.hypot(y - 60, x - 80), 0, 1) * 255
    return np.dstack([colour, np.rint(alpha).astype(np.uint8)])


def test_what_is_hidden_in_both_images_may_have_any_colour():
    source = cut_out(texture((120, 160)))
    edited = source.copy()
    edited[source[..., 3] == 0, :3] = 250, 240, 10
    result = preserve(source, edited)
    assert result.report.decision == "lock" and not result.change_mask.any()
    edited[50:70, 70:90, :3] = 230, 20, 20
    result = preserve(source, edited)
    assert result.report.decision == "lock"
    assert (result.change_mask[52:68, 72:88] == 1).all() and result.change_mask[:, :64].max() == 0
    assert max(map(abs, result.report.colour_shift)) < 2


@pytest.mark.parametrize("alpha", [0, 128])
def test_an_edit_of_the_transparency_alone_is_kept(alpha):
    source = cut_out(texture((120, 160)))
    edited = source.copy()
    edited[50:70, 70:90, 3] = alpha
    result = preserve(Image.fromarray(source), Image.fromarray(edited))
    image = np.asarray(result.image)
    assert result.report.decision == "lock"
    assert np.abs(image.astype(int) - edited).max() <= 3
    mask = np.asarray(result.change_mask)
    assert (mask[50:70, 70:90] == 255).all() and np.count_nonzero(mask) < 600


def test_a_silhouette_may_be_drawn_a_little_aside():
    source = cut_out(texture((120, 160)))
    edited = source.copy()
    edited[..., 3] = np.roll(source[..., 3], 1, axis=1)
    assert np.array_equal(preserve(source, edited).image, source)


def test_a_large_part_cut_out_of_an_opaque_image_is_passed_and_a_hole_is_kept():
    source = np.dstack([texture((120, 160)), np.full((120, 160), 255, np.uint8)])
    result = preserve(source, cut_out(source[..., :3]))
    assert result.report.decision == "pass" and "alpha" in result.report.reason
    holed = source.copy()
    holed[50:70, 70:90, 3] = 0
    result = preserve(source, holed)
    assert result.report.decision == "lock" and np.array_equal(result.image, holed)
