"""The prompts whose constraints are marked by hand, and how the finder agrees with the marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from wegen_core.rewriting import find_constraints

DATA = Path(__file__).parent / "data"
Label = tuple[str, str]  # kind and words of a constraint


def labelled() -> list[tuple[str, list[Label]]]:
    """The prompts marked by hand, each with its constraints; the language is not marked."""
    found: list[tuple[str, list[Label]]] = []
    for line in (DATA / "labelled_prompts.txt").read_text(encoding="utf-8").splitlines():
        kind, _, words = line.strip().partition(": ")
        if line.startswith("    "):
            found[-1][1].append((kind, words))
        elif line:
            found.append((line, []))
    return found


def all_prompts() -> list[str]:
    """Every prompt once."""
    more = (DATA / "rewriting_prompts.txt").read_text(encoding="utf-8").splitlines()
    return list(dict.fromkeys([prompt for prompt, _ in labelled()] + [p for p in more if p]))


def disagreement(prompt: str, labels: Sequence[Label]) -> tuple[list[Label], list[Label], int]:
    """Labels that were not found, constraints that are no label, and how many were found."""
    found = [c for c in find_constraints(prompt) if c.kind != "language"]
    missed, asked = [], set()
    for kind, words in labels:
        start = prompt.casefold().index(words.casefold())
        end = start + len(words)
        hits = set()
        for k, c in enumerate(found):
            shared = min(end, c.span[1]) - max(start, c.span[0])
            if c.kind == kind and 2 * shared >= min(end - start, c.span[1] - c.span[0]):
                hits.add(k)
        if not hits:
            missed.append((kind, words))
        asked |= hits
    extra = [(c.kind, c.text) for k, c in enumerate(found) if k not in asked]
    return missed, extra, len(found)


def is_han(text: str) -> bool:
    """Whether there is Chinese in it."""
    return re.search(r"[\u4e00-\u9fff]", text) is not None
