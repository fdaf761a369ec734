"""Shots: what lies between the cuts of a video; dark, still and repeated ones are dropped."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from .cuts import AdaptiveCuts, CutDetector
from .records import Rejected, Shot, Stage, Video
from .video import VideoError, decode


@dataclass(frozen=True)
class ShotSettings:
    """What is a shot, and which are kept.

    Parameters
    ----------
    side
        Cuts are looked for in frames of this many pixels.
    min_seconds, max_seconds
        Shorter shots are dropped, longer ones split into equal parts.
    trim
        Seconds left out next to a cut: cross-fades are not a change of the scene.
    min_brightness, min_contrast
        Mean and standard deviation of the grey values, 0 to 255; below it a shot shows nothing.
    min_motion
        Mean absolute difference of frames half a second apart in the liveliest sixteenth of the
        picture, in levels; below it a shot is still.
    max_hash_distance
        Bits of 64 in which the perceptual hashes of two shots differ; up to that many they are
        taken for the same.
    """

    side: int = 192
    min_seconds: float = 2.0
    max_seconds: float = 30.0
    trim: float = 0.1
    min_brightness: float = 12.0
    min_contrast: float = 6.0
    min_motion: float = 1.5
    max_hash_distance: int = 4


class Shots(Stage[Video, Shot]):
    """The shots of a video."""

    name = "shots"

    def __init__(
        self,
        settings: ShotSettings | None = None,
        detector: Callable[[], CutDetector] = AdaptiveCuts,
    ) -> None:
        """detector: makes a detector of cuts for each video."""
        super().__init__({"cuts": detector().name})
        self.settings = settings or ShotSettings()
        self.detector = detector

    def run(self, video: Video) -> Iterator[Shot | Rejected]:
        """The shots of a video in order; memory does not grow with its length."""
        hashes: list[int] = []
        frames = 0
        try:
            for shot, count in self._shots(video):
                frames += count
                reason = self._fault(shot, hashes)
                if reason:
                    yield Rejected(self.name, reason, shot.source)
                else:
                    hashes.append(int(shot.hash, 16))
                    yield shot
        except VideoError as error:
            yield Rejected(self.name, "not a video", str(error))
            return
        if frames < 2:
            yield Rejected(self.name, "fewer than two frames", video.path)

    def _shots(self, video: Video) -> Iterator[tuple[Shot, int]]:
        """Every shot, split where it is too long, with how many frames were read for it."""
        detector = self.detector()
        part = _Part()
        for seconds, frame in decode(video.path, self.settings.side):
            self.work["frames"] += 1
            for cut in detector.add(seconds, frame):
                # The detector looks ahead: the frames after the cut belong to the next shot.
                later = part.split(cut)
                yield from self._finish(video, part, cut)
                part = later
            if part.start is not None and seconds - part.start > self.settings.max_seconds:
                yield from self._finish(video, part, seconds)
                part = _Part()
            part.add(seconds, frame)
        for cut in detector.end():
            later = part.split(cut)
            yield from self._finish(video, part, cut)
            part = later
        yield from self._finish(video, part, part.end)

    def _finish(self, video: Video, part: _Part, end: float) -> Iterator[tuple[Shot, int]]:
        if part.start is None:
            return
        trim = self.settings.trim
        start, end = part.start + trim * (part.start > 0), end - trim
        yield Shot(video, start, end, part.crop(), part.scores(), part.hash()), part.count

    def _fault(self, shot: Shot, hashes: list[int]) -> str:
        """Why a shot is dropped, "" where it is not."""
        limits = self.settings
        if shot.end - shot.start < limits.min_seconds:
            return "too short"
        if shot.scores["brightness"] < limits.min_brightness:
            return "dark"
        if shot.scores["contrast"] < limits.min_contrast:
            return "empty"
        if shot.scores["motion"] < limits.min_motion:
            return "still"
        bits = int(shot.hash, 16)
        if any((bits ^ other).bit_count() <= limits.max_hash_distance for other in hashes):
            return "repeated"
        return ""


class _Part:
    """Running statistics of the frames of one shot."""

    def __init__(self) -> None:
        self.start: float | None = None
        self.end = 0.0
        self.count = 0
        self._recent: deque[tuple[float, np.ndarray]] = deque(maxlen=128)
        self._kept: list[tuple[float, np.ndarray]] = []  # grey frames half a second apart

    def add(self, seconds: float, frame: np.ndarray) -> None:
        self._add_grey(seconds, np.asarray(Image.fromarray(frame).convert("L"), np.float32))

    def split(self, cut: float) -> _Part:
        """Move the frames from `cut` on into a part of their own."""
        later = _Part()
        for seconds, grey in self._recent:
            if seconds >= cut:
                later._add_grey(seconds, grey)
        self.count -= later.count
        self._kept = [(seconds, grey) for seconds, grey in self._kept if seconds < cut]
        return later

    def _add_grey(self, seconds: float, grey: np.ndarray) -> None:
        if self.start is None:
            self.start = seconds
        self.end = seconds
        self.count += 1
        self._recent.append((seconds, grey))
        if not self._kept or seconds - self._kept[-1][0] >= 0.5:
            self._kept.append((seconds, grey))

    def scores(self) -> dict[str, float]:
        greys = [grey for _, grey in self._kept]
        steps = [_motion(a, b) for a, b in itertools.pairwise(greys)]
        return {
            "motion": round(float(np.mean(steps)) if steps else 0.0, 3),
            "brightness": round(float(np.mean([grey.mean() for grey in greys])), 2),
            "contrast": round(float(np.mean([grey.std() for grey in greys])), 2),
        }

    def crop(self) -> tuple[float, float, float, float]:
        """The picture without borders that stay black, as fractions."""
        brightest = np.max([grey for _, grey in self._kept], axis=0)
        height, width = brightest.shape
        rows = np.flatnonzero((brightest > 24).mean(1) > 0.02)
        columns = np.flatnonzero((brightest > 24).mean(0) > 0.02)
        if not len(rows) or not len(columns):
            return (0.0, 0.0, 1.0, 1.0)
        edges = (
            columns[0] / width,
            rows[0] / height,
            (columns[-1] + 1) / width,
            (rows[-1] + 1) / height,
        )
        # One or two dark lines are part of the picture.
        return tuple(
            float(edge) if abs(edge - whole) > 0.015 else whole
            for edge, whole in zip(edges, (0.0, 0.0, 1.0, 1.0), strict=True)
        )  # type: ignore[return-value]

    def hash(self) -> str:
        """Perceptual hash (difference hash) of the middle frame."""
        grey = self._kept[len(self._kept) // 2][1]
        small = Image.fromarray(grey.astype(np.uint8)).resize((9, 8), Image.Resampling.BOX)
        values = np.asarray(small, np.int16)
        bits = (values[:, 1:] > values[:, :-1]).ravel()
        return f"{int(''.join('1' if bit else '0' for bit in bits), 2):016x}"


def _motion(first: np.ndarray, second: np.ndarray) -> float:
    """The mean difference in the liveliest of 4 x 4 parts of two frames, in levels."""
    difference = Image.fromarray(np.abs(second - first))
    return float(np.asarray(difference.resize((4, 4), Image.Resampling.BOX)).max())
