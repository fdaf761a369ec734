"""What painting a crop keeps of a large image: `python -m benchmarks.large_images`.

Nine drawings with a fine texture make an image of 4096 px; one of them is edited. A simulated
editor paints a megapixel: the whole image, or the crop that `Pipeline.crop` chooses. Both results
go through `Pipeline.finish`. Means over the images (medians of PSNR):

- detail: contrast of the finest details inside the change, as a share of the true edit's
- PSNR: inside the change, against the true edit, dB
- seam: mean difference from the true edit within 2 px of the change mask's outline, levels
- unchanged bit-exact: of the pixels that the edit does not change
- seconds: CPU time of preserving and stitching
"""

from __future__ import annotations

import argparse
import platform
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from benchmarks.pictures import TILE as TILE_SHOWN
from benchmarks.pictures import strip
from benchmarks.preservation import VISIBLE, Row, pair, summary
from tests.support.fakes import FakeMLLM, FakePainter
from tests.support.simulated_editor import simulate_editor, texture
from wegen_core.images.convert import box_of
from wegen_core.painting.families import FAMILIES, paint_size
from wegen_core.painting.step import FinishedImage, Step, paint_step
from wegen_core.pipeline import Pipeline
from wegen_core.planning.requests import refine_request
from wegen_core.playground.samples import draw, sample
from wegen_core.records.plan import Plan, Reference

AREA = 1024 * 1024
TILE = 256  # px; larger drawings take long, and the texture has the detail


class MegapixelPainter(FakePainter):
    """Stands for an editor that paints a megapixel; the benchmark paints in its place."""

    area: Any = AREA


@dataclass(frozen=True)
class Edit:
    """A drawing, the same after an edit, their difference in levels, and the step to paint."""

    source: np.ndarray
    target: np.ndarray
    difference: np.ndarray
    step: Step


def edit(rng: np.random.Generator, size: int, pipeline: Pipeline) -> tuple[Edit, Step]:
    """Nine drawings side by side, one of which is edited; and the same step with its crop."""
    scenes = [np.asarray(draw(sample(rng), TILE)) for _ in range(9)]
    k = int(rng.integers(9))
    scenes[k], after, _ = pair(rng, TILE)
    grain = (texture((size, size), 1.0, int(rng.integers(1 << 31)))[..., :1] - 128.0) / 4
    images = []
    for tiles in (scenes, [*scenes[:k], after, *scenes[k + 1 :]]):
        whole = np.vstack([np.hstack(tiles[row : row + 3]) for row in (0, 3, 6)])
        whole = cv2.resize(whole, (size, size), interpolation=cv2.INTER_CUBIC)
        images.append(np.clip(whole + grain, 0, 255).astype(np.uint8))
    source, target = images
    difference = np.abs(source.astype(np.int16) - target).max(axis=2)
    region = box_of(difference >= VISIBLE)
    plan = Plan("refine", prompt="x", region=region, references=(Reference(1, "base"),))
    step = paint_step(plan, refine_request(Image.fromarray(source), "change it"), 0)
    cropped = pipeline.crop(step)
    if cropped.crop is None:
        raise RuntimeError(f"{size} px are too few for a crop; use a larger size")
    return Edit(source, target, difference, step), cropped


def painted(target: np.ndarray, step: Step, rng: np.random.Generator) -> Image.Image:
    """The true edit as the editor returns it: a megapixel, drifted and blurred."""
    image = Image.fromarray(target)
    image = image if step.crop is None else image.crop(step.crop.box)
    size = paint_size(*image.size, FAMILIES["plain"], AREA)
    small = np.asarray(image.resize(size, Image.Resampling.LANCZOS))
    return Image.fromarray(simulate_editor(small, rng, drift=0.2)[0])


def quality(edit: Edit, result: FinishedImage) -> Row:
    """The measures of the module's docstring."""
    image, mask = np.asarray(result.part.image), np.asarray(result.change_mask) > 127
    inside = cv2.erode((edit.difference >= VISIBLE).astype(np.uint8), np.ones((9, 9))) > 0
    outline = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((5, 5))) > 0
    error = np.abs(image.astype(np.int16) - edit.target)
    detail = [cv2.Laplacian(i, cv2.CV_32F)[inside].std() for i in (image, edit.target)]
    squared = np.square(error[inside].astype(float)).mean()
    same = (image == edit.source).all(axis=2)
    return {
        "detail": float(detail[0] / detail[1]),
        "PSNR, dB": float(10 * np.log10(255**2 / squared)),
        "seam": float(error[outline].mean()),
        "unchanged bit-exact": float(same[edit.difference == 0].mean()),
    }


def close_up(images: dict[str, np.ndarray], where: np.ndarray) -> Image.Image:
    """The images at full size around the border of `where`, with captions."""
    y, x = np.argwhere(where)[0]  # the topmost pixel
    left, top = (max(0, int(c) - TILE_SHOWN // 2) for c in (x, y))
    box = (left, top, left + TILE_SHOWN, top + TILE_SHOWN)
    return strip([(name, Image.fromarray(i).crop(box)) for name, i in images.items()])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=4096, help="side of the images, pixels")
    parser.add_argument("--images", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--picture", type=Path, metavar="FILE", help="of the first image, close up")
    args = parser.parse_args()
    rng, pipeline = np.random.default_rng(args.seed), Pipeline(FakeMLLM(), MegapixelPainter())
    rows: dict[str, list[Row]] = {"a whole": [], "a crop": []}
    for _ in range(args.images):
        one, cropped = edit(rng, args.size, pipeline)
        images = {"source": one.source, "the true edit": one.target}
        for way, step in (("a whole", one.step), ("a crop", cropped)):
            image = painted(one.target, step, rng)
            start = time.process_time()
            result = pipeline.finish(step, image)
            seconds = time.process_time() - start
            if not isinstance(result, FinishedImage):
                raise RuntimeError("a step without a check is painted once")
            rows[way].append({**quality(one, result), "seconds": seconds})
            images[f"painted as {way}"] = np.asarray(result.part.image)
        if args.picture:
            close_up(images, one.difference >= VISIBLE).save(args.picture, optimize=True)
            return
    tables = {way: summary(values) for way, values in rows.items()}
    print(f"{args.images} images of {args.size} px, {platform.machine()}, {date.today()}\n")
    print(f"| measure | {' | '.join(tables)} |\n|---|{'---|' * len(tables)}")
    for name in tables["a crop"]:
        print(f"| {name} | {' | '.join(f'{table[name]:.3f}' for table in tables.values())} |")


if __name__ == "__main__":
    main()
