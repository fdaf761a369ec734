"""A small network that reads an image of the moving playground, to judge painted images.

It was trained on drawn scenes only (`training.embedded.probe`), never on what it judges.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from ..model.config import VisionConfig
from ..model.vision import VisionTransformer
from ..playground import world
from ..playground.looks import LOOKS, NOTHING, UNSEEN, WHOLE, thing_labels, whole_labels
from ..playground.things import Instance
from .probe import load_weights, to_pixels

WEIGHTS = Path(__file__).with_suffix(".safetensors")
SIZE = 128

FIELDS = (*[(place, name) for place in world.PLACES for name in LOOKS], *[("", n) for n in WHOLE])
"""What is read, in order: (place, look) of the things, then ("", name) of the whole image."""

VALUES: dict[str, Sequence[object]] = {**LOOKS, "place": world.PLACES, **WHOLE}
"""What is read of each patch: the looks and the place of the thing, and the whole image's."""

CONFIG = VisionConfig(
    image_size=SIZE,
    patch_size=16,
    width=128,
    layers=4,
    head_width=32,
    mlp_ratio=3.0,
    stem=(64, 96, 128),
)
_MIN_PATCHES = 0.5
"""A place shows a thing if the probabilities that patches show one there add up to this."""


def scene_labels(scene: world.Scene) -> np.ndarray:
    """int64 [fields]: positions in the values of each of `FIELDS`; `UNSEEN` where there is none."""
    standing = {thing.place: thing for thing in scene.things}
    things = [label for place in world.PLACES for label in thing_labels(standing.get(place))]
    return np.array(things + whole_labels(scene))


def differences(read: np.ndarray, scene: world.Scene, ignored: Collection[str] = ()) -> list[str]:
    """What an image shows otherwise than a scene: "left colour", "setting".

    Parameters
    ----------
    read
        int64 [fields], as `SceneProbe.read` gives it.
    ignored
        Names of `LOOKS` and `WHOLE` that may differ.
    """
    labels = scene_labels(scene)
    is_wrong = (labels != UNSEEN) & (labels != read)
    return [
        f"{place} {name}".strip()
        for (place, name), wrong in zip(FIELDS, is_wrong, strict=True)
        if wrong and name not in ignored
    ]


def to_scene(read: np.ndarray) -> world.Scene | None:
    """The scene that was read; None where nothing stands in it."""
    numbers = dict(zip(FIELDS, read, strict=True))
    things = []
    for place in world.PLACES:
        if numbers[place, "kind"] == NOTHING:
            continue
        look = {name: known[numbers[place, name]] for name, known in LOOKS.items()}
        if look["accent"] == look["colour"]:  # read where none is shown
            look["accent"] = next(c for c in LOOKS["accent"] if c != look["colour"])
        instance = Instance(**{name: look[name] for name in Instance.__dataclass_fields__})
        look["opened"] = look["opened"] and look["kind"] in world.OPEN_WORDS
        state = {name: look[name] for name in ("depth", "size", "facing", "opened")}
        things.append(world.Thing(instance, place, **state))
    if not things:
        return None
    setting, light, pan, zoom = (known[numbers["", name]] for name, known in WHOLE.items())
    return world.Scene(setting, light, tuple(things), world.Camera(pan, zoom))


class SceneProbe(nn.Module):
    """Reads `FIELDS` of images of 128 x 128 pixels, from what each patch of 16 x 16 shows."""

    def __init__(self) -> None:
        super().__init__()
        self.vision = VisionTransformer(CONFIG)
        self.counts = [len(values) for values in VALUES.values()]
        self.heads = nn.Linear(CONFIG.width, sum(self.counts))

    def forward(self, pixels: Tensor) -> dict[str, Tensor]:
        """[N, 3, 128, 128] in -1..1 -> log probabilities [N, 64, values] of each of `VALUES`."""
        parts = self.heads(self.vision(pixels)).float().split(self.counts, dim=2)
        return {name: part.log_softmax(2) for name, part in zip(VALUES, parts, strict=True)}

    @torch.inference_mode()
    def read(self, images: Sequence[Image.Image]) -> np.ndarray:
        """What images of any size show, int64 [N, fields]: positions in the values of `FIELDS`.

        Where a place shows nothing, its other fields are `UNSEEN`.
        """
        reads = np.full((len(images), len(FIELDS)), UNSEEN)
        for start in range(0, len(images), 32):
            log_chances = self(to_pixels(images[start : start + 32], SIZE))
            thing = 1 - log_chances["kind"][..., NOTHING].exp()
            at_place = thing[..., None] * log_chances["place"].exp()
            weights = dict(zip(world.PLACES, at_place.unbind(2), strict=True))
            weights[""] = torch.ones_like(thing)
            log_chances["kind"] = log_chances["kind"][..., :NOTHING]
            for k, (place, name) in enumerate(FIELDS):
                values = (weights[place][..., None] * log_chances[name]).sum(1).argmax(1)
                absent = weights[place].sum(1) < _MIN_PATCHES
                values[absent] = NOTHING if name == "kind" else UNSEEN
                reads[start : start + 32, k] = values
        return reads

    @torch.inference_mode()
    def embed(self, images: Sequence[Image.Image]) -> np.ndarray:
        """Features of images, float32 [N, width], to measure how much they differ."""
        parts = [
            self.vision(to_pixels(images[i : i + 32], SIZE)) for i in range(0, len(images), 32)
        ]
        return torch.cat(parts).flatten(1).numpy()

    @classmethod
    def load(cls, path: str | os.PathLike[str] = WEIGHTS) -> SceneProbe:
        """Load the trained probe, on the CPU. FileNotFoundError if the weights are missing."""
        probe = cls()
        load_weights(probe, path, "python -m wegen_core.training.embedded.probe")
        return probe.eval()
