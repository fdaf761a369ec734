"""Object detectors: what is where in an image."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from PIL.Image import Image

from .model_input import model_input, normalisation, processor_settings

Box = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels."""


class Detection(NamedTuple):
    """One object: what it is, where, and the detector's score (0 to 1)."""

    label: str
    box: Box
    score: float


class Detector(Protocol):
    """Finds the objects of a fixed set of kinds."""

    @property
    def name(self) -> str:
        """What reports call it."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """The kinds that it knows, in English, such as COCO's 80."""
        ...

    def detect(self, image: Image) -> list[Detection]:
        """All objects, also the doubtful ones, the surest first."""
        ...


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(0.0, width) * max(0.0, height)
    areas = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return shared / max(areas - shared, 1e-9)


def is_detector(folder: str | Path) -> bool:
    """Whether a transformers folder holds an object detector."""
    from transformers import AutoConfig
    from transformers.models.auto.modeling_auto import MODEL_FOR_OBJECT_DETECTION_MAPPING

    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    return type(config) in MODEL_FOR_OBJECT_DETECTION_MAPPING


class ObjectDetector:
    """A detector of transformers (DETR, RT-DETR, D-FINE, YOLOS, ...) from a local folder.

    Parameters
    ----------
    folder
        A model folder; nothing is downloaded.
    device
        Where it runs: "cpu", "cuda", ...

    Raises
    ------
    ValueError
        The folder holds no object detector, or one that needs a package that is not installed.
    """

    def __init__(self, folder: str | Path, device: str = "cpu") -> None:
        from transformers import AutoModelForObjectDetection

        if not is_detector(folder):
            raise ValueError(
                f"{folder} holds no object detector; give that of a DETR, RT-DETR or YOLOS model"
            )
        try:
            model = AutoModelForObjectDetection.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
        except ImportError as error:
            raise ValueError(f"the detector in {folder} cannot be loaded: {error}") from error
        self._model = model.float().to(device).eval()
        self._statistics = normalisation(folder)
        self._size = processor_settings(folder).get("size", {})
        self._names = {int(k): str(v).lower() for k, v in model.config.id2label.items()}
        self.name = Path(folder).name
        self.labels = tuple(dict.fromkeys(n for n in self._names.values() if n != "n/a"))

    def detect(self, image: Image) -> list[Detection]:
        """One detection for each query of the model, the surest first."""
        import torch

        frame = np.asarray(image.convert("RGB"))
        size = _input_size(image.size, self._size)
        with torch.inference_mode():
            pixels = model_input([frame], size, self._statistics).to(self._model.device)
            output = self._model(pixel_values=pixels)
        logits = output.logits[0].float()  # [queries, classes]
        if logits.shape[1] == len(self._names) + 1:  # the last class is "no object"
            scores, classes = logits.softmax(1)[:, :-1].max(1)
        else:
            scores, classes = logits.sigmoid().max(1)
        x, y, w, h = output.pred_boxes[0].float().T  # centre and size, 0 to 1
        edges = torch.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], 1).clamp(0, 1)
        boxes = (edges * torch.tensor([*image.size, *image.size], device=edges.device)).tolist()
        detections = [
            Detection(self._names[label], (left, top, right, bottom), score)
            for label, (left, top, right, bottom), score in zip(
                classes.tolist(), boxes, scores.tolist(), strict=True
            )
        ]
        return sorted(detections, key=lambda detection: -detection.score)


def _input_size(size: tuple[int, int], setting: dict[str, int] | int) -> tuple[int, int]:
    """Width and height that the model sees, from the `size` of its image processor.

    That is a height and width, or the shorter side with a limit of the longer one.
    """
    limits = {"shortest_edge": setting} if isinstance(setting, int) else setting
    if "height" in limits:
        return limits["width"], limits["height"]
    shortest = limits.get("shortest_edge", 800)
    scale = min(shortest / min(size), limits.get("longest_edge", shortest * 5 / 3) / max(size))
    return max(32, round(size[0] * scale)), max(32, round(size[1] * scale))
