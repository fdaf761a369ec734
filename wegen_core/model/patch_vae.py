"""A VAE of image patches: what a small network learns on a processor in minutes."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.autoencoders.vae import DecoderOutput, DiagonalGaussianDistribution
from diffusers.models.modeling_outputs import AutoencoderKLOutput
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn


class PatchVAE(ModelMixin, ConfigMixin):
    """An autoencoder with the methods of diffusers' `AutoencoderKL` that works on whole patches.

    Latents are a linear map of each patch plus a correction by a convolutional network, and so are
    pixels of latents. All convolutions run at the size of the latents, and with the principal
    components of patches as linear maps (`set_linear`) it begins where `AutoencoderKL` is after
    thousands of steps.

    Parameters
    ----------
    patch_size
        Pixels of a side of a patch, each of which is one position of the latents.
    latent_channels
        Values per position.
    width
        Channels of the convolutions.
    encoder_layers, decoder_layers
        Residual blocks.
    noise
        Standard deviation of the posterior, everywhere.
    scaling_factor, force_upcast
        As in `AutoencoderKL`.
    """

    @register_to_config
    def __init__(
        self,
        patch_size: int = 8,
        latent_channels: int = 8,
        width: int = 256,
        encoder_layers: int = 2,
        decoder_layers: int = 4,
        noise: float = 0.05,
        scaling_factor: float = 1.0,
        force_upcast: bool = False,
    ) -> None:
        super().__init__()
        pixels = 3 * patch_size**2
        self.linear_encoder = nn.Conv2d(pixels, latent_channels, 1)
        self.linear_decoder = nn.Conv2d(latent_channels, pixels, 1)
        self.encoder = _convolutions(pixels, latent_channels, width, encoder_layers)
        self.decoder = _convolutions(latent_channels, pixels, width, decoder_layers)

    @torch.no_grad()
    def set_linear(self, images: Tensor) -> None:
        """Make the linear maps the principal components of the patches of images.

        Of a component's standard deviation its latents keep the square root: coarse shapes stay
        larger than details, and are painted first.

        Parameters
        ----------
        images
            float32 [N,3,H,W] in -1..1, of at least `latent_channels` patches.
        """
        patches = F.pixel_unshuffle(images, self.config.patch_size).movedim(1, 3).flatten(0, 2)
        mean = patches.mean(0)
        values, vectors = torch.linalg.eigh((patches - mean).T.cov())
        components = vectors[:, -self.config.latent_channels :].flip(1)
        scale = values[-self.config.latent_channels :].flip(0).clamp(min=1e-8) ** 0.25
        encode, decode = components / scale, components * scale
        for layer, weight, bias in (
            (self.linear_encoder, encode.T, -mean @ encode),
            (self.linear_decoder, decode, mean),
        ):
            layer.load_state_dict({"weight": weight[:, :, None, None], "bias": bias})

    def encode(self, images: Tensor) -> AutoencoderKLOutput:
        """[N,3,H,W] in -1..1, sides multiples of `patch_size` -> posterior of latents [N,C,h,w]."""
        patches = F.pixel_unshuffle(images, self.config.patch_size)
        mean = self.linear_encoder(patches) + self.encoder(patches)
        log_variance = torch.full_like(mean, self.config.noise).log() * 2
        posterior = DiagonalGaussianDistribution(torch.cat([mean, log_variance], dim=1))
        return AutoencoderKLOutput(latent_dist=posterior)

    def decode(self, latents: Tensor, return_dict: bool = True) -> DecoderOutput | tuple[Tensor]:
        """Latents [N,C,h,w] -> images [N,3,H,W], about -1..1."""
        patches = self.linear_decoder(latents) + self.decoder(latents)
        images = F.pixel_shuffle(patches, self.config.patch_size)
        return DecoderOutput(sample=images) if return_dict else (images,)


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, width)
        self.mix = nn.Conv2d(width, width, 3, padding=1)
        self.out = _zero(nn.Conv2d(width, width, 1))

    def forward(self, x: Tensor) -> Tensor:
        """[N,width,h,w] -> the same."""
        return x + self.out(F.silu(self.mix(self.norm(x))))


def _convolutions(inputs: int, outputs: int, width: int, layers: int) -> nn.Sequential:
    """A network that begins as zero."""
    first = nn.Conv2d(inputs, width, 3, padding=1)
    last = _zero(nn.Conv2d(width, outputs, 3, padding=1))
    return nn.Sequential(first, *(_Block(width) for _ in range(layers)), last)


def _zero(layer: nn.Conv2d) -> nn.Conv2d:
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer
