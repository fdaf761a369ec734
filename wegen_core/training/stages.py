"""Training the painter (stage 1) and the language model (stages 2 and 3) on the playground."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..model.losses import denoising_loss
from ..model.network import Network
from ..model.prompt import IGNORED
from ..playground import samples as world
from ..playground.sequences import EncodedChat, TrainingTurn, chat, encode, question, words
from .encoded_scenes import EncodedScenes
from .loop import train

TOKEN_NOISE = 0.4
"""Maximum noise on visual tokens (of unit power), as at inference they are predictions."""

DROPPED = 0.1
"""Share of images painted without a condition, for classifier-free guidance."""


POOL = 4
"""Sample this many batches, sort by length, and train on one contiguous slice: less padding."""


class _Batch(NamedTuple):
    """One kind of batch: its share of all batches, how many chats it has, how one is drawn."""

    share: float
    chats: int
    chat: Callable[[np.random.Generator], list[TrainingTurn]]


# Chats without images cost little, and teach which colour goes with which thing. Answers are so
# short that in a batch with longer replies they would hardly count.
_BATCHES = (
    _Batch(0.15, 96, question),
    _Batch(0.35, 64, words),
    _Batch(0.12, 24, partial(chat, 1)),
    _Batch(0.2, 12, partial(chat, 2)),
    _Batch(0.1, 8, partial(chat, 3)),
    _Batch(0.08, 6, partial(chat, 4)),
)


def _noisy(tokens: Tensor) -> Tensor:
    """Add noise to tokens [N,64,W], of another strength for each image."""
    strength = TOKEN_NOISE * torch.rand(len(tokens), 1, 1)
    return tokens + strength * torch.randn_like(tokens)


def train_painter(
    net: Network, folder: Path, *, steps: int, batch: int = 32, seed: int = 0
) -> None:
    """Run stage 1: the U-Net learns to paint from visual tokens; encoder and VAE stay frozen."""
    encoded = EncodedScenes(net)
    net.unet.requires_grad_(True)
    width, height = net.config.paint.width, net.config.paint.height
    scheduler = net.scheduler()
    sizes = torch.tensor([[height, width, 0, 0, height, width]], dtype=torch.float32)

    def step(_: int, rng: np.random.Generator) -> list[tuple[Tensor, dict[str, float]]]:
        scenes = [world.sample(rng) for _ in range(batch)]
        tokens = _noisy(encoded.tokens(scenes))
        tokens[torch.rand(batch) < DROPPED] = 0.0
        loss = denoising_loss(
            net.unet, scheduler, encoded.latents(scenes), tokens, sizes.expand(batch, -1)
        )
        return [(loss, {})]

    train(
        "painter",
        net.unet,
        step,
        steps=steps,
        lr=1e-3,
        folder=folder,
        seed=seed,
        ema_decay=0.998,
        save_every=100,
    )
    net.unet.eval()


def train_llm(net: Network, folder: Path, *, steps: int, seed: int = 0) -> None:
    """Run stages 2 and 3: the language model and both projectors learn interleaved chats.

    The diffusion term is left out: the painter was trained to read tokens despite noise.
    """
    encoded = EncodedScenes(net)
    learned = torch.nn.ModuleList([net.llm, net.input_projector, net.output_projector])
    learned.requires_grad_(True)

    def step(_: int, rng: np.random.Generator) -> list[tuple[Tensor, dict[str, float]]]:
        batch = _BATCHES[int(rng.choice(len(_BATCHES), p=[b.share for b in _BATCHES]))]
        pool = [encode(batch.chat(rng), net.tokenizer) for _ in range(POOL * batch.chats)]
        pool.sort(key=lambda chat: len(chat.ids))
        start = batch.chats * int(rng.integers(POOL))
        chats = pool[start : start + batch.chats]
        losses = net(collate(chats, net, encoded), diffusion=False)
        return [(losses["total_loss"], {k: float(v.detach()) for k, v in losses.items()})]

    train(
        "llm",
        learned,
        step,
        steps=steps,
        lr=1e-3,
        folder=folder,
        seed=seed,
        betas=(0.9, 0.95),
        weight_decay=0.05,
        warmup=200,
        ema_decay=0.998,
        save_every=100,
    )
    net.llm.eval()


def collate(chats: list[EncodedChat], net: Network, encoded: EncodedScenes) -> dict[str, Tensor]:
    """Make the batch of `Network.forward`, padded on the right."""
    longest = max(len(c.ids) for c in chats)
    ids = torch.full((len(chats), longest), net.tokenizer.eos_id)
    labels = torch.full_like(ids, IGNORED)
    attention = torch.zeros_like(ids)
    for i, c in enumerate(chats):
        ids[i, : len(c.ids)] = torch.tensor(c.ids)
        labels[i, : len(c.ids)] = torch.tensor(c.labels)
        attention[i, : len(c.ids)] = 1
    generated = torch.tensor([g for c in chats for g in c.generated], dtype=torch.bool)
    visual = torch.isin(ids, torch.tensor(net.tokenizer.image_ids))
    # Row-major order of the image positions is the order of the images: 64 positions each.
    is_generated = torch.zeros_like(visual)
    is_generated[visual] = generated.repeat_interleave(net.config.image_tokens)
    scenes = [s for c in chats for s in c.scenes]
    width = net.config.vision.width
    tokens = encoded.tokens(scenes) if scenes else torch.zeros(0, net.config.image_tokens, width)
    return {
        "input_ids": ids,
        "labels": labels,
        "attention_mask": attention,
        "ids_cmp_mask": visual & ~is_generated,
        "ids_gen_mask": is_generated,
        "embeds_cmp_mask": ~generated,
        "embeds_gen_mask": generated,
        "image_features": _noisy(tokens),
        "image_targets": tokens,
    }
