"""The evaluation probe, trained on drawn scenes that are blurred, shifted and noisy.

Painted images are never as sharp as drawn ones; the probe must not mark them down for that.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageFilter

from ..evaluation.probe import WEIGHTS, Probe, matches, save_weights, targets, to_pixels
from ..playground.samples import Split, draw, sample
from .loop import train

BATCH = 32


def train_probe(
    folder: str | Path, steps: int = 1200, seed: int = 0, weights: str | Path = WEIGHTS
) -> Probe:
    """Train the probe, resuming what `folder` holds, and save it to `weights` as float16."""
    torch.manual_seed(seed)
    probe = Probe()

    def step(_: int, rng: np.random.Generator) -> list[tuple[torch.Tensor, dict[str, float]]]:
        scenes = [sample(rng) for _ in range(BATCH)]
        pixels = to_pixels([_degraded(draw(scene), rng) for scene in scenes])
        pixels = pixels + torch.randn_like(pixels) * 0.08 * float(rng.random())
        answers = targets(scenes)
        logits = probe(pixels)
        losses = [F.cross_entropy(part, answers[:, i]) for i, part in enumerate(logits)]
        return [(torch.stack(losses).sum(), {})]

    train(
        "probe",
        probe,
        step,
        steps=steps,
        lr=3e-3,
        folder=folder,
        weight_decay=0.05,
        ema_decay=0.998,
        seed=seed,
    )
    save_weights(probe, weights)
    return Probe.load(weights)


def measure_probe(
    probe: Probe,
    count: int = 2000,
    seed: int = 1,
    split: Split = "held_out",
    degraded: bool = False,
) -> float:
    """Measure the share of random scenes of the split that the probe reads entirely right."""
    rng = np.random.default_rng(seed)
    scenes = [sample(rng, split) for _ in range(count)]
    images = [_degraded(draw(scene), rng) if degraded else draw(scene) for scene in scenes]
    probed = probe.read(images)
    return float(np.mean([matches(p, s) for p, s in zip(probed, scenes, strict=True)]))


def _degraded(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Moved by up to a pixel and a half, blurred, with other contrast and brightness."""
    dx, dy = rng.uniform(0.5, 3.5, 2)
    padded = Image.fromarray(np.pad(np.asarray(image), ((2, 2), (2, 2), (0, 0)), mode="edge"))
    shift = (1, 0, dx, 0, 1, dy)
    moved = padded.transform(image.size, Image.Transform.AFFINE, shift, Image.Resampling.BILINEAR)
    if rng.random() < 0.6:
        moved = moved.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.2, 1.2))))
    values = (
        (np.asarray(moved, np.float32) - 128) * rng.uniform(0.85, 1.12)
        + 128
        + rng.uniform(-14, 14, 3)
    )
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
