"""`wegen diic` with chat models behind servers that are processes of their own.

One server has the right answers (`scripted_server`). The other is `transformers serve` with a tiny
random vision-language model, whose words are noise: it runs where WEGEN_TRANSFORMERS_PYTHON names a
Python with transformers[serving].
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.diic import scripted_server
from tests.mllm.test_endpoint_served import free_port, python_of, served
from tests.support import tiny_detectors
from tests.support.clips import clip_frames, write_video
from tests.support.tiny_vlms import make
from wegen_core.diic import ask
from wegen_core.diic.dynamics import ModelDynamics
from wegen_core.diic.frames import Frames, FrameSettings
from wegen_core.diic.grounding_dino import GroundingDino
from wegen_core.diic.instances import DetectAndTrack, Instances, InstanceSettings
from wegen_core.diic.motion import MotionInstances
from wegen_core.diic.pipeline import PipelineSettings
from wegen_core.diic.records import Clip, Rejected, Shot, TrackedClip, Video
from wegen_core.diic.report import write_report
from wegen_core.diic.rows import load_rows
from wegen_core.diic.run import find_videos, run_local
from wegen_core.diic.sam import Sam2Tracker
from wegen_core.diic.sessions import Sessions
from wegen_core.loading import load_mllm


@contextmanager
def scripted(port: int = 0) -> Iterator[str]:
    """The address of a scripted server."""
    command = [sys.executable, scripted_server.__file__, str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.terminate()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with scripted() as url:
        yield url


def state(address: str) -> dict:
    with urllib.request.urlopen(f"{address}/models") as reply:
        return json.load(reply)


def test_a_run_takes_its_words_from_a_server(tmp_path: Path, address: str) -> None:
    for seed in (1, 3):
        (tmp_path / "in").mkdir(exist_ok=True)
        write_video(tmp_path / "in" / f"{seed}.mp4", clip_frames(seed, "walk", 256))
    settings = PipelineSettings(side=256, mllm=f"{address}#scripted")
    result = run_local(find_videos(str(tmp_path / "in")), tmp_path / "out", settings, workers=2)
    assert not result.failed
    sessions = list(load_rows(tmp_path / "out", kinds=["session"]))
    assert len({sample.sources["video"] for sample in sessions}) == 2
    for sample in sessions:
        assert {turn.text for turn in sample.conversation.turns[::2]} == {"the cat walks on"}
        assert sample.scores["verified"] == 1.0
        assert sample.versions["dynamics"].startswith("scripted at 127.0.0.1")
    questions = state(address)["asked"]
    assert {(q["images"], q["schema"]) for q in questions} == {(2, True), (2, False)}
    write_report(tmp_path / "out", tmp_path / "report.html")
    assert "tokens/s" in (tmp_path / "report.html").read_text("utf-8")


def test_a_server_names_things_for_a_detector_and_confirms_them(
    tmp_path: Path, address: str
) -> None:
    frames = clip_frames(8, "walk", 128)[::4]
    keys = (0, 4, 8, 12)
    clip = Clip(
        Shot(Video("clip", "clip"), 0, 5), tuple(np.arange(len(frames)) / 3), tuple(frames), keys
    )
    tracker = DetectAndTrack(
        GroundingDino(tiny_detectors.grounding_dino(tmp_path / "gd"), threshold=0.0, side=160),
        Sam2Tracker(tiny_detectors.sam2_video(tmp_path / "sam2")),
        agreement=0.0,  # a random tracker follows nothing
    )
    model = load_mllm(f"{address}#scripted")
    assert model is not None
    any_size = InstanceSettings(0.0, 1.0, 1, 0.0)
    stage = Instances(tracker, model, recheck=model, settings=any_size)
    *dropped, tracked = stage.run(clip)
    assert isinstance(tracked, TrackedClip)
    assert {track.name for track in tracked.tracks} <= {"a cat", "a dog"}
    assert tracked.captions == {8: "A cat on a meadow."}
    assert {r.reason for r in dropped if isinstance(r, Rejected)} <= {"covered by another instance"}
    assert stage.work["tokens"] >= 10
    asked = [a for a in state(address)["asked"] if a["images"] == 1]
    assert {a["question"] for a in asked} == {"things: noun phrases", "complete and alone?"}


def test_videos_whose_server_was_away_are_done_by_the_next_run(tmp_path: Path) -> None:
    path, port = write_video(tmp_path / "walk.mp4", clip_frames(3, "walk", 256)), free_port()
    settings = PipelineSettings(side=256, mllm=f"http://127.0.0.1:{port}/v1#scripted")
    videos, out = find_videos(str(path)), tmp_path / "out"
    first = run_local(videos, out, settings)
    assert first.rows == 0
    assert f"127.0.0.1:{port}" in first.failed[str(path)]
    with scripted(port):
        assert run_local(videos, out, settings).rows > 0


def test_the_noise_of_a_served_model_is_rejected(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(ask, "SAMPLING", replace(ask.SAMPLING, max_new_tokens=12))
    python, port = python_of("WEGEN_TRANSFORMERS_PYTHON"), free_port()
    model = str(make("gemma3", tmp_path / "gemma3"))
    command = [str(Path(python).with_name("transformers")), "serve", model, "--device", "cpu"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    path = write_video(tmp_path / "walk.mp4", clip_frames(3, "walk", 256))
    (clip,) = Frames(FrameSettings(side=256)).run(Shot(Video(str(path), "walk"), 0.0, 4.2))
    (tracked,) = MotionInstances().run(clip)
    (session, *_) = Sessions().run(tracked)
    with served(command, port, model, None, tmp_path / "log") as endpoint:
        describing = ModelDynamics(endpoint)
        (output,) = describing.run(session)
    assert isinstance(output, Rejected)
    assert output.reason == "the model's words cannot be read"
    assert describing.work["tokens"] >= len(session.frames) - 1
