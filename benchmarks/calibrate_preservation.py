"""What each threshold of preservation is worth: the figures when it is halved and doubled.

    python -m benchmarks.calibrate_preservation [--size 160] [--pairs 8] [--only change.sigma]

The pairs are those of `benchmarks.preservation`: local edits of drawings, images without an edit,
and global edits. For each number in `wegen_core/preservation/settings.py` a row gives the change of
three means, in percentage points: right decisions, mask IoU, and unchanged pixels that are
bit-exact. Rows in which nothing changes are left out.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from benchmarks.preservation import VISIBLE, pair
from tests.support.simulated_editor import GLOBAL_EDITS, simulate_editor, to_image
from wegen_core.preservation import DEFAULTS, preserve

MEASURES = ("right decision", "mask IoU", "bit-exact")


def variants(settings: Any, factor: float) -> Iterator[tuple[str, Any]]:
    """Yield (name, settings with one number multiplied); whole numbers stay whole, at least 1."""
    for field in fields(settings):
        value = getattr(settings, field.name)
        if is_dataclass(value):
            for name, changed in variants(value, factor):
                yield f"{field.name}.{name}", replace(settings, **{field.name: changed})
        elif isinstance(value, int | float) and not isinstance(value, bool):
            scaled = max(1, round(value * factor)) if isinstance(value, int) else value * factor
            yield field.name, replace(settings, **{field.name: scaled})


def cases(size: int, count: int, seed: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Source, edited image, true difference in levels; a global edit differs everywhere."""
    rng = np.random.default_rng(seed)
    triples = []
    for number in range(count):
        source, target, difference = pair(rng, size)
        triples.append((source, simulate_editor(target, rng, number % 2)[0], difference))
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
    args = parser.parse_args()
    images = cases(args.size, args.pairs, args.seed)
    base = measure(images, DEFAULTS)
    print("defaults: " + ", ".join(f"{m} {v:.1f} %" for m, v in zip(MEASURES, base, strict=True)))
    print("\n| threshold | factor | " + " | ".join(MEASURES) + " |\n|---|---|---|---|---|")
    for factor in (0.5, 2.0):
        for name, settings in variants(DEFAULTS, factor):
            if not name.startswith(args.only):
                continue
            try:
                change = measure(images, settings) - base
            except (ValueError, ZeroDivisionError, np.linalg.LinAlgError) as error:
                print(f"| {name} | {factor} | fails: {error} | | |", flush=True)
                continue
            if np.abs(change).max() >= 0.05:
                values = " | ".join(f"{value:+.1f}" for value in change)
                print(f"| {name} | {factor} | {values} |", flush=True)


if __name__ == "__main__":
    main()
