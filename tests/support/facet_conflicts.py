"""Added details that do not fit a prompt or each other, by rules on their words.

The rules of `facet_conflicts.txt` were written by hand and know nothing of the tags that the
rewriter itself uses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from tests.support.labelled_prompts import DATA


@lru_cache(maxsize=1)
def _rules() -> list[tuple[re.Pattern[str], re.Pattern[str]]]:
    lines = (DATA / "facet_conflicts.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split(" => ") for line in lines if line and not line.startswith("#")]
    return [
        (
            re.compile(rf"(?<![a-z])(?:{left})(?:s|es)?(?![a-z])", re.IGNORECASE),
            re.compile(rf"(?<![a-z])(?:{right})", re.IGNORECASE),
        )
        for left, right in pairs
    ]


def conflicts(prompt: str, added: Sequence[str]) -> list[tuple[str, str]]:
    """The (words, added detail) pairs that a rule excludes, one for each detail at most."""
    pairs = []
    for k, detail in enumerate(added):
        others = [prompt, *added[:k], *added[k + 1 :]]
        for left, right in _rules():
            cause = next((text for text in others if left.search(text)), None)
            if cause is not None and right.search(detail):
                pairs.append((cause, detail))
                break
    return pairs
