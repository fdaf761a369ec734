"""Image encoder, pooling, projectors, painter and schedules against the published code."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.support.golden_net import assert_near, calls_of, golden_net, part, record, tensors
from wegen_core.model.generation import close_image_tokens
from wegen_core.model.losses import snr_weights
from wegen_core.model.painter import start_latents
from wegen_core.training.loop import schedule

RUNS = ["embeds_gs1", "embeds_gs6", "embeds_gs6_neg", "tensor_gs6", "tensor_gs6_neg"]

pytestmark = pytest.mark.usefixtures("no_gradients")


@pytest.fixture
def no_gradients():
    with torch.no_grad():
        yield


def test_image_encoder_block_by_block() -> None:
    vision, expected = golden_net().vision, tensors("vit")
    x = vision.embed(tensors("preprocess")["clip_resize_all"][:1])
    assert_near(x, expected["embeddings"])
    for k, block in enumerate(vision.blocks):
        x = block(x)
        assert_near(x, expected[f"block_{k}"])
    assert_near(x, expected["features_with_cls"])


def test_image_encoder() -> None:
    features = golden_net().encode_images(tensors("preprocess")["clip_resize_all"])
    assert_near(features, tensors("vit")["features_all"])


def test_pooling_and_projectors() -> None:
    net, expected = golden_net(), tensors("resamplers")
    pooled = net.pool(tensors("vit")["features_all"][:2])
    for name in ("avgpool", "adapter_resampler"):
        assert_near(pooled, expected[f"{name}_tokens"])
        assert_near(pooled.mean(1), expected[f"{name}_pooled"])
    again = net.pool(pooled)
    assert_near(again, expected["adapter_resampler_from64_tokens"])
    assert_near(again.mean(1), expected["adapter_resampler_from64_pooled"])
    assert_near(net.input_projector(pooled), expected["input_resampler_out"])
    projected = net.output_projector(expected["output_resampler_in"])
    assert_near(projected, expected["output_resampler_out"])


@pytest.mark.parametrize("count", [0, 49, 63, 65, 100])
def test_pooling_refuses_other_grids(count: int) -> None:
    with pytest.raises(ValueError, match=f"{count} image tokens"):
        golden_net().pool(torch.zeros(1, count, 32))


def test_unet() -> None:
    given = part("unet_vae", "unet.")
    added = {"text_embeds": given["text_embeds"], "time_ids": given["time_ids"]}
    found = golden_net().unet(
        given["sample"],
        given["timestep"],
        encoder_hidden_states=given["encoder_hidden_states"],
        added_cond_kwargs=added,
    )
    assert_near(found.sample, given["out"])


def test_vae() -> None:
    vae, expected = golden_net().vae, part("unet_vae", "vae.")
    posterior = vae.encode(tensors("preprocess")["sd_resize_all"][:2]).latent_dist
    assert_near(posterior.mean, expected["mean"])
    assert_near(posterior.logvar, expected["logvar"])
    decoded = vae.decode(tensors("unet_vae")["unet.sample"]).sample
    assert_near(decoded, expected["decoded"])


def _paint(run: str) -> tuple[Tensor, list[dict], list[Tensor]]:
    """The picture, what the U-Net was called with, and what the VAE was called with."""
    net, options = golden_net(), record("adapter")[run]
    features = tensors("adapter")["image_embeds"]
    if run.startswith("tensor"):
        features = net.encode_images(tensors("preprocess")["clip_resize_all"][:1])
    with calls_of(net.unet) as painted, calls_of(net.vae.decoder) as decoded:
        picture = net.paint(
            features,
            tensors("adapter")["latents"] if options["latents"] == "given" else None,
            options["seed"],
            options["num_inference_steps"],
            options["guidance_scale"],
            options["height"],
            options["width"],
            "blank" if options["use_neg"] else "zeros",
        )
    calls = [{"sample": a[0], "timestep": a[1], **k} for a, k, _ in painted]
    return picture, calls, [arguments[0] for arguments, _, _ in decoded]


@pytest.mark.parametrize("run", [*RUNS, "embeds_gs2_seed42"])
def test_painting(run: str) -> None:
    net, expected = golden_net(), part("adapter", f"{run}.")
    picture, calls, _ = _paint(run)
    assert_near(picture, expected["image"], 2e-5)
    steps = expected["latents_per_step"]
    sigmas = record("adapter")["sigmas"]
    assert len(calls) == len(steps) == 4
    for call, before, sigma in zip(calls[1:], steps, sigmas[1:], strict=False):
        assert_near(call["sample"][-1] * (sigma**2 + 1) ** 0.5, before, 2e-5)
    guided = record("adapter")[run]["guidance_scale"] > 1
    for call in calls:
        assert len(call["sample"]) == 1 + guided
        prompt = call["encoder_hidden_states"]
        pooled = call["added_cond_kwargs"]["text_embeds"]
        assert_near(prompt[-1:], expected["prompt"])
        assert_near(pooled[-1:], expected["pooled"])
        time_ids = call["added_cond_kwargs"]["time_ids"]
        assert time_ids.tolist() == record("adapter")["time_ids"] * (1 + guided)
        if "neg_prompt" in expected:
            assert_near(prompt[:1], expected["neg_prompt"])
            assert_near(pooled[:1], expected["neg_pooled"])
        elif guided:
            assert not prompt[0].any() and not pooled[0].any()
    assert net.vae_factor == 4


@pytest.mark.parametrize("run", RUNS)
def test_last_latents(run: str) -> None:
    net = golden_net()
    picture, _, decoded = _paint(run)
    last = part("adapter", f"{run}.")["latents_per_step"][-1:]
    expected = net.vae.post_quant_conv(last / net.vae.config.scaling_factor)
    assert_near(decoded[0], expected, 2e-5)
    assert picture.min() >= 0 and picture.max() <= 1


def test_start_latents() -> None:
    expected = tensors("adapter")["seed42_latents"]
    assert torch.equal(start_latents(tuple(expected.shape[1:]), 1, 42), expected)


@pytest.mark.parametrize(("name", "steps"), [("", 4), ("schedule_30", 30), ("schedule_50", 50)])
def test_sampler_schedule(name: str, steps: int) -> None:
    expected = record("adapter")[name] if name else record("adapter")
    scheduler = golden_net().scheduler()
    scheduler.set_timesteps(steps)
    assert scheduler.timesteps.tolist() == expected["timesteps"]
    torch.testing.assert_close(scheduler.sigmas, torch.tensor(expected["sigmas"]))
    assert float(scheduler.init_noise_sigma) == pytest.approx(expected["init_noise_sigma"])


def test_min_snr_weights() -> None:
    expected = tensors("units")
    alphas = golden_net().scheduler().alphas_cumprod
    assert_near(alphas, expected["alphas_cumprod"])
    torch.testing.assert_close(alphas / (1 - alphas), expected["snr"], rtol=1e-5, atol=0)
    found = snr_weights(alphas, torch.arange(1000))
    torch.testing.assert_close(found, expected["min_snr_weight"], rtol=1e-5, atol=0)


@pytest.mark.parametrize("case", range(7))
def test_logits_rule(case: int, monkeypatch: pytest.MonkeyPatch) -> None:
    net, given = golden_net(), part("units", "logits_processor.")
    ids, scores, expected = (given[n][case] for n in ("input_ids", "scores_in", "scores_out"))
    calls: list[Tensor] = []

    def lm_head(state: Tensor) -> Tensor:
        calls.append(state)
        return scores[None]

    monkeypatch.setattr(net.llm.lm_head, "forward", lm_head)
    no_image = torch.zeros_like(ids, dtype=torch.bool)
    found = net.generate(ids, image_mask=no_image, max_new_tokens=1)
    assert found.ids.tolist() == [int(expected.argmax())]
    is_forced = int(ids[-1]) in [net.tokenizer.image_start_id, *net.tokenizer.image_ids]
    assert bool(calls) != is_forced
    if not is_forced:
        assert torch.equal(close_image_tokens(scores, net.tokenizer, False), expected)


@pytest.mark.parametrize(
    ("stage", "steps", "warmup"), [("stage1", 160_000, 2000), ("stage2_3", 30_000, 1000)]
)
def test_learning_rate_schedule(stage: str, steps: int, warmup: int) -> None:
    for step, factor in record("lr_multipliers")[stage]:
        assert schedule(step, steps, warmup, 0.05) == pytest.approx(factor, abs=1e-12)
