"""What each threshold of preservation is worth: the figures when it is halved and doubled.

    python -m benchmarks.calibrate_preservation [--size 160] [--pairs 8] [--only change.sigma]

The pairs are those of `benchmarks.preservation`: local edits of drawings, every second one with the
habits of real editors, an image without an edit, and global edits. For each number in
`wegen_core/preservation/settings.py`, also in tuples, a row gives the change of three means, in
percentage points: right decisions, mask IoU, and unchanged pixels that are bit-exact. Rows in which
nothing changes by --least are left out; the largest loss comes first.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from benchmarks.preservation import VISIBLE, pair
from tests.support import real_habits
from tests.support.simulated_editor import GLOBAL_EDITS, simulate_editor, to_image
from wegen_core.preservation import DEFAULTS, preserve

MEASURES = ("right decision", "mask IoU", "bit-exact")


def variants(value: Any, factor: float) -> Iterator[tuple[str, Any]]:
    """Yield (name, `value` with one number multiplied) for each number in dataclasses and tuples.

    Whole numbers stay whole, at least 1.
    """
    if is_dataclass(value):
        for field in fields(value):
            for name, changed in variants(getattr(value, field.name), factor):
                yield f".{field.name}{name}", replace(value, **{field.name: changed})
    elif isinstance(value, tuple):
        for i, item in enumerate(value):
            for name, changed in variants(item, factor):
                yield f"[{i}]{name}", (*value[:i], changed, *value[i + 1 :])
    else:
        yield "", max(1, round(value * factor)) if isinstance(value, int) else value * factor


def cases(size: int, count: int, seed: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Source, edited image, true difference in levels; a global edit differs everywhere."""
    rng = np.random.default_rng(seed)
    triples = []
    for number in range(count):
        if number % 2:
            case = real_habits.case(rng, size)
            whole = np.full((size, size), 255)
            difference = case.difference if case.expected == "lock" else whole
            triples.append((case.source, case.edited, difference))
        else:
            source, target, difference = pair(rng, size)
            edited = simulate_editor(target, rng, float(number % 4 > 0))[0]
            triples.append((source, edited, difference))
    source = pair(rng, size)[0]
    triples.append((source, simulate_editor(source, rng)[0], np.zeros((size, size), int)))
    for change in GLOBAL_EDITS.values():
        edited = simulate_editor(np.asarray(to_image(change(source.astype(float)))), rng, 0.5)[0]
        triples.append((source, edited, np.full((size, size), 255)))
    return triples


def measure(images: list[tuple[np.ndarray, np.ndarray, np.ndarray]], settings: Any) -> np.ndarray:
    """Return the means of `MEASURES`, percent."""
    rows = []
    for source, edited, difference in images:
        result = preserve(source, edited, settings=settings)
        is_global = bool((difference > 0).all())
        right = (result.report.decision == "pass") == is_global
        overlap = exact = np.nan
        if result.report.decision == "lock" and not is_global:
            mask, changed = result.change_mask > 0.5, difference >= VISIBLE
            if changed.any():
                overlap = float((mask & changed).sum() / (mask | changed).sum())
            exact = float((result.image == source).all(axis=2)[difference == 0].mean())
        rows.append((float(right), overlap, exact))
    return 100 * np.nanmean(rows, axis=0)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=160, help="side of the drawings, pixels")
    parser.add_argument("--pairs", type=int, default=8, help="local edits")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="names that begin so, as change.min_evidence")
    parser.add_argument("--least", type=float, default=0.05, help="percentage points")
    args = parser.parse_args()
    images = cases(args.size, args.pairs, args.seed)
    base = measure(images, DEFAULTS)
    print("defaults: " + ", ".join(f"{m} {v:.1f} %" for m, v in zip(MEASURES, base, strict=True)))
    rows = []
    changed = [(f, name[1:], s) for f in (0.5, 2.0) for name, s in variants(DEFAULTS, f)]
    for factor, name, settings in changed:
        if not name.startswith(args.only):
            continue
        try:
            change = measure(images, settings) - base
        except (ValueError, ZeroDivisionError, np.linalg.LinAlgError) as error:
            print(f"{name} x {factor} fails: {error}", flush=True)
            continue
        if np.abs(change).max() >= args.least:
            rows.append((float(change.min()), name, factor, change))
    print("\n| threshold | factor | " + " | ".join(MEASURES) + " |\n|---|---|---|---|---|")
    for _, name, factor, change in sorted(rows, key=lambda row: row[0]):
        print(f"| {name} | {factor} | {' | '.join(f'{value:+.1f}' for value in change)} |")


if __name__ == "__main__":
    main()
