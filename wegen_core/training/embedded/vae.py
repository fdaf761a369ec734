"""The embedded network's VAE: images of 128 x 128 pixels to latents [16, 16, 16] and back."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ...model.patch_vae import PatchVAE
from ...playground.looks import LOOKS
from ..loop import train
from .drawn import GRID, PATCH, DrawnImages

BATCH = 4
CHANNELS = 16
THING_WEIGHT = 5.0
"""Of pixels in patches that show a thing: settings are few, and are learned by heart otherwise."""

POWER_WEIGHT = 0.01
"""Of latents whose mean square is not 1: larger ones would only outgrow the posterior's noise."""


def train_vae(drawn: DrawnImages, folder: Path, *, steps: int, seed: int = 0) -> PatchVAE:
    """Train the VAE, resuming what `folder` holds, or open its `vae/`.

    A run that has that folder from elsewhere begins with the parts after the VAE.
    """
    saved = folder / "vae"
    if saved.exists():
        return PatchVAE.from_pretrained(saved, torch_dtype=torch.float32).eval()
    torch.manual_seed(seed)
    vae = PatchVAE(latent_channels=CHANNELS)
    sample, _ = _batch(drawn, np.random.default_rng((seed, 1)), 400)
    vae.set_linear(sample)
    vae.to(memory_format=torch.channels_last)

    def step(_: int, rng: np.random.Generator) -> list[tuple[Tensor, dict[str, float]]]:
        pixels, weights = _batch(drawn, rng, BATCH)
        posterior = vae.encode(pixels).latent_dist
        difference = vae.decode(posterior.sample()).sample.float() - pixels
        mse = difference.square()
        # Differences of neighbours: edges that are blurred cost more than shades that are off.
        edges = difference.diff(dim=2, prepend=difference[:, :, :1]).abs()
        edges += difference.diff(dim=3, prepend=difference[..., :1]).abs()
        painted = (weights * (difference.abs() + mse + edges)).mean() / weights.mean()
        power = posterior.mean.square().mean()
        loss = painted + POWER_WEIGHT * (power - 1).square()
        # The peak signal-to-noise ratio of a range of 2, from -1 to 1: 4 is its square.
        psnr = -10 * float(torch.log10(mse.detach().mean() / 4))
        return [(loss, {"psnr": psnr, "power": float(power.detach())})]

    train(
        "vae",
        vae,
        step,
        steps=steps,
        lr=6e-4,
        folder=folder,
        weight_decay=0.0,
        ema_decay=0.998,
        bf16=True,
        seed=seed,
    )
    vae.eval()
    with torch.no_grad():
        latents = torch.cat([vae.encode(part).latent_dist.mean for part in sample.split(16)])
    vae.register_to_config(scaling_factor=float(1 / latents.std()))
    vae.save_pretrained(folder / "vae.tmp")
    os.replace(folder / "vae.tmp", saved)
    return vae


def _batch(drawn: DrawnImages, rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
    """Random images [count, 3, 128, 128] in -1..1, and weights [count, 1, 128, 128] of pixels."""
    chosen = rng.integers(len(drawn.pixels), size=count)
    pixels = drawn.images(chosen) * 2 - 1
    kinds = torch.from_numpy(drawn.looks[chosen][..., list(LOOKS).index("kind")])
    things = (kinds != LOOKS["kind"].index("nothing")).float().unflatten(1, (1, GRID, GRID))
    weights = 1 + (THING_WEIGHT - 1) * F.interpolate(things, scale_factor=PATCH)
    return pixels.contiguous(memory_format=torch.channels_last), weights
