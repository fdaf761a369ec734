"""How far the rest of an image drifts through edits, in the figures that vendors of editors print.

    python -m benchmarks.drift [--size 512] [--chains 4]      # drawings, a simulated editor
    python -m benchmarks.drift --pairs FOLDER                 # NAME-source.*, NAME-edited.*
    python -m benchmarks.drift --picture docs/drift.png       # the images after 30 edits

Shares of the pixels that no edit touched: identical to the original, within 2 and within 8 levels;
and their mean difference in levels (each by the channel that differs most). They are means over
the images, weighted by how much of each is untouched. For

- edited: what the editor returned, resized to the original
- naive paste: `baselines.plain_resize`, what differs is pasted without registration
- preserved: `Anchor`, or `preserve` for a single edit

Drawings are edited 30 times in a row, each time from the result before. The truth is known to the
pixel. Of real pairs it is not: their untouched part is what lies more than 12 pixels from anything
that clearly differs (by more than 30 levels from all that the registered edited image shows within
2 pixels). FOLDER may hold an index.json; then only the pairs that it expects to be local edits
count. Images that are passed through count as they are.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import astuple
from datetime import date
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from benchmarks.baselines import plain_resize
from benchmarks.pictures import TILE, strip
from tests.support.simulated_editor import simulate_editor, to_image
from wegen_core.playground.samples import draw, edits, sample
from wegen_core.preservation import Anchor, Fidelity, preserve

TURNS = (1, 10, 30)
CLEAR = 30  # levels
DISC = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (25, 25))  # 12 px around a pixel
Rows = dict[tuple[str, int], list[tuple[Fidelity, float]]]
"""By the way and the number of edits: the figures of each image and its untouched share."""


def scenes(rng: np.random.Generator, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """A drawing before and after one local edit, again and again from the last one."""
    scene = sample(rng)
    while True:
        after = edits(scene, rng, "any")[1]
        if after.background == scene.background:
            yield np.asarray(draw(scene, size)), np.asarray(draw(after, size))
            scene = after


def chain(seed: int, size: int, rows: Rows) -> dict[str, np.ndarray]:
    """One drawing, edited 30 times by each way: the images in the end, and what was asked for."""
    pairs = scenes(np.random.default_rng([seed, 0]), size)
    before, after = next(pairs)
    original, touched = before, np.zeros((size, size), bool)
    anchor = Anchor(original)
    current = {"edited": original, "naive paste": original, "preserved": original}
    for turn in range(1, TURNS[-1] + 1):
        changed = (before != after).any(axis=2)
        touched |= changed
        # An editor paints a thing with its edge: what an earlier edit left there goes, too.
        asked = cv2.dilate(changed.astype(np.uint8), np.ones((9, 9), np.uint8))[..., None] > 0
        for way, image in current.items():
            rng = np.random.default_rng([seed, turn])  # the same drift for each way
            edited = simulate_editor(np.where(asked, after, image), rng)[0]
            if way == "naive paste":
                edited = plain_resize(image, edited)[0]
            elif way == "preserved":
                anchor.add(edited)
                edited = anchor.image
            current[way] = edited
            if turn in TURNS:
                rows[way, turn].append(measure(original, edited, ~touched))
        if turn < TURNS[-1]:
            before, after = next(pairs)
    return {"original": original, "30 edits asked for": after, **current}


def picture(images: dict[str, np.ndarray]) -> Image.Image:
    """The images of a chain; below, how much they differ from what was asked for, times 8."""
    asked = images["30 edits asked for"].astype(int)
    rows = [images, {name: np.abs(image - asked) * 8 for name, image in images.items()}]
    captions = [list(images), ["difference x 8", *[""] * (len(images) - 1)]]
    strips = [
        strip([(c, to_image(i)) for c, i in zip(names, row.values(), strict=True)])
        for names, row in zip(captions, rows, strict=True)
    ]
    return Image.fromarray(np.vstack([np.asarray(s) for s in strips]))


def measure(source: np.ndarray, image: np.ndarray, where: np.ndarray) -> tuple[Fidelity, float]:
    """Fidelity of the pixels at `where`, resizing the image if need be, and their share."""
    if image.shape != source.shape:
        image = np.asarray(Image.fromarray(image).resize(source.shape[1::-1], Image.BICUBIC))
    return Fidelity.of(np.abs(source.astype(int) - image).max(axis=2)[where]), float(where.mean())


def clear_difference(source: np.ndarray, edited: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """What clearly differs in a real pair, as the module says: bool [H,W]."""
    registered = cv2.warpPerspective(
        edited, matrix, source.shape[1::-1],
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.float32)  # fmt: skip
    registered -= np.median((registered - source).reshape(-1, 3), axis=0)  # a colour shift of all
    window = np.ones((5, 5), np.uint8)
    below, above = cv2.erode(registered, window) - source, source - cv2.dilate(registered, window)
    return np.maximum(below, above).max(axis=2) > CLEAR


def far_from_change(source: np.ndarray, edited: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """The part of a real pair that the edit did not touch, as the module says: bool [H,W]."""
    clear = clear_difference(source, edited, matrix)
    return cv2.dilate(clear.astype(np.uint8), DISC) == 0


def real_pairs(folder: Path, rows: Rows) -> int:
    """One edit by a real editor for each pair of a folder; how many were passed through."""
    index = folder / "index.json"
    expected, passed = {}, 0
    if index.is_file():
        expected = {pair["id"]: pair["expected"] for pair in json.loads(index.read_text())}
    for path in sorted(folder.glob("*-source.*")):
        name = path.name.rpartition("-source.")[0]
        if expected.get(name, "lock") != "lock":
            continue
        (edited_path,) = folder.glob(f"{name}-edited.*")
        source, edited = (np.asarray(Image.open(p).convert("RGB")) for p in (path, edited_path))
        result = preserve(source, edited)
        passed += result.report.decision == "pass"
        where = far_from_change(source, edited, result.transform)
        if where.any():
            rows["edited", 1].append(measure(source, edited, where))
            rows["naive paste", 1].append(measure(source, plain_resize(source, edited)[0], where))
            rows["preserved", 1].append(measure(source, result.image, where))
    return passed


def table(rows: Rows) -> str:
    """Weighted means over the images, as Markdown."""
    lines = [
        "| image | edits | identical | within 2 levels | within 8 levels | mean difference |",
        "|---|---|---|---|---|---|",
    ]
    for (way, turn), values in rows.items():
        figures, weights = [astuple(fidelity) for fidelity, _ in values], [w for _, w in values]
        *shares, mean = np.average(figures, axis=0, weights=weights)
        cells = [f"{100 * share:.2f} %" for share in shares]
        lines.append(f"| {way} | {turn} | {' | '.join(cells)} | {mean:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=512, help="side of the drawings, pixels")
    parser.add_argument("--chains", type=int, default=4, help="drawings, each edited 30 times")
    parser.add_argument("--pairs", type=Path, metavar="FOLDER", help="real pairs instead")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="only draw the images")
    parser.add_argument("--seed", type=int, default=0, help="of the first drawing")
    args = parser.parse_args()
    rows: Rows = defaultdict(list)
    if args.picture:
        picture(chain(args.seed, TILE, rows)).save(args.picture, optimize=True)
        return
    if args.pairs:
        passed = real_pairs(args.pairs, rows)
        print(f"{passed} passed through, of")
    else:
        for seed in range(args.seed, args.seed + args.chains):
            chain(seed, args.size, rows)
    count = len(next(iter(rows.values()), ()))
    print(
        f"{count} {'pairs' if args.pairs else 'drawings'}, {platform.machine()}, {date.today()}\n"
    )
    print(table(dict(sorted(rows.items(), key=lambda row: row[0][1]))))


if __name__ == "__main__":
    main()
