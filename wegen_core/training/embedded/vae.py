"""The embedded network's VAE: images of 128 x 128 pixels to latents [8, 16, 16] and back.

diffusers' `AutoencoderKL` at a fiftieth of the usual size, trained on drawn scenes only.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..loop import train
from .drawn import SIZE, DrawnImages

if TYPE_CHECKING:
    from diffusers.models import AutoencoderKL

KL_WEIGHT = 1e-6
BATCH = 8
CROP = 64
"""Pixels of a side while it learns: it is convolutions only, and four times as many steps of a
quarter of an image teach it more."""


def build_vae() -> AutoencoderKL:
    """The untrained VAE; three halvings, so that an image of 128 pixels has 16 x 16 latents."""
    from diffusers.models import AutoencoderKL

    vae = AutoencoderKL(
        block_out_channels=(24, 48, 64, 96),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=8,
        norm_num_groups=8,
        mid_block_add_attention=False,
        sample_size=128,
    )
    return vae.to(memory_format=torch.channels_last)  # a third faster on CPUs


def train_vae(drawn: DrawnImages, folder: Path, *, steps: int, seed: int = 0) -> AutoencoderKL:
    """Train the VAE, resuming what `folder` holds, and set its scaling factor."""
    torch.manual_seed(seed)
    vae = build_vae()

    def step(_: int, rng: np.random.Generator) -> list[tuple[Tensor, dict[str, float]]]:
        y, x = rng.integers(SIZE - CROP + 1, size=2)
        pixels = _batch(drawn, rng, BATCH)[:, :, y : y + CROP, x : x + CROP]
        posterior = vae.encode(pixels).latent_dist
        painted = vae.decode(posterior.sample()).sample
        difference = painted - pixels
        mse = difference.square().mean()
        # Differences of neighbours: edges that are blurred cost more than shades that are off.
        edges = difference.diff(dim=2).abs().mean() + difference.diff(dim=3).abs().mean()
        kl = posterior.kl().mean()
        loss = F.l1_loss(painted, pixels) + mse + edges + KL_WEIGHT * kl
        # The peak signal-to-noise ratio of a range of 2, from -1 to 1: 4 is its square.
        psnr = -10 * float(torch.log10(mse.detach() / 4))
        return [(loss, {"psnr": psnr, "kl": float(kl.detach())})]

    train(
        "vae",
        vae,
        step,
        steps=steps,
        lr=1.5e-3,
        folder=folder,
        weight_decay=0.0,
        ema_decay=0.998,
        save_every=100,
        bf16=True,
        seed=seed,
    )
    vae.eval()
    with torch.no_grad():
        pixels = _batch(drawn, np.random.default_rng((seed, 1)), 256)
        latents = torch.cat([vae.encode(part).latent_dist.mean for part in pixels.split(16)])
    vae.register_to_config(scaling_factor=float(1 / latents.std()))
    return vae


def _batch(drawn: DrawnImages, rng: np.random.Generator, count: int) -> Tensor:
    """Random images, [count, 3, 128, 128] in -1..1."""
    pixels = drawn.images(rng.integers(len(drawn.pixels), size=count)) * 2 - 1
    return pixels.contiguous(memory_format=torch.channels_last)
