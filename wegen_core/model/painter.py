"""Visual tokens -> pictures: SDXL's U-Net conditioned on 64 visual tokens and their mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..records.hooks import Preview, Progress, ShouldStop, check

if TYPE_CHECKING:
    from .network import WeGen

Negative = Literal["zeros", "blank"]


def start_latents(
    net: WeGen, count: int, height: int, width: int, seed: int | Sequence[int]
) -> Tensor:
    """Standard-normal latents [n,4,height/f,width/f], drawn on the CPU so that every device agrees.

    seed: one number draws all n together (as diffusers does); a sequence draws one picture each, so
    that a picture does not depend on its neighbours.
    """
    factor = net.vae_factor
    if height < 1 or width < 1 or height % factor or width % factor:
        raise ValueError(
            f"size {width}x{height}: both sides must be positive multiples of {factor}"
        )
    shape = (net.unet.config.in_channels, height // factor, width // factor)
    if isinstance(seed, int):
        return torch.randn((count, *shape), generator=torch.Generator().manual_seed(seed))
    if len(seed) != count:
        raise ValueError(f"{len(seed)} seeds for {count} pictures; give one seed each")
    return torch.stack(
        [torch.randn(shape, generator=torch.Generator().manual_seed(s)) for s in seed]
    )


@torch.inference_mode()
def paint(
    net: WeGen,
    features: Tensor,
    latents: Tensor | None = None,
    seed: int | Sequence[int] = 42,
    steps: int = 50,
    guidance: float = 7.0,
    height: int = 1024,
    width: int = 1024,
    negative: Negative = "zeros",
    *,
    on_progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> Tensor:
    """See `WeGen.paint`."""
    if negative not in ("zeros", "blank"):
        raise ValueError(f"negative is {negative!r}; use 'zeros' or 'blank'")
    if steps < 1:
        raise ValueError(f"steps is {steps}; it must be at least 1")
    prompt = net.pool(features.to(net.device, net.dtype))
    count = len(prompt)
    if latents is None:
        latents = start_latents(net, count, height, width, seed)
    guided = guidance > 1
    if guided:
        prompt = torch.cat([_negative(net, prompt, negative), prompt])
    time_ids = prompt.new_tensor([[height, width, 0, 0, height, width]]).expand(len(prompt), -1)
    scheduler = net.scheduler()
    scheduler.set_timesteps(steps, device=net.device)
    x = latents.to(net.device, net.dtype) * scheduler.init_noise_sigma
    for step, t in enumerate(scheduler.timesteps):
        check(should_stop)
        noisy = scheduler.scale_model_input(torch.cat([x, x]) if guided else x, t)
        noise = net.denoise(noisy, t.expand(len(noisy)), prompt, time_ids)
        if guided:
            unconditional, conditional = noise.chunk(2)
            noise = unconditional + guidance * (conditional - unconditional)
        outcome = scheduler.step(noise, t, x)
        x = outcome.prev_sample
        if on_progress is not None:
            estimate = getattr(outcome, "pred_original_sample", x)
            on_progress("paint", step + 1, steps, _preview(net, estimate))
    check(should_stop)
    return decode(net, x)


@torch.inference_mode()
def decode(net: WeGen, latents: Tensor) -> Tensor:
    """Latents [n,4,h,w] -> pictures [n,H,W,3], float32 in 0..1."""
    vae = net.vae
    images = vae.decode(latents.to(vae.dtype) / vae.config.scaling_factor, return_dict=False)[0]
    return (images.float() / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1)


def _negative(net: WeGen, prompt: Tensor, negative: Negative) -> Tensor:
    if negative == "zeros":
        return torch.zeros_like(prompt)
    size = net.config.vision.image_size
    blank = net.pool(net.encode_images(prompt.new_zeros(1, 3, size, size)))
    return blank.expand_as(prompt)


def _preview(net: WeGen, latents: Tensor) -> Preview:
    def picture() -> Image.Image:
        first = decode(net, latents[:1])[0].cpu().numpy()
        return Image.fromarray((first * 255 + 0.5).astype(np.uint8))

    return picture
