"""From videos to rows: instances, sessions, words, samples, and runs that can be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from tests.support.clips import clip_frames, write_video
from tests.support.pack import ROOT
from wegen_core.cli import main
from wegen_core.diic import masks
from wegen_core.diic.frames import Frames
from wegen_core.diic.motion import MotionInstances
from wegen_core.diic.pipeline import Funnel, PipelineSettings, build_stages, run_stages
from wegen_core.diic.records import Clip, Rejected, Sample, Shot, Stage, TrackedClip, Video
from wegen_core.diic.report import write_report
from wegen_core.diic.rows import load_rows, write_rows, write_webdataset
from wegen_core.diic.run import find_videos, run_local, shard_of
from wegen_core.diic.samples import Samples
from wegen_core.diic.shots import Shots
from wegen_core.diic.truth import playground_videos


def samples_of(video: Video, playground: bool = True, last: Stage | None = None) -> list[Sample]:
    stages = build_stages(PipelineSettings(side=128), playground)
    stages[-1] = last or stages[-1]
    outputs = run_stages(stages, video, Funnel())
    return [output for output in outputs if isinstance(output, Sample)]


def test_the_moving_thing_is_followed(tmp_path: Path) -> None:
    path = write_video(tmp_path / "walk.mp4", clip_frames(3, "walk", 256))
    (clip,) = Frames().run(Shot(Video(str(path), "walk"), 0.0, 4.2))
    assert isinstance(clip, Clip)
    (tracked,) = MotionInstances().run(clip)
    assert isinstance(tracked, TrackedClip)
    boxes = [sighting.box for sighting in tracked.tracks[0].sightings.values()]
    assert len(boxes) >= 2
    lefts = [box[0] for box in boxes]
    assert max(lefts) - min(lefts) > 20


def test_a_clip_in_which_nothing_moves_has_no_instances() -> None:
    frame = clip_frames(5, "walk")[0]
    still = Clip(Shot(Video("x", "x"), 0, 2), (0.0, 1.0, 2.0), (frame,) * 3, (0, 1, 2))
    (output,) = MotionInstances().run(still)
    assert isinstance(output, Rejected)
    assert output.reason == "nothing moves by itself"


def test_a_session_alternates_words_and_frames() -> None:
    samples = samples_of(playground_videos(1, seed=3)[0], last=Samples())
    sample = next(s for s in samples if s.kind == "session")
    turns = sample.conversation.turns
    assert [turn.role for turn in turns] == ["user", "assistant"] * (len(turns) // 2)
    assert len(turns[0].images) == 1
    assert all(len(turn.images) == 1 and not turn.text for turn in turns[1::2])
    assert all(turn.text for turn in turns[::2])
    assert sample.learn == tuple((turn.role == "assistant",) * len(turn.parts) for turn in turns)


def test_a_composition_shows_each_instance_cut_out() -> None:
    for seed in range(6):
        for sample in samples_of(playground_videos(1, seed)[0], last=Samples()):
            if sample.kind != "composition":
                continue
            *crops, target = sample.images
            assert target.track_id is None
            for crop, image in zip(crops, sample.conversation.images, strict=False):
                assert crop.track_id is not None
                assert crop.time != target.time
                corner = np.asarray(image.image)[0, 0]
                assert (corner == 128).all()


def test_a_video_without_any_model_gives_true_words(tmp_path: Path) -> None:
    path = write_video(tmp_path / "walk.mp4", clip_frames(5, "walk", 256))
    samples = samples_of(Video(str(path), "walk"), playground=False)
    words = " ".join(s.conversation.turns[0].text for s in samples if s.kind == "session")
    assert "the moving thing" in words
    assert "moves to the" in words


def test_samples_of_the_playground_say_what_the_new_image_shows() -> None:
    samples = [s for video in playground_videos(6) for s in samples_of(video)]
    kinds = {"session", "composition", "question", "caption", "rewrite", "words"}
    assert {sample.kind for sample in samples} == kinds
    for sample in samples:
        for turn, learn in zip(sample.conversation.turns, sample.learn, strict=True):
            assert any(learn) == (turn.role == "assistant")
            if turn.role == "assistant" and turn.images:
                assert turn.text.startswith(("draw:", "change:", "combine:"))
        assert bool(sample.images) == (sample.kind != "words")


def test_masks_survive_run_lengths() -> None:
    rng = np.random.default_rng(0)
    for shape in ((1, 1), (5, 9), (64, 31)):
        mask = rng.random(shape) < 0.4
        assert (masks.decode_rle(masks.encode_rle(mask), *shape) == mask).all()
    with pytest.raises(ValueError, match="another count"):
        masks.decode_rle([3], 2, 2)


def test_rows_give_back_what_was_written(tmp_path: Path) -> None:
    samples = samples_of(playground_videos(1, seed=3)[0])
    assert write_rows(samples, tmp_path / "a.parquet", "png") == len(samples)
    for before, after in zip(samples, load_rows(tmp_path), strict=True):
        assert (before.id, before.kind, before.learn) == (after.id, after.kind, after.learn)
        assert before.scores == after.scores
        for a, b in zip(before.conversation.turns, after.conversation.turns, strict=True):
            assert (a.role, a.text) == (b.role, b.text)
            for x, y in zip(a.images, b.images, strict=True):
                assert (np.asarray(x.image) == np.asarray(y.image)).all()
        for m, n in zip(before.images, after.images, strict=True):
            assert (m.mask == n.mask).all()
            assert (m.time, m.box, m.track_id) == (n.time, n.box, n.track_id)


def test_rows_are_filtered_by_kind_and_score(tmp_path: Path) -> None:
    samples = [s for video in playground_videos(8) for s in samples_of(video)]
    write_rows(samples, tmp_path / "a.parquet", "png")
    asked = list(load_rows(tmp_path, kinds=["question"]))
    assert asked
    assert {s.kind for s in asked} == {"question"}
    changed = list(load_rows(tmp_path, at_least={"change": 0.5}))
    assert 0 < len(changed) < len(samples)
    assert all(s.scores["change"] >= 0.5 for s in changed)
    assert not list(load_rows(tmp_path, at_least={"unknown": 0.0}))
    with pytest.raises(FileNotFoundError, match=r"no \.parquet"):
        next(load_rows(tmp_path / "missing"))


def test_rows_become_webdataset_files(tmp_path: Path) -> None:
    import tarfile

    samples = samples_of(playground_videos(1, seed=3)[0])
    write_rows(samples, tmp_path / "a.parquet", "png")
    assert write_webdataset(tmp_path, tmp_path / "tars", per_file=2) == len(samples)
    names = []
    for path in sorted((tmp_path / "tars").iterdir()):
        with tarfile.open(path) as tar:
            names += tar.getnames()
    assert sum(name.endswith(".json") for name in names) == len(samples)
    assert sum(name.endswith(".png") for name in names) == sum(len(s.images) for s in samples)


def test_sources_are_found_and_divided(tmp_path: Path) -> None:
    for name in ("b/one.mp4", "a one.MOV", "note.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    videos = find_videos(str(tmp_path))
    assert [Path(v.path).name for v in videos] == ["a one.MOV", "one.mp4"]
    assert len({v.key for v in videos}) == 2
    parts = [shard_of(playground_videos(7), f"{i}/3") for i in (1, 2, 3)]
    assert sorted(v.key for part in parts for v in part) == [v.key for v in playground_videos(7)]
    for wrong in ("0/2", "3/2", "x"):
        with pytest.raises(ValueError, match="shard"):
            shard_of(videos, wrong)
    with pytest.raises(ValueError, match="does not exist"):
        find_videos(str(tmp_path / "missing"))
    (tmp_path / "none").mkdir()
    with pytest.raises(ValueError, match="no videos"):
        find_videos(str(tmp_path / "none"))


def test_a_broken_file_does_not_end_the_run(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "broken.mp4").write_bytes(b"x" * 999)
    write_video(folder / "good.mp4", clip_frames(3, "walk", 256))
    result = run_local(find_videos(str(folder)), tmp_path / "out", PipelineSettings(side=256))
    assert result.rows > 0
    assert not result.failed
    assert result.dropped["shots", "not a video"] == 1
    write_report(tmp_path / "out", tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "not a video" in page
    assert "broken.mp4 cannot be opened" in page
    assert "frames/s" in page
    assert "data:image/jpeg" in page


def test_other_settings_need_another_folder(tmp_path: Path) -> None:
    run_local(playground_videos(1), tmp_path, PipelineSettings())
    with pytest.raises(ValueError, match="side"):
        run_local(playground_videos(1), tmp_path, PipelineSettings(side=99))
    assert run_local(playground_videos(1), tmp_path, PipelineSettings()).skipped == 1


def test_a_dry_run_says_what_is_missing(tmp_path: Path, capsys) -> None:
    (tmp_path / "a.mp4").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    command = ["diic", "run", str(tmp_path / "a.mp4"), "--out", str(tmp_path / "out"), "--dry-run"]
    assert main([*command, "--identity", str(tmp_path / "missing")]) == 2
    assert f"{tmp_path / 'missing'} is not a folder" in capsys.readouterr().err
    assert main([*command, "--identity", str(tmp_path / "empty")]) == 0
    printed = capsys.readouterr().out
    assert "1 of 1 videos" in printed
    assert "no weights" in printed
    assert "measured motion" in printed
    assert not (tmp_path / "out").exists()


def test_memory_does_not_grow_with_the_length_of_a_video(tmp_path: Path) -> None:
    """Frames of a shot are held, not those of the video."""
    frames = clip_frames(3, "walk")
    peaks = []
    for repeats in (8, 24):
        path = write_video(tmp_path / f"{repeats}.mp4", frames * repeats)
        tracemalloc.start()
        for _ in Shots().run(Video(str(path), "long")):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--skip-people"], "skip_people needs a detector"),
        (["--detector", "."], "a detector needs a tracker"),
        (["--detector", ".", "--tracker", "."], "a detector needs mllm"),
        (["--identity", "."], "the stages cannot be built"),
    ],
)
def test_wrong_options_end_the_run_at_once(tmp_path: Path, capsys, options, words: str) -> None:
    path = write_video(tmp_path / "a.mp4", clip_frames(1, "walk")[:2])
    assert main(["diic", "run", str(path), "--out", str(tmp_path / "out"), *options]) == 2
    assert words in capsys.readouterr().err


def test_an_interrupted_run_ends_at_once_and_continues(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "wegen_core", "diic", "run", "playground:500", "--out"]
    run = subprocess.Popen(
        [*command, str(tmp_path)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        # A job in the background of a shell ignores Ctrl-C, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not list(tmp_path.glob("playground-*.json")):
        time.sleep(0.1)
        assert run.poll() is None
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "stopped" in errors
    assert "Traceback" not in errors
    finished = len(list(tmp_path.glob("playground-*.json")))
    assert finished < 500
    result = run_local(playground_videos(finished + 1), tmp_path, PipelineSettings())
    assert result.skipped >= finished


@pytest.mark.slow
def test_a_killed_run_continues_with_the_same_rows_once_each(tmp_path: Path) -> None:
    kills = int(os.environ.get("WEGEN_KILLS", "20")) // 4
    kill_and_compare(tmp_path, kills, videos=30 * kills // 5)


def kill_and_compare(folder: Path, kills: int, videos: int) -> None:
    """Run with kills at random moments, then compare with a run that was left alone."""
    command = [sys.executable, "-m", "wegen_core", "diic", "run", f"playground:{videos}", "--out"]
    out = folder / "killed"
    rng = np.random.default_rng(0)
    for _ in range(kills):
        process = subprocess.Popen([*command, str(out)], cwd=ROOT, start_new_session=True)
        time.sleep(rng.uniform(0.6, 2.2))
        subprocess.run(["pkill", "-9", "-g", str(process.pid)], check=False)
        assert process.wait() in (-signal.SIGKILL, 0)
    subprocess.run([*command, str(out)], cwd=ROOT, check=True)
    subprocess.run([*command, str(folder / "whole")], cwd=ROOT, check=True)
    killed, whole = (
        [(s.id, json.dumps(s.scores)) for s in load_rows(f, unique=False)]
        for f in (out, folder / "whole")
    )
    assert len({name for name, _ in killed}) == len(killed)
    assert killed == whole
