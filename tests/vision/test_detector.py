"""Object detectors of transformers on tiny random weights, without torchvision."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support import tiny_detectors
from wegen_core.vision.detector import ObjectDetector, _input_size
from wegen_core.vision.model_input import normalisation

IMAGE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 100, 3), np.uint8))


@pytest.mark.parametrize("kind", ["yolos", "rt_detr"])
def test_a_folder_gives_boxes_within_the_image(tmp_path: Path, kind: str) -> None:
    detector = ObjectDetector(getattr(tiny_detectors, kind)(tmp_path / kind))
    assert "torchvision" not in sys.modules
    assert detector.labels == ("cat", "dog", "teddy bear") and detector.name == kind
    detections = detector.detect(IMAGE)
    assert len(detections) == {"yolos": 5, "rt_detr": 6}[kind]
    for label, (left, top, right, bottom), score in detections:
        assert label in (*detector.labels, "n/a") and 0 < score < 1
        assert 0 <= left <= right <= 100 and 0 <= top <= bottom <= 60
    scores = [detection.score for detection in detections]
    assert scores == sorted(scores, reverse=True)
    assert detector.detect(IMAGE) == detections


def test_boxes_and_scores_are_those_of_the_model(tmp_path: Path) -> None:
    import torch

    detector = ObjectDetector(tiny_detectors.yolos(tmp_path / "yolos"))
    logits = torch.full((1, 5, 5), -20.0)
    logits[0, :, 4] = 20.0  # no object
    logits[0, 2, 1], logits[0, 2, 4] = 3.0, 0.0
    boxes = torch.full((1, 5, 4), 0.5)
    boxes[0, 2] = torch.tensor([0.25, 0.5, 0.5, 0.2])
    output = type("Output", (), {"logits": logits, "pred_boxes": boxes})
    sizes = []
    device = torch.device("cpu")

    class Model:
        def __init__(self) -> None:
            self.device = device

        def __call__(self, pixel_values):
            sizes.append(tuple(pixel_values.shape))
            return output

    detector._model = Model()
    (first, *rest) = detector.detect(IMAGE)
    assert first.label == "cat" and first.box == pytest.approx((0, 24, 50, 36))
    assert first.score == pytest.approx(1 / (1 + np.exp(-3)), abs=1e-4)
    assert all(detection.score < 1e-6 for detection in rest)
    assert sizes == [(1, 3, 58, 96)]  # the longer side is at its limit


def test_sizes_follow_the_image_processor() -> None:
    assert _input_size((100, 60), {"height": 640, "width": 320}) == (320, 640)
    assert _input_size((100, 60), {"shortest_edge": 80, "longest_edge": 400}) == (133, 80)
    assert _input_size((400, 100), 200) == (333, 83)
    assert _input_size((600, 600), {}) == (800, 800)


def test_one_that_does_not_normalise_is_found_out(tmp_path: Path) -> None:
    mean, std = normalisation(tiny_detectors.rt_detr(tmp_path / "a"))
    assert mean.tolist() == [0, 0, 0] and std.tolist() == [1, 1, 1]
    assert normalisation(tiny_detectors.yolos(tmp_path / "b"))[0].tolist() == [0.5, 0.5, 0.5]


def test_another_model_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"dino holds no object detector; give that of a DETR"):
        ObjectDetector(tiny_detectors.dinov2(tmp_path / "dino"))
