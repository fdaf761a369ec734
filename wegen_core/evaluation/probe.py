"""A small network that reads a playground image back into a scene, to judge painted images.

It was trained on drawn scenes only (`training/probe.py`), never on what it judges.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from ..images.atomic_write import write_atomically
from ..model.prompt import IGNORED
from ..playground.scenes import BACKGROUNDS, COLOURS, KINDS, POSITIONS, Scene, Thing

WEIGHTS = Path(__file__).with_suffix(".safetensors")
SIZE = 64
NOTHING = len(KINDS)


@dataclass(frozen=True)
class ProbedScene:
    """What the probe sees: like a `Scene`, but an image may also show no thing, or three."""

    background: str
    things: tuple[Thing, ...]


def matches(probed: ProbedScene, scene: Scene) -> bool:
    """Whether the background and each thing's kind, colour and position are those of `scene`."""
    return probed.background == scene.background and probed.things == scene.things


class Probe(nn.Module):
    """Reads the background, and the kind (or nothing) and colour at each of three positions."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for out, stride in ((width, 2), (2 * width, 2), (2 * width, 1), (2 * width, 2)):
            layers += [nn.Conv2d(channels, out, 3, stride, padding=1), nn.GroupNorm(4, out)]
            layers += [nn.SiLU()]
            channels = out
        self.features = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.1))
        self.sizes = (len(BACKGROUNDS), *[len(KINDS) + 1] * 3, *[len(COLOURS)] * 3)
        self.heads = nn.Linear(channels * (SIZE // 8) ** 2, sum(self.sizes))

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """[N, 3, 64, 64] in -1..1 -> logits: background, three kinds, three colours."""
        return list(self.heads(self.features(pixels)).split(self.sizes, dim=1))

    @torch.inference_mode()
    def read(self, images: Sequence[Image.Image]) -> list[ProbedScene]:
        """Read what each image shows; images of any size are resized to 64 x 64 pixels."""
        if not images:
            return []
        was_training = self.training
        self.eval()
        device = self.heads.weight.device
        answers: list[list[int]] = []
        for chunk in range(0, len(images), 64):
            logits = self(to_pixels(images[chunk : chunk + 64]).to(device))
            best = torch.stack([part.argmax(dim=1) for part in logits], dim=1)
            answers += best.tolist()
        self.train(was_training)
        return [_probed_scene(answer) for answer in answers]

    @classmethod
    def load(cls, path: str | os.PathLike[str] = WEIGHTS) -> Probe:
        """Load the trained probe, on the CPU. FileNotFoundError if the weights are missing."""
        probe = cls()
        load_weights(probe, path, "wegen_core.training.probe.train_probe")
        return probe.eval()


def load_weights(probe: nn.Module, path: str | os.PathLike[str], trainer: str) -> None:
    """Fill a probe with saved weights. FileNotFoundError, which names `trainer`, without them."""
    from safetensors.torch import load_file

    if not Path(path).is_file():
        raise FileNotFoundError(f"{path} is missing; train it with {trainer}")
    probe.load_state_dict({n: w.float() for n, w in load_file(path).items()})


def save_weights(probe: nn.Module, path: str | os.PathLike[str]) -> None:
    """Write the weights of a probe as float16, for `load_weights`."""
    from safetensors.torch import save

    half = {name: w.half().contiguous() for name, w in probe.state_dict().items()}
    write_atomically(Path(path), save(half))


def to_pixels(images: Sequence[Image.Image], size: int = SIZE) -> Tensor:
    """Images of any size as float32 [N, 3, size, size] in -1..1."""
    arrays = []
    for image in images:
        rgb = image.convert("RGB")
        if rgb.size != (size, size):
            rgb = rgb.resize((size, size), Image.Resampling.LANCZOS, reducing_gap=3)
        arrays.append(np.asarray(rgb))
    return torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).float() / 127.5 - 1


def targets(scenes: Sequence[Scene]) -> Tensor:
    """The right answers, int64 [N, 7] in the order of the logits; no thing has colour `IGNORED`."""
    rows = []
    for scene in scenes:
        by_position = {t.position: t for t in scene.things}
        things = [by_position.get(position) for position in POSITIONS]
        kinds = [KINDS.index(t.kind) if t else NOTHING for t in things]
        colours = [COLOURS.index(t.colour) if t else IGNORED for t in things]
        rows.append([BACKGROUNDS.index(scene.background), *kinds, *colours])
    return torch.tensor(rows)


def _probed_scene(answer: Sequence[int]) -> ProbedScene:
    background, kinds, colours = answer[0], answer[1:4], answer[4:7]
    things = tuple(
        Thing(KINDS[kind], COLOURS[colour], position)
        for position, kind, colour in zip(POSITIONS, kinds, colours, strict=True)
        if kind != NOTHING
    )
    return ProbedScene(BACKGROUNDS[background], things)
