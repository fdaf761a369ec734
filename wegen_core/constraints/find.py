"""What the user's words fix, found deterministically and without a model."""

from __future__ import annotations

from ..records.plan import Constraint
from .mention import Fact
from .parser import read

KINDS = (
    "quote",
    "count",
    "colour",
    "name",
    "negation",
    "relation",
    "style",
    "keep",
    "picture",
    "language",
)


def find_constraints(prompt: str) -> list[Constraint]:
    """All constraints of `prompt` in reading order, the language last.

    kind: one of `KINDS`; text: `prompt[span[0]:span[1]]`, for a quote without its marks; for
    `language` the ISO 639-1 code, whose span is the whole prompt.

    English and Chinese in full; of other languages quotes, numbers, names and the language itself.
    The same prompt always gives the same list; linear in its length; never raises.
    """
    found = [_constraint(prompt, fact) for fact in read(prompt).facts if fact.kind in KINDS]
    if language := read(prompt).language:
        found.append(Constraint("language", language, (0, len(prompt))))
    return list(dict.fromkeys(found))


def find_subjects(prompt: str) -> list[Constraint]:
    """The things `prompt` names, as constraints of kind "subject": a rewrite must name them too."""
    seen: set[object] = set()
    result = []
    for fact in read(prompt).facts:
        if fact.kind == "subject" and fact.value not in seen:
            seen.add(fact.value)
            result.append(_constraint(prompt, fact))
    return result


def _constraint(prompt: str, fact: Fact) -> Constraint:
    return Constraint(fact.kind, prompt[fact.start : fact.end], (fact.start, fact.end))
