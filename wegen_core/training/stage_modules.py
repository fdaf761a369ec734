"""What a stage trains, and its loss, as a module that can be shared between processes."""

from __future__ import annotations

import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from torch import Tensor, nn

from ..model.losses import denoising_loss
from ..model.network import Network
from ..model.painter import encode_latents
from .settings import ConversationSettings, PainterSettings, StageSettings


def add_noise(tokens: Tensor, greatest: float) -> Tensor:
    """Visual tokens [n,64,W] with noise of another strength in each image.

    `greatest` is the greatest strength, as a multiple of their root mean square.
    """
    scale = tokens.square().mean().sqrt() * greatest
    return tokens + torch.rand(len(tokens), 1, 1).to(tokens) * scale * torch.randn_like(tokens)


class PainterStage(nn.Module):
    """Stage 1: the U-Net learns; image encoder and VAE are frozen."""

    def __init__(self, net: Network, settings: PainterSettings) -> None:
        super().__init__()
        self.net, self.settings = net, settings
        net.requires_grad_(False)
        net.unet.requires_grad_(True)
        if settings.checkpointing:
            net.unet.enable_gradient_checkpointing()

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """The loss of `painter_batch` or `EncodedImages.batch`, the mean over their images."""
        net = self.net
        if "tokens" in batch:
            tokens = batch["tokens"].to(net.dtype)
            latents = DiagonalGaussianDistribution(batch["moments"]).sample().to(net.dtype)
            latents = latents * net.vae.config.scaling_factor
        else:
            with torch.no_grad():
                tokens = net.pool(net.encode_images(batch["images"])).to(net.dtype)
                latents = encode_latents(net.vae, batch["images_aug"]).to(net.dtype)
        if self.training:
            tokens = self._perturb(tokens)
        loss = denoising_loss(net.unet, net.scheduler(), latents, tokens, batch.get("time_ids"))
        return {"diffusion_loss": loss, "total_loss": loss}

    def _perturb(self, tokens: Tensor) -> Tensor:
        settings = self.settings
        if settings.token_noise:
            tokens = add_noise(tokens, settings.token_noise)
        if settings.condition_dropout:
            dropped = torch.rand(len(tokens), 1, 1) < settings.condition_dropout
            tokens = tokens.masked_fill(dropped.to(tokens.device), 0.0)
        return tokens


class ConversationStage(nn.Module):
    """Stages 2 and 3: language model and projectors learn; the painter passes its gradient on."""

    def __init__(self, net: Network, settings: ConversationSettings) -> None:
        super().__init__()
        self.net, self.settings = net, settings
        net.requires_grad_(False)
        for learned in (net.llm, net.input_projector, net.output_projector):
            learned.requires_grad_(True)
        if settings.checkpointing:
            net.llm.gradient_checkpointing_enable({"use_reentrant": False})
            if settings.diffusion:
                net.unet.enable_gradient_checkpointing()

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """The losses of `conversation_batch`; see `Network.forward`."""
        if self.settings.token_noise and self.training:
            with torch.no_grad():
                tokens = self.net.pool(self.net.encode_images(batch["images"]))
            noisy = add_noise(tokens, self.settings.token_noise)
            batch = {**batch, "image_features": noisy, "image_targets": tokens}
        losses = self.net(batch, diffusion=self.settings.diffusion)
        # A pack without images does not use it, and every process must have every gradient.
        losses["lm_loss"] = losses["lm_loss"] + 0.0 * self.net.input_projector.weight.sum()
        return losses


def stage_module(net: Network, settings: StageSettings) -> nn.Module:
    """The module of a stage; parts of the network that it does not train are frozen."""
    if isinstance(settings, PainterSettings):
        return PainterStage(net, settings)
    assert isinstance(settings, ConversationSettings)  # noqa: S101
    return ConversationStage(net, settings)
