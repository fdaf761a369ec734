"""The probe reads drawn scenes; everything that judges painted pictures rests on it."""

from __future__ import annotations

import numpy as np
import pytest

from wegen_core.evaluation.probe import WEIGHTS, Probe, ProbedScene, matches, targets
from wegen_core.playground.samples import Scene, Thing, draw, sample
from wegen_core.training.probe import measure_probe


@pytest.fixture(scope="module")
def probe():
    return Probe.load()


def test_reads_held_out_scenes(probe):
    assert measure_probe(probe, count=300) >= 0.98


def test_reads_training_scenes(probe):
    assert measure_probe(probe, count=300, split="train") >= 0.98


def test_reads_blurred_noisy_pictures(probe):
    assert measure_probe(probe, count=300, degraded=True) >= 0.95


@pytest.mark.slow
def test_reads_other_sizes(probe):
    rng = np.random.default_rng(0)
    scenes = [sample(rng, "held_out") for _ in range(40)]
    for size in (48, 128, 200):
        readings = probe.read([draw(scene, size) for scene in scenes])
        right = [matches(r, s) for r, s in zip(readings, scenes, strict=True)]
        assert np.mean(right) >= 0.9, size


def test_matches_wants_every_attribute():
    cat = Thing("cat", "red", "left")
    scene = Scene("sea", (cat,))
    assert matches(ProbedScene("sea", (cat,)), scene)
    assert not matches(ProbedScene("night", (cat,)), scene)
    assert not matches(ProbedScene("sea", ()), scene)
    assert not matches(ProbedScene("sea", (cat, Thing("car", "red", "right"))), scene)
    for wrong in (Thing("car", "red", "left"), Thing("cat", "blue", "left")):
        assert not matches(ProbedScene("sea", (wrong,)), scene)


def test_targets():
    scene = Scene("sea", (Thing("cat", "red", "left"), Thing("star", "purple", "right")))
    assert targets([scene]).tolist() == [[1, 4, 8, 7, 0, -100, 5]]


def test_edges(probe, tmp_path):
    assert probe.read([]) == []
    assert WEIGHTS.stat().st_size < 1_000_000
    with pytest.raises(FileNotFoundError, match="train_probe"):
        Probe.load(tmp_path / "missing.safetensors")
