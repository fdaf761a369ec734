"""Decoding videos with PyAV: upright RGB frames with their times, one at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = frozenset(".mp4 .m4v .mov .mkv .webm .avi .mpg .mpeg .ts .wmv .flv .gif .3gp".split())


class VideoError(ValueError):
    """A file that cannot be used as a video; the text says why."""


def decode(
    path: str | Path,
    side: int,
    start: float = 0.0,
    end: float = math.inf,
    fps: float | None = None,
) -> Iterator[tuple[float, np.ndarray]]:
    """Decode a part of a video.

    Frames are turned upright. Only one frame is in memory at a time.

    Parameters
    ----------
    path
        Any file that FFmpeg reads.
    side
        Pixels of the longer side; larger frames are scaled down.
    start, end
        Seconds from the beginning of the video; `end` itself is left out.
    fps
        At most that many frames per second; None: all.

    Yields
    ------
    tuple
        Seconds from the beginning of the video, and uint8 [H, W, 3].

    Raises
    ------
    VideoError
        The file cannot be opened or has no video stream. Damaged frames are left out.
    """
    av = _av()
    try:
        container = av.open(str(path), metadata_errors="ignore")
    except (av.FFmpegError, OSError) as error:
        raise VideoError(f"{path} cannot be opened as a video: {error}") from error
    with container:
        if not container.streams.video:
            raise VideoError(f"{path} has no video stream")
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        offset = float(stream.start_time * stream.time_base) if stream.start_time else 0.0
        if start > 0 and stream.time_base:
            # To the last key frame before it; where that fails, decoding begins at the first.
            try:
                container.seek(int((start + offset) / stream.time_base), stream=stream)
            except av.FFmpegError:
                container.seek(0)
        due, last = start, -math.inf
        for seconds, frame in _frames(container, stream, offset):
            if seconds >= end:
                return
            # A file whose clock jumps back would give a moment twice.
            if seconds + 1e-6 < due or seconds <= last:
                continue
            last = seconds
            if fps is not None:
                due = max(due + 1 / fps, seconds + 0.5 / fps)
            yield seconds, _upright(frame, side)


def _frames(container: Any, stream: Any, offset: float) -> Iterator[tuple[float, Any]]:
    """Frames with their times; packets that cannot be decoded are left out."""
    av = _av()
    guess = 1 / float(stream.average_rate) if stream.average_rate else 0.04
    seconds = -guess
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
            frames = packet.decode()
        except StopIteration:
            return
        except av.InvalidDataError:
            continue
        except (av.FFmpegError, OSError):
            return  # the rest of the file is missing
        for frame in frames:
            seconds = seconds + guess if frame.time is None else frame.time - offset
            yield seconds, frame


def _upright(frame: Any, side: int) -> np.ndarray:
    scale = min(1.0, side / max(frame.width, frame.height))
    width, height = (max(1, round(v * scale)) for v in (frame.width, frame.height))
    pixels = frame.reformat(width, height, format="rgb24").to_ndarray()
    return np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90) % 4))


def _av() -> Any:
    try:
        import av
    except ImportError as error:
        raise ImportError("reading videos needs PyAV: pip install comfyui-wegen[diic]") from error
    return av
