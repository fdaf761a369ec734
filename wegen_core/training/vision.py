"""The mini's image encoder: each visual token learns what it shows, how it looks, and where it is.

Where it is, because neither the painter's cross-attention nor anything after it numbers the tokens.
The tokens are noisy while their readers learn: a language model that predicts a token a little
wrong then still gets the right image.
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

TOKEN_NOISE = 0.4
"""Standard deviation of the noise on tokens of unit power."""

PIXEL_NOISE = 0.08
"""Standard deviation of the noise on the normalised pixels."""

_MIN_COVERED = 0.12  # share of a patch's pixels that a thing covers
_MIN_DIFFERENCE = 24  # levels of 0..255 from the background


@cache
def _empty(background: str, size: int) -> np.ndarray:
    """The background alone, [size,size,3]: the median of three images with a ball that moves."""
    things = [world.Thing("ball", "red", position) for position in world.POSITIONS]
    scenes = [world.Scene(background, (thing,)) for thing in things]
    return np.median([np.asarray(world.draw(s, size=size), np.float32) for s in scenes], axis=0)


def patch_labels(scene: world.Scene, grid: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Kind and colour that each patch shows, int64 [grid,grid].

    Numbers are positions in `KINDS` and `COLOURS`; one past the last means background.
    """
    image = np.asarray(world.draw(scene, size=size), np.float32)
    is_thing = np.abs(image - _empty(scene.background, size)).max(-1) > _MIN_DIFFERENCE
    step = size // grid
    is_covered = is_thing.reshape(grid, step, grid, step).mean((1, 3)) > _MIN_COVERED
    kinds = np.full((grid, grid), len(world.KINDS))
    colours = np.full((grid, grid), len(world.COLOURS))
    centres = (np.arange(grid) + 0.5) / grid * len(world.POSITIONS)
    for thing in scene.things:
        column = centres.astype(int) == world.POSITIONS.index(thing.position)
        shows = is_covered & column[None]
        kinds[shows] = world.KINDS.index(thing.kind)
        colours[shows] = world.COLOURS.index(thing.colour)
    return kinds, colours


class Reader(nn.Module):
    """Linear readers of tokens [N,P,W]: kind, colour, background, position, pixels of a patch."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.kind = nn.Linear(config.width, len(world.KINDS) + 1)
        self.colour = nn.Linear(config.width, len(world.COLOURS) + 1)
        self.background = nn.Linear(config.width, len(world.BACKGROUNDS))
        self.column = nn.Linear(config.width, config.grid)
        self.row = nn.Linear(config.width, config.grid)
        self.pixels = nn.Linear(config.width, 3 * config.patch_size**2)


class VisionTask(nn.Module):
    """The encoder with its readers."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.vision = VisionTransformer(config)
        self.reader = Reader(config)
        # The branches of all blocks add up in the residual stream: start near unit power.
        scale = (2 * config.layers) ** -0.5
        for module in self.vision.modules():
            if isinstance(module, nn.LayerNorm):
                nn.init.constant_(module.weight, scale)

    def losses(self, scenes: Sequence[world.Scene]) -> dict[str, Tensor]:
        """Compute a term per reader, on freshly drawn images, and one for tokens of unit power."""
        config = self.vision.config
        images = [world.draw(scene, size=config.image_size) for scene in scenes]
        clean = encoder_pixels(images, config.image_size)
        tokens = self.vision(clean + PIXEL_NOISE * torch.randn_like(clean))
        noisy = tokens + TOKEN_NOISE * torch.randn_like(tokens)
        labels = [patch_labels(s, config.grid, config.image_size) for s in scenes]
        kinds = torch.from_numpy(np.stack([k for k, _ in labels])).flatten()
        colours = torch.from_numpy(np.stack([c for _, c in labels])).flatten()
        backgrounds = torch.tensor([world.BACKGROUNDS.index(s.background) for s in scenes])
        backgrounds = backgrounds.repeat_interleave(config.grid**2)
        positions = torch.arange(config.grid**2).repeat(len(scenes))
        columns, rows = positions % config.grid, positions // config.grid
        patches = F.unfold(clean, config.patch_size, stride=config.patch_size).transpose(1, 2)
        return {
            "kind": F.cross_entropy(self.reader.kind(noisy).flatten(0, 1), kinds),
            "colour": F.cross_entropy(self.reader.colour(noisy).flatten(0, 1), colours),
            "background": F.cross_entropy(self.reader.background(noisy).flatten(0, 1), backgrounds),
            "column": F.cross_entropy(self.reader.column(noisy).flatten(0, 1), columns),
            "row": F.cross_entropy(self.reader.row(noisy).flatten(0, 1), rows),
            "pixels": F.mse_loss(self.reader.pixels(noisy), patches),
            "power": (tokens.pow(2).mean() - 1).pow(2),
        }


def train_vision(
    config: VisionConfig, folder: Path, *, steps: int, batch: int = 32, seed: int = 0
) -> VisionTransformer:
    """Train the encoder on drawn scenes, resuming what `folder` holds."""
    torch.manual_seed(seed)
    task = VisionTask(config)

    def step(_: int, rng: np.random.Generator) -> list[tuple[Tensor, dict[str, float]]]:
        scenes = [world.sample(rng) for _ in range(batch)]
        losses = task.losses(scenes)
        figures = {k: float(v.detach()) for k, v in losses.items()}
        return [(torch.stack(list(losses.values())).sum(), figures)]

    train("vision", task, step, steps=steps, lr=1e-3, folder=folder, seed=seed, ema_decay=0.998)
    return task.vision.eval()
