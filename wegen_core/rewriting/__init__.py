"""Rewrite a prompt into several different ones, and prove what they keep of it.

    rewrite("a red car", n=4, seed=0)      -> four Rewrites: prompt, kept, added, repaired
    find_constraints('a sign "OPEN"')      -> what the user's words demand
    holds(constraint, prompt)              -> whether that prompt satisfies it

Importing it loads no torch, transformers or diffusers. A model comes in as an argument, and none is
needed.
"""

from __future__ import annotations

from ..constraints.check import broken, holds
from ..constraints.find import find_constraints
from ..constraints.request_text import is_edit
from ..painting.families import FAMILIES
from ..records.plan import Constraint
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
