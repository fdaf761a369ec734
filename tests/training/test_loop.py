"""The training loop: reproducible, resumable, averaged weights, clear refusals."""

from __future__ import annotations

import json
import math
import shutil
from itertools import pairwise

import pytest
import torch

from wegen_core.training import loop
from wegen_core.training.mini import train_mini


class _CrashError(Exception):
    """Stands for a crash in the middle of a run."""


def _run(folder, *, steps=12, stop_at=None, **options):
    torch.manual_seed(7)
    module = torch.nn.Sequential(
        torch.nn.Linear(3, 8), torch.nn.Dropout(0.2), torch.nn.Linear(8, 1)
    )

    def step(number, rng):
        if number == stop_at:
            raise _CrashError
        x = torch.from_numpy(rng.normal(size=(16, 3))).float()
        loss = (module(x) - x.sum(dim=1, keepdim=True)).square().mean()
        return [(loss, {"twice": 2 * float(loss.detach())})]

    settings = {
        "lr": 0.05,
        "warmup": 2,
        "save_every": 5,
        "log_every": 5,
        "ema_decay": 0.9,
        "seed": 3,
    }
    loop.train("toy", module, step, steps=steps, folder=folder, **{**settings, **options})
    return module.state_dict()


def _equal(a, b):
    return all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("muon", [0.0, 3.0])
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path, muon):
    whole = _run(tmp_path / "whole", muon=muon)
    with pytest.raises(_CrashError):
        _run(tmp_path / "parts", stop_at=8, muon=muon)
    assert _equal(_run(tmp_path / "parts", muon=muon), whole)
    assert not list((tmp_path / "parts").glob("*.tmp"))


def test_the_seed_decides(tmp_path):
    first = _run(tmp_path / "a")
    torch.rand(5)
    assert _equal(_run(tmp_path / "b"), first)
    assert not _equal(_run(tmp_path / "c", seed=4), first)


def test_a_finished_run_loads_without_training(tmp_path):
    first = _run(tmp_path)
    assert _equal(_run(tmp_path, stop_at=12), first)


def test_the_callers_random_state_is_left_alone(tmp_path):
    torch.manual_seed(7)
    torch.nn.Linear(3, 8), torch.nn.Linear(8, 1)
    expected = torch.rand(1)
    _run(tmp_path)
    assert torch.equal(torch.rand(1), expected)


def test_the_average_differs_from_the_last_weights(tmp_path):
    assert not _equal(_run(tmp_path / "a", ema_decay=None), _run(tmp_path / "b"))


def test_the_log_holds_means_and_no_line_twice(tmp_path):
    with pytest.raises(_CrashError):
        _run(tmp_path, steps=20, stop_at=13)
    _run(tmp_path, steps=20)
    lines = [json.loads(line) for line in (tmp_path / "toy.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [5, 10, 15, 20]
    for line in lines:
        assert line["twice"] == pytest.approx(2 * line["loss"], rel=1e-4)


def test_frozen_parameters_stay_and_are_not_saved(tmp_path):
    module = torch.nn.ModuleDict({"a": torch.nn.Linear(2, 2), "b": torch.nn.Linear(2, 2)})
    module["a"].requires_grad_(False)
    before = module["a"].weight.clone()
    x = torch.ones(1, 2)
    loop.train(
        "part",
        module,
        lambda step, rng: [(module["b"](module["a"](x)).square().sum(), {})],
        steps=3,
        lr=0.1,
        folder=tmp_path,
    )
    assert torch.equal(module["a"].weight, before)
    saved = torch.load(tmp_path / "part.pt", weights_only=True)
    assert set(saved["weights"]) == {"b.weight", "b.bias"}


def test_schedule():
    rates = [loop.schedule(step, 100, 10, 0.05) for step in range(100)]
    assert rates[0] == 0.0
    assert rates[5] == pytest.approx(0.5)
    assert rates[10] == 1.0
    assert rates[99] == pytest.approx(0.05, abs=1e-3)
    assert all(a >= b for a, b in pairwise(rates[10:]))


def test_refusals(tmp_path):
    _run(tmp_path)
    with pytest.raises(ValueError, match="seed 3, not 4"):
        _run(tmp_path, seed=4)
    with pytest.raises(ValueError, match="does not fit"):
        _run(tmp_path, ema_decay=None)
    frozen = torch.nn.Linear(1, 1).requires_grad_(False)
    with pytest.raises(ValueError, match="unfreeze"):
        loop.train("x", frozen, lambda s, r: None, steps=1, lr=1, folder=tmp_path)
    module = torch.nn.Linear(1, 1)
    with pytest.raises(FloatingPointError, match="step 0"):
        loop.train(
            "nan",
            module,
            lambda s, r: [(module.weight.sum() * math.nan, {})],
            steps=1,
            lr=1,
            folder=tmp_path,
        )


def test_a_stage_is_not_trained_on_an_untrained_one(tmp_path):
    with pytest.raises(ValueError, match="'painter' learns from vision: add that"):
        train_mini(tmp_path, ("vae", "painter"))
    assert not list(tmp_path.iterdir())


def test_the_last_checkpoints_and_the_best_are_kept(tmp_path):
    losses = iter([3.0, 1.0, 2.0, 1.5])
    _run(tmp_path, steps=20, keep=2, evaluate=lambda: {"loss": next(losses)})
    names = {path.name for path in tmp_path.glob("*.pt")}
    assert names == {"toy.pt", "toy-00000015.pt", "toy-00000020.pt", "toy-best.pt"}
    assert torch.load(tmp_path / "toy-best.pt", weights_only=True)["step"] == 10


def test_a_full_disk_is_an_error_that_loses_nothing(tmp_path, monkeypatch):
    with pytest.raises(_CrashError):
        _run(tmp_path, stop_at=7)
    before = (tmp_path / "toy.pt").read_bytes()

    def disk_usage(_):
        return shutil._ntuple_diskusage(100, 100, 0)

    monkeypatch.setattr(loop.shutil, "disk_usage", disk_usage)
    with pytest.raises(OSError, match=r"0\.00 GB free.*Everything up to step 5 is safe"):
        _run(tmp_path)
    monkeypatch.undo()

    def full(state, file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="No space left"):
        _run(tmp_path)
    assert (tmp_path / "toy.pt").read_bytes() == before
    assert not list(tmp_path.glob("*.tmp"))
