"""Video files of the moving playground, for tests of what reads videos."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from wegen_core.playground import clips


def write_video(path: Path, frames: list[np.ndarray], fps: float = 12.0) -> Path:
    """Frames uint8 [H, W, 3] as a video file."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=Fraction(fps).limit_denominator(1000))
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 4_000_000
        for pixels in frames:
            for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
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
