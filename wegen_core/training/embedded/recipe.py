"""The embedded network of 128 pixels, from nothing, by the three stages on rows of `wegen diic`.

    python -m wegen_core train mini128 --out runs/mini128

Parts, in order, each resumable: base (tokenizer, image encoder, VAE; U-Net and language model at
random), rows (drawn clips through `wegen diic`), painter, align, instruct.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from ...diic.pipeline import PipelineSettings
from ...diic.run import find_videos, run_local
from ...loading import load_network
from ...model import WeGen
from ...model.checkpoint import save_network
from ...model.config import PaintDefaults, WeGenConfig
from ...model.reply_format import INTENT_PREFIXES
from .. import mini
from ..data import read_data
from ..settings import stage_settings
from ..stage import train_stage
from .drawn import GRID, SIZE, draw_images
from .encoder import CONFIG as VISION
from .encoder import train_encoder
from .tokenizer import build_tokenizer, taught_words
from .vae import CHANNELS, train_vae

UNET = {
    **mini.UNET,
    "in_channels": CHANNELS + VISION.width,  # sees visual tokens at their place, too: learns faster
    "out_channels": CHANNELS,
    "block_out_channels": (80, 112, 160),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "attention_head_dim": (2, 4, 5),
    "cross_attention_dim": VISION.width,
    "projection_class_embeddings_input_dim": VISION.width + 6 * 32,
}
LLM = {**mini.LLM, "num_hidden_layers": 5}
# Predicting velocity down to pure noise, it learns the colours of whole areas first, not last.
SCHEDULER = {
    **mini.SCHEDULER,
    "prediction_type": "v_prediction",
    "rescale_betas_zero_snr": True,
    "timestep_spacing": "trailing",
    "steps_offset": 0,
}
WORLD = (
    "drawings of animals, vehicles, plants, buildings, furniture and food in eight colours, at "
    "eight places, and simple English"
)
PARTS = ("base", "rows", "painter", "align", "instruct")
DRAWN, CLIPS = 100_000, 8_000
VAE_STEPS, ENCODER_STEPS = 8000, 12_000


def train_embedded(out: Path, parts: Sequence[str] = PARTS, seed: int = 0) -> Path:
    """Run or resume parts of the recipe; a finished one is left as it is.

    Parameters
    ----------
    out
        Keeps everything: `base/`, `rows/`, and a run folder for each stage.
    parts
        Of `PARTS`.
    seed
        The same seed gives the same network on the same machine.

    Returns
    -------
    Path
        The folder of the last part.
    """
    from accelerate import Accelerator

    folder = out / "base"
    if "base" in parts and not folder.exists():
        base = build_base(out, seed)
        save_network(base, folder, torch.float32, max_shard=mini.SHARD)
    if "rows" in parts:
        videos = find_videos(f"playground:{CLIPS}:{seed * CLIPS}")
        run_local(videos, out / "rows", PipelineSettings(), 1)
    previous = folder
    for stage in ("painter", "align", "instruct"):
        folder = out / stage / "model"
        if stage in parts and not folder.exists():
            net = load_network(previous, device="cpu", dtype=torch.float32)
            settings = stage_settings(stage, "mini128")
            data = read_data({out / "rows": 1.0}, settings, net.tokenizer, net.context_length)
            accelerator = Accelerator(cpu=True)
            train_stage(stage, net, settings, data, out / stage, accelerator, save_every=100)
        previous = folder
    return folder


def build_base(out: Path, seed: int = 0) -> WeGen:
    """The network before the stages: trained image encoder, VAE and tokenizer."""
    run = out / "stages"
    drawn = draw_images(run, DRAWN, seed)
    encoder = train_encoder(drawn, run, steps=ENCODER_STEPS, seed=seed)
    vae = train_vae(drawn, run, steps=VAE_STEPS, seed=seed)
    tokenizer = build_tokenizer(out / "tokenizer", GRID**2, seed)
    torch.manual_seed(seed)
    config = WeGenConfig(
        vision=VISION,
        llm={**LLM, "vocab_size": len(tokenizer)},
        unet=UNET,
        vae={k: v for k, v in vae.config.items() if not k.startswith("_")},
        scheduler=SCHEDULER,
        paint=PaintDefaults(width=SIZE, height=SIZE, steps=20, guidance=2.0),
        tokens_side=GRID,
        intent_prefixes=INTENT_PREFIXES,
        max_images=4,
        vocabulary=taught_words(seed),
        world=WORLD,
        name="mini",
    )
    net = WeGen(config, tokenizer)
    net.vision, net.vae = encoder, vae
    return net.eval().requires_grad_(False)


def main(arguments: Sequence[str] | None = None) -> None:
    """`python -m wegen_core train mini128`."""
    parser = argparse.ArgumentParser(
        prog="python -m wegen_core train mini128",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, default=Path("runs/mini128"), help="run folder")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    print(train_embedded(options.out, options.parts, options.seed))
