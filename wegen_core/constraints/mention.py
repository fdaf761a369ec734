"""The small records that reading a prompt gives."""

from __future__ import annotations

from typing import Any, NamedTuple


class Subject(NamedTuple):
    """What a relation is said of: canonical noun ("" when unknown) and the colours it has there."""

    noun: str
    colours: frozenset[str]


NOBODY = Subject("", frozenset())


class Fact(NamedTuple):
    """One thing said in `prompt[start:end]`, with its meaning in a form that can be compared.

    value per kind: quote str; count (int, noun); colour (colour, noun); negation, keep: a frozenset
    of words; relation (Subject, relation, noun); style, name, language: str; picture: frozenset of
    int; subject: noun.
    """

    kind: str
    start: int
    end: int
    value: Any
