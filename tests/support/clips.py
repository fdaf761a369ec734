"""Video files of the moving playground, for tests of what reads videos."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np

from wegen_core.playground import clips


def write_video(
    path: Path,
    frames: Iterable[np.ndarray],
    fps: float = 12.0,
    times: Iterable[float] | None = None,
) -> Path:
    """Frames uint8 [H, W, 3] as a video file.

    times: of each frame in seconds, where they are not evenly spaced.
    """
    import av

    rate = Fraction(fps).limit_denominator(1000)
    tick = 1 / rate if times is None else Fraction(1, 1000)
    moments = itertools.count(0, 1 / rate) if times is None else times
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 4_000_000
        stream.codec_context.time_base = tick
        for pixels, seconds in zip(frames, moments, strict=False):
            if not stream.codec_context.is_open:
                stream.height, stream.width = pixels.shape[:2]
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.time_base, frame.pts = tick, round(seconds / tick)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def clip_frames(seed: int, action: str, size: int = 128, fps: float = 12.0) -> list[np.ndarray]:
    """A clip with two events of one kind."""
    clip = clips.sample_clip(np.random.default_rng(seed), events=2, action=action)
    return [frame.image for frame in clips.frames(clip, size, fps)]


def rotate_mp4(path: Path) -> None:
    """Mark an .mp4 as recorded with the camera turned by 90 degrees (its display matrix)."""
    data = bytearray(path.read_bytes())
    start = data.index(b"tkhd") + 4 + 40
    turned = (0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    for k, value in enumerate(turned):
        data[start + 4 * k : start + 4 * k + 4] = value.to_bytes(4, "big", signed=True)
    path.write_bytes(data)
