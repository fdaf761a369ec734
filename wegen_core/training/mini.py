"""The embedded model, trained from nothing on scenes that our own code draws.

    python -m wegen_core train mini --out runs/mini

Stages, each resumable: tokenizer, vision (image encoder), vae, painter (the paper's stage 1), llm
(stages 2 and 3 in one: the playground has no pretrained language model to align first).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from diffusers.models import AutoencoderKL

from ..model import WeGen
from ..model.checkpoint import save_network
from ..model.config import PaintDefaults, VisionConfig, WeGenConfig
from ..model.prompt import unique_words
from ..model.reply_format import INTENT_PREFIXES
from ..playground.sequences import MAX_IMAGES, corpus
from .stages import train_llm, train_painter
from .train_tokenizer import train_tokenizer
from .vae import build_vae, train_vae
from .vision import train_vision

VISION = VisionConfig(image_size=64, patch_size=8, width=96, layers=4, head_width=24, mlp_ratio=3.0)
UNET = {
    "sample_size": 16,
    "in_channels": 4,
    "out_channels": 4,
    "block_out_channels": (64, 96, 128),
    "layers_per_block": 1,
    "norm_num_groups": 16,
    "down_block_types": ("CrossAttnDownBlock2D",) * 3,
    "up_block_types": ("CrossAttnUpBlock2D",) * 3,
    "transformer_layers_per_block": 1,
    "attention_head_dim": (2, 3, 4),
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 32,
    "cross_attention_dim": VISION.width,
    "projection_class_embeddings_input_dim": VISION.width + 6 * 32,
}
LLM = {
    "hidden_size": 256,
    "intermediate_size": 688,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "max_position_embeddings": 2048,
    "rms_norm_eps": 1e-5,
    "tie_word_embeddings": False,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
SCHEDULER = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "timestep_spacing": "leading",
    "steps_offset": 1,
    "prediction_type": "epsilon",
}
WORLD = (
    "drawings of cars, boats, houses, trees, cats, fish, balls and stars in six colours, at four "
    "places, and simple English"
)
MAX_VAE_ERROR = 0.07  # see benchmarks/small_world.py
PAINT = PaintDefaults(width=64, height=64, steps=20, guidance=2.0)

STEPS = {"vision": 3500, "vae": 2800, "painter": 2600, "llm": 6500}
NEEDS = {"painter": ("vision", "vae"), "llm": ("vision",)}
SIDE = 8
VOCABULARY, SENTENCES = 768, 30_000
SHARD = 16_000_000  # bytes; the repository takes no file over 20 MB


def build(folder: Path, seed: int = 0) -> WeGen:
    """Make the untrained network, and train its tokenizer."""
    tokenizer = train_tokenizer(folder / "tokenizer", SIDE**2, corpus(SENTENCES, seed), VOCABULARY)
    torch.manual_seed(seed)
    config = WeGenConfig(
        vision=VISION,
        llm={**LLM, "vocab_size": len(tokenizer)},
        unet=UNET,
        vae=_settings(build_vae()),
        scheduler=SCHEDULER,
        paint=PAINT,
        tokens_side=SIDE,
        intent_prefixes=INTENT_PREFIXES,
        max_images=MAX_IMAGES,
        vocabulary=training_vocabulary(seed),
        world=WORLD,
        max_vae_error=MAX_VAE_ERROR,
        name="mini",
    )
    return WeGen(config, tokenizer).eval().requires_grad_(False)


def train_mini(
    folder: Path,
    stages: Sequence[str] = tuple(STEPS),
    seed: int = 0,
    init: Path | None = None,
) -> WeGen:
    """Run or resume stages, in order; a finished one only loads its weights.

    The painter needs vision and vae, the llm needs vision. Once those are finished, two processes
    can train painter and llm at once, each with the stages it needs.

    Parameters
    ----------
    folder
        Keeps the tokenizer, and checkpoints and logs of the stages.
    stages
        Names of `STEPS`.
    seed
        The same seed gives the same network.
    init
        A model folder that painter and llm begin with; stages that are left out keep its weights.

    Raises
    ------
    ValueError
        A stage that another one needs is left out.
    """
    for stage in stages if init is None else ():
        missing = [other for other in NEEDS.get(stage, ()) if other not in stages]
        if missing:
            raise ValueError(
                f"stage {stage!r} learns from {' and '.join(missing)}: add that to the stages (a "
                "finished one only loads), or give a trained model as --init"
            )
    net = build(folder, seed) if init is None else WeGen.from_pretrained(init)
    run, steps = folder / "stages", STEPS
    if "vision" in stages:
        net.vision = train_vision(VISION, run, steps=steps["vision"], seed=seed)
    if "vae" in stages:
        net.vae = train_vae(run, steps["vae"], seed)
        net.config = replace(net.config, vae=_settings(net.vae))
    net.requires_grad_(False)
    if "painter" in stages:
        train_painter(net, run, steps=steps["painter"], seed=seed)
    if "llm" in stages:
        train_llm(net, run, steps=steps["llm"], seed=seed)
    return net


def training_vocabulary(seed: int = 0) -> str:
    """List every word of the sentences that the mini learns from, with spaces between."""
    return " ".join(
        sorted({word for text in corpus(SENTENCES, seed) for word in unique_words(text)})
    )


def _settings(vae: AutoencoderKL) -> dict[str, Any]:
    """The arguments of `AutoencoderKL` that give this one."""
    return {k: v for k, v in vae.config.items() if not k.startswith("_")}


def main(arguments: Sequence[str] | None = None) -> None:
    """`python -m wegen_core train mini`."""
    parser = argparse.ArgumentParser(prog="python -m wegen_core train mini", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/mini"), help="run folder")
    parser.add_argument("--stages", nargs="+", choices=list(STEPS), default=list(STEPS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--init", type=Path, help="model folder to go on from, instead of nothing")
    options = parser.parse_args(arguments)
    net = train_mini(options.out, options.stages, options.seed, options.init)
    if options.init or set(options.stages) == set(STEPS):
        save_network(net, options.out / "model", torch.float16, overwrite=True, max_shard=SHARD)
        print(f"saved to {options.out / 'model'}; copy it to wegen_core/pretrained/mini to ship it")
