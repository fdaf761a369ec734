"""Training objectives of the three stages (WeGen, section 3.3; min-SNR: arXiv 2303.09556)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from .prompt import IGNORED

if TYPE_CHECKING:
    from .network import WeGen


def snr_weights(alphas_cumprod: Tensor, timesteps: Tensor, gamma: float = 5.0) -> Tensor:
    """min(SNR, gamma) / SNR at each timestep: the min-SNR weight of an epsilon-prediction loss."""
    alpha = alphas_cumprod.to(timesteps.device)[timesteps]
    snr = alpha / (1 - alpha)
    return snr.clamp(max=gamma) / snr


def diffusion_loss(
    net: WeGen, tokens: Tensor, pictures: Tensor, *, time_ids: Tensor | None = None
) -> Tensor:
    """Stage 1's loss: how well the painter denoises `pictures` given their visual tokens.

    tokens: [n,P,W] encoder features or [n,64,W] visual tokens; gradients flow into them.
    pictures: [n,3,H,W] in [-1,1]. time_ids: [n,6], zeros as published unless given.
    Draws, in this order, from torch's global generator: VAE posterior, timesteps, noise.
    """
    return denoising_loss(net, net.encode_latents(pictures), net.pool(tokens), time_ids)


def denoising_loss(
    net: WeGen, latents: Tensor, tokens: Tensor, time_ids: Tensor | None = None
) -> Tensor:
    """`diffusion_loss` from scaled latents [n,4,h,w] and pooled visual tokens [n,64,W]."""
    alphas = net.alphas_cumprod.to(latents.device)
    timesteps = torch.randint(0, len(alphas), (len(latents),)).to(latents.device)
    # Drawn in the latents' own memory layout, which is how the published code's seeds come out.
    noise = torch.randn_like(latents)
    alpha = alphas[timesteps].view(-1, 1, 1, 1).to(latents.dtype)
    noisy = alpha.sqrt() * latents + (1 - alpha).sqrt() * noise
    predicted = net.denoise(noisy, timesteps, tokens, time_ids)
    error = F.mse_loss(predicted.float(), noise.float(), reduction="none").mean((1, 2, 3))
    return (error * snr_weights(alphas, timesteps)).mean()


def language_loss(net: WeGen, hidden: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of the next token: last hidden states [B,S,D] against labels [B,S].

    Labels of -100 do not count, and no logits are computed for them.
    """
    targets = labels[:, 1:]
    learned = targets != IGNORED
    return F.cross_entropy(net.llm.lm_head(hidden[:, :-1][learned]).float(), targets[learned])


def alignment_losses(predicted: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """(mean squared error, mean of 1 - cosine) between visual tokens [n,64,W]."""
    cosine = F.cosine_similarity(predicted, target, dim=-1)
    return F.mse_loss(predicted, target), (1 - cosine).mean()


def total_loss(
    net: WeGen, batch: dict[str, Tensor], *, diffusion: bool = True
) -> dict[str, Tensor]:
    """Stages 2 and 3: see `WeGen.forward` for the batch. diffusion=False: that term stays 0."""
    features = batch.get("image_features")
    if features is None:
        with torch.no_grad():
            features = net.encode_images(batch["images"])
    tokens = net.pool(features).detach()
    cmp_images, gen_images = batch["embeds_cmp_mask"], batch["embeds_gen_mask"]
    embeds = net.embed(batch["input_ids"], tokens[cmp_images], batch["ids_cmp_mask"])
    embeds = net.fill(embeds, tokens[gen_images], batch["ids_gen_mask"])
    mask = batch["attention_mask"]
    # Padding on the right is never seen by causal attention, which is faster without a mask.
    right_padded = bool((mask[:, 1:] <= mask[:, :-1]).all())
    hidden = net.llm.model(
        inputs_embeds=embeds, attention_mask=None if right_padded else mask, use_cache=False
    ).last_hidden_state
    losses = {"lm_loss": language_loss(net, hidden, batch["labels"])}
    # With nothing generated the projector still takes part, with a gradient of zero.
    zero = 0.0 * net.output_projector(hidden[:1, :1]).sum()
    losses |= {"mse_loss": zero, "cosine_loss": zero, "diffusion_loss": zero}
    if bool(gen_images.any()):
        target = net.pool(batch.get("image_targets", features)).detach()[gen_images]
        before = torch.roll(batch["ids_gen_mask"], -1, dims=1)
        predicted = net.output_projector(hidden[before]).view_as(target).to(target.dtype)
        losses["mse_loss"], losses["cosine_loss"] = alignment_losses(predicted, target)
        if diffusion:
            pictures = batch["images_aug"][gen_images]
            losses["diffusion_loss"] = diffusion_loss(net, predicted, pictures)
    losses["rec_loss"] = losses["mse_loss"] + losses["cosine_loss"] + losses["diffusion_loss"]
    losses["total_loss"] = losses["lm_loss"] + losses["rec_loss"]
    return losses
