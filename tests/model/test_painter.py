"""What the painter can do beside the published one: velocity, and tokens at their place."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from diffusers import EulerDiscreteScheduler

from wegen_core.model.losses import denoising_loss
from wegen_core.model.painter import denoise, sample_latents

SCHEDULER = {
    "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction",
    "rescale_betas_zero_snr": True,
    "timestep_spacing": "trailing",
}


class Seer:
    """A U-Net that knows the images and predicts the velocity towards them without an error."""

    config = SimpleNamespace(in_channels=4)

    def __init__(self, images: torch.Tensor) -> None:
        self.images = images
        self.alphas = EulerDiscreteScheduler(**SCHEDULER).alphas_cumprod

    def __call__(self, latents, timesteps, **_):
        alpha = self.alphas[timesteps.long()].view(-1, 1, 1, 1)
        noise = (latents - alpha.sqrt() * self.images) / (1 - alpha).sqrt()
        return SimpleNamespace(sample=alpha.sqrt() * noise - (1 - alpha).sqrt() * self.images)


def test_the_velocity_is_learned_and_painted_from_pure_noise() -> None:
    torch.manual_seed(0)
    images, tokens = torch.randn(3, 4, 6, 5), torch.zeros(3, 64, 8)
    scheduler = EulerDiscreteScheduler(**SCHEDULER)
    assert float(denoising_loss(Seer(images), scheduler, images, tokens)) < 1e-6
    assert float(denoising_loss(Seer(images), scheduler, images + 1, tokens)) > 0.1
    noise = torch.randn(3, 4, 6, 5)
    painted = sample_latents(
        Seer(images), scheduler, tokens, noise, steps=6, guidance=1.0, size=(48, 40)
    )
    torch.testing.assert_close(painted, images, atol=1e-3, rtol=0)


@pytest.mark.parametrize("size", [(8, 8), (16, 16), (12, 20)])
def test_a_unet_with_more_channels_sees_tokens_at_their_place(size: tuple[int, int]) -> None:
    tokens = torch.zeros(1, 64, 3)
    tokens[0, 8 * 7, 1] = 5.0  # the lower left corner
    inputs = []

    def unet(latents, *_, **__):
        inputs.append(latents)
        return SimpleNamespace(sample=latents[:, :4])

    unet.config = SimpleNamespace(in_channels=4 + 3)
    noise = torch.randn(1, 4, *size)
    assert denoise(unet, noise, torch.tensor([9]), tokens).shape == noise.shape
    (given,) = inputs
    assert torch.equal(given[:, :4], noise)
    rows, columns = torch.nonzero(given[0, 5] == 5, as_tuple=True)
    assert rows.min() >= size[0] * 6 // 8 and columns.max() <= size[1] * 2 // 8
    assert given[:, 4:].abs().sum() == 5 * len(rows) > 0
