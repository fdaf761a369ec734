"""The mini's image encoder: every visual token learns to say what it shows, how it looks and where.

Where, because neither the painter's cross-attention nor anything behind it numbers the tokens.

Noise on the tokens while their readers learn makes the code tolerant: a language model that
predicts a token a little wrong still gets the right picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..model.config import VisionConfig
from ..model.preprocess import encoder_pixels
from ..model.vision import VisionTransformer
from ..playground import samples as world
from .loop import train

NOISE = 0.4
"""Standard deviation of the noise on tokens of unit power."""

GRAIN = 0.08
"""Standard deviation of the noise on the normalised pixels."""

_COVERED = 0.12
_VISIBLE = 24


@cache
def _empty(background: str, size: int) -> np.ndarray:
    """The background alone, [size,size,3]: what three pictures with one moving ball agree on."""
    things = [world.Thing("ball", "red", position) for position in world.POSITIONS]
    scenes = [world.Scene(background, (thing,)) for thing in things]
    return np.median([np.asarray(world.draw(s, size=size), np.float32) for s in scenes], axis=0)


def patch_labels(scene: world.Scene, grid: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Kind and colour seen by each patch, int64 [grid,grid]; one past the last means background."""
    picture = np.asarray(world.draw(scene, size=size), np.float32)
    seen = np.abs(picture - _empty(scene.background, size)).max(-1) > _VISIBLE
    step = size // grid
    covered = seen.reshape(grid, step, grid, step).mean((1, 3)) > _COVERED
    kinds = np.full((grid, grid), len(world.KINDS))
    colours = np.full((grid, grid), len(world.COLOURS))
    centres = (np.arange(grid) + 0.5) / grid * len(world.POSITIONS)
    for thing in scene.things:
        column = centres.astype(int) == world.POSITIONS.index(thing.position)
        place = covered & column[None]
        kinds[place] = world.KINDS.index(thing.kind)
        colours[place] = world.COLOURS.index(thing.colour)
    return kinds, colours


class Reader(nn.Module):
    """Reads tokens [N,P,W] -> kind, colour, background, place and pixels of every patch."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.kind = nn.Linear(config.width, len(world.KINDS) + 1)
        self.colour = nn.Linear(config.width, len(world.COLOURS) + 1)
        self.background = nn.Linear(config.width, len(world.BACKGROUNDS))
        self.column = nn.Linear(config.width, config.grid)
        self.row = nn.Linear(config.width, config.grid)
        self.pixels = nn.Linear(config.width, 3 * config.patch_size**2)


class VisionTask(nn.Module):
    """The encoder with its readers: losses on freshly drawn scenes."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.vision = VisionTransformer(config)
        self.reader = Reader(config)
        # The branches of all blocks add up in the residual stream: start near the power wanted.
        scale = (2 * config.layers) ** -0.5
        for module in self.vision.modules():
            if isinstance(module, nn.LayerNorm):
                nn.init.constant_(module.weight, scale)

    def losses(self, scenes: Sequence[world.Scene]) -> dict[str, Tensor]:
        """A term per reader, on freshly drawn pictures, and one for tokens of unit power."""
        config = self.vision.config
        images = [world.draw(scene, size=config.image_size) for scene in scenes]
        clean = encoder_pixels(images, config.image_size)
        tokens = self.vision(clean + GRAIN * torch.randn_like(clean))
        read = tokens + NOISE * torch.randn_like(tokens)
        labels = [patch_labels(s, config.grid, config.image_size) for s in scenes]
        kinds = torch.from_numpy(np.stack([k for k, _ in labels])).flatten()
        colours = torch.from_numpy(np.stack([c for _, c in labels])).flatten()
        backgrounds = torch.tensor([world.BACKGROUNDS.index(s.background) for s in scenes])
        backgrounds = backgrounds.repeat_interleave(config.grid**2)
        places = torch.arange(config.grid**2).repeat(len(scenes))
        patches = F.unfold(clean, config.patch_size, stride=config.patch_size).transpose(1, 2)
        return {
            "kind": F.cross_entropy(self.reader.kind(read).flatten(0, 1), kinds),
            "colour": F.cross_entropy(self.reader.colour(read).flatten(0, 1), colours),
            "background": F.cross_entropy(self.reader.background(read).flatten(0, 1), backgrounds),
            "column": F.cross_entropy(self.reader.column(read).flatten(0, 1), places % config.grid),
            "row": F.cross_entropy(self.reader.row(read).flatten(0, 1), places // config.grid),
            "pixels": F.mse_loss(self.reader.pixels(read), patches),
            "power": (tokens.pow(2).mean() - 1).pow(2),
        }


def train_vision(
    config: VisionConfig, folder: Path, *, steps: int, batch: int = 32, seed: int = 0
) -> VisionTransformer:
    """Train the encoder on drawn scenes; resumes from `folder`."""
    torch.manual_seed(seed)
    task = VisionTask(config)

    def step(_: int, rng: np.random.Generator) -> tuple[Tensor, dict[str, float]]:
        scenes = [world.sample(rng) for _ in range(batch)]
        losses = task.losses(scenes)
        figures = {k: float(v.detach()) for k, v in losses.items()}
        return torch.stack(list(losses.values())).sum(), figures

    train("vision", task, step, steps=steps, lr=1e-3, folder=folder, seed=seed, ema_decay=0.998)
    return task.vision.eval()
