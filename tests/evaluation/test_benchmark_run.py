"""The run: what is painted and judged, that it can be killed, and what the table says."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from tests.support import benchmark_files
from tests.support.fakes import FakeMLLM, FakePainter
from tests.support.scripted_judge import ScriptedJudge
from wegen_core.cli import main
from wegen_core.copilot import Copilot
from wegen_core.evaluation.benchmarks.judges import Judgement, Judges
from wegen_core.evaluation.benchmarks.painting import AS_PAINTED, PLAIN, PRESERVED, REWRITTEN
from wegen_core.evaluation.benchmarks.run import Options, as_text, run
from wegen_core.evaluation.benchmarks.table import BENCHMARKS, Benchmark

ROOT = Path(__file__).parents[2]
DRAWING = ("geneval", "geneval2", "dpg", "compbench", "parti", "diversity", "coco")


class Counting:
    """Loads a copilot without a language model whose painter counts its batches."""

    def __init__(self, painter=True) -> None:
        self.painter = FakePainter() if painter else None
        self.loads = 0

    def __call__(self) -> Copilot:
        self.loads += 1
        return Copilot(None, self.painter)


def run_fake(name, tmp_path, copilot=None, options=None, judge=None):
    data = tmp_path / "data" / name
    if not data.exists():
        benchmark_files.write(name, data)
    options = options or Options(images=2, progress=False)
    judge = judge or (lambda: Judges(ScriptedJudge()))
    return run(BENCHMARKS[name], data, tmp_path / name, copilot or Counting(), judge, options)


def test_drawing_is_judged_with_and_without_rewriting(tmp_path):
    results = run_fake("parti", tmp_path)
    assert set(results["table"]) == {PLAIN, REWRITTEN} and results["cases"] == 2
    assert results["table"][PLAIN]["total"] == {"holds": 1}
    assert set(results["table"][PLAIN]["groups"]) == {"Animals", "Vehicles"}
    record = json.loads((tmp_path / "parti" / "painted" / "0000.json").read_text())
    assert record["prompts"][PLAIN] == ["a cat", "a cat"]
    assert len({"a cat", *record["prompts"][REWRITTEN]}) == 3
    files = [name for names in record["images"].values() for name in names]
    images = [Image.open(tmp_path / "parti" / "images" / name).tobytes() for name in files]
    assert len(files) == len(set(images)) == 4  # each prompt and seed has its own
    assert results["rewriting"] == {"atoms": 2, "readable": 2, "kept": 1}


def test_edits_are_judged_with_and_without_preservation(tmp_path):
    results = run_fake("imgedit", tmp_path)
    assert set(results["table"]) == {AS_PAINTED, PRESERVED}
    assert results["wording"] == ["own wording", "published wording"]
    source = Image.open(next((tmp_path / "data").rglob("animal/1.jpg")))
    identical = {}
    for variant in (AS_PAINTED, PRESERVED):
        name = f"1082-{variant.replace(' ', '-')}-0.png"
        image = Image.open(tmp_path / "imgedit" / "images" / name)
        difference = ImageChops.difference(image, source).convert("L")
        identical[variant] = difference.histogram()[0] / (source.width * source.height)
    assert identical[AS_PAINTED] < 0.2 and identical[PRESERVED] > 0.9  # it moves every pixel


def test_turns_go_on_from_their_own_results(tmp_path):
    copilot = Counting()
    results = run_fake("mse", tmp_path, copilot)
    assert results["table"][PRESERVED]["total"]["turn 5"] == 1
    assert len(copilot.painter.batches) == 1 + 2 * 4  # the first turn is painted once
    page = (tmp_path / "mse" / "index.html").read_text("utf-8")
    assert page.count("<img") == 1 + 2 * 5 and "7-given-0.png" in page


def test_finished_cases_are_not_repeated(tmp_path):
    first = Counting()
    run_fake("parti", tmp_path, first)
    folder = tmp_path / "parti"
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    (folder / "judged" / "0001.json").unlink()
    again, judge = Counting(), ScriptedJudge()
    run_fake("parti", tmp_path, again, judge=lambda: Judges(judge))
    assert again.loads == 0 and len(judge.requests) == 4  # one case, two variants of two images
    (folder / "painted" / "0000.json").unlink()
    run_fake("parti", tmp_path, again)
    assert again.loads == 1 and len(again.painter.batches) == 2
    after = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert before == after


def test_another_setting_is_refused(tmp_path):
    def options(**values):
        return Options(images=1, progress=False, painting={"painter": "a", **values})

    run_fake("parti", tmp_path, options=options())
    with pytest.raises(ValueError, match=r"painter 'a', not 'b'.*another --out"):
        run_fake("parti", tmp_path, options=options(painter="b"))
    other_judge = Options(images=1, progress=False, painting={"painter": "a"}, judging={"judge": 1})
    with pytest.raises(ValueError, match=r"judge None, not 1.*delete .*judged"):
        run_fake("parti", tmp_path, options=other_judge)


def test_rewriting_alone_needs_neither_painter_nor_judge(tmp_path):
    def no_judges():
        raise AssertionError

    results = run_fake("geneval", tmp_path, Counting(painter=False), judge=no_judges)
    assert results["table"] == {} and results["rewriting"]["atoms"] == 7
    assert results["rewriting"]["kept"] == 1
    assert "rewriting keeps 100.0% of 7 readable atoms" in as_text(results)


def test_edits_need_a_painter(tmp_path):
    with pytest.raises(ValueError, match="ImgEdit needs a painter"):
        run_fake("imgedit", tmp_path, Counting(painter=False))


def test_lost_atoms_are_counted(tmp_path, monkeypatch):
    class Dog:
        prompt = "a photo of a green dog"

    name = "wegen_core.evaluation.benchmarks.run.rewrite"
    monkeypatch.setattr(name, lambda prompt, n, *args, **options: [Dog] * n)
    results = run_fake("geneval", tmp_path, Counting(painter=False))
    assert results["rewriting"]["kept"] == 0


def test_a_case_that_cannot_be_painted_counts_as_failed(tmp_path):
    data = benchmark_files.write("kris", tmp_path / "data" / "kris")
    path = data / "KRIS_Bench" / "multi-element_composition" / "annotation.json"
    entry = json.loads(path.read_text())
    entry["1"]["ins_en"] = "Put the cat from picture 7 into picture 2"
    path.write_text(json.dumps(entry))
    results = run_fake("kris", tmp_path)
    assert results["failed"] == 1
    groups = results["table"][PRESERVED]["groups"]
    assert groups["multi-element_composition"]["quality"] == 0 < groups["color_change"]["quality"]
    assert "picture 7" in (tmp_path / "kris" / "index.html").read_text()


def test_the_limit_is_spread_over_the_data(tmp_path):
    data = benchmark_files.write("compbench", tmp_path / "data" / "compbench")
    for path in data.rglob("*_val.txt"):
        path.write_text("a cat\na car\n")
    options = Options(limit=4, images=1, progress=False)
    results = run_fake("compbench", tmp_path, options=options)
    assert results["cases"] == 4
    assert list(results["table"][PLAIN]["groups"]) == [
        "color",
        "shape",
        "3d_spatial",
        "non_spatial",
    ]


def test_totals_are_means_over_groups_or_cases(tmp_path):
    def score(case, images, judges):
        return Judgement({"value": float(case.prompts[0] == "a car")}, unreadable=1)

    data = benchmark_files.write("compbench", tmp_path / "data")
    for path in data.rglob("*_val.txt"):
        path.write_text("a cat\n")
    next(data.rglob("color_val.txt")).write_text("a car\na car\na car\n")
    totals = {}
    for average in ("cases", "groups"):
        row = Benchmark("Test", BENCHMARKS["compbench"].load, score, average=average)
        out, options = tmp_path / average, Options(images=1, progress=False)
        results = run(row, data, out, Counting(), Judges, options)
        totals[average] = results["table"][PLAIN]["total"]["value"]
        assert results["table"][PLAIN]["unreadable"] == 10
    assert totals == {"cases": 0.3, "groups": 0.125}


def test_two_cases_of_one_name_are_refused(tmp_path):
    row = Benchmark("Test", lambda data: 2 * list(BENCHMARKS["parti"].load(data)), lambda *_: None)
    data = benchmark_files.write("parti", tmp_path / "data")
    with pytest.raises(ValueError, match="two cases named 0000"):
        run(row, data, tmp_path / "out", Counting(), Judges, Options(progress=False))


@pytest.mark.parametrize("values", [{"limit": 0}, {"images": 0}])
def test_numbers_below_one_are_refused(values, tmp_path):
    with pytest.raises(ValueError, match=r"(limit|images) is 0; give"):
        run_fake("parti", tmp_path, options=Options(progress=False, **values))


def test_the_page_shows_every_image(tmp_path):
    run_fake("parti", tmp_path)
    page = (tmp_path / "parti" / "index.html").read_text("utf-8")
    shown = re.findall('src="(images/[^"]+)"', page)
    assert len(shown) == 8 and all((tmp_path / "parti" / name).is_file() for name in shown)
    assert "a &quot;car&quot;" in page and "<td>Animals" in page


@pytest.mark.slow
def test_a_killed_run_goes_on(tmp_path):
    """Killed at several moments; in the end all files are those of an undisturbed run."""
    data = benchmark_files.write("compbench", tmp_path / "data" / "compbench")
    for path in data.rglob("*_val.txt"):
        path.write_text("a cat\na car\ntwo cats\n")
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from tests.support.fakes import FakePainter
from tests.support.scripted_judge import ScriptedJudge
from wegen_core.copilot import Copilot
from wegen_core.evaluation.benchmarks.judges import Judges
from wegen_core.evaluation.benchmarks.run import Options, run
from wegen_core.evaluation.benchmarks.table import BENCHMARKS
print("ready", flush=True)
run(BENCHMARKS["compbench"], Path({str(data)!r}), Path(sys.argv[1]),
    lambda: Copilot(None, FakePainter()), lambda: Judges(ScriptedJudge()),
    Options(images=2, progress=False))
"""

    def start(out):
        command = [sys.executable, "-c", code, str(out)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        process.stdout.readline()
        return process

    def files(out):
        return {p.relative_to(out): p.read_bytes() for p in out.rglob("*") if p.is_file()}

    assert start(tmp_path / "whole").wait() == 0
    killed = 0
    for goal in (3, 20, 24 + 5):  # files: of painting, of painting, of judging
        process = start(tmp_path / "killed")
        while process.poll() is None:
            if len(list((tmp_path / "killed").glob("*ed/*.json"))) >= goal:
                process.send_signal(signal.SIGKILL)
                killed += 1
                process.wait()
            time.sleep(0.002)
    assert start(tmp_path / "killed").wait() == 0
    left = {p: b for p, b in files(tmp_path / "killed").items() if p.suffix != ".tmp"}
    assert killed and left == files(tmp_path / "whole")


@pytest.fixture(scope="module")
def all_judges(tmp_path_factory):
    from tests.support.probe_judges import judges

    return judges(tmp_path_factory.mktemp("judges"))


@pytest.fixture(scope="module")
def mini():
    import wegen_core

    return wegen_core.load()


@pytest.mark.slow
@pytest.mark.parametrize("name", BENCHMARKS)
def test_mini_runs_every_benchmark(name, tmp_path, mini, all_judges):
    data = benchmark_files.write(name, tmp_path / "data")
    options = Options(limit=1, images=2 if name == "diversity" else 1, progress=False)
    results = run(
        BENCHMARKS[name], data, tmp_path / "out", lambda: mini, lambda: all_judges, options
    )
    variants = (AS_PAINTED, PRESERVED)
    if name in DRAWING:
        variants = (PLAIN,) if name == "coco" else (PLAIN, REWRITTEN)
    assert tuple(results["table"]) == variants and results["failed"] == 0
    for row in results["table"].values():
        assert row["total"] and row["unreadable"] == 0
    if name == "geneval":  # the probe sees the cat left of the car
        assert results["table"][PLAIN]["total"] == {"correct": 1}
    if name == "pie":
        before, after = (results["table"][v]["total"]["PSNR"] for v in variants)
        assert after >= before
    page = (tmp_path / "out" / "index.html").read_text("utf-8")
    assert all((tmp_path / "out" / f).is_file() for f in re.findall('src="([^"]+)"', page))


def test_the_command(tmp_path, capsys, monkeypatch):
    data = benchmark_files.write("parti", tmp_path / "data")
    arguments = ["eval", "bench", "parti", "--data", str(data), "--out", str(tmp_path / "out")]
    assert main(arguments) == 2
    assert "--judge" in capsys.readouterr().err
    assert main(["eval", "bench", "partly", "--data", str(data)]) == 2
    assert "there are: geneval, geneval2" in capsys.readouterr().err
    fakes = Copilot(FakeMLLM(), FakePainter())
    monkeypatch.setattr("wegen_core.loading.load", lambda model, **options: fakes)
    monkeypatch.setattr(
        "wegen_core.evaluation.benchmarks.judges.load_mllm", lambda name, device: ScriptedJudge()
    )
    arguments += ["--judge", "http://x#y", "--images", "1", "--size", "16x8"]
    assert main([*arguments, "--quiet"]) == 0
    output = capsys.readouterr().out
    assert "PartiPrompts, 2 cases, 0 failed" in output and "parti/index.html" in output
    assert main([*arguments, "--json"]) == 0  # continues
    results = json.loads(capsys.readouterr().out)
    assert results["judge"] == "http://x#y" and results["size"] == [16, 8]
    assert "wegen" in results["versions"] and results["data"] == str(data)
    image = Image.open(next((tmp_path / "out" / "parti" / "images").iterdir()))
    assert image.size == (16, 8)
    blind = FakeMLLM()
    monkeypatch.setattr(
        "wegen_core.evaluation.benchmarks.judges.load_mllm", lambda name, device: blind
    )
    assert main([*arguments, "--json"]) == 2
    assert "reads text only" in capsys.readouterr().err
