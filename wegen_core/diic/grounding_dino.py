"""Grounding DINO (arXiv 2303.05499) through transformers, from a local folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..vision.model_input import model_input, normalisation
from .instances import Detection


class GroundingDino:
    """Boxes for phrases.

    Parameters
    ----------
    folder
        A Grounding DINO folder; nothing is downloaded.
    device
        Where it runs: "cpu", "cuda", ...
    threshold
        Least score of a box: the mean over its phrase's tokens.
    side
        Pixels of the shorter side that the model sees; the longer side is at most 5/3 of it.
    """

    def __init__(
        self, folder: str | Path, device: str = "cpu", threshold: float = 0.25, side: int = 800
    ) -> None:
        from transformers import AutoModelForZeroShotObjectDetection, AutoTokenizer

        options = {"local_files_only": True, "trust_remote_code": False}
        model = AutoModelForZeroShotObjectDetection.from_pretrained(folder, **options)
        self._model = model.to(device).eval()
        self._tokenizer = AutoTokenizer.from_pretrained(folder, **options)
        self._statistics = normalisation(folder)
        self.name = Path(folder).name
        self.threshold = threshold
        self.side = side

    def detect(self, frame: np.ndarray, phrases: Sequence[str]) -> list[Detection]:
        """Boxes in a frame uint8 [H, W, 3], the surest first."""
        import torch

        height, width = frame.shape[:2]
        scale = min(self.side / min(height, width), self.side * 5 / 3 / max(height, width))
        size = (max(32, round(width * scale)), max(32, round(height * scale)))
        text = " ".join(f"{phrase.lower()}." for phrase in phrases)
        tokens = self._tokenizer(text, return_tensors="pt", return_offsets_mapping=True)
        offsets = tokens.pop("offset_mapping")[0].tolist()
        device = self._model.device
        with torch.inference_mode():
            output = self._model(
                pixel_values=model_input([frame], size, self._statistics).to(device),
                **{name: value.to(device) for name, value in tokens.items()},
            )
        scores = output.logits[0].sigmoid().float().cpu().numpy()  # [queries, tokens]
        boxes = output.pred_boxes[0].float().cpu().numpy()  # centre and size, 0 to 1
        detections = []
        start = 0
        for phrase in phrases:
            end = start + len(phrase)
            columns = [k for k, (a, b) in enumerate(offsets) if start <= a < b <= end]
            start = end + 2
            if not columns:
                continue
            means = scores[:, columns].mean(1)
            for query in np.flatnonzero(means > self.threshold):
                box = _pixels(boxes[query], width, height)
                detections.append(Detection(phrase, box, float(means[query])))
        return sorted(detections, key=lambda detection: -detection.score)


def _pixels(box: np.ndarray, width: int, height: int) -> tuple[int, int, int, int]:
    x, y, w, h = (float(v) for v in box)
    edges = ((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height)
    left, top, right, bottom = (round(edge) for edge in edges)
    return max(0, left), max(0, top), min(width, right), min(height, bottom)
