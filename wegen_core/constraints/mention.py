"""The records that the finders produce: what one stretch of a prompt says."""

from __future__ import annotations

from typing import Any, NamedTuple


class Subject(NamedTuple):
    """A thing that a relation is about.

    noun: its canonical noun, "" if unknown. colours: the colours it has in that phrase.
    """

    noun: str
    colours: frozenset[str] = frozenset()


UNKNOWN_SUBJECT = Subject("")


class Mention(NamedTuple):
    """What `prompt[start:end]` says, with its meaning in a form that can be compared.

    Type of `value` by kind:

    - quote, syntax, style, name, language: str
    - count: (int, noun)
    - colour: (colour, noun)
    - negation, keep: frozenset of words
    - relation: (Subject, relation, noun)
    - picture: frozenset of image numbers
    - subject: noun
    """

    kind: str
    start: int
    end: int
    value: Any
