"""Whether a rewritten prompt still keeps a constraint."""

from __future__ import annotations

from collections.abc import Iterable

from .constraints import Constraint


def holds(constraint: Constraint, prompt: str) -> bool:
    """True when `prompt` keeps `constraint`."""
    return constraint.text in prompt


def broken(constraints: Iterable[Constraint], prompt: str) -> list[Constraint]:
    """Those of `constraints` that `prompt` does not keep."""
    return [constraint for constraint in constraints if not holds(constraint, prompt)]
