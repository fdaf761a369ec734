"""Figures of the report."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from tests.support.simulated_editor import drawing, texture
from wegen_core.preservation import Fidelity, preserve


def test_fidelity_counts_pixels_by_their_largest_difference():
    fidelity = Fidelity.of(np.array([0, 1, 2, 3, 8, 9, 200], np.uint8), 10)
    assert fidelity == Fidelity(pytest.approx(0.4), pytest.approx(0.6), 0.8, pytest.approx(22.3))
    assert str(fidelity) == "40.00 % / 60.00 % / 80.00 % (mean 22.30)"
    assert str(Fidelity.of(np.array([1]), 10**6)).startswith("99.99 % / 100 %")


@pytest.mark.parametrize("form", [np.asarray, lambda a: np.float32(a) / 255])
def test_the_reported_fidelity_is_that_of_the_result(form):
    source = texture((120, 160))
    noise = np.random.default_rng(0).integers(-3, 4, source.shape)
    edited = np.clip(source + noise, 0, 255).astype(np.uint8)
    edited[40:80, 50:110] = (250, 30, 30)
    result = preserve(form(source), form(edited))
    unchanged = result.change_mask < 1
    before, after = result.report.fidelity_before, result.report.fidelity_after
    difference = np.abs(result.image - form(source).astype(float)).max(axis=2)
    difference *= 255 / (255 if difference.max() > 1 else 1)
    assert after.identical == pytest.approx((difference[unchanged] == 0).mean(), abs=1e-6)
    assert after.mean == pytest.approx(difference[unchanged].mean(), abs=1e-4)
    noisy = np.abs(edited.astype(int) - source).max(axis=2)[unchanged]
    assert before.identical == pytest.approx((noisy == 0).mean(), abs=0.01)
    assert before.within_2 == pytest.approx((noisy <= 2).mean(), abs=0.01)
    assert before.identical < 0.05 and after.identical > 0.9
    data = json.loads(result.report.to_json())
    assert data["fidelity_after"]["identical"] == after.identical
    assert "identical / within 2 / within 8 levels" in str(result.report)


def test_an_enlarged_change_is_said_to_be_less_sharp():
    source, edited = drawing(256), Image.fromarray(drawing(256, "yellow"))
    small = preserve(source, np.asarray(edited.resize((64, 64), Image.Resampling.BOX))).report
    assert small.decision == "lock" and small.enlargement == pytest.approx(4, rel=0.02)
    assert "the change was enlarged 4.0 times" in str(small)
    large = preserve(source, np.asarray(edited.resize((512, 512)))).report
    assert large.enlargement == pytest.approx(0.5, rel=0.02) and "enlarged" not in str(large)
    same = preserve(source, source).report
    assert same.fidelity_after == Fidelity(1, 1, 1, 0) and "enlarged" not in str(same)
