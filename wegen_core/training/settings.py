"""Hyper-parameters of the three stages: one frozen record each, and what presets change in it.

The defaults of the records are the published ones (arXiv 2503.01115 and its code). `PRESETS` holds
ours where they differ, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class StageSettings:
    """What all stages have; the defaults are those of stages 2 and 3.

    Parameters
    ----------
    steps, warmup
        Optimiser steps; the learning rate rises linearly over the first `warmup`.
    lr, min_lr, betas, eps, weight_decay, clip
        Of AdamW; the rate falls on a cosine from `lr` to `min_lr` times `lr`; `clip` is the maximum
        norm of the gradient.
    muon
        Learning rate of Muon as a multiple of `lr`, for the matrices of blocks; 0: AdamW for all.
    batch
        Packed sequences (painter: groups of images) in one step, over all processes.
    max_images, max_tokens
        Of one packed sequence; it is what one process computes at a time. The painter has images
        only.
    ema
        Decay of the averaged weights, which are what is saved in the end; None: no average.
    bf16
        Whether the pass runs under bfloat16 autocast.
    checkpointing
        Whether activations are computed again in the backward pass, which saves memory.
    mix
        Kind of row -> how often it counts in an epoch; kinds that are not listed are left out.
    held_out
        Share of the videos that is not trained on, but measured.
    sizes
        Whether the U-Net is given the image's size, as it is when it paints; else zeros.
    """

    steps: int = 30_000
    warmup: int = 1000
    lr: float = 5e-4
    betas: tuple[float, float] = (0.9, 0.95)
    weight_decay: float = 0.05
    muon: float = 0.0
    mix: Mapping[str, float] = field(
        default_factory=lambda: {
            "session": 1.0,
            "composition": 1.0,
            "question": 1.0,
            "caption": 0.5,
            "rewrite": 1.0,
        }
    )
    eps: float = 1e-6
    min_lr: float = 0.05
    clip: float = 1.0
    batch: int = 64
    max_images: int = 16
    max_tokens: int = 2048
    ema: float | None = None
    bf16: bool = True
    checkpointing: bool = True
    held_out: float = 0.02
    sizes: bool = False

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "max_images", "max_tokens"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if self.warmup < 0 or self.lr <= 0:
            raise ValueError(f"warmup {self.warmup} is below 0, or lr {self.lr} is not positive")
        if self.muon < 0:
            raise ValueError(f"muon is {self.muon}; it must be at least 0")
        if not 0 <= self.held_out < 1:
            raise ValueError(f"held_out is {self.held_out}; it must be from 0 to below 1")
        if self.ema is not None and not 0 < self.ema < 1:
            raise ValueError(f"ema is {self.ema}; it must be between 0 and 1")
        negative = [kind for kind, weight in self.mix.items() if weight < 0]
        if negative or not any(self.mix.values()):
            raise ValueError(f"mix {dict(self.mix)} needs weights of at least 0, and one above")


@dataclass(frozen=True)
class PainterSettings(StageSettings):
    """Stage 1: the U-Net learns to paint images from their visual tokens.

    Parameters
    ----------
    condition_dropout
        Share of images whose tokens are zeros, which classifier-free guidance needs.
    token_noise
        Maximum noise on the tokens, as a multiple of their root mean square.
    encode_once
        Whether visual tokens and latents of all images stay in memory once they are computed:
        25 kB an image of the embedded network.
    """

    steps: int = 160_000
    warmup: int = 2000
    lr: float = 1e-4
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.01
    # A session holds every frame of a video once; the other kinds repeat its frames.
    mix: Mapping[str, float] = field(default_factory=lambda: {"session": 1.0})
    condition_dropout: float = 0.0
    token_noise: float = 0.0
    encode_once: bool = False


@dataclass(frozen=True)
class ConversationSettings(StageSettings):
    """Stages 2 and 3: the language model and both projectors learn interleaved sequences.

    Parameters
    ----------
    diffusion
        Whether the frozen painter's loss counts.
    token_noise
        Maximum noise on the visual tokens that are read, as in `PainterSettings`; those that are
        predicted stay as they are.
    """

    diffusion: bool = True
    token_noise: float = 0.0


@dataclass(frozen=True)
class AlignSettings(ConversationSettings):
    """Stage 2: images and their descriptions, in both directions."""

    mix: Mapping[str, float] = field(default_factory=lambda: {"caption": 1.0, "rewrite": 1.0})


@dataclass(frozen=True)
class InstructSettings(ConversationSettings):
    """Stage 3: interleaved sequences of all kinds."""


STAGES: dict[str, type[StageSettings]] = {
    "painter": PainterSettings,
    "align": AlignSettings,
    "instruct": InstructSettings,
}

# A network of a few million weights that begins at random learns faster at higher rates, in fewer
# and smaller steps, and fits into memory as it is; float32 is faster than bfloat16 on most CPUs.
_SMALL = {"batch": 8, "ema": 0.998, "bf16": False, "checkpointing": False, "max_tokens": 1024}
# Guidance paints against zeros, which the published training never shows: drop conditions. Tokens
# are predictions when the copilot paints: show the painter that they may be a little wrong.
_GUIDED = {"condition_dropout": 0.1}

PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    "mini": {
        "painter": {
            **_SMALL,
            **_GUIDED,
            "steps": 2600,
            "warmup": 100,
            "lr": 1e-3,
            "token_noise": 0.4,
            "sizes": True,
        },
        "align": {**_SMALL, "steps": 2000, "warmup": 200, "lr": 1e-3, "sizes": True},
        "instruct": {**_SMALL, "steps": 6500, "warmup": 200, "lr": 1e-3, "sizes": True},
    },
    # The embedded network's own: drawings, of which each row is read many times. Painter and
    # language model are large enough for bfloat16 to be faster on processors with instructions for
    # it. With Muon image encoder and painter learned in fewer steps (docs/log.md).
    "mini128": {
        "painter": {
            **_SMALL,
            **_GUIDED,
            "steps": 12_000,
            "warmup": 200,
            "lr": 1e-3,
            "muon": 3.0,
            "batch": 1,
            "bf16": True,
            "max_images": 16,
            "token_noise": 0.4,
            "sizes": True,
            "encode_once": True,
            "mix": {"session": 1.0, "composition": 1.0},
        },
        "align": {
            **_SMALL,
            "steps": 1000,
            "warmup": 200,
            "lr": 1e-3,
            "muon": 3.0,
            "batch": 2,
            "bf16": True,
            "sizes": True,
            "diffusion": False,
            "token_noise": 0.4,
            "mix": {"caption": 1.0, "rewrite": 1.0, "words": 2.0},
        },
        "instruct": {
            **_SMALL,
            "steps": 12_000,
            "warmup": 200,
            "lr": 1e-3,
            "muon": 3.0,
            "batch": 2,
            "bf16": True,
            "sizes": True,
            "diffusion": False,
            "token_noise": 0.4,
            "mix": {
                "session": 1.0,
                "composition": 1.0,
                "question": 1.0,
                "rewrite": 1.0,
                "words": 2.0,
            },
        },
    },
    "small": {
        "painter": {
            **_SMALL,
            **_GUIDED,
            "steps": 10_000,
            "warmup": 500,
            "lr": 5e-4,
            "token_noise": 0.4,
            "sizes": True,
        },
        "align": {**_SMALL, "steps": 5000, "warmup": 500, "lr": 5e-4, "sizes": True},
        "instruct": {**_SMALL, "steps": 15_000, "warmup": 500, "lr": 5e-4, "sizes": True},
    },
    "official": {"painter": _GUIDED, "align": {}, "instruct": {}},
}


def stage_settings(stage: str, preset: str, **changes: Any) -> StageSettings:
    """The settings of a stage ("painter", "align", "instruct") in a preset, with some changed.

    Raises
    ------
    ValueError
        A value is out of range.
    """
    return replace(STAGES[stage](), **{**PRESETS[preset][stage], **changes})
