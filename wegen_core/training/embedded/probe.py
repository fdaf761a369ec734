"""The probe that judges painted images, trained on drawn scenes that are blurred and shifted.

    python -m wegen_core.training.embedded.probe --out runs/probe

Painted images are never as sharp as drawn ones; the probe must not mark them down for that. One in
four scenes shows a colour of a kind that the network never sees.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ...evaluation.probe import save_weights
from ...evaluation.scene_probe import (
    FIELDS,
    VALUES,
    WEIGHTS,
    SceneProbe,
    differences,
    scene_labels,
)
from ...playground import clips, world
from ...playground.looks import UNSEEN, thing_labels, whole_labels
from ..loop import train
from .drawn import GRID, SIZE, sample_view, saved_arrays, shown_things

BATCH, DRAWN, STEPS = 16, 40_000, 10_000


def train_probe(
    folder: Path, drawn: int = DRAWN, steps: int = STEPS, seed: int = 0, weights: Path = WEIGHTS
) -> SceneProbe:
    """Train the probe, resuming what `folder` holds, and save it to `weights` as float16."""
    shapes = {"pixels": (SIZE, SIZE, 3), "labels": (GRID**2, len(VALUES))}
    pixels, labels = saved_arrays(folder, shapes, drawn, seed, _draw(seed))
    torch.manual_seed(seed)
    probe = SceneProbe()

    def step(_: int, rng: np.random.Generator) -> list[tuple[Tensor, dict[str, float]]]:
        chosen = rng.integers(len(pixels), size=BATCH)
        images = torch.from_numpy(pixels[chosen]).permute(0, 3, 1, 2).contiguous() / 127.5 - 1
        answers = torch.from_numpy(labels[chosen]).long().flatten(0, 1)
        losses = {
            name: F.nll_loss(log_chances.flatten(0, 1), answers[:, k], ignore_index=UNSEEN)
            for k, (name, log_chances) in enumerate(probe(degrade(images)).items())
        }
        figures = {name: float(loss.detach()) for name, loss in losses.items()}
        return [(torch.stack(list(losses.values())).sum(), figures)]

    train(
        "probe",
        probe,
        step,
        steps=steps,
        lr=1e-3,
        muon=5.0,
        folder=folder,
        ema_decay=0.998,
        bf16=True,
        seed=seed,
    )
    save_weights(probe, weights)
    return SceneProbe.load(weights)


def degrade(images: Tensor) -> Tensor:
    """Images [N, 3, H, W] moved by up to a pixel and a half, some blurred, with other shades."""
    count = len(images)
    shift = (torch.rand(count, 2) - 0.5) * 6 / images.shape[-1]  # 1.5 pixels of a width of 2
    still = torch.eye(2).expand(count, 2, 2)
    grid = F.affine_grid(
        torch.cat([still, shift[..., None]], 2), list(images.shape), align_corners=False
    )
    moved = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    soft = F.avg_pool2d(F.pad(moved, (1, 1, 1, 1), mode="replicate"), 3, 1)
    blur = torch.rand(count, 1, 1, 1) * (torch.rand(count, 1, 1, 1) < 0.6)
    shades = 1 + 0.25 * (torch.rand(count, 1, 1, 1) - 0.5)
    tint = 0.15 * (torch.rand(count, 3, 1, 1) - 0.5)
    noise = 0.08 * torch.rand(count, 1, 1, 1) * torch.randn_like(images)
    return moved.lerp(soft, blur) * shades + tint + noise


def measure_probe(probe: SceneProbe, count: int = 2000, seed: int = 1) -> dict[str, float]:
    """How often each look is read right in scenes that training never shows, and all of them."""
    rng = np.random.default_rng(seed)
    scenes = [world.sample(rng, held_out=True) for _ in range(count)]
    reads = probe.read([clips.draw(scene, SIZE) for scene in scenes])
    wrong: Counter[str] = Counter()
    total: Counter[str] = Counter()
    perfect = 0
    for read, scene in zip(reads, scenes, strict=True):
        differ = differences(read, scene)
        perfect += not differ
        wrong.update(text.split()[-1] for text in differ)
        labels = scene_labels(scene)
        total.update(name for (_, name), k in zip(FIELDS, labels, strict=True) if k != UNSEEN)
    shares = {name: 1 - wrong[name] / looks for name, looks in total.items()}
    every = 1 - sum(wrong.values()) / sum(total.values())
    return {**shares, "every look": every, "whole scenes": perfect / count}


def _draw(seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Drawn scenes, uint8 [128, 128, 3], with the labels of their patches, [64, values]."""
    rng = np.random.default_rng((seed, 12))
    while True:
        scene = world.sample(rng, held_out=True) if rng.random() < 0.25 else sample_view(rng)
        frame = clips.render(scene, SIZE)
        things = shown_things(scene, frame)
        looks = [thing_labels(thing) for thing in things]
        places = [world.PLACES.index(thing.place) if thing else UNSEEN for thing in things]
        whole = np.tile(whole_labels(scene), (len(things), 1))
        yield frame.image, np.column_stack([looks, places, whole])


def main(arguments: Sequence[str] | None = None) -> None:
    """Train and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("runs/probe"), help="run folder")
    options = parser.parse_args(arguments)
    for name, share in measure_probe(train_probe(options.out)).items():
        print(f"{name:<14}{100 * share:6.2f} %")


if __name__ == "__main__":
    main()
