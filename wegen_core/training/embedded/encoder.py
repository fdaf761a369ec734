"""The embedded network's image encoder: each visual token learns what it shows, and where it is.

Where it is, because neither the painter's cross-attention nor anything after it numbers the tokens.
The tokens are noisy while their readers learn: a language model that predicts a token a little
wrong then still gets the right image.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save
from torch import Tensor, nn

from ...images.atomic_write import write_atomically
from ...model.config import VisionConfig
from ...model.preprocess import CLIP_MEAN, CLIP_STD
from ...model.vision import VisionTransformer
from ...playground.looks import LOOKS, NOTHING, UNSEEN, WHOLE
from ..loop import train
from .drawn import GRID, PATCH, SIZE, DrawnImages

CONFIG = VisionConfig(
    image_size=SIZE,
    patch_size=PATCH,
    width=128,
    layers=5,
    head_width=32,
    mlp_ratio=3.0,
    stem=(64, 96, 128),
)
TOKEN_NOISE = 0.4
"""Standard deviation of the noise on tokens of unit power."""

PIXEL_NOISE = 0.08
"""Standard deviation of the noise on the normalised pixels."""

THING_WEIGHT = 4.0
"""How much the pixels of patches that show a thing count besides those of all patches."""

BATCH = 8


class EncoderTask(nn.Module):
    """The encoder with linear readers of its tokens: looks, place and pixels of each patch."""

    def __init__(self) -> None:
        super().__init__()
        self.vision = VisionTransformer(CONFIG)
        labels = {name: len(values) for name, values in (LOOKS | WHOLE).items()}
        labels |= {"column": GRID, "row": GRID}
        self.labels = nn.ModuleDict({n: nn.Linear(CONFIG.width, k) for n, k in labels.items()})
        self.pixels = nn.Linear(CONFIG.width, 3 * PATCH**2)
        # The branches of all blocks add up in the residual stream: start near unit power.
        for module in self.vision.modules():
            if isinstance(module, nn.LayerNorm):
                nn.init.constant_(module.weight, (2 * CONFIG.layers) ** -0.5)

    def losses(self, images: Tensor, looks: Tensor, whole: Tensor) -> dict[str, Tensor]:
        """A term per reader, over the patches that show it, and one for tokens of unit power.

        Parameters
        ----------
        images
            float32 [B, 3, 128, 128] in 0..1.
        looks, whole
            int64 [B, 64, looks] and [B, 4], see `DrawnImages`.
        """
        mean, std = (torch.tensor(v)[:, None, None] for v in (CLIP_MEAN, CLIP_STD))
        clean = (images - mean) / std
        tokens = self.vision(clean + PIXEL_NOISE * torch.randn_like(clean))
        noisy = tokens + TOKEN_NOISE * torch.randn_like(tokens)
        targets = dict(zip(LOOKS, looks.unbind(2), strict=True))
        for name, value in zip(WHOLE, whole.unbind(1), strict=True):
            targets[name] = value[:, None].expand(-1, GRID**2)
        positions = torch.arange(GRID**2).expand(len(images), -1)
        targets |= {"column": positions % GRID, "row": positions // GRID}
        losses = {
            name: F.cross_entropy(
                read(noisy).flatten(0, 1), targets[name].flatten(), ignore_index=UNSEEN
            )
            for name, read in self.labels.items()
        }
        patches = F.unfold(clean, PATCH, stride=PATCH).transpose(1, 2)
        errors = (self.pixels(noisy) - patches).square().mean(2)
        shows_thing = (targets["kind"] != NOTHING).float()
        of_things = (errors * shows_thing).sum() / shows_thing.sum().clamp(min=1)
        losses["pixels"] = errors.mean() + THING_WEIGHT * of_things
        losses["power"] = (tokens.pow(2).mean() - 1).pow(2)
        return losses


def train_encoder(
    drawn: DrawnImages, folder: Path, *, steps: int, seed: int = 0
) -> VisionTransformer:
    """Train the encoder, resuming what `folder` holds, or open its `encoder.safetensors`.

    A run that has that file from elsewhere begins with the parts after the encoder.
    """
    path = folder / "encoder.safetensors"
    torch.manual_seed(seed)
    task = EncoderTask()

    def step(_: int, rng: np.random.Generator) -> list[tuple[Tensor, dict[str, float]]]:
        chosen = rng.integers(len(drawn.pixels), size=BATCH)
        looks, whole = (torch.from_numpy(a[chosen]).long() for a in (drawn.looks, drawn.whole))
        losses = task.losses(drawn.images(chosen), looks, whole)
        figures = {name: float(loss.detach()) for name, loss in losses.items()}
        return [(torch.stack(list(losses.values())).sum(), figures)]

    if not path.exists():
        train(
            "encoder",
            task,
            step,
            steps=steps,
            lr=1e-3,
            muon=5.0,
            bf16=True,
            folder=folder,
            seed=seed,
            ema_decay=0.998,
        )
        write_atomically(path, save(task.vision.state_dict()))
    task.vision.load_state_dict(load_file(path))
    return task.vision.eval()
