"""The VAE of patches: what it knows before training, and its place in the network."""

from __future__ import annotations

import pytest
import torch

from wegen_core.model.painter import decode_latents, encode_latents
from wegen_core.model.patch_vae import PatchVAE


def test_patches_of_few_components_come_back_before_any_training() -> None:
    torch.manual_seed(0)
    components, weights = torch.randn(8, 3 * 64), torch.rand(2, 8, 3, 5) - 0.5
    patches = torch.einsum("nchw,cp->nphw", weights, components) / 10
    images = torch.nn.functional.pixel_shuffle(patches, 8)
    vae = PatchVAE(width=16)
    vae.set_linear(images)
    posterior = vae.encode(images).latent_dist
    assert posterior.mean.shape == (2, 8, 3, 5)
    assert float(posterior.std.max()) == pytest.approx(vae.config.noise)
    torch.testing.assert_close(vae.decode(posterior.mode()).sample, images, atol=1e-4, rtol=0)


def test_the_painter_reads_and_writes_its_latents() -> None:
    torch.manual_seed(0)
    vae = PatchVAE(patch_size=4, latent_channels=6, width=8, scaling_factor=0.5)
    latents = encode_latents(vae, torch.zeros(1, 3, 12, 8))
    assert latents.shape == (1, 6, 3, 2)
    assert decode_latents(vae, latents).shape == (1, 12, 8, 3)
