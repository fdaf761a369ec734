"""Prompt self-rewriting: several different good prompts from one wish, with proof of what was kept.

    rewrite("a red car", n=4, seed=0)      -> four Rewrites: prompt, kept, added, repaired
    find_constraints('a sign "OPEN"')      -> what the user's words fix
    holds(constraint, prompt)              -> does that prompt still keep it?

Standard library only: nothing here imports torch or a model; a model comes in as an argument.
"""

from __future__ import annotations

from ..constraints.check import broken, holds
from ..constraints.find import find_constraints
from ..constraints.request_text import is_edit
from ..records.plan import Constraint
from .keep_clause import FAMILIES
from .rewrite import Rewrite, rewrite

__all__ = [
    "FAMILIES",
    "Constraint",
    "Rewrite",
    "broken",
    "find_constraints",
    "holds",
    "is_edit",
    "rewrite",
]
