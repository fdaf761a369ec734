"""The recipe of the embedded network of 128 pixels, in few steps: every part runs and loads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import wegen_core as wegen
from wegen_core.playground import clips, world
from wegen_core.playground.looks import LOOKS, UNSEEN, WHOLE
from wegen_core.playground.things import Instance
from wegen_core.playground.world import Scene, Thing
from wegen_core.training import settings
from wegen_core.training.embedded import drawn, probe, recipe

pytest.importorskip("accelerate")
pytest.importorskip("tensorboard")


def test_labels_say_what_each_patch_shows() -> None:
    cat = Instance("cat", "red", "striped", "hat", "blue")
    scene = Scene("lake", "night", (Thing(cat, "left"),))
    looks, whole = drawn.label(scene, clips.render(scene, drawn.SIZE))
    names = list(LOOKS)
    kinds = looks[:, names.index("kind")].reshape(drawn.GRID, drawn.GRID)
    assert set(np.unique(kinds)) == {0, len(LOOKS["kind"]) - 1}  # cats and nothing
    assert (kinds[:, 4:] == len(LOOKS["kind"]) - 1).all() and (kinds[5, :3] == 0).any()
    label = looks[kinds.ravel() == 0][0]
    values = {name: LOOKS[name][i] for name, i in zip(names, label, strict=True)}
    assert values["colour"] == "red" and values["accent"] == "blue" and not values["opened"]
    plain = replace(scene, things=(Thing(replace(cat, pattern="plain", accessory=""), "left"),))
    looks, _ = drawn.label(plain, clips.render(plain, drawn.SIZE))
    assert (looks[:, names.index("accent")] == UNSEEN).all()
    assert [WHOLE[n][i] for n, i in zip(WHOLE, whole, strict=True)] == [
        *("lake", "night", "centre", "wide")
    ]


def test_the_probe_is_trained_resumed_and_measured(tmp_path: Path) -> None:
    weights = tmp_path / "probe.safetensors"
    trained = probe.train_probe(tmp_path, drawn=8, steps=2, weights=weights)
    pixels = np.load(tmp_path / "pixels-8-0.npy")
    assert pixels.shape == (8, drawn.SIZE, drawn.SIZE, 3) and len(np.unique(pixels)) > 50
    before = weights.read_bytes()
    again = probe.train_probe(tmp_path, drawn=8, steps=2, weights=weights)  # nothing is left to do
    assert weights.read_bytes() == before
    shares = probe.measure_probe(again, count=4)
    assert shares == probe.measure_probe(trained, count=4)
    assert {*LOOKS, *WHOLE, "every look", "whole scenes"} == set(shares)
    assert all(0 <= share <= 1 for share in shares.values())


@pytest.mark.slow
def test_the_whole_recipe_in_few_steps(tmp_path: Path, monkeypatch) -> None:
    for name, value in {"DRAWN": 16, "VAE_STEPS": 1, "ENCODER_STEPS": 1, "CLIPS": 4}.items():
        monkeypatch.setattr(recipe, name, value)
    for stage in settings.PRESETS["mini128"].values():
        for name, value in {"steps": 1, "warmup": 0, "batch": 1, "max_images": 4}.items():
            monkeypatch.setitem(stage, name, value)
    folder = recipe.train_embedded(tmp_path)
    assert folder == tmp_path / "instruct" / "model"
    before = folder.stat().st_mtime_ns
    assert recipe.train_embedded(tmp_path) == folder  # nothing is left to do
    assert folder.stat().st_mtime_ns == before
    copilot = wegen.load(folder, device="cpu")
    scene = world.sample(np.random.default_rng(0))
    result = copilot.refine(clips.draw(scene), "make it night", seed=1)
    assert result.image.size == (128, 128)
