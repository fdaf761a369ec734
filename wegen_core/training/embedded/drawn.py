"""Drawn images with what each patch shows: what the image encoder and the VAE learn from.

They stand in for EVA-CLIP and for SDXL's VAE, which the published network begins with. The three
stages after them read nothing but the rows of `wegen diic`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from tqdm.auto import tqdm

from ...playground import clips, world
from ...playground.looks import LOOKS, WHOLE, thing_labels, whole_labels
from ...playground.scenes import pick

SIZE, PATCH = 128, 16
GRID = SIZE // PATCH

_MIN_COVERED = 0.12  # share of a patch's pixels that a thing covers


@dataclass(frozen=True)
class DrawnImages:
    """Images with labels.

    Parameters
    ----------
    pixels
        uint8 [N, 128, 128, 3].
    looks
        uint8 [N, 64, looks]: positions in the values of `LOOKS`, or `UNSEEN`, patches row by row.
    whole
        uint8 [N, 4]: positions in the values of `WHOLE`.
    """

    pixels: np.ndarray
    looks: np.ndarray
    whole: np.ndarray

    def images(self, chosen: np.ndarray) -> torch.Tensor:
        """The images with these numbers, float32 [n, 3, 128, 128] in 0..1."""
        images = torch.from_numpy(self.pixels[chosen]).permute(0, 3, 1, 2)
        return images.contiguous().float() / 255  # noise of another layout is drawn slowly


def draw_images(folder: Path, count: int, seed: int = 0) -> DrawnImages:
    """Draw `count` random scenes into `folder`, or open those that are there."""

    def draw() -> Iterator[Sequence[np.ndarray]]:
        rng = np.random.default_rng((seed, 11))
        while True:
            scene = sample_view(rng)
            frame = clips.render(scene, SIZE)
            yield frame.image, *label(scene, frame)

    shapes = {
        "drawn-pixels": (SIZE, SIZE, 3),
        "drawn-looks": (GRID**2, len(LOOKS)),
        "drawn-whole": (len(WHOLE),),
    }
    return DrawnImages(*saved_arrays(folder, shapes, count, seed, draw()))


def saved_arrays(
    folder: Path,
    shapes: Mapping[str, tuple[int, ...]],
    count: int,
    seed: int,
    rows: Iterator[Sequence[np.ndarray]],
) -> list[np.ndarray]:
    """Arrays uint8 [count, *shape] filled from `rows` into files, or opened if those are there.

    Parameters
    ----------
    shapes
        Beginning of a file's name -> the shape of a row.
    rows
        For each row the values of all arrays.
    """
    paths = [folder / f"{name}-{count}-{seed}.npy" for name in shapes]
    if not all(path.exists() for path in paths):
        folder.mkdir(parents=True, exist_ok=True)
        arrays = [
            np.lib.format.open_memmap(f"{path}.tmp", "w+", np.uint8, (count, *shape))
            for path, shape in zip(paths, shapes.values(), strict=True)
        ]
        for i in tqdm(range(count), desc="draw", mininterval=2.0):
            for array, row in zip(arrays, next(rows), strict=True):
                array[i] = row
        for path, array in zip(paths, arrays, strict=True):
            array.flush()
            os.replace(f"{path}.tmp", path)
    return [np.load(path, mmap_mode="r") for path in paths]


def sample_view(rng: np.random.Generator) -> world.Scene:
    """A random scene; in one of five the camera is not in its usual place."""
    scene = world.sample(rng)
    if rng.random() < 0.8:
        return scene
    camera = world.Camera(pick(rng, world.PANS), pick(rng, world.ZOOMS))
    return replace(scene, camera=camera)


def shown_things(scene: world.Scene, frame: clips.Frame) -> list[world.Thing | None]:
    """The thing that each of the 64 patches shows, row by row; None: no thing."""
    things = {thing.instance: thing for thing in scene.things}
    drawn = [*(things[instance] for instance in frame.instances), None]
    covered = (frame.coverage > 0.5).reshape(-1, GRID, PATCH, GRID, PATCH).mean((2, 4))
    which = np.where(covered.max(0) > _MIN_COVERED, covered.argmax(0), len(covered)).ravel()
    return [drawn[k] for k in which]


def label(scene: world.Scene, frame: clips.Frame) -> tuple[np.ndarray, np.ndarray]:
    """`looks` [64, looks] and `whole` [4] of one image."""
    looks = [thing_labels(thing) for thing in shown_things(scene, frame)]
    return np.array(looks), np.array(whole_labels(scene))
