"""Losses, gradients and optimiser steps against the published training code."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor

from tests.support.golden_net import assert_near, calls_of, golden_net, part, record, tensors
from wegen_core.model import WeGen
from wegen_core.model.losses import snr_weights

CASES = ["A_cmp_gen", "B_mixed", "C_cmp_only"]
LOSSES = ["total_loss", "lm_loss", "rec_loss", "mse_loss", "cosine_loss", "diffusion_loss"]


def _batch(case: str) -> dict[str, Tensor]:
    indices = record("train")[case]["image_indices"]
    pictures = tensors("preprocess")
    images = {
        "images": pictures["clip_resize_all"][indices],
        "images_aug": pictures["sd_resize_all"][indices],
    }
    return part(f"train_{case}", "in.") | images


def _trainable() -> WeGen:
    """The published setting of stages 2 and 3: language model and projectors learn."""
    net = copy.deepcopy(golden_net())
    for frozen in (net.vision, net.unet, net.vae):
        frozen.requires_grad_(False)
    return net


def _official(name: str) -> str:
    return name.replace("put_projector.", "put_resampler.proj.")


def _norm(net: torch.nn.Module) -> float:
    gradients = [p.grad for p in net.parameters() if p.grad is not None]
    return float(torch.stack([g.double().norm() for g in gradients]).norm())


def _assert_losses(found: dict[str, Tensor], expected: dict[str, float]) -> None:
    for name in LOSSES:
        assert float(found[name].detach()) == pytest.approx(expected[name], rel=1e-4), name


@pytest.mark.parametrize("case", CASES)
def test_losses_and_gradients(case: str) -> None:
    expected, net = record("train")[case], _trainable()
    torch.manual_seed(expected["torch_seed_before_forward"])
    found = net(_batch(case))
    _assert_losses(found, expected["losses"])
    found["total_loss"].backward()
    assert _norm(net) == pytest.approx(expected["total_grad_norm"], rel=1e-4)
    for name, parameter in net.named_parameters():
        learns = name.startswith(("llm.", "input_projector.", "output_projector."))
        assert (parameter.grad is not None) == learns, name
    learned = net.named_parameters()
    gradients = {_official(n): p.grad for n, p in learned if p.grad is not None}
    golden = part(f"train_{case}", "grad.")
    assert len(golden) >= 5
    for name, gradient in golden.items():
        if gradient.any():
            assert_near(gradients[name], gradient, 1e-4)
        else:
            assert not gradients[name].any(), name


@pytest.mark.parametrize("case", CASES)
def test_inside_the_forward_pass(case: str) -> None:
    expected, net, batch = part(f"train_{case}", "out."), golden_net(), _batch(case)
    torch.manual_seed(record("train")[case]["torch_seed_before_forward"])
    with (
        torch.no_grad(),
        calls_of(net.llm.model) as llm,
        calls_of(net.output_projector) as projected,
        calls_of(net.unet) as unet,
        calls_of(net.vae.quant_conv) as vae,
    ):
        net(batch)
    _, keywords, output = llm[0]
    real = batch["attention_mask"].bool()
    assert_near(keywords["inputs_embeds"], expected["inputs_embeds"])
    assert_near(output.last_hidden_state[real], expected["last_hidden_state"][real], 2e-5)
    if "logits" in expected:
        logits = net.llm.lm_head(output.last_hidden_state[real]).detach()
        assert_near(logits, expected["logits"][real], 2e-5)
    if "recon_image_embeds" not in expected:
        assert not unet and not vae
        return
    recon = projected[-1][2].view_as(expected["recon_image_embeds"])
    assert_near(recon, expected["recon_image_embeds"], 2e-5)
    mean, logvar = vae[0][2].chunk(2, dim=1)
    assert_near(mean, expected["vae_mean"])
    assert_near(logvar.clamp(-30, 20), expected["vae_logvar"])
    (noisy, timesteps), keywords, noise = unet[0]
    drawn = part(f"train_{case}", "rand.")
    assert torch.equal(timesteps, drawn["timesteps"])
    assert_near(noisy, expected["unet_noisy_latents"])
    assert_near(keywords["encoder_hidden_states"], expected["unet_encoder_hidden_states"], 2e-5)
    assert not keywords["added_cond_kwargs"]["time_ids"].any()
    assert_near(noise.sample, expected["unet_noise_pred"], 2e-5)
    weights = snr_weights(net.scheduler().alphas_cumprod, timesteps)
    torch.testing.assert_close(weights, expected["snr"].clamp(max=5) / expected["snr"])


def test_three_optimiser_steps() -> None:
    net, batch = _trainable(), _batch("B_mixed")
    learned = [p for p in net.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(learned, lr=5e-4, betas=(0.9, 0.95), eps=1e-6, weight_decay=0.05)
    for expected in record("train_steps_B_mixed")["steps"]:
        torch.manual_seed(record("train")["B_mixed"]["torch_seed_before_forward"])
        losses = net(batch)
        _assert_losses(losses, expected["losses"])
        optimiser.zero_grad()
        losses["total_loss"].backward()
        norm = torch.nn.utils.clip_grad_norm_(learned, 1.0)
        assert float(norm) == pytest.approx(expected["grad_norm"], rel=1e-4)
        optimiser.step()


def test_stage_1() -> None:
    net, expected = copy.deepcopy(golden_net()), record("train")["stage1"]
    net.requires_grad_(False)
    net.unet.requires_grad_(True)
    torch.manual_seed(expected["torch_seed_before_call"])
    features = tensors("vit")["features_all"][:2]
    with calls_of(net.unet) as calls:
        loss = net.diffusion_loss(features, tensors("preprocess")["sd_resize_all"][:2])
    loss.backward()
    drawn = part("train_stage1", "rand.")
    assert torch.equal(calls[0][0][1], drawn["timesteps"])
    assert_near(calls[0][2].sample, tensors("train_stage1")["out.noise_pred"])
    assert float(loss.detach()) == pytest.approx(expected["total_loss"], rel=1e-4)
    assert _norm(net) == pytest.approx(expected["unet_grad_norm"], rel=1e-4)
    parameters = dict(net.unet.named_parameters())
    assert len(parameters) == expected["unet_params"]
    assert sum(p.grad is not None for p in net.parameters()) == expected["unet_params_with_grad"]
    for name, gradient in part("train_stage1", "grad.").items():
        assert_near(parameters[name].grad, gradient, 1e-4)


def test_stage_1_with_a_frozen_painter() -> None:
    """Its features are the encoder's, so nothing is left to learn: the loss needs no gradient."""
    net = copy.deepcopy(golden_net()).requires_grad_(False)
    features = tensors("vit")["features_all"][:1]
    loss = net.diffusion_loss(features, tensors("preprocess")["sd_resize_all"][:1])
    assert not loss.requires_grad
