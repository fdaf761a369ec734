"""Visual tokens -> images: SDXL's U-Net conditioned on 64 visual tokens and their mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ..records.hooks import NO_HOOKS, Hooks

Negative = Literal["zeros", "blank"]
"""What the unconditional branch of classifier-free guidance sees: zeros, or the features of an
image whose normalised pixels are all zero."""


def encode_latents(vae: Any, images: Tensor) -> Tensor:
    """[n,3,H,W] in [-1,1] -> scaled latents [n,4,h,w], drawn from the VAE's posterior."""
    with torch.no_grad():
        latents = vae.encode(images.to(vae.device, vae.dtype)).latent_dist.sample()
    return latents * vae.config.scaling_factor


@torch.inference_mode()
def decode_latents(vae: Any, latents: Tensor) -> Tensor:
    """Scaled latents [n,4,h,w] -> images [n,H,W,3], float32 in 0..1."""
    images = vae.decode(latents.to(vae.dtype) / vae.config.scaling_factor, return_dict=False)[0]
    return (images.float() / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1)


def denoise(
    unet: Any, latents: Tensor, timesteps: Tensor, tokens: Tensor, time_ids: Tensor | None = None
) -> Tensor:
    """Predict noise or velocity of latents [n,4,h,w] at timesteps [n], given tokens [n,64,W].

    time_ids [n,6] are SDXL's sizes and crops; None: zeros, as in training. A U-Net with W input
    channels more than latents have also sees each token at its place in the image.
    """
    if unet.config.in_channels > latents.shape[1]:
        side = int(tokens.shape[1] ** 0.5)
        grid = tokens.transpose(1, 2).unflatten(2, (side, side))
        latents = torch.cat([latents, F.interpolate(grid, latents.shape[-2:])], 1)
    if time_ids is None:
        time_ids = tokens.new_zeros(len(tokens), 6)
    added = {"text_embeds": tokens.mean(dim=1), "time_ids": time_ids}
    return unet(latents, timesteps, encoder_hidden_states=tokens, added_cond_kwargs=added).sample


def start_latents(shape: tuple[int, int, int], count: int, seed: int | Sequence[int]) -> Tensor:
    """Draw standard-normal latents [count,*shape], on the CPU so that every device agrees.

    One seed draws all of them together (as diffusers does). A sequence of seeds draws each by
    itself, so that an image does not depend on its neighbours.
    """
    if isinstance(seed, int):
        return torch.randn((count, *shape), generator=torch.Generator().manual_seed(seed))
    if len(seed) != count:
        raise ValueError(f"{len(seed)} seeds for {count} images; give one seed each")
    return torch.stack(
        [torch.randn(shape, generator=torch.Generator().manual_seed(s)) for s in seed]
    )


@torch.inference_mode()
def sample_latents(
    unet: Any,
    scheduler: Any,
    tokens: Tensor,
    latents: Tensor,
    *,
    steps: int,
    guidance: float,
    size: tuple[int, int],
    negative: Tensor | None = None,
    decode: Callable[[Tensor], Tensor] | None = None,
    hooks: Hooks = NO_HOOKS,
) -> Tensor:
    """Run the diffusion sampler.

    Parameters
    ----------
    scheduler
        A fresh EulerDiscreteScheduler.
    tokens
        [n,64,W], visual tokens.
    latents
        [n,4,h,w], standard normal.
    guidance
        Classifier-free guidance scale; 1 or less: none.
    size
        (height, width) of the images in pixels.
    negative
        [n,64,W], what the unconditional branch sees; None: zeros.
    decode
        Latents -> images [n,H,W,3] in 0..1, for previews.

    Returns
    -------
    Tensor
        [n,4,h,w], scaled latents.
    """
    height, width = size
    count, is_guided = len(tokens), guidance > 1
    if is_guided:
        tokens = torch.cat([torch.zeros_like(tokens) if negative is None else negative, tokens])
    time_ids = tokens.new_tensor([[height, width, 0, 0, height, width]]).expand(len(tokens), -1)
    scheduler.set_timesteps(steps, device=tokens.device)
    x = latents.to(tokens.device, tokens.dtype) * scheduler.init_noise_sigma
    for step, t in enumerate(scheduler.timesteps):
        hooks.check_stop()
        noisy = scheduler.scale_model_input(torch.cat([x, x]) if is_guided else x, t)
        noise = denoise(unet, noisy, t.expand(len(noisy)), tokens, time_ids)
        if is_guided:
            unconditional, conditional = noise.split(count)
            noise = unconditional + guidance * (conditional - unconditional)
        outcome = scheduler.step(noise, t, x)
        x = outcome.prev_sample
        if hooks.on_progress is not None:
            estimate = getattr(outcome, "pred_original_sample", x)
            preview = None if decode is None else _preview(decode, estimate)
            hooks.on_progress("paint", step + 1, steps, preview)
    hooks.check_stop()
    return x


def _preview(decode: Callable[[Tensor], Tensor], latents: Tensor) -> Callable[[], Image.Image]:
    def image() -> Image.Image:
        first = decode(latents[:1])[0].cpu().numpy()
        return Image.fromarray((first * 255 + 0.5).astype(np.uint8))

    return image
