"""diffusers pipelines of the families people use, tiny and random, made at test time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoTokenizer, CLIPTextConfig, CLIPTextModel

from tests.support.tiny_vlms import make, tokenizer

CLIP_MARKS = ["<|startoftext|>", "<|endoftext|>"]


def sdxl(folder: Path) -> Any:
    import diffusers

    torch.manual_seed(0)
    words = _clip_tokenizer(folder / "words")
    unet = diffusers.UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=8,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + 16,
        cross_attention_dim=32,
    )
    return diffusers.StableDiffusionXLPipeline(
        vae=_vae(diffusers, 4),
        text_encoder=_clip(words, CLIPTextModel, 16),
        text_encoder_2=_clip(words, transformers.CLIPTextModelWithProjection, 16),
        tokenizer=words,
        tokenizer_2=words,
        unet=unet,
        scheduler=diffusers.EulerDiscreteScheduler(beta_schedule="scaled_linear"),
    )


def sd(folder: Path) -> Any:
    """Stable Diffusion with a safety checker that rejects every image."""
    import diffusers
    from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker

    torch.manual_seed(0)
    words = _clip_tokenizer(folder / "words")
    vision = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "patch_size": 32}
    vision |= {"num_attention_heads": 1, "image_size": 32}
    checker = StableDiffusionSafetyChecker(
        transformers.CLIPConfig(vision_config=vision, projection_dim=8)
    )
    checker.concept_embeds_weights.data.fill_(-2)  # no cosine is below
    return diffusers.StableDiffusionPipeline(
        vae=_vae(diffusers, 4),
        text_encoder=_clip(words, CLIPTextModel, 16),
        tokenizer=words,
        unet=diffusers.UNet2DConditionModel(
            sample_size=8,
            block_out_channels=(16, 32),
            layers_per_block=1,
            norm_num_groups=8,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            attention_head_dim=8,
            cross_attention_dim=16,
        ),
        scheduler=diffusers.DDIMScheduler(steps_offset=1, clip_sample=False),
        safety_checker=checker,
        feature_extractor=transformers.CLIPImageProcessor(size=32, crop_size=32),
    )


def kontext(folder: Path) -> Any:
    import diffusers

    torch.manual_seed(0)
    words = _clip_tokenizer(folder / "words")
    t5 = transformers.T5EncoderModel(
        transformers.T5Config(
            vocab_size=len(words), d_model=32, d_kv=8, d_ff=32, num_layers=1, num_heads=2
        )
    )
    transformer = diffusers.FluxTransformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=32,
        pooled_projection_dim=16,
        axes_dims_rope=(4, 6, 6),
        guidance_embeds=True,
    )
    return diffusers.FluxKontextPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        vae=_vae(diffusers, 4, use_quant_conv=False, use_post_quant_conv=False, shift_factor=0.0),
        text_encoder=_clip(words, CLIPTextModel, 16),
        tokenizer=words,
        text_encoder_2=t5,
        tokenizer_2=words,
        transformer=transformer,
    )


def flux2(folder: Path) -> Any:
    """FLUX.2 klein; needs a diffusers that has it."""
    import diffusers

    make("text_only", folder / "words")
    words = AutoTokenizer.from_pretrained(folder / "words")
    torch.manual_seed(0)
    text = transformers.Qwen3ForCausalLM(
        transformers.Qwen3Config(
            vocab_size=len(words),
            hidden_size=16,
            intermediate_size=16,
            num_hidden_layers=27,
            num_attention_heads=2,
            num_key_value_heads=2,
            head_dim=8,
        )
    )
    transformer = diffusers.Flux2Transformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=48,
        timestep_guidance_channels=8,
        axes_dims_rope=(4, 4, 4, 4),
    )
    vae = diffusers.AutoencoderKLFlux2(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=32,
    )
    return diffusers.Flux2KleinPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        vae=vae,
        text_encoder=text,
        tokenizer=words,
        transformer=transformer,
    )


def qwen_edit(folder: Path, plus: bool) -> Any:
    import diffusers

    from wegen_core.mllm.local.processor import load_processor

    make("qwen2_5_vl", folder / "words")
    text = transformers.Qwen2_5_VLForConditionalGeneration.from_pretrained(folder / "words")
    torch.manual_seed(0)
    vae = diffusers.AutoencoderKLQwenImage(
        base_dim=8,
        z_dim=4,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
        latents_mean=[0.0] * 4,
        latents_std=[1.0] * 4,
    )
    transformer = diffusers.QwenImageTransformer2DModel(
        patch_size=2,
        in_channels=16,
        out_channels=4,
        num_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=32,
        axes_dims_rope=(4, 6, 6),
    )
    family = diffusers.QwenImageEditPlusPipeline if plus else diffusers.QwenImageEditPipeline
    return family(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        vae=vae,
        text_encoder=text,
        tokenizer=AutoTokenizer.from_pretrained(folder / "words"),
        processor=load_processor(folder / "words", text.config),
        transformer=transformer,
    )


def _clip_tokenizer(folder: Path) -> Any:
    folder.mkdir(parents=True)
    tokenizer(
        folder, "PreTrainedTokenizerFast", CLIP_MARKS, "", bos_token=CLIP_MARKS[0],
        eos_token=CLIP_MARKS[1], pad_token=CLIP_MARKS[1], model_max_length=77,
    )  # fmt: skip
    return AutoTokenizer.from_pretrained(folder)


def _clip(words: Any, family: type, width: int) -> Any:
    config = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=width,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        projection_dim=16,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
    )
    return family(config).eval()


def _vae(diffusers: Any, channels: int, **more: Any) -> Any:
    return diffusers.AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=channels,
        norm_num_groups=4,
        sample_size=64,
        **more,
    )
