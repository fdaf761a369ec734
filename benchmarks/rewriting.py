"""Prompt rewriting without a model: time, constraints kept, and how different the variants are.

    python benchmarks/rewriting.py [--variants 8] [--seed 0] [--prompts FILE]

Distinct values: of all facet values that a prompt's variants carry, the share that no other of its
variants has. The baseline draws as many values for as many facets independently of each other, as
plain sampling does. Distance: mean pairwise Jaccard distance of the added words.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from statistics import mean

from wegen_core.rewriting import find_constraints, holds, is_edit, rewrite
from wegen_core.rewriting.facets import open_facets, tables

PROMPTS = Path(__file__).parent / "data" / "rewriting_prompts.txt"
Variants = Sequence[Sequence[str]]  # the added values of each variant


def distinct(variants: Variants) -> float:
    """The share of all values that occur once."""
    values = [value for variant in variants for value in variant]
    return mean(values.count(value) == 1 for value in values)


def distance(variants: Variants) -> float:
    """Mean pairwise Jaccard distance between the variants' words."""
    bags = [{word for value in variant for word in value.lower().split()} for variant in variants]
    return mean(1 - len(a & b) / max(1, len(a | b)) for a, b in combinations(bags, 2))


def independent(prompt: str, variants: Variants, rng: random.Random) -> Variants:
    """As many facet values per variant, drawn at random each time."""
    facets = [facet for facet in open_facets(prompt) if tables()[facet]]
    drawn = []
    for variant in variants:
        chosen = rng.sample(facets, min(len(variant), len(facets)))
        plain = ([v.en for v in tables()[f] if "bold" not in v.tags] for f in chosen)
        drawn.append([rng.choice(values) for values in plain])
    return drawn


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--variants", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--prompts", type=Path, default=PROMPTS)
    options = parser.parse_args()
    prompts = options.prompts.read_text(encoding="utf-8").split("\n")
    prompts = [prompt for prompt in prompts if prompt.strip()]
    rewrite("a warm-up", 1)

    rng = random.Random(options.seed)
    seconds, kept, found = 0.0, 0, 0
    shares: list[tuple[float, float]] = []
    gaps: list[tuple[float, float]] = []
    for prompt in prompts:
        start = time.process_time()
        results = rewrite(prompt, options.variants, options.seed)
        seconds += time.process_time() - start
        for result in results:
            checks = [holds(constraint, result.prompt) for constraint in find_constraints(prompt)]
            kept, found = kept + sum(checks), found + len(checks)
        variants = [result.added for result in results]
        if all(variants) and not is_edit(prompt):
            other = independent(prompt, variants, rng)
            shares.append((distinct(variants), distinct(other)))
            gaps.append((distance(variants), distance(other)))

    print(f"{len(prompts)} prompts x {options.variants} variants, seed {options.seed}")
    print(f"time per variant: {1000 * seconds / len(prompts) / options.variants:.2f} ms (CPU)")
    print(f"constraints kept: {kept} of {found} ({100 * kept / max(1, found):.1f} %)")
    for name, pairs in (("distinct values", shares), ("mean distance", gaps)):
        ours, base = (mean(side) for side in zip(*pairs, strict=True))
        print(f"{name} over {len(pairs)} open prompts: {ours:.3f}, independent sampling {base:.3f}")


if __name__ == "__main__":
    main()
