"""The embedded network's VAE: images of 64 x 64 pixels to latents [4, 16, 16] and back.

diffusers' `AutoencoderKL` at a hundredth of the usual size, trained on drawn scenes only.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F

from ..playground.samples import draw, sample
from .loop import train

if TYPE_CHECKING:
    from diffusers.models import AutoencoderKL

KL_WEIGHT = 1e-6
BATCH = 8


def build_vae() -> AutoencoderKL:
    """Make the untrained VAE; two halvings, so that an image of 64 pixels has 16 x 16 latents."""
    from diffusers.models import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=(24, 48, 64),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=8,
        mid_block_add_attention=False,
        sample_size=64,
    )


def draw_batch(rng: np.random.Generator, count: int) -> torch.Tensor:
    """Draw random training scenes, float32 [count, 3, 64, 64] in -1..1."""
    images = np.stack([np.asarray(draw(sample(rng))) for _ in range(count)])
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1


def train_vae(folder: str | Path, steps: int = 2800, seed: int = 0) -> AutoencoderKL:
    """Train the VAE, resuming what `folder` holds, set its scaling factor and save it there."""
    folder = Path(folder)
    torch.manual_seed(seed)
    vae = build_vae()

    def step(_: int, rng: np.random.Generator) -> list[tuple[torch.Tensor, dict[str, float]]]:
        pixels = draw_batch(rng, BATCH)
        posterior = vae.encode(pixels).latent_dist
        painted = vae.decode(posterior.sample()).sample.float()
        mse = F.mse_loss(painted, pixels)
        kl = posterior.kl().mean()
        loss = F.l1_loss(painted, pixels) + mse + KL_WEIGHT * kl
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
        betas=(0.9, 0.99),
        weight_decay=0.0,
        warmup=100,
        ema_decay=0.998,
        save_every=250,
        bf16=True,
        seed=seed,
    )
    vae.eval()
    vae.register_to_config(scaling_factor=1 / latent_std(vae, seed))
    vae.save_pretrained(folder)
    return vae


@torch.no_grad()
def latent_std(vae: AutoencoderKL, seed: int = 0, count: int = 256) -> float:
    """Measure the standard deviation of the sampled latents of `count` training scenes."""
    pixels = draw_batch(np.random.default_rng((seed, 1)), count)
    generator = torch.Generator().manual_seed(seed)
    return float(vae.encode(pixels).latent_dist.sample(generator).std())
