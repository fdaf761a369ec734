"""The command line, with fakes in place of the models."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

import wegen_core.loading
from tests.support.fakes import SIZE, scene
from wegen_core import __version__
from wegen_core.cli import main
from wegen_core.cli.chat import typed_path
from wegen_core.images import png16
from wegen_core.images.files import open_full_depth, open_image, write_image
from wegen_core.records.conversation import Conversation
from wegen_core.records.hooks import Stopped

ROOT = Path(__file__).parents[2]


@pytest.fixture
def here(tmp_path, monkeypatch, copilot) -> Path:
    """An empty working folder with one picture in it; every model name loads the fakes."""
    monkeypatch.setattr(wegen_core.loading, "load", lambda model, **_options: copilot)
    monkeypatch.chdir(tmp_path)
    scene((96, 80)).save("boat.png")
    return tmp_path


def run(*args: str) -> int:
    return main([str(a) for a in args])


def test_rewrite_prints_one_a_line(here, capsys):
    assert run("rewrite", "a cat", "-n", "3", "--seed", "3") == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert run("rewrite", "a cat", "-n", "2", "--json") == 0
    rewrites = json.loads(capsys.readouterr().out)
    assert len(rewrites) == 2
    assert {"prompt", "kept", "added", "repaired"} <= set(rewrites[0])


def test_generate_writes_images_and_how_they_were_made(here, capsys):
    assert run("generate", "a red car", "-n", "2", "--seed", "5", "--out", "out") == 0
    paths = capsys.readouterr().out.split()
    assert paths == ["out/picture-1.png", "out/picture-2.png"]
    record = json.loads(Path("out/picture-1.json").read_text())
    assert record["said"] == "a red car" and record["seed"] == 5 and record["command"] == "generate"
    assert record["plan"]["intent"] == "generate" and record["model_folder"] == "mini"
    assert record["model"] == "fake-mllm" and record["painter"] == "fake-painter"
    assert set(record["versions"]) == {"wegen", "torch", "diffusers", "transformers"}
    assert record["versions"]["wegen"] == __version__ and record["date"].endswith("+00:00")
    assert Image.open(paths[0]).size == SIZE
    assert sorted(os.listdir("out")) == [
        f"picture-{i}.{e}" for i in (1, 2) for e in ("json", "png")
    ]


def test_images_are_never_overwritten(here, capsys):
    for _ in range(2):
        run("generate", "a red car", "--size", "8x6")
    assert capsys.readouterr().out.split() == ["out/picture-1.png", "out/picture-2.png"]
    assert Image.open("out/picture-2.png").size == (8, 6)


def test_refine(here, capsys):
    Image.new("L", (96, 80), 255).save("mask.png")
    assert run("refine", "boat.png", "make it red", "--mask", "mask.png") == 0
    out = capsys.readouterr().out
    assert out.startswith("out/picture-1.png\nrefine: here is make it red\n")
    assert Image.open("out/picture-1.png").size == (96, 80)
    assert Image.open("out/picture-1-mask.png").mode == "L"
    assert json.loads(Path("out/picture-1.json").read_text())["pictures"] == ["boat.png"]


def test_compose(here, capsys):
    assert run("compose", "boat.png", "boat.png", "put it into picture 2", "--json") == 0
    (result,) = json.loads(capsys.readouterr().out)
    assert result["picture"] == "out/picture-1.png" and "preservation" in result


def test_ask(here, capsys):
    assert run("ask", "boat.png", "what is it?") == 0
    assert capsys.readouterr().out == "answer to 'what is it?'\n"
    assert run("ask", "boat.png", "boat.png", "which?", "--json") == 0
    assert json.loads(capsys.readouterr().out)["answer"] == "answer to 'which?'"


def test_chat_sends_one_message_and_continues_a_conversation(here, capsys):
    assert run("chat", "--say", "a boat", "--talk", "talk") == 0
    assert capsys.readouterr().out.splitlines() == ["here is a boat", "out/picture-1.png"]
    assert run("chat", "--say", "make it red", "--talk", "talk", "--image", "boat.png") == 0
    conversation = Conversation.load("talk")
    assert [t.text for t in conversation.turns][::2] == ["a boat", "make it red"]
    assert Image.open("out/picture-2.png").size == (96, 80)
    capsys.readouterr()
    assert run("chat", "--say", "what is it?", "--json") == 0
    assert json.loads(capsys.readouterr().out)["pictures"] == []


def test_chat_on_a_terminal(here, capsys, monkeypatch):
    typed = """/help

a boat
/pictures
make it red
/back
make it blue
/image x.png
/image boat.png
what is it?
/dance
/save
/save kept
/new
/back
/quit
not read"""
    lines = iter(typed.split("\n"))
    monkeypatch.setattr("builtins.input", lambda prompt: next(lines))
    assert run("chat") == 0
    out = capsys.readouterr().out
    assert "picture 1: 48x32" in out and "picture 2" not in out
    assert "error: image x.png does not exist" in out
    assert "error: there is no command /dance" in out
    assert "error: name a folder: /save FOLDER" in out and "saved to kept" in out
    assert "error: there is nothing to take back" in out
    assert next(lines) == "not read"
    conversation = Conversation.load("kept")
    assert [t.text for t in conversation.turns][::2] == ["a boat", "make it blue", "what is it?"]
    assert len(conversation.turns[-2].images) == 1 and len(conversation.tree) == 8


def test_undo_shows_the_image_before_and_writes_no_file(here, capsys):
    for message in ("a boat", "make it red", "undo that"):
        assert run("chat", "--say", message, "--talk", "talk", "--quiet") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Taken back: make it red"
    assert sorted(os.listdir("out"))[-1] == "picture-2.png"
    assert [turn.text for turn in Conversation.load("talk").turns][::2] == ["a boat"]


@pytest.mark.parametrize("code_page", ["cp1252", "gbk"])
def test_a_console_of_a_code_page_prints_what_it_can(here, monkeypatch, code_page):
    """The turn is saved before it is printed, and JSON stays JSON."""
    printed = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(printed, code_page))
    assert run("chat", "--say", "一只猫 \U0001f431", "--talk", "talk") == 0
    assert run("rewrite", "一只猫 \U0001f431", "-n", "1", "--json") == 0
    sys.stdout.flush()
    text = printed.getvalue().decode(code_page)
    assert "?" in text and "\U0001f431" in json.loads(text[text.index("\n[") :])[0]["prompt"]
    assert Conversation.load("talk").turns[0].text == "一只猫 \U0001f431"


def test_paths_are_taken_as_terminals_paste_them(here):
    folder = here / 'my "own" pictures'
    folder.mkdir()
    path = folder / "a b.png"
    path.touch()
    escaped = re.sub(r"([ \"])", r"\\\1", str(path))
    for text in (str(path), f"'{path}'", f"& '{path}'", escaped, path.as_uri(), f" {path} "):
        assert typed_path(text) == path
    assert typed_path("~/x") == Path.home() / "x"
    assert typed_path('"a missing.png"') == Path("a missing.png")


def test_chat_ends_with_its_input(here, monkeypatch):
    def end(prompt):
        raise EOFError

    monkeypatch.setattr("builtins.input", end)
    assert run("chat", "--quiet") == 0


def test_a_stopped_reply_does_not_end_the_conversation(here, capsys, monkeypatch, copilot):
    lines = iter(["a boat", "/pictures", "/quit"])
    monkeypatch.setattr("builtins.input", lambda prompt: next(lines))

    def stopped(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(copilot, "chat", stopped)
    assert run("chat", "--quiet") == 0
    assert capsys.readouterr().out == "stopped\nno image yet\n"


def test_preserve(here, capsys):
    edited = scene((96, 80)).point(lambda v: min(255, v + 1))
    edited.paste((255, 0, 0), (10, 10, 30, 30))
    edited.save("edited.png")
    assert run("preserve", "boat.png", "edited.png", "--out", "kept.png", "--report") == 0
    out = capsys.readouterr().out
    assert out.startswith("kept.png\n") and "changed" in out
    kept = Image.open("kept.png")
    assert kept.getpixel((20, 20))[0] > 250
    assert kept.getpixel((90, 70)) == scene((96, 80)).getpixel((90, 70))
    args = ("preserve", "boat.png", "edited.png", "--change-mask", "m.png", "--json")
    assert run(*args) == 0
    assert json.loads(capsys.readouterr().out)["decision"] == "lock"
    assert Image.open("m.png").mode == "L" and Path("preserved.png").exists()


def test_the_reply_is_printed_even_if_the_conversation_cannot_be_saved(here, capsys, monkeypatch):
    def full(self, folder):
        raise OSError("no space left on device")

    monkeypatch.setattr(Conversation, "save", full)
    assert run("chat", "--say", "a boat", "--talk", "talk", "--quiet") == 2
    out, err = capsys.readouterr()
    assert "a boat" in out and "out/picture-1.png" in out and "no space left" in err


@pytest.fixture
def profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_preserve_keeps_sixteen_bits(here, channels, profile):
    before = np.add.outer(np.arange(80), np.arange(96)).astype(np.uint16) * 300 + 7
    before = np.stack([before + 11 * c for c in range(channels)], axis=2)
    after = before.copy()
    after[10:40, 10:40, : max(1, channels - 1)] = 60000
    write_image(before, Path("before.png"), profile)
    write_image(after, Path("after.png"))
    assert run("preserve", "before.png", "after.png", "--out", "kept.png") == 0
    values, kept_profile = open_full_depth(Path("kept.png"))
    assert kept_profile == profile
    values = np.asarray(values).reshape(80, 96, -1)
    if channels == 2:  # written as RGBA
        values = values[..., [0, 3]]
    assert values.dtype == np.uint16 and np.array_equal(values[50:], before[50:])
    assert abs(int(values[25, 25, 0]) - 60000) < 600


def test_preserve_mixes_eight_and_sixteen_bits_and_takes_settings(here):
    deep = np.asarray(scene((96, 80))).astype(np.uint16) * 257 + 3
    write_image(deep, Path("deep.png"))
    Image.new("L", (96, 80), "white").save("all.png")
    settings = ("--mask", "all.png", "--mask-mode", "replace", "--align", "none")
    outputs = ("--picture", "p.png", "--change-mask", "m.png", "--out", "kept.png")
    assert run("preserve", "deep.png", "boat.png", *settings, *outputs) == 0
    assert np.asarray(Image.open("m.png")).mean() > 200 and Image.open("p.png").size == (96, 80)
    assert png16.read(Path("kept.png")).shape == deep.shape
    assert run("preserve", "boat.png", "deep.png", "--scope", "global", "--out", "kept.png") == 0
    passed = Image.open("kept.png")
    assert png16.read(Path("kept.png")) is None
    assert np.abs(np.asarray(passed).astype(int) - np.asarray(scene((96, 80)))).max() <= 1


def test_sixteen_bits_without_opencv_name_what_to_install(here, capsys, monkeypatch):
    write_image(np.zeros((8, 8, 3), np.uint16), Path("deep.png"))
    monkeypatch.setitem(sys.modules, "cv2", None)
    assert run("preserve", "deep.png", "boat.png") == 2
    err = capsys.readouterr().err
    assert "deep.png" in err and "install opencv-python-headless" in err


def test_a_broken_sixteen_bit_png_is_named(here, capsys):
    whole = png16.encode(np.zeros((8, 8, 3), np.uint16))
    Path("half.png").write_bytes(whole[:45])
    assert run("preserve", "half.png", "boat.png") == 2
    assert "half.png" in capsys.readouterr().err


@pytest.mark.parametrize("orientation", range(1, 9))
def test_sixteen_bits_turned_by_exif_stand_upright(tmp_path, orientation):
    values = np.arange(4 * 6 * 3, dtype=np.uint16).reshape(4, 6, 3) * 800
    exif = Image.Exif()
    exif[0x0112] = orientation

    def written(content: bytes, name: str) -> Path:
        chunk = png16.chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
        path = tmp_path / name
        path.write_bytes(content[:33] + chunk + content[33:])  # after the header
        return path

    shallow = io.BytesIO()
    Image.fromarray((values >> 8).astype(np.uint8)).save(shallow, "PNG")
    expected = np.asarray(open_image(written(shallow.getvalue(), "8.png")))
    upright = png16.read(written(png16.encode(values), "16.png"))
    assert np.array_equal(upright >> 8, expected)


def test_demo_leaves_a_page(here, capsys):
    assert run("demo", "--out", "demo", "--quiet") == 0
    page = Path("demo/index.html").read_text()
    assert capsys.readouterr().out.endswith("demo/index.html\n")
    assert page.count("<section>") == 12 and page.count("data:image/png;base64,") > 20
    assert "http" not in page and 'src="' in page
    assert len(list(Path("demo").glob("*.png"))) == len(list(Path("demo").glob("*.json"))) == 12
    assert len(Conversation.load("demo/talk").turns) == 6


def test_info(here, capsys):
    assert run("info") == 0
    out = capsys.readouterr().out
    assert f"wegen         {__version__}" in out and "cpu" in out
    weights = here / "model" / "weights.safetensors"
    weights.parent.mkdir()
    header = json.dumps({"a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}).encode()
    weights.write_bytes(len(header).to_bytes(8, "little") + header + bytes(24))
    assert run("info", "--model", weights.parent, "--json") == 0
    assert json.loads(capsys.readouterr().out)["model"]["parameters"] == 6


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["generate", " "], "prompt is empty; say what to draw"),
        (["generate", "a cat", "-n", "0"], "n is 0; give a whole number of at least 1"),
        (["refine", "nowhere.png", "make it red"], "image nowhere.png does not exist"),
        (["refine", "text.png", "make it red"], "text.png is not an image"),
        (["compose", "boat.png", "put it into picture 2"], "names picture 2; there are 1"),
        (["ask", "what is it?"], "there is no image before 'what is it?'"),
        (["preserve", "boat.png", "boat.png", "--out", "x.jpg"], "x.jpg is not a PNG file"),
        (["preserve", "boat.png", "boat.png", "--out", "./boat.png"], "is one of the inputs"),
        (["chat", "--say", "hi", "--talk", "text.png"], "text.png"),
        (["chat", "--say", "hi", "--talk", "broken"], "conversation.json is not a conversation"),
        (["generate", "a" * 100_000], "at most 5000"),
    ],
)
def test_wrong_input_takes_one_line(here, capsys, args, words):
    Path("text.png").write_text("not an image")
    Path("broken").mkdir()
    Path("broken/conversation.json").write_text("{")
    assert run(*args) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: ") and words in err and err.count("\n") == 1
    assert not Path("out").exists()


def test_a_missing_package_takes_one_line(here, capsys, monkeypatch):
    def load(model, **_options):
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr(wegen_core.loading, "load", load)
    assert run("generate", "a cat") == 2
    assert capsys.readouterr().err == "error: this needs the package torch: pip install torch\n"


@pytest.mark.parametrize(
    "args", [[], ["paint"], ["generate"], ["generate", "x", "--size", "big"], ["train", "maxi"]]
)
def test_wrong_usage_takes_one_line(capsys, args):
    with pytest.raises(SystemExit) as caught:
        run(*args)
    err = capsys.readouterr().err
    assert caught.value.code == 2 and err.startswith("error: ") and err.count("\n") == 1


@pytest.mark.parametrize("stop", [KeyboardInterrupt, Stopped])
def test_stopping_is_130(here, capsys, monkeypatch, copilot, stop):
    def interrupted(*args, **kwargs):
        raise stop

    monkeypatch.setattr(copilot.painter, "paint", interrupted)
    assert run("generate", "a boat") == 130
    assert capsys.readouterr().err.strip().endswith("stopped") and not Path("out").exists()


def test_a_missing_model_is_named_before_anything_heavy_is_loaded():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "wegen_core", "ask", "x.png", "what?"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2 and "error: image x.png does not exist" in done.stderr
    assert "torch" not in done.stderr


def test_ctrl_c_in_a_real_process():
    code = (
        "import signal, sys, time, wegen_core.cli as cli, wegen_core.loading as loading\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored behind a shell's `&`
        "loading.load = lambda *a, **k: (print('loading', flush=True), time.sleep(60))\n"
        "sys.exit(cli.main(['generate', 'a boat']))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout.readline() == b"loading\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, b"stopped\n")
