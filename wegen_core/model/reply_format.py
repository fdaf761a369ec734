"""Whether a reply "seen. change -> meant" or "seen. looked at -> answer" agrees with itself."""

from __future__ import annotations

import re

from .prompt import SEEN, THEN

_POINTED_OUT = re.compile(r"\bthe (\w+ (?:on|in) the \w+)")
_LOOKED_AT = re.compile(r"the (\w+ (?:on|in) the \w+) is (\w+)")
_NONE = re.compile(r"(?:no|nothing) (.+)")
_BETWEEN = re.compile(r" and | \+ |, ")


def slips(words: str) -> int:
    """In how many places the reply contradicts itself; 0 for one of another form.

    What the change points out must have been seen, and what is meant must have been seen or be in
    the change. What an answer is read from must have been seen as well.
    """
    before, _, meant = words.rpartition(THEN)
    seen, _, change = before.partition(SEEN)
    if not change:
        return 0
    if found := _LOOKED_AT.fullmatch(change):
        return int(f"{found[2]} {found[1]}" not in seen)
    if none := _NONE.fullmatch(change):
        return int(none[1] in seen)
    known = [*_BETWEEN.split(seen), change]
    invented = sum(not any(part in one for one in known) for part in _BETWEEN.split(meant))
    return invented + sum(thing not in seen for thing in _POINTED_OUT.findall(change))
