"""Judges of benchmarks that need no weights."""

from __future__ import annotations

from pathlib import Path

from PIL.Image import Image

from tests.support import tiny_detectors
from tests.support.scripted_judge import ScriptedJudge
from wegen_core.evaluation.benchmarks.clip import Clip
from wegen_core.evaluation.benchmarks.judges import Judges
from wegen_core.evaluation.probe import Probe
from wegen_core.playground.scenes import KINDS, POSITIONS
from wegen_core.vision.detector import Detection
from wegen_core.vision.encoder import VisionEncoder


class ProbeDetector:
    """A `Detector` of the playground's kinds: what the probe reads, each in a third of the image.

    score: of all detections.
    """

    name = "probe"
    labels = tuple(KINDS)

    def __init__(self, score: float = 0.95) -> None:
        self.probe = Probe.load()
        self.score = score

    def detect(self, image: Image) -> list[Detection]:
        third = image.width / 3
        (scene,) = self.probe.read([image])
        return [
            Detection(thing.kind, (third * k, 0, third * (k + 1), image.height), self.score)
            for thing in scene.things
            for k in [POSITIONS.index(thing.position)]
        ]


def judges(folder: Path) -> Judges:
    """One of each kind; encoders are tiny and random."""
    clip = tiny_detectors.clip(folder / "clip")
    tiny_detectors._tokenizer(clip)
    encoder = VisionEncoder(tiny_detectors.dinov2(folder / "dino"))
    return Judges(ScriptedJudge(), ProbeDetector(), encoder, Clip(clip))
