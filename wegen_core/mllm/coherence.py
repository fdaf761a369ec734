"""Whether a reply "seen. change -> meant" agrees with itself."""

from __future__ import annotations

import re

from ..model.prompt import SEEN, THEN

_POINTED_OUT = re.compile(r"\bthe (\w+ (?:on|in) the \w+)")
_BETWEEN = re.compile(r" and | \+ |, ")


def slips(words: str) -> int:
    """In how many places the reply contradicts itself; 0 for one of another form.

    What the change points out must have been seen, and what is meant must have been seen or be in
    the change.
    """
    before, _, meant = words.rpartition(THEN)
    seen, _, change = before.partition(SEEN)
    if not change:
        return 0
    known = [*_BETWEEN.split(seen), change]
    invented = sum(not any(part in one for one in known) for part in _BETWEEN.split(meant))
    return invented + sum(thing not in seen for thing in _POINTED_OUT.findall(change))
