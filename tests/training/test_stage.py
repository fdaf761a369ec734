"""`wegen train painter | align | instruct` from end to end, with tiny networks."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from itertools import count
from pathlib import Path

import pytest
import torch

import wegen_core as wegen
from tests.support.published_layout import write_official
from tests.support.training_rows import write_playground_rows
from wegen_core.cli import main
from wegen_core.model import WeGen
from wegen_core.model.checkpoint import read_config

pytest.importorskip("accelerate")
pytest.importorskip("tensorboard")

ROOT = Path(__file__).parents[2]
SIX_STEPS = [
    "--preset=official",
    *(f"--set={s}" for s in ("steps=6", "warmup=2", "batch=2", "max_tokens=700", "bf16=False")),
    "--save-every=2",
    "--log-every=1",
    "--no-pictures",
    "--device=cpu",
]


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """(rows, official folder, run of six steps)."""
    folder = tmp_path_factory.mktemp("training")
    rows = write_playground_rows(folder / "rows")
    official = write_official(folder / "official")
    whole = folder / "whole"
    assert main(["train", "instruct", *_places(rows, official, whole), *SIX_STEPS]) == 0
    return rows, official, whole


def _places(rows, init, out):
    return [f"--data={rows}", f"--init={init}", f"--out={out}"]


def _figures(run, stage="instruct"):
    """(step, name) -> figure, without times."""
    lines = [json.loads(x) for x in (run / "stages" / f"{stage}.jsonl").read_text().splitlines()]
    return {(x["step"], n): v for x in lines for n, v in x.items() if n != "seconds"}


def _start(command, *options):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, *command, "-m", "wegen_core", "train", "instruct", *options],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_official_layout_learns_and_its_result_loads(places):
    _, official, whole = places
    figures = _figures(whole)
    assert {step for step, _ in figures} == set(range(1, 7))
    assert {n for _, n in figures} >= {"lm_loss", "mse_loss", "cosine_loss", "diffusion_loss"}
    net, before = WeGen.from_pretrained(whole / "model"), WeGen.from_pretrained(official)
    changed = {
        name.split(".")[0]
        for name, tensor in net.state_dict().items()
        if not torch.equal(tensor, before.state_dict()[name])
    }
    assert changed == {"llm", "input_projector", "output_projector"}
    assert {p.name for p in (whole / "stages").glob("*.pt")} == {
        "instruct.pt",
        "instruct-00000004.pt",
        "instruct-00000006.pt",
    }
    assert list((whole / "tensorboard").iterdir())


def test_a_finished_run_is_only_read_also_an_older_one(places):
    rows, official, whole = places
    before = _figures(whole)
    record = json.loads((whole / "run.json").read_text())
    del record["settings"]["muon"]
    (whole / "run.json").write_text(json.dumps(record))
    assert main(["train", "instruct", *_places(rows, official, whole), *SIX_STEPS]) == 0
    assert _figures(whole) == before


@pytest.mark.slow
def test_killed_at_any_step_the_losses_are_the_same_afterwards(places, tmp_path):
    rows, official, whole = places
    options = [*_places(rows, official, tmp_path / "run"), *SIX_STEPS]
    process = _start([], *options)
    log = tmp_path / "run/stages/instruct.jsonl"
    for _ in count():
        if log.exists() and len(log.read_text().splitlines()) >= 3:
            break
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (tmp_path / "run/model").exists()
    with log.open("a") as file:
        file.write('{"step": 5, "lo')  # what a kill may leave
    assert main(["train", "instruct", *options]) == 0
    assert _figures(tmp_path / "run") == _figures(whole)


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--shard"]], ids=["whole", "shared"])
def test_two_processes_have_the_losses_of_one(places, tmp_path, options):
    rows, official, whole = places
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    process = _start(launcher, *_places(rows, official, tmp_path), *SIX_STEPS, *options)
    assert process.wait(240) == 0, process.stderr.read()
    for key, value in _figures(whole).items():
        assert _figures(tmp_path)[key] == pytest.approx(value, rel=1e-4), key
    ours, theirs = (WeGen.from_pretrained(run / "model") for run in (tmp_path, whole))
    for name, tensor in ours.state_dict().items():
        assert torch.allclose(tensor, theirs.state_dict()[name], rtol=1e-3, atol=1e-5), name


@pytest.mark.slow
def test_a_checkpoint_of_one_process_is_resumed_by_two_that_share(places, tmp_path):
    rows, official, whole = places
    run = tmp_path / "run"
    shutil.copytree(whole, run, ignore=shutil.ignore_patterns("model", "instruct.pt"))
    os.replace(run / "stages/instruct-00000004.pt", run / "stages/instruct.pt")
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    process = _start(launcher, *_places(rows, official, run), *SIX_STEPS, "--shard")
    assert process.wait(240) == 0, process.stderr.read()
    for key, value in _figures(whole).items():
        assert _figures(run)[key] == pytest.approx(value, rel=1e-4), key


@pytest.mark.parametrize("more", [(), ("bf16=True", "encode_once=True")])
def test_the_painter_of_a_new_network_and_its_page(places, tmp_path, more):
    rows, _, _ = places
    settings = ("steps=3", "warmup=1", "batch=1", "max_images=8", "held_out=0.7", *more)
    options = [f"--data={rows}", f"--out={tmp_path}", "--size=2", *(f"--set={s}" for s in settings)]
    assert main(["train", "painter", *options, "--log-every=1", "--device=cpu"]) == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("<img src=") == 16 and "diffusion_loss" in page and "<td>3</td>" in page
    assert (tmp_path / "stages/painter-best.pt").exists()
    config = read_config(tmp_path / "model")
    assert config.llm["num_hidden_layers"] == 2 and config.unet["block_out_channels"][0] == 32
    wegen.load(tmp_path / "model", device="cpu").generate("a red boat", seed=1)


def test_lora_is_merged(places, tmp_path):
    pytest.importorskip("peft")
    rows, official, _ = places
    options = [*_places(rows, official, tmp_path), *SIX_STEPS, "--lora=2", "--set=lr=0.01"]
    assert main(["train", "instruct", *options]) == 0
    net, before = WeGen.from_pretrained(tmp_path / "model"), WeGen.from_pretrained(official)
    name = "llm.model.layers.1.self_attn.v_proj.weight"
    delta = net.state_dict()[name] - before.state_dict()[name]
    assert torch.linalg.matrix_rank(delta, rtol=1e-3) == 2
    assert torch.equal(net.llm.lm_head.weight, before.llm.lm_head.weight)


def test_refusals(places, tmp_path, capsys):
    rows, official, whole = places
    wrong = {
        ("--set=lr=1",): "holds another run (lr was 0.0005 and is 1",
        ("--set=rate=1",): "stage 'instruct' has the settings steps, warmup, lr",
        ("--set=batch=two",): "'two' is not a value",
        ("--shard",): "shares the trained weights between several processes",
        ("--size=4",): "--size is of a new network",
        (f"--data={tmp_path}",): "holds no .parquet files",
    }
    for options, message in wrong.items():
        given = [*_places(rows, official, whole), *SIX_STEPS, *options]
        assert main(["train", "instruct", *given]) == 2
        assert message in capsys.readouterr().err


def test_a_dry_run_prints_what_a_run_takes(places, tmp_path, capsys):
    rows, official, _ = places
    out = tmp_path / "out"
    options = [*_places(rows, official, out), *SIX_STEPS, "--dry-run"]
    assert main(["train", "instruct", *options]) == 0
    text = capsys.readouterr().out
    assert "trained parameters" in text and "all steps" in text and not out.exists()
    assert main(["train", "align", "--preset=official", "--dry-run"]) == 0
    assert "6755.8 million" in capsys.readouterr().out
