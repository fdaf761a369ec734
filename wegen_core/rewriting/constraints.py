"""What the user's words fix."""

from __future__ import annotations

import re
from dataclasses import dataclass

_QUOTE = re.compile(r'"([^"]+)"|“([^”]+)”|「([^」]+)」|《([^》]+)》')


@dataclass(frozen=True)
class Constraint:
    """One thing the user's words fix; `text` is `prompt[span[0]:span[1]]` (a code for `language`)."""

    kind: str
    text: str
    span: tuple[int, int]


def find_constraints(prompt: str) -> list[Constraint]:
    """All constraints of `prompt`, in reading order."""
    found = []
    for match in _QUOTE.finditer(prompt):
        group = match.lastindex or 0
        found.append(Constraint("quote", match[group], match.span(group)))
    return found
