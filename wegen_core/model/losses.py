"""The terms of the training objectives (WeGen, section 3.3), which `Network.forward` adds up."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .painter import denoise
from .prompt import IGNORED


def snr_weights(alphas_cumprod: Tensor, timesteps: Tensor, gamma: float = 5.0) -> Tensor:
    """Compute the min-SNR weights of an epsilon-prediction loss: min(SNR, gamma) / SNR.

    Parameters
    ----------
    alphas_cumprod
        [T], of the noise schedule.
    timesteps
        [n], integers in 0..T-1.

    References
    ----------
    Hang et al., Efficient Diffusion Training via Min-SNR Weighting Strategy, arXiv 2303.09556.
    """
    alpha = alphas_cumprod.to(timesteps.device)[timesteps]
    snr = alpha / (1 - alpha)
    return snr.clamp(max=gamma) / snr


def denoising_loss(
    unet: Any,
    scheduler: Any,
    latents: Tensor,
    tokens: Tensor,
    time_ids: Tensor | None = None,
) -> Tensor:
    """Measure how well the painter denoises images given their visual tokens: stage 1's loss.

    Timesteps and noise are drawn, in this order, from torch's global generator.

    Parameters
    ----------
    unet
        diffusers' UNet2DConditionModel.
    scheduler
        Of diffusers. Its prediction type says what the painter predicts: "epsilon", the noise, with
        min-SNR weights, as published; or "v_prediction", with equal weights.
    latents
        [n,4,h,w], scaled.
    tokens
        [n,64,W], visual tokens; gradients flow into them.
    time_ids
        [n,6], SDXL's sizes and crops; None: zeros, as published.

    Returns
    -------
    Tensor
        A scalar.
    """
    alphas = scheduler.alphas_cumprod.to(latents.device)
    timesteps = torch.randint(0, len(alphas), (len(latents),)).to(latents.device)
    # Drawn in the latents' own memory layout, which is how the published code's seeds come out.
    noise = torch.randn_like(latents)
    alpha = alphas[timesteps].view(-1, 1, 1, 1).to(latents.dtype)
    noisy = alpha.sqrt() * latents + (1 - alpha).sqrt() * noise
    predicted = denoise(unet, noisy, timesteps, tokens, time_ids)
    if scheduler.config.prediction_type == "v_prediction":
        velocity = alpha.sqrt() * noise - (1 - alpha).sqrt() * latents
        return F.mse_loss(predicted.float(), velocity.float())
    error = F.mse_loss(predicted.float(), noise.float(), reduction="none").mean((1, 2, 3))
    return (error * snr_weights(alphas, timesteps)).mean()


def language_loss(lm_head: nn.Module, hidden: Tensor, labels: Tensor) -> Tensor:
    """Compute the cross-entropy of the next token.

    Parameters
    ----------
    lm_head
        Hidden states -> logits. It is applied only where there is a label.
    hidden
        [B,S,D], after the final norm.
    labels
        [B,S]; `IGNORED` where nothing is learned.
    """
    targets = labels[:, 1:]
    learned = targets != IGNORED
    return F.cross_entropy(lm_head(hidden[:, :-1][learned]).float(), targets[learned])


def alignment_losses(predicted: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Compute (mean squared error, mean of 1 - cosine) between visual tokens [n,64,W]."""
    cosine = F.cosine_similarity(predicted, target, dim=-1)
    return F.mse_loss(predicted, target), (1 - cosine).mean()
