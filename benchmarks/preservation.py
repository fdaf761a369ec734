"""How well preservation holds, measured on drawings of the playground; nothing is downloaded.

    python -m benchmarks.preservation [--size 256] [--pairs 24] [--chains 2] [--json FILE]
    python -m benchmarks.preservation --picture docs/preserved.png
    python -m benchmarks.preservation --random 1000

Two drawn scenes differ by one edit. The second goes through a simulated editor (zoom, rotation,
shift, colour shift, blur, noise, JPEG). The truth is known to the pixel. Measures over the pairs,
medians for px, dB and time, else means:

- right decision: between local and global edits
- registration error: at the corners
- seconds per megapixel: CPU time; run with OMP_NUM_THREADS=1
- unchanged bit-exact, unchanged PSNR: of the pixels that the edit does not change
- mask IoU, mask recall: of the change mask
- edit kept: share of the edited pixels that are nearer to the edit than to the source
- no edit -> source: share of images without an edit that come back bit-exact
- good: share of the pairs whose decision is right and whose mask, where composited, holds what
  clearly differs (but for 0.5 % of the mask within 12 px of it, and a tenth of all thick parts),
  and little more (at most a tenth of the image lies in it far from any clear difference)
- 10 turns: bit-exact: share of pixels that none of ten edits changes

Beside them: other pairs with the habits of real editors (`tests/support/real_habits.py`) at up to
their usual strength; and the same pairs by what people do today (`benchmarks.baselines`), which
decides nothing.

--random tries pairs of unrelated images, down to one pixel, and counts failures.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from datetime import date
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from benchmarks.baselines import BASELINES
from benchmarks.drift import DISC, clear_difference
from tests.support import real_habits
from tests.support.simulated_editor import (
    GLOBAL_EDITS,
    check_random_pair,
    corner_error,
    simulate_editor,
    to_image,
)
from wegen_core.playground.samples import Scene, Thing, draw, edits, sample
from wegen_core.preservation import Anchor, preserve

# Of habits. The median misfit and colour shift are 4 levels then, and 2.3 levels in 48 real pairs.
STRENGTHS = (0.2, 1.0)
VISIBLE = 8  # levels from which a difference between the drawings is an edit


def pair(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A drawing, the same after one local edit, both uint8; and their difference in levels."""
    while True:
        scene = sample(rng)
        after = edits(scene, rng, "any")[1]
        if after.background == scene.background:
            break
    a, b = np.asarray(draw(scene, size)), np.asarray(draw(after, size))
    return a, b, np.abs(a.astype(int) - b).max(axis=2)


Row = dict[str, float]


def local(rng: np.random.Generator, size: int) -> dict[str, Row]:
    """One local edit, measured: by `preserve` ("") and by each of the baselines."""
    source, target, difference = pair(rng, size)
    edited, truth = simulate_editor(target, rng, drift=float(rng.integers(0, 2)))
    start = time.process_time()
    result = preserve(source, edited)
    seconds = time.process_time() - start
    is_local = result.report.decision == "lock"
    row = {"right decision": float(is_local), "seconds per megapixel": seconds / (size**2 / 1e6)}
    ways = {"": (result.image, result.change_mask > 0.5, result.transform)}
    ways |= {name: baseline(source, edited) for name, baseline in BASELINES.items()}
    rows = {}
    for name, (image, mask, transform) in ways.items():
        rows[name] = {"registration error, px": corner_error(transform, truth, source.shape[:2])}
        if name or is_local:
            rows[name] |= quality(source, target, difference, image, mask)
    rows[""] = {"good": 0.0} | rows[""] | row
    return rows


def by_real_habits(rng: np.random.Generator, size: int) -> Row:
    """One edit with the habits of real editors, measured."""
    case = real_habits.case(rng, size, strength=rng.uniform(*STRENGTHS))
    start = time.process_time()
    result = preserve(case.source, case.edited)
    seconds = time.process_time() - start
    right = result.report.decision == case.expected
    row = {"right decision": float(right), "good": float(right)}
    row["seconds per megapixel"] = seconds / (size**2 / 1e6)
    if right and case.expected == "lock":
        difference, mask = case.difference, result.change_mask > 0.5
        size_of_source = case.source.shape[:2]
        row["registration error, px"] = corner_error(result.transform, case.matrix, size_of_source)
        row |= quality(case.source, case.target, difference, result.image, mask)
    return row


def is_good(mask: np.ndarray, clear: np.ndarray) -> bool:
    """Whether a change mask holds what clearly differs, see `drift`, and is not far too large."""
    near_mask, near_clear = (cv2.dilate(part.astype(np.uint8), DISC) > 0 for part in (mask, clear))
    thick = cv2.morphologyEx(clear.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5))) > 0
    return bool(
        (clear & near_mask & ~mask).sum() <= 0.005 * mask.sum()
        and (thick & ~mask).sum() <= max(0.1 * thick.sum(), 2e-4 * thick.size)
        and (mask & ~near_clear).mean() <= 0.1
    )


def quality(
    source: np.ndarray,
    target: np.ndarray,
    difference: np.ndarray,
    image: np.ndarray,
    mask: np.ndarray,
) -> Row:
    """How good an image and its change mask are, where source and target differ as given."""
    unchanged, changed = difference == 0, difference >= VISIBLE
    error = np.abs(image.astype(int) - source).max(axis=2)
    squared = float(np.mean((image[unchanged].astype(float) - source[unchanged]) ** 2))
    either = (mask & (unchanged | changed)) | changed
    near_new = np.abs(image.astype(int) - target).sum(axis=2)
    near_old = np.abs(image.astype(int) - source).sum(axis=2)
    return {
        "unchanged bit-exact": float((error[unchanged] == 0).mean()),
        "unchanged PSNR, dB": min(99.0, 10 * np.log10(255**2 / max(squared, 1e-9))),
        "mask IoU": float((mask & changed).sum() / max(1, either.sum())),
        "mask recall": float(mask[changed].mean()),
        "edit kept": float((near_new < near_old)[changed].mean()),
        "good": float(is_good(mask, clear_difference(source, target, np.eye(3)))),
    }


def untouched(rng: np.random.Generator, size: int) -> Row:
    """An image through the editor without any edit."""
    source = pair(rng, size)[0]
    result = preserve(source, simulate_editor(source, rng)[0])
    is_source = result.report.decision == "lock" and bool((result.image == source).all())
    return {"no edit -> source": float(is_source)}


def overall(rng: np.random.Generator, size: int) -> list[Row]:
    """Every global edit of one drawing: right when it is passed through."""
    source = pair(rng, size)[0]
    rows = []
    for change in GLOBAL_EDITS.values():
        changed = np.asarray(to_image(change(source.astype(float))))
        edited, _ = simulate_editor(changed, rng, 0.5)
        result = preserve(source, edited)
        passed = result.report.decision == "pass" and result.image is edited
        rows.append({"right decision": float(passed)})
    return rows


def chain(rng: np.random.Generator, size: int, turns: int = 10) -> Row:
    """Ten edits in a row on an `Anchor`; what no edit touched must still be the original's."""
    scene = sample(rng)
    original = np.asarray(draw(scene, size))
    anchor, touched = Anchor(original), np.zeros((size, size), bool)
    for _ in range(turns):
        after = edits(scene, rng, "any")[1]
        while after.background != scene.background:
            after = edits(scene, rng, "any")[1]
        before, target = (np.asarray(draw(s, size)).astype(int) for s in (scene, after))
        new = np.abs(target - before).max(axis=2) > 0
        touched |= new
        requested = np.where(new[..., None], target, anchor.image).astype(np.uint8)
        anchor.add(simulate_editor(requested, rng)[0])
        scene = after
    error = np.abs(anchor.image.astype(int) - original).max(axis=2)[~touched]
    return {"10 turns: bit-exact": float((error == 0).mean())}


def failures(count: int, seed: int) -> int:
    """How many of `count` random pairs fail; each is printed."""
    failed = 0
    for number in range(count):
        try:
            check_random_pair(np.random.default_rng([seed, number]))
        except Exception as error:
            failed += 1
            print(f"pair {number}: {type(error).__name__}: {error}")
    return failed


def comparison(size: int) -> Image.Image:
    """Source, edited and preserved image side by side.

    Below, how much each differs from the source, times 8.
    """
    before = Scene("sea", (Thing("house", "red", "left"), Thing("boat", "blue", "middle")))
    after = Scene("sea", (Thing("house", "red", "left"), Thing("boat", "yellow", "middle")))
    source, target = (np.asarray(draw(s, size)) for s in (before, after))
    edited = simulate_editor(target, np.random.default_rng(4))[0]
    row = [source, edited, preserve(source, edited).image]
    off = [np.clip(np.abs(p.astype(int) - source) * 8, 0, 255).astype(np.uint8) for p in row]
    return Image.fromarray(np.vstack([np.hstack(row), np.hstack(off)]))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=256, help="side of the drawings, pixels")
    parser.add_argument("--pairs", type=int, default=24, help="local edits")
    parser.add_argument("--chains", type=int, default=2, help="chains of ten edits")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write the numbers here too")
    parser.add_argument("--picture", type=Path, help="only draw a before and after into this file")
    parser.add_argument("--random", type=int, metavar="N", help="only try N random pairs")
    args = parser.parse_args()
    if args.random:
        failed = failures(args.random, args.seed)
        print(f"{failed} of {args.random} random pairs failed")
        raise SystemExit(failed > 0)
    if args.picture:
        comparison(args.size).save(args.picture)
        return
    rng = np.random.default_rng(args.seed)
    pairs = [local(rng, args.size) for _ in range(args.pairs)]
    rows = [row[""] for row in pairs]
    rows += [untouched(rng, args.size) for _ in range(max(1, args.pairs // 4))]
    rows += [r for _ in range(max(1, args.pairs // 12)) for r in overall(rng, args.size)]
    rows += [chain(rng, args.size) for _ in range(args.chains)]
    table = summary(rows)
    habits = [by_real_habits(rng, args.size) for _ in range(args.pairs)]
    others = {"preserve, as real editors do": summary(habits)}
    others |= {name: summary([row[name] for row in pairs]) for name in BASELINES}
    print(f"{args.pairs} pairs of {args.size} px, {platform.machine()}, {date.today()}\n")
    print(f"| measure | preserve | {' | '.join(others)} |\n|---|---|{'---|' * len(others)}")
    for name, value in table.items():
        cells = (f"{other[name]:.3f}" if name in other else "" for other in others.values())
        print(f"| {name} | {value:.3f} | {' | '.join(cells)} |")
    if args.json:
        args.json.write_text(json.dumps({**table, "baselines": others}, indent=1))


def summary(rows: list[Row]) -> Row:
    """The median or mean of each measure."""
    table = {}
    for name in dict.fromkeys(key for row in rows for key in row):
        values = [row[name] for row in rows if name in row]
        middle = np.median if name.endswith((", px", ", dB", "megapixel")) else np.mean
        table[name] = float(middle(values))
    return table


if __name__ == "__main__":
    main()
