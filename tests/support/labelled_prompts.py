"""Prompts whose constraints are marked by hand, and how well `find_constraints` finds them.

The finder was tuned on `labelled_prompts.txt`. `held_out_prompts.txt` was written later; its
figures before the finder was corrected on it too are in docs/rewriting.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from wegen_core.rewriting import find_constraints

DATA = Path(__file__).parent / "data"
Label = tuple[str, str]  # kind and words of a constraint


class LabelledPrompt(NamedTuple):
    """A prompt and its constraints as marked by hand; the language is not marked."""

    prompt: str
    labels: list[Label]


class Agreement(NamedTuple):
    """How constraints and labels agree, counted over several prompts."""

    labels: int
    constraints: int
    missed: list[Label]
    extra: list[Label]

    @property
    def recall(self) -> float:
        return 1 - len(self.missed) / self.labels

    @property
    def precision(self) -> float:
        return 1 - len(self.extra) / self.constraints


def tuned_prompts() -> list[LabelledPrompt]:
    return _read("labelled_prompts.txt")


def held_out_prompts() -> list[LabelledPrompt]:
    return _read("held_out_prompts.txt")


def all_prompts() -> list[str]:
    """Every prompt once, the unlabelled ones of `rewriting_prompts.txt` too."""
    unlabelled = (DATA / "rewriting_prompts.txt").read_text(encoding="utf-8").splitlines()
    prompts = [p.prompt for p in tuned_prompts() + held_out_prompts()]
    return list(dict.fromkeys([*prompts, *filter(None, unlabelled)]))


def agreement(prompts: Iterable[LabelledPrompt]) -> Agreement:
    """Compare constraints and labels.

    A constraint matches a label of its kind if they share at least half of the shorter one's
    characters.
    """
    label_count = constraint_count = 0
    missed, extra = [], []
    for prompt, labels in prompts:
        constraints = [c for c in find_constraints(prompt) if c.kind != "language"]
        matched: set[int] = set()
        for kind, words in labels:
            start = prompt.casefold().index(words.casefold())
            end = start + len(words)
            hits = set()
            for k, c in enumerate(constraints):
                shared = min(end, c.span[1]) - max(start, c.span[0])
                if c.kind == kind and 2 * shared >= min(end - start, c.span[1] - c.span[0]):
                    hits.add(k)
            if not hits:
                missed.append((kind, words))
            matched |= hits
        extra += [(c.kind, c.text) for k, c in enumerate(constraints) if k not in matched]
        label_count, constraint_count = (
            label_count + len(labels),
            constraint_count + len(constraints),
        )
    return Agreement(label_count, constraint_count, missed, extra)


def is_han(text: str) -> bool:
    """Whether the text has Chinese characters."""
    return re.search(r"[\u4e00-\u9fff]", text) is not None


def _read(name: str) -> list[LabelledPrompt]:
    prompts: list[LabelledPrompt] = []
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        kind, _, words = line.strip().partition(": ")
        if line.startswith("    "):
            prompts[-1].labels.append((kind, words))
        elif line:
            prompts.append(LabelledPrompt(line, []))
    return prompts
