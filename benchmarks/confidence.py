"""How well the confidence of a report tells right results from wrong ones.

    python -m benchmarks.confidence [--cases 240] [--size 160]
    python -m benchmarks.confidence --pairs FOLDER      # NAME-source.*, NAME-edited.*, index.json

Stress cases: drawings edited with the habits of real editors, up to three times as strong as usual;
one in three edits is faint, and one case in four is a global edit, some of them half-hearted. A
result is wrong where its decision is, or where the IoU of its mask is below 0.5. The constants in
`LocalitySettings` were fitted on the even cases, so the odd ones count.

Of real pairs, whose truth is not known, a result is wrong where its decision is not the expected
one, or its mask is not good in the sense of `benchmarks.preservation`. The constants were fitted on
these, too.

Prints the AUC: how often a right result has more confidence than a wrong one; 0.5 is chance.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.drift import clear_difference
from benchmarks.preservation import VISIBLE, is_good
from tests.support.real_habits import Case, case
from tests.support.simulated_editor import GLOBAL_EDITS, simulate_editor, to_image
from wegen_core.preservation import Preserved, preserve

Judged = tuple[float, bool]
"""Confidence of a result, and whether it is right."""


def stress_case(number: int, size: int) -> Case:
    """One of the cases that the module describes."""
    rng = np.random.default_rng([7, number])
    strength = rng.uniform(0.3, 3)
    visibility = rng.uniform(0.05, 1) if rng.random() < 1 / 3 else 1.0
    is_global = rng.random() < 1 / 4
    edit = case(rng, size, strength, visibility)
    if not is_global:
        return edit
    ways = [way for name, way in GLOBAL_EDITS.items() if name != "zoomed"]
    whole = edit.target.astype(float)
    changed = ways[rng.integers(len(ways))](whole)
    mixed = np.asarray(to_image(whole + rng.uniform(0.4, 1) * (changed - whole)))
    edited, matrix = simulate_editor(mixed, rng, 0.5)
    return Case(edit.source, edited, edit.target, matrix, "pass")


def judge(edit: Case) -> Judged:
    """Confidence and truth of what `preserve` makes of a case."""
    result = preserve(edit.source, edit.edited)
    right = result.report.decision == edit.expected
    if right and edit.expected == "lock":
        mask, difference = result.change_mask > 0.5, edit.difference
        changed = difference >= VISIBLE
        either = (mask & (changed | (difference == 0))) | changed
        right = bool((mask & changed).sum() >= 0.5 * either.sum())
    return result.report.confidence, right


def judge_pair(folder: Path, pair: dict[str, str]) -> Judged:
    """Confidence and truth, as far as it can be known, of a real pair."""
    paths = (next(folder.glob(f"{pair['id']}-{which}.*")) for which in ("source", "edited"))
    source, edited = (np.asarray(Image.open(path).convert("RGB")) for path in paths)
    result: Preserved = preserve(source, edited)
    right = pair["expected"] in ("either", result.report.decision)
    if right and result.report.decision == "lock":
        clear = clear_difference(source, edited, result.transform)
        right = is_good(result.change_mask > 0.5, clear)
    return result.report.confidence, right


def auc(judged: list[Judged]) -> float:
    """Area under the ROC curve; NaN where all are right or all are wrong."""
    right, wrong = (np.array([c for c, r in judged if r == which]) for which in (True, False))
    if not right.size or not wrong.size:
        return float("nan")
    return float(np.mean(np.sign(right[:, None] - wrong) / 2 + 0.5))


def main() -> None:
    """Print how many results are wrong, and the AUC."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=240)
    parser.add_argument("--size", type=int, default=160, help="side of the drawings, pixels")
    parser.add_argument("--pairs", type=Path, metavar="FOLDER", help="real pairs instead")
    args = parser.parse_args()
    if args.pairs:
        index = json.loads((args.pairs / "index.json").read_text())
        parts = {"real pairs": [judge_pair(args.pairs, pair) for pair in index]}
    else:
        judged = [judge(stress_case(number, args.size)) for number in range(args.cases)]
        parts = {"fitted on": judged[::2], "held out": judged[1::2]}
    for name, part in parts.items():
        wrong = sum(not right for _, right in part)
        print(f"{name}: {wrong} of {len(part)} wrong, AUC {auc(part):.3f}")


if __name__ == "__main__":
    main()
