"""Anchor, preserve_batch, and the report."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import ndimage

from tests.support.simulated_editor import drawing, simulate_editor, texture
from wegen_core.preservation import (
    Anchor,
    Report,
    array_backend,
    drift_image,
    opencv_hint,
    preserve,
    preserve_batch,
)
from wegen_core.records.hooks import Hooks, Stopped


def test_an_anchor_keeps_the_original_through_many_edits():
    rng = np.random.default_rng(1)
    original = drawing(128)
    anchor, touched = Anchor(original), np.zeros((128, 128), bool)
    for colour in ("yellow", "purple", "green", "red"):
        target = drawing(128, colour=colour)
        changes = (target != anchor.image).any(axis=2, keepdims=True)
        touched |= (target != original).any(axis=2)
        anchor.add(simulate_editor(np.where(changes, target, anchor.image), rng, 0.5)[0])
    away = ~ndimage.binary_dilation(touched, iterations=4)
    assert (anchor.image == original).all(axis=2)[away].mean() > 0.996  # measured 0.998
    assert len(anchor.masks) == 4 and anchor.owner.max() == 4
    untouched = anchor.owner == 0
    assert np.array_equal(anchor.image[untouched], original[untouched])
    assert anchor.unchanged_share() == untouched.mean() > 0.9


def test_an_anchor_takes_a_global_edit_as_a_whole():
    anchor = Anchor(drawing(64))
    anchor.add(255 - drawing(96), scope="global")
    assert anchor.image.shape == (96, 96, 3) and anchor.unchanged_share() == 0


def test_an_anchor_that_was_stopped_is_unchanged():
    anchor = Anchor(drawing(64))
    with pytest.raises(Stopped):
        anchor.add(drawing(64, colour="green"), hooks=Hooks(should_stop=lambda: True))
    assert anchor.image is anchor.original and not anchor.masks


def test_batches_must_match_and_may_share_a_registration():
    sources = np.stack([drawing(96), drawing(96, background="sea")])
    moved = np.stack([simulate_editor(s, np.random.default_rng(2))[0] for s in sources])
    first, second = preserve_batch(sources, moved, shared_registration=True)
    assert np.array_equal(first.transform, second.transform)
    assert first.image.shape == (1, 96, 96, 3) and first.change_mask.shape == (1, 96, 96)
    assert len(preserve_batch(sources[0], list(moved[:, None]))) == 2
    with pytest.raises(ValueError, match="source holds 2 but edited holds 3"):
        preserve_batch(sources, [moved[0]] * 3)
    with pytest.raises(ValueError, match="source holds no image"):
        preserve_batch([], [])


def test_a_batch_reports_progress_and_shares_the_first_registration_there_is():
    source = texture((96, 96))
    edited = source.copy()
    edited[30:50, 30:50] = 230, 20, 20
    frames = np.stack([source, edited, np.roll(edited, 2, axis=1)])
    steps = []
    first, second, third = preserve_batch(
        source,
        frames,
        shared_registration=True,
        hooks=Hooks(on_progress=lambda *step: steps.append(step)),
    )
    assert steps == [("preserve", i, 3, None) for i in (1, 2, 3)]
    assert first.registration is None  # equal images need none
    assert second.registration is not None
    assert np.array_equal(second.transform, third.transform)


def test_the_report_reads_and_serialises():
    result = preserve(drawing(), drawing(colour="green"))
    record = json.loads(result.report.to_json())
    assert record["decision"] == "lock" and 0 < record["changed"] < 0.5
    assert "changed" in str(result.report)
    assert "the editor moved nothing" in str(Report("lock", "a local edit", shift=(0.004, 0.0)))
    moved = str(Report("lock", "-", shift=(0.006, 0.0)))
    assert "moved the image by +0.01, +0.00 px, scale 1.0000" in moved
    nothing = json.loads(Report("lock", "nothing changed", psnr_after=float("inf")).to_json())
    assert nothing["psnr_after"] == "inf" and nothing["psnr_before"] is None


def test_the_report_measures_what_the_editor_did():
    source = texture((160, 200), 2.0)
    edited = source.copy()
    edited[60:90, 70:110] = 230, 20, 20
    edited = np.roll(edited, (-2, 3), (0, 1))
    edited = np.clip(edited + np.array([4, 0, -6]), 0, 255).astype(np.uint8)
    report = preserve(source, edited).report
    assert report.shift == pytest.approx((3, -2), abs=0.05)
    assert report.scale == pytest.approx((1, 1), abs=0.001) and abs(report.rotation) < 0.05
    assert report.colour_shift == pytest.approx((4, 0, -6), abs=0.5)
    assert report.changed == pytest.approx(30 * 40 / (160 * 200), rel=0.1)
    assert report.psnr_after > report.psnr_before + 20


@pytest.mark.parametrize("shape", [(40, 60), (900, 1700)])
def test_the_drift_always_has_the_sources_aspect_ratio(shape):
    source = np.full((*shape, 3), 90, np.uint8)
    other = np.full((30, 30, 3), 200, np.uint8)
    for result in (
        preserve(source, source),
        preserve(source, other),
        preserve(source, other, scope="local"),
        preserve(source, other, scope="global"),
    ):
        height, width = result.drift.shape
        assert height * width < 1_010_000
        assert height / width == pytest.approx(shape[0] / shape[1], rel=0.01)
        image = drift_image(result.drift, result.change_mask)
        assert image.mode == "RGB" and image.size == (width, height)


def test_the_drift_image_outlines_the_change():
    drift, mask = np.zeros((60, 80), np.uint8), np.zeros((60, 80), np.float32)
    drift[20:40, 30:50], mask[20:40, 30:50] = 32, 1
    image = np.asarray(drift_image(drift, mask))
    assert tuple(image[30, 40]) == (255, 255, 63) and not image[:18].any()
    assert tuple(image[20, 40]) == (0, 255, 255)


def test_the_hint_says_what_to_install_where_opencv_is_missing(backend):
    hint = " ".join(opencv_hint())
    assert ("pip install opencv-python-headless" in hint) == (backend == "scipy")
    assert (array_backend.cv2 is None) == (backend == "scipy")
