"""The networks that `wegen train` begins with: of a preset and a size, or in a folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from ..loading import load_network
from ..model import WeGen
from ..model.config import VisionConfig, WeGenConfig
from ..model.network import Network

SIZES = {"mini": 4, "small": 8}
"""Preset -> layers of the language model; each has 64 channels more. The embedded network has 4."""

_SDXL_UNET = {
    "sample_size": 128,
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 2, 10),
    "attention_head_dim": (5, 10, 20),
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "cross_attention_dim": 1792,
    "projection_class_embeddings_input_dim": 1792 + 6 * 256,
}
_SDXL_VAE = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "sample_size": 1024,
    "scaling_factor": 0.13025,
}
_LLAMA_2_7B = {"vocab_size": 32330, "max_position_embeddings": 4096, "rms_norm_eps": 1e-5}


def new_network(preset: str, size: int | None, seed: int) -> WeGen:
    """A network whose U-Net and language model have random weights.

    Image encoder, VAE and tokenizer are those of the embedded network: no stage trains them.

    Parameters
    ----------
    preset
        "mini" or "small".
    size
        Even, at least 2: layers of the language model, from which all widths follow; None: the
        preset's.

    Raises
    ------
    ValueError
        The preset has no network of its own, or the size is odd.
    """
    if preset not in SIZES:
        raise ValueError(f"preset {preset!r} begins with a checkpoint: give its folder as --init")
    size = SIZES[preset] if size is None else size
    if size < 2 or size % 2:
        raise ValueError(f"size is {size}; it must be even and at least 2")
    base = load_network("mini", device="cpu")
    channels = (16 * size, 24 * size, 32 * size)
    unet = {
        **base.config.unet,
        "block_out_channels": channels,
        "attention_head_dim": tuple(c // (16 if c % 32 else 32) for c in channels),
    }
    llm = {
        **base.config.llm,
        "hidden_size": 64 * size,
        "intermediate_size": 172 * size,
        "num_hidden_layers": size,
        "num_attention_heads": size,
        "num_key_value_heads": size,
    }
    config = WeGenConfig(
        vision=base.config.vision,
        llm=llm,
        unet=unet,
        vae=base.config.vae,
        scheduler=base.config.scheduler,
        paint=base.config.paint,
        tokens_side=base.config.tokens_side,
        name=f"{preset} {size}",
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = WeGen(config, base.tokenizer)
    net.vision, net.vae = base.vision, base.vae
    return net.eval()


def existing_network(folder: Path, stage: str) -> WeGen:
    """The network in a folder (official, converted, or the result of a stage), in float32."""
    net = load_network(folder, device="cpu", dtype=torch.float32)
    if stage != "painter":
        # Rows hold free words: what was true of the language model's replies is not any more.
        net.config = replace(net.config, intent_prefixes={}, vocabulary="", world="")
    return net


def published_network() -> Network:
    """The published sizes, on the meta device: no weights, and no memory."""
    tokenizer = load_network("mini", device="cpu").tokenizer
    config = WeGenConfig(
        vision=VisionConfig(), llm=_LLAMA_2_7B, unet=_SDXL_UNET, vae=_SDXL_VAE, name="official"
    )
    with torch.device("meta"):
        return Network(config, tokenizer)
