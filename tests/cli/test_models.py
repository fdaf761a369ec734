"""`--mllm` and `--painter` of the command line: which model each name loads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

import wegen_core.loading as loading
from tests.support import tiny_detectors
from tests.support.fakes import FakeMLLM, FakePainter, scene
from wegen_core.cli import main
from wegen_core.mllm import local
from wegen_core.painting import diffusers


@pytest.fixture
def loaded(tmp_path, monkeypatch) -> list[str]:
    """What was loaded, from folders that hold nothing but what tells their kinds apart."""
    calls: list[str] = []
    for name, file, content in (
        ("transformers", "config.json", {"model_type": "qwen3"}),
        ("wegen", "config.json", {"vision": {}}),
        ("pipeline", "model_index.json", {}),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text(json.dumps(content))

    def record(kind, result):
        return lambda name, **_: calls.append(f"{kind} {name}") or result

    monkeypatch.setattr(local, "load", record("transformers", FakeMLLM()), raising=False)
    monkeypatch.setattr(diffusers, "load", record("diffusers", FakePainter()))
    monkeypatch.setattr(loading, "load_network", record("network", None))
    monkeypatch.setattr(loading, "native_models", lambda net: (FakeMLLM(), FakePainter()))
    monkeypatch.chdir(tmp_path)
    scene((96, 80)).save("boat.png")
    return calls


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", ["network mini"]),
        ("--model wegen", ["network wegen"]),
        ("--mllm mini --painter mini", ["network mini"]),
        ("--mllm transformers", ["transformers transformers", "network mini"]),
        ("--mllm none --painter pipeline", ["diffusers pipeline"]),
        ("--mllm wegen --painter pipeline", ["network wegen", "diffusers pipeline"]),
        ("--model wegen --painter pipeline", ["network wegen", "diffusers pipeline"]),
        ("--mllm http://127.0.0.1:9/v1#a --painter wegen", ["network wegen"]),
    ],
)
@pytest.mark.parametrize(
    "command",
    [
        ["generate", "a red boat on a wide calm lake under tall old pine trees at dusk in June"],
        ["refine", "boat.png", "make the boat red"],
        ["compose", "boat.png", "boat.png", "put the boat into picture 2"],
        ["chat", "--say", "draw a boat"],
    ],
    ids=lambda command: command[0],
)
def test_every_command_takes_every_model(loaded, command, options, expected):
    code = main([*command, *options.split(), "--quiet"])
    assert loaded == expected
    if "127.0.0.1" in options:  # nothing answers there
        return
    assert code == 0 and Image.open("out/picture-1.png")
    record = json.loads(Path("out/picture-1.json").read_text())
    named = dict(zip(options.split()[::2], options.split()[1::2], strict=True))
    assert record.get("mllm") == named.get("--mllm")
    assert record.get("painter_folder") == named.get("--painter")


@pytest.mark.parametrize(
    ("options", "checks"),
    [(["--expert", "yolos"], "yolos"), (["--check", "report"], None), ([], "off")],
)
def test_images_are_checked_by_experts(loaded, tmp_path, options, checks):
    tiny_detectors.yolos(tmp_path / "yolos")
    models = ["--mllm", "none", "--painter", "pipeline", "--quiet"]
    assert main(["generate", "a cat on the left", *models, *options]) == 0
    check = json.loads(Path("out/picture-1.json").read_text()).get("check", "off")
    if checks == "yolos":
        assert [(c["words"], c["expert"]) for c in check] == [("cat on the left", "yolos")]
    else:
        assert check == (checks or "skipped")


def test_an_expert_that_is_not_there_is_named(loaded, capsys):
    models = ["--mllm", "none", "--painter", "pipeline"]
    assert main(["generate", "a cat", *models, "--expert", "nowhere"]) == 2
    assert "expert 'nowhere' is neither ocr nor a folder" in capsys.readouterr().err


def test_rewrite_and_ask_load_no_painter(loaded, capsys):
    assert main(["rewrite", "a cat", "--mllm", "none", "-n", "2"]) == 0
    assert len(set(capsys.readouterr().out.splitlines())) == 2
    assert main(["ask", "boat.png", "what is it?", "--mllm", "transformers"]) == 0
    assert capsys.readouterr().out == "answer to 'what is it?'\n"
    assert main(["ask", "boat.png", "what is it?", "--mllm", "none"]) == 2
    assert "answering needs a language model" in capsys.readouterr().err
    assert loaded == ["transformers transformers"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--mllm nowhere", "'nowhere' is neither mini, none, a folder nor URL#MODEL"),
        ("--mllm http://me:secret@127.0.0.1:9/v1", "'http://***@127.0.0.1:9/v1' is neither mini"),
        ("--mllm http://127.0.0.1:9/v1?key=abc#a", "put it into WEGEN_API_KEYS"),
    ],
)
def test_a_name_of_nothing_is_explained(loaded, capsys, options, words):
    assert main(["generate", "a boat", *options.split()]) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1 and "abc" not in error
