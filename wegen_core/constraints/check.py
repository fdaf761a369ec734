"""Check whether a prompt satisfies a constraint.

The constraint's words and the prompt are parsed by the same parser, and their meanings are
compared. So "a grey cat in the middle, by the sea" satisfies "a kitten by the ocean", and "a red
house and a blue car" does not satisfy "a blue house".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..records.plan import Constraint
from .lexicon import english as lexicon
from .lexicon import nouns as noun_table
from .mention import Subject
from .parser import ParsedPrompt, parse
from .syntax import holds_syntax


def holds(constraint: Constraint, prompt: str, *, complete: bool = False) -> bool:
    """Check whether `prompt` satisfies `constraint`.

    Parameters
    ----------
    constraint : Constraint
        One that `find_constraints` or `find_subjects` returned. If its text cannot be parsed by
        itself, the prompt must contain it word for word.
    prompt : str
        The text to check.
    complete : bool, optional
        Whether `prompt` names everything in the image. Then a thing that must be absent is absent
        if the prompt does not name it.

    Returns
    -------
    bool
        True if the constraint is satisfied.
    """
    parsed = parse(prompt)
    if constraint.kind == "language":
        return parsed.language in (constraint.text, "")
    if constraint.kind == "quote":
        return constraint.text in parsed.quotes or constraint.text == prompt.strip()
    if constraint.kind == "syntax":
        return holds_syntax(constraint.text, prompt)
    if constraint.kind == "name":
        noun = noun_table.NOUNS.get(constraint.text.lower())
        return _contains(parsed, constraint.text) or noun in parsed.present
    required = parse(constraint.text).values(constraint.kind)
    if constraint.kind == "negation":
        return all(_are_absent(words, parsed, complete) for words in required) and (
            bool(required) or _contains(parsed, constraint.text)
        )
    check = _CHECKS.get(constraint.kind)
    if not required or check is None:
        return _contains(parsed, constraint.text)
    stated = parsed.values(constraint.kind)
    return all(value in stated or check(value, parsed) for value in required)


def broken(
    constraints: Iterable[Constraint], prompt: str, *, complete: bool = False
) -> list[Constraint]:
    """List the constraints that `prompt` violates.

    Parameters
    ----------
    constraints : iterable of Constraint
        What to check.
    prompt : str
        The text to check.
    complete : bool, optional
        See `holds`.

    Returns
    -------
    list of Constraint
        The violated ones, in their order.
    """
    return [c for c in constraints if not holds(c, prompt, complete=complete)]


def _contains(parsed: ParsedPrompt, text: str) -> bool:
    return " ".join(text.casefold().split()) in parsed.folded


def _names(parsed: ParsedPrompt, noun: str) -> bool:
    """Whether the prompt names the noun or one of its kinds."""
    kinds = noun_table.KINDS_OF.get(noun, ())
    return noun in parsed.present or not parsed.present.isdisjoint(kinds)


def _same_noun(required: str, stated: str) -> bool:
    """Whether the stated noun is the required one or one of its kinds; "a+b": both of them are."""
    kinds = noun_table.KINDS_OF.get(required, frozenset())
    if required == stated or stated in kinds or required == "thing":
        return True
    left, right = required.split("+"), stated.split("+")
    return len(left) == len(right) > 1 and all(map(_same_noun, left, right))


def _same_colour(required: str, stated: str) -> bool:
    return required == stated or stated in lexicon.COLOUR_NEAR.get(required, frozenset())


def _colour(value: Any, parsed: ParsedPrompt) -> bool:
    colour, noun = value
    if (colour, noun) in lexicon.NATURAL and _names(parsed, noun):
        return True
    return any(
        _same_colour(colour, stated) and (not noun or _same_noun(noun, thing))
        for stated, thing in parsed.values("colour")
    )


def _count(value: Any, parsed: ParsedPrompt) -> bool:
    number, noun = value
    if any(n == number and _same_noun(noun, thing) for n, thing in parsed.values("count")):
        return True
    if noun in noun_table.GENERIC:
        return parsed.thing_count == number
    kinds = {noun} | noun_table.KINDS_OF.get(noun, frozenset())
    return sum(parsed.noun_counts.get(kind, 0) for kind in kinds) == number


def _are_absent(words: Iterable[str], parsed: ParsedPrompt, complete: bool) -> bool:
    for word in words:
        kinds = {word} | noun_table.KINDS_OF.get(word, frozenset())
        if not parsed.present.isdisjoint(kinds) and word not in parsed.absent:
            return False
        if not parsed.present.isdisjoint(kinds - {word}) and not complete:
            return False
        implied = not parsed.present.isdisjoint(lexicon.ANTONYMS.get(word, ()))
        if not (complete or implied or word in parsed.absent):
            return False
    return True


_INVERSE = {
    "left of": "right of",
    "right of": "left of",
    "above": "under",
    "under": "above",
    "on": "under",
    "front": "behind",
    "behind": "front",
    "beside": "beside",
    "between": "",
}
# A relation is also satisfied by these.
_IMPLIED_BY = {
    "above": {"on"},
    "on": {"above", "in"},
    "in": {"on", "middle of"},
    "middle of": {"in"},
    "beside": {"left of", "right of", "on", "in"},
}
_COLUMN = {"left": 0, "middle": 1, "right": 2, "top left": 0, "bottom left": 0} | {
    "top right": 2,
    "bottom right": 2,
}
# With a place these say little: a cat "on", "in" or "by" the grass is on grass.
_WEAK = frozenset({"on", "in", "beside", "middle of", "around"})


def _relation(value: Any, parsed: ParsedPrompt) -> bool:
    subject, relation, other = value
    if other in noun_table.PLACES and relation in _WEAK:
        return _names(parsed, other) and (not subject.noun or _names(parsed, subject.noun))
    stated = parsed.values("relation")
    if any(_implies(fact, subject, relation, other) for fact in stated):
        return True
    if relation in ("left of", "right of"):
        return _in_order(subject, relation, other, stated)
    both = relation == "beside" and {subject.noun, other} <= parsed.present
    # Two things that are named side by side, without a place, are beside each other.
    return both and (not stated or len(parsed.present & _COLUMN.keys()) > 1)


def _implies(stated: Any, subject: Subject, relation: str, other: str) -> bool:
    """Whether the stated relation says the required one, directly or in reverse."""
    stated_subject, stated_relation, stated_other = stated
    if stated_relation == relation or stated_relation in _IMPLIED_BY.get(relation, ()):
        same_other = _same_noun(other, stated_other) if other else not stated_other
        return _same_subject(subject, stated_subject) and same_other
    reverse = _INVERSE.get(relation) == stated_relation and bool(other)
    return (
        reverse
        and _same_noun(subject.noun, stated_other)
        and _same_noun(other, stated_subject.noun)
    )


def _same_subject(required: Subject, stated: Subject) -> bool:
    if required.noun and not _same_noun(required.noun, stated.noun):
        return False
    return all(any(_same_colour(a, b) for b in stated.colours) for a in required.colours)


def _in_order(subject: Subject, relation: str, other: str, stated: Iterable[Any]) -> bool:
    """Whether places in the image put the subject on the required side of the other thing."""
    places = [(who, _COLUMN[name]) for who, name, _ in stated if name in _COLUMN]
    columns = [column for who, column in places if _same_subject(subject, who)]
    others = [column for who, column in places if _same_noun(other, who.noun)]
    before = any(a < b for a in columns for b in others)
    after = any(a > b for a in columns for b in others)
    return before if relation == "left of" else after


def _style(value: Any, parsed: ParsedPrompt) -> bool:
    return value in parsed.values("style") or str(value) in parsed.folded


def _keep(value: Any, parsed: ParsedPrompt) -> bool:
    return parsed.kept_words.issuperset(value)


def _picture(value: Any, parsed: ParsedPrompt) -> bool:
    return frozenset().union(*parsed.values("picture")).issuperset(value)


def _subject(value: Any, parsed: ParsedPrompt) -> bool:
    return _names(parsed, str(value))


_CHECKS: dict[str, Callable[[Any, ParsedPrompt], bool]] = {
    "colour": _colour,
    "count": _count,
    "relation": _relation,
    "style": _style,
    "keep": _keep,
    "picture": _picture,
    "subject": _subject,
}
