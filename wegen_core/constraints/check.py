"""Whether a rewritten prompt still keeps a constraint.

Constraint and rewrite are read by the same reader and their meanings compared, so that "a kitten by
the ocean" is kept by "a grey cat in the middle, by the sea", and "a blue house" is not kept by
"a red house and a blue car".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .find import Constraint
from .lexicon import english as lexicon
from .lexicon import nouns as noun_table
from .mention import Subject
from .parser import Reading, read


def holds(constraint: Constraint, prompt: str, *, complete: bool = False) -> bool:
    """Whether `prompt` keeps `constraint`.

    complete: `prompt` names everything there is in the picture, so what must be absent need not be
    said to be absent. A constraint that cannot be read by itself must be there word for word.
    """
    reading = read(prompt)
    if constraint.kind == "language":
        return reading.language in (constraint.text, "")
    if constraint.kind == "quote":
        return constraint.text in reading.quotes or constraint.text == prompt.strip()
    if constraint.kind == "name":
        return _said(constraint.text, reading) or _noun(constraint.text) in reading.named
    values = read(constraint.text).values(constraint.kind)
    check = _CHECKS.get(constraint.kind)
    if constraint.kind == "negation":
        return all(_absent(words, reading, complete) for words in values) and (
            bool(values) or _said(constraint.text, reading)
        )
    if not values or check is None:
        return _said(constraint.text, reading)
    given = reading.values(constraint.kind)
    return all(value in given or check(value, reading) for value in values)


def broken(
    constraints: Iterable[Constraint], prompt: str, *, complete: bool = False
) -> list[Constraint]:
    """Those of `constraints` that `prompt` does not keep."""
    return [c for c in constraints if not holds(c, prompt, complete=complete)]


def _said(text: str, reading: Reading) -> bool:
    return " ".join(text.casefold().split()) in reading.folded


def _noun(text: str) -> str:
    return noun_table.NOUNS.get(text.lower(), "\0")


def names(noun: str, reading: Reading) -> bool:
    """Whether the prompt names the noun or one of its kinds."""
    return noun in reading.named or not reading.named.isdisjoint(noun_table.KINDS_OF.get(noun, ()))


def _same_noun(wanted: str, given: str) -> bool:
    kinds = noun_table.KINDS_OF.get(wanted, frozenset())
    return wanted == given or given in kinds or wanted == "thing" or _parts(wanted, given)


def _parts(wanted: str, given: str) -> bool:
    left, right = wanted.split("+"), given.split("+")
    same_length = len(left) == len(right) > 1
    return same_length and all(map(_same_noun, left, right))


def _same_colour(wanted: str, given: str) -> bool:
    return wanted == given or given in lexicon.COLOUR_NEAR.get(wanted, frozenset())


def _colour(value: Any, reading: Reading) -> bool:
    colour, noun = value
    if (colour, noun) in lexicon.NATURAL and names(noun, reading):
        return True
    return any(
        _same_colour(colour, given) and (not noun or _same_noun(noun, thing))
        for given, thing in reading.values("colour")
    )


def _count(value: Any, reading: Reading) -> bool:
    number, noun = value
    if any(n == number and _same_noun(noun, thing) for n, thing in reading.values("count")):
        return True
    if noun in noun_table.GENERIC:
        return reading.things == number
    kinds = {noun} | noun_table.KINDS_OF.get(noun, frozenset())
    return sum(reading.totals.get(kind, 0) for kind in kinds) == number


def _absent(words: Iterable[str], reading: Reading, complete: bool) -> bool:
    for word in words:
        kinds = {word} | noun_table.KINDS_OF.get(word, frozenset())
        if not reading.named.isdisjoint(kinds) and word not in reading.absent:
            return False
        if not reading.named.isdisjoint(kinds - {word}) and not complete:
            return False
        implied = not reading.named.isdisjoint(lexicon.ANTONYMS.get(word, ()))
        if not (complete or implied or word in reading.absent):
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
_LIKE = {
    "above": {"on"},
    "on": {"above", "in"},
    "in": {"on", "middle of"},
    "middle of": {"in"},
    "beside": {"left of", "right of", "on", "in"},
}
_ACROSS = {"left": 0, "middle": 1, "right": 2, "top left": 0, "bottom left": 0} | {
    "top right": 2,
    "bottom right": 2,
}
_WEAK = frozenset({"on", "in", "beside", "middle of", "around"})


def _relation(value: Any, reading: Reading) -> bool:
    subject, name, other = value
    if other in noun_table.PLACES and name in _WEAK:
        return names(other, reading) and (not subject.noun or names(subject.noun, reading))
    given = reading.values("relation")
    if any(_answers(subject, name, other, fact) for fact in given):
        return True
    if name in ("left of", "right of"):
        return _ordered(subject, name, other, given)
    apart = name == "beside" and {subject.noun, other} <= reading.named
    # Two things named side by side without a place are beside each other.
    return apart and (not given or len(reading.named & _ACROSS.keys()) > 1)


def _answers(subject: Subject, name: str, other: str, fact: Any) -> bool:
    who, how, what = fact
    if how == name or how in _LIKE.get(name, ()):
        return _same_subject(subject, who) and (_same_noun(other, what) if other else not what)
    inverse = _INVERSE.get(name) == how and bool(other)
    return inverse and _same_noun(subject.noun, what) and _same_noun(other, who.noun)


def _same_subject(wanted: Subject, given: Subject) -> bool:
    if wanted.noun and not _same_noun(wanted.noun, given.noun):
        return False
    return all(any(_same_colour(a, b) for b in given.colours) for a in wanted.colours)


def _ordered(subject: Subject, name: str, other: str, given: Iterable[Any]) -> bool:
    """Whether places in the picture put the subject on the wanted side of the other thing."""
    own = [_ACROSS[how] for who, how, _ in given if how in _ACROSS and _same_subject(subject, who)]
    its = [_ACROSS[how] for who, how, _ in given if how in _ACROSS and _same_noun(other, who.noun)]
    before = any(a < b for a in own for b in its)
    after = any(a > b for a in own for b in its)
    return before if name == "left of" else after


def _style(value: Any, reading: Reading) -> bool:
    return value in reading.values("style") or str(value) in reading.folded


def _keep(value: Any, reading: Reading) -> bool:
    return reading.kept.issuperset(value)


def _picture(value: Any, reading: Reading) -> bool:
    mentioned: set[int] = set()
    for numbers in reading.values("picture"):
        mentioned |= numbers
    return mentioned.issuperset(value)


def _subject(value: Any, reading: Reading) -> bool:
    return names(str(value), reading)


_CHECKS: dict[str, Callable[[Any, Reading], bool]] = {
    "colour": _colour,
    "count": _count,
    "relation": _relation,
    "style": _style,
    "keep": _keep,
    "picture": _picture,
    "subject": _subject,
}
