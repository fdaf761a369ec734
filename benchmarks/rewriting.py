"""Prompt rewriting without a model: constraints found and kept, difference of variants, speed.

    python -m benchmarks.rewriting [--variants 8] [--seed 0] [--weak] [--sampler mini]

Recall and precision: on the prompts of labelled_prompts.txt and held_out_prompts.txt in
tests/support/data, whose constraints are marked by hand. A constraint matches a label of its kind
if they share at least half of the shorter one's characters. Everything else is measured on those
prompts and on rewriting_prompts.txt.

Distinct values: of all facet values in a prompt's variants, the share that no other variant has.
The baseline draws as many values for as many facets independently. Distance: mean pairwise Jaccard
distance of the words.

Conflicts: rewrites per 1,000 with an added detail that does not fit the prompt or another detail,
by the rules of tests/support/data/facet_conflicts.txt, which were written by hand on words alone.
Also measured on facet_prompts.txt, for which the tags of the facet tables were tuned, and on
held_out_facet_prompts.txt.

--weak: distance and constraints kept with a simulated weak language model, for each of its faults.
--sampler: a model (mini or a folder) writes as many prompts at temperature
1, for comparison.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections.abc import Iterator, Sequence
from itertools import combinations
from statistics import mean

from tests.support.facet_conflicts import conflicts
from tests.support.labelled_prompts import (
    DATA,
    agreement,
    all_prompts,
    held_out_prompts,
    is_han,
    tuned_prompts,
)
from tests.support.weak_models import FAULTS, WeakModel
from wegen_core.constraints.parser import parse
from wegen_core.mllm import ChatModel
from wegen_core.records.hooks import Sampling
from wegen_core.rewriting import broken, find_constraints, is_edit, rewrite
from wegen_core.rewriting.facets import facet_values, open_facets

Variants = Sequence[Sequence[str]]  # the words, or the added values, of each variant


def distinct(variants: Variants) -> float:
    """The share of all values that occur once."""
    values = [value for variant in variants for value in variant]
    return mean(values.count(value) == 1 for value in values)


def distance(variants: Variants) -> float:
    """Mean pairwise Jaccard distance between the variants' words."""
    bags = [
        set(re.findall(r"\w", v) if is_han(v) else v.lower().split())
        for v in map(" ".join, variants)
    ]
    return mean(1 - len(a & b) / max(1, len(a | b)) for a, b in combinations(bags, 2))


def independent(prompt: str, variants: Variants, rng: random.Random) -> Variants:
    """As many facet values per variant, drawn at random each time."""
    facets = [facet for facet in open_facets(prompt) if facet_values()[facet]]
    language = "zh" if is_han(prompt) else "en"
    drawn = []
    for variant in variants:
        chosen = rng.sample(facets, min(len(variant), len(facets)))
        plain = (
            [getattr(v, language) for v in facet_values()[f] if "bold" not in v.tags]
            for f in chosen
        )
        drawn.append([rng.choice(values) for values in plain])
    return drawn


def report_agreement() -> None:
    """Print recall and precision of the labelled prompts."""
    tuned, held_out = tuned_prompts(), held_out_prompts()
    sets = (
        ("all labelled prompts", tuned + held_out),
        ("the finder was tuned on", tuned),
        ("held out", held_out),
    )
    for name, prompts in sets:
        result = agreement(prompts)
        print(f"{name}: {len(prompts)} prompts, {result.labels} constraints marked by hand")
        print(f"recall {100 * result.recall:.1f} %, precision {100 * result.precision:.1f} %")


def report_variants(prompts: Sequence[str], count: int, seed: int) -> None:
    """Print time, constraints kept, and differences between the variants."""
    rewrite("a warm-up", 1)
    rng = random.Random(seed)
    seconds, kept, found = 0.0, 0, 0
    shares: list[tuple[float, float]] = []
    gaps: list[tuple[float, float]] = []
    for prompt in prompts:
        start = time.process_time()
        results = rewrite(prompt, count, seed)
        seconds += time.process_time() - start
        for result in results:
            constraints = find_constraints(prompt)
            found += len(constraints)
            kept += len(constraints) - len(broken(constraints, result.prompt))
        variants = [result.added for result in results]
        if all(variants) and not is_edit(prompt):
            other = independent(prompt, variants, rng)
            shares.append((distinct(variants), distinct(other)))
            gaps.append((distance(variants), distance(other)))
    words = [len(prompt.split()) for prompt in prompts]
    print(f"{len(prompts)} prompts of {min(words)} to {max(words)} words x {count}, seed {seed}")
    print(f"time per variant: {1000 * seconds / len(prompts) / count:.2f} ms (CPU)")
    print(f"constraints kept: {kept} of {found} ({100 * kept / max(1, found):.1f} %)")
    for name, pairs in (("distinct values", shares), ("mean distance", gaps)):
        ours, base = (mean(side) for side in zip(*pairs, strict=True))
        print(f"{name} over {len(pairs)} open prompts: {ours:.3f}, independent sampling {base:.3f}")


def report_conflicts(sets: dict[str, Sequence[str]], count: int, seed: int) -> None:
    """Print how many rewrites have a detail that does not fit."""
    for name, prompts in sets.items():
        for creativity in (0.7, 1.0):
            results = [(p, r) for p in prompts for r in rewrite(p, count, seed, creativity)]
            bad = sum(bool(conflicts(prompt, result.added)) for prompt, result in results)
            share = f"{1000 * bad / len(results):.1f} per 1,000"
            print(f"conflicts, {name}, creativity {creativity}: {bad} of {len(results)}, {share}")


def report_weak(prompts: Sequence[str], count: int) -> None:
    """Print difference and constraints kept for each fault of a weak model."""
    models: dict[str, ChatModel | None] = {"no model": None, "all by turns": WeakModel()}
    models |= {fault: WeakModel(fault) for fault in FAULTS}
    print(f"{len(prompts)} open English prompts x {count}: distance of the whole prompts, of what")
    print("was added, constraints kept")
    for name, mllm in models.items():
        whole, added, kept, found = [], [], 0, 0
        for prompt in prompts:
            texts = [result.prompt for result in rewrite(prompt, count, mllm=mllm)]
            words = prompt.lower().split()
            whole.append(distance([[text] for text in texts]))
            added.append(
                distance([[w for w in t.lower().split() if w not in words] for t in texts])
            )
            constraints = find_constraints(prompt)
            found += count * len(constraints)
            kept += sum(len(constraints) - len(broken(constraints, text)) for text in texts)
        print(f"  {name:18} {mean(whole):.3f}  {mean(added):.3f}  {kept / max(1, found):.1%}")


def report_sampler(name: str, prompts: Sequence[str], count: int, seed: int) -> None:
    """Print how far apart a model's plain samples are, and ours with that model."""
    import wegen_core

    mllm = wegen_core.load(name).mllm
    pairs, kept = [], []
    for prompt in prompts:
        plain = mllm.rewrite(prompt, n=count, sampling=Sampling(temperature=1.0, seed=seed))
        ours = [result.prompt for result in rewrite(prompt, count, seed, 0.7, mllm)]
        pairs.append(tuple(distance([[text] for text in texts]) for texts in (ours, plain)))
        constraints = find_constraints(prompt)
        kept.append(mean(not broken(constraints, text, complete=True) for text in plain))
    ours_far, plain_far = (mean(side) for side in zip(*pairs, strict=True))
    print(f"{name}, {len(prompts)} prompts x {count}: mean distance of the whole prompts")
    print(f"{ours_far:.3f}, plain sampling at temperature 1 {plain_far:.3f}")
    print(f"plain samples that keep every constraint: {100 * mean(kept):.1f} %")


def own_world(prompts: Sequence[str]) -> Iterator[str]:
    """Prompts that mini can be asked for: short, English, about things it knows."""
    known = re.compile(
        r"\b(?:cat|dog|car|boat|house|tree|ball|star|fish|sea|beach|grass|desert|night)s?\b"
    )
    for prompt in prompts:
        if len(prompt.split()) < 8 and known.search(prompt) and not is_edit(prompt):
            yield prompt


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--variants", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--weak", action="store_true", help="also with a simulated weak model")
    parser.add_argument("--sampler", metavar="FOLDER", help="a WeGen network, such as mini")
    options = parser.parse_args()
    prompts = all_prompts()
    report_agreement()
    report_variants(prompts, options.variants, options.seed)
    fit, held_out = (
        (DATA / f"{name}.txt").read_text(encoding="utf-8").split("\n")
        for name in ("facet_prompts", "held_out_facet_prompts")
    )
    requests = [prompt for prompt in prompts if not is_edit(prompt)]
    sets = {"all prompts": requests, "tuned": list(filter(None, fit))}
    sets["held out"] = list(filter(None, held_out))
    report_conflicts(sets, options.variants, options.seed)
    if options.weak:
        short = [p for p in requests if len(p.split()) < 12 and parse(p).language == "en"]
        report_weak(short, options.variants)
    if options.sampler:
        report_sampler(options.sampler, list(own_world(prompts)), options.variants, options.seed)


if __name__ == "__main__":
    main()
