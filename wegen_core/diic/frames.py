"""Frames: a shot becomes evenly spaced frames, and the few of them that samples are made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .records import Clip, Rejected, Shot, Stage
from .video import VideoError, decode


@dataclass(frozen=True)
class FrameSettings:
    """How frames are chosen.

    Parameters
    ----------
    side
        Pixels of the longer side of a frame.
    fps
        Frames per second that trackers see.
    min_keys, max_keys
        How many frames of a shot samples are made of.
    gap
        Least seconds between two of these: neighbours teach copying.
    """

    side: int = 768
    fps: float = 6.0
    min_keys: int = 3
    max_keys: int = 20
    gap: float = 0.5


class Frames(Stage[Shot, Clip]):
    """The frames of a shot."""

    name = "frames"

    def __init__(self, settings: FrameSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or FrameSettings()

    def run(self, shot: Shot) -> Iterator[Clip | Rejected]:
        """One clip, or a reason."""
        limits = self.settings
        times: list[float] = []
        frames: list[np.ndarray] = []
        try:
            for seconds, frame in decode(
                shot.video.path, limits.side, shot.start, shot.end, limits.fps
            ):
                self.work["frames"] += 1
                if frames and frame.shape != frames[0].shape:
                    break  # the size changes within the file
                times.append(seconds)
                frames.append(frame)
        except VideoError as error:
            yield Rejected(self.name, "not a video", str(error))
            return
        keys = choose_keys(times, limits)
        if len(keys) < limits.min_keys:
            yield Rejected(self.name, "too few frames", shot.source)
            return
        yield Clip(shot, tuple(times), tuple(_cropped(f, shot.crop) for f in frames), keys)


def choose_keys(times: list[float], limits: FrameSettings) -> tuple[int, ...]:
    """Indices of at most `max_keys` frames, evenly spaced, at least `gap` seconds apart."""
    if not times:
        return ()
    count = min(limits.max_keys, int((times[-1] - times[0]) / limits.gap) + 1)
    keys = [0]
    for moment in np.linspace(times[0], times[-1], count)[1:]:
        earliest = max(moment, times[keys[-1]] + limits.gap)
        key = int(np.searchsorted(times, earliest - 0.01))  # clocks of videos are rounded
        if key < len(times):
            keys.append(key)
    return tuple(keys)


def _cropped(frame: np.ndarray, crop: tuple[float, float, float, float]) -> np.ndarray:
    height, width = frame.shape[:2]
    left, top, right, bottom = (
        round(edge * size) for edge, size in zip(crop, (width, height, width, height), strict=True)
    )
    return np.ascontiguousarray(frame[top:bottom, left:right])
