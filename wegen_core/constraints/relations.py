"""Where things are in English text: places in the picture, and places relative to other things."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from .english import KNOWN, Phrase, Token
from .lexicon import english as lexicon
from .lexicon import nouns as noun_table
from .mention import NOBODY, Fact

_REACH = 6  # tokens between a noun phrase and what is said about it
_SIDE = r"(?:[ -]hand)?(?: side| half| edge| corner)?"
_FRAME = r"(?: of the (?:picture|image|frame|photo|scene|canvas|composition))"
# Keywords: "red car left, blue house right", "left red car".
_BARE = r"(?:(?<=, )|(?<![\s\S])){0}(?= [a-z])|{0}(?=[ ]?(?:,|$))"
# name -> how it is said. Those of `_ABSOLUTE` are places in the picture and need no second thing.
_RELATIONS: tuple[tuple[str, str], ...] = (
    ("top left", rf"(?:in|on|at) the (?:top|upper)[ -]left{_SIDE}{_FRAME}?"),
    ("top right", rf"(?:in|on|at) the (?:top|upper)[ -]right{_SIDE}{_FRAME}?"),
    ("bottom left", rf"(?:in|on|at) the (?:bottom|lower)[ -]left{_SIDE}{_FRAME}?"),
    ("bottom right", rf"(?:in|on|at) the (?:bottom|lower)[ -]right{_SIDE}{_FRAME}?"),
    (
        "left of",
        rf"(?:(?:on|to|at) the )?left{_SIDE} of(?! the (?:picture|image|frame|photo|scene))",
    ),
    (
        "right of",
        rf"(?:(?:on|to|at) the )?right{_SIDE} of(?! the (?:picture|image|frame|photo|scene))",
    ),
    ("left", rf"(?:on|to|at|in) the (?:very |far )?left{_SIDE}{_FRAME}?|" + _BARE.format("left")),
    (
        "right",
        rf"(?:on|to|at|in) the (?:very |far )?right{_SIDE}{_FRAME}?|" + _BARE.format("right"),
    ),
    (
        "middle",
        rf"(?:in|at|to) the (?:very |exact )?(?:middle|cent(?:er|re)){_FRAME}?(?! of)|"
        + _BARE.format("(?:middle|cent(?:er|re))"),
    ),
    ("background", rf"in the (?:far )?background{_FRAME}?"),
    ("foreground", rf"in the foreground{_FRAME}?"),
    ("top", rf"at the (?:very )?top{_FRAME}?(?! of)"),
    ("bottom", rf"at the (?:very )?bottom{_FRAME}?(?! of)"),
    ("middle of", r"in the (?:very )?(?:middle|cent(?:er|re)) of"),
    ("front", r"in front of"),
    ("behind", r"behind"),
    ("between", r"(?:in )?between"),
    ("beside", r"next to|beside|alongside|adjacent to|close to|lean\w* against|near(?:by)?|by|at"),
    ("on", r"on top of|atop|upon|onto|on"),
    ("under", r"under(?:neath)?|beneath|below"),
    ("above", r"above|over"),
    ("in", r"inside(?: of)?|within|in|into|among(?:st)?"),
    ("around", r"around|surrounded by"),
)
_ABSOLUTE = frozenset(
    "top left/top right/bottom left/bottom "
    "right/left/right/middle/background/foreground/top/bottom".split("/")
)
_RELATION = re.compile(
    r"\b(?:" + "|".join(f"(?P<r{k}>{p})" for k, (_, p) in enumerate(_RELATIONS)) + r")\b",
    re.IGNORECASE,
)
_NIGHTS = frozenset({("under", "moon"), ("under", "star"), ("in", "dark"), ("beside", "moonlight")})
_NO_SUBJECT = lexicon.ABSTRACT | {""}
_TIMES = lexicon.ABSTRACT | frozenset(
    {"night", "background", "text", "sun", "rain", "mist", "letter"}
)


def frame_places(text: str) -> list[tuple[int, int]]:
    """Spans of the places in the picture: "on the left-hand side", "in the middle"."""
    return [
        match.span()
        for match in _RELATION.finditer(text)
        if _RELATIONS[int((match.lastgroup or "r0")[1:])][0] in _ABSOLUTE
    ]


def relation_facts(text: str, tokens: Sequence[Token], found: Sequence[Phrase]) -> Iterator[Fact]:
    """Where things are: ("cat", "on", "table"), ("boat", "left", "")."""
    starts = [token.start for token in tokens]
    firsts = [phrase.first for phrase in found]
    for match in _RELATION.finditer(text):
        name = _RELATIONS[int((match.lastgroup or "r0")[1:])][0]
        first, last = bisect_left(starts, match.start()), bisect_left(starts, match.end())
        if first >= len(tokens) or starts[first] != match.start() or not tokens[first].word:
            continue
        k = bisect_left(firsts, first)  # phrases[:k] start before the relation
        while k and found[k - 1].last > first:
            k -= 1
        after = bisect_left(firsts, last)
        fact = _relation(tokens, found, name, (first, last, k, after))
        if fact:
            yield fact


def _relation(
    tokens: Sequence[Token], found: Sequence[Phrase], name: str, place: tuple[int, int, int, int]
) -> Fact | None:
    """place: the relation's tokens first:last, and the phrases k before and `after` behind it."""
    first, last, k, after = place
    while k and found[k - 1].noun in _NO_SUBJECT and _near(tokens, found[k - 1].last, first):
        k -= 1
    while (
        k > 1
        and tokens[found[k - 1].first - 1].text == "of"
        and found[k - 2].last == found[k - 1].first - 1
        and found[k - 2].noun in KNOWN
    ):
        k -= 1  # of "a cup of coffee on a table" the cup is on it
    before = found[k - 1] if k and _near(tokens, found[k - 1].last, first) else None
    if before and any(token.text == "there" for token in tokens[before.last : first]):
        before = None  # "on the lawn there is on the left a tree"
    if name in _ABSOLUTE:
        following = found[after] if after < len(found) else None
        return _absolute(tokens, before, following, name, first, last)
    if before and k > 1 and tokens[last : last + 1] and tokens[last].text in ("it", "them"):
        value = before.subject, name, found[k - 2].noun  # what was named before the subject
        return Fact("relation", tokens[before.inner].start, tokens[last].end, value)
    return _relative(tokens, before, found[after : after + 2], name, first, last)


def _absolute(
    tokens: Sequence[Token],
    before: Phrase | None,
    following: Phrase | None,
    name: str,
    first: int,
    last: int,
) -> Fact | None:
    """A place in the picture: "a cat on the left", or fronted: "on the left a cat"."""
    if last - first == 1:  # a bare "left" must touch its thing
        before = before if before and before.last == first else None
        if before is None and (following is None or following.first != last):
            return None
    fronted = before is None or _comma(tokens, before.last, first)
    if following and fronted and _near(tokens, last, following.first):
        end = tokens[following.last - 1].end
        return Fact("relation", tokens[first].start, end, (following.subject, name, ""))
    start = tokens[before.inner if before else first].start
    subject = before.subject if before else NOBODY
    return Fact("relation", start, tokens[last - 1].end, (subject, name, ""))


def _relative(
    tokens: Sequence[Token],
    before: Phrase | None,
    others: Sequence[Phrase],
    name: str,
    first: int,
    last: int,
) -> Fact | None:
    """A place relative to something: "a cat on a table"; others: the phrases after the relation."""
    if not others or others[0].first != last or not _is_object(others[0], name):
        return None
    if before and "," in (token.text for token in tokens[before.last : first - 1]):
        before = None  # another thing stands in between
    other, end = others[0].noun, others[0].last
    if (name, other) in _NIGHTS:
        name, other = "in", "night"
    joined = len(others) > 1 and end < len(tokens) and tokens[end].text == "and"
    if name == "between" and joined and others[1].first == end + 1:
        other, end = "+".join(sorted((other, others[1].noun))), others[1].last
    if before and other in noun_table.PLACES and _comma(tokens, before.last, first):
        before = None  # "..., on grass" is said of the whole scene
    start = tokens[before.inner if before else first].start
    return Fact(
        "relation", start, tokens[end - 1].end, (before.subject if before else NOBODY, name, other)
    )


def _is_object(phrase: Phrase, name: str) -> bool:
    determined = phrase.first < phrase.inner
    if not phrase.noun or phrase.noun in _TIMES or phrase.noun in lexicon.UNITS:
        return False
    if name == "in" and phrase.noun in lexicon.CLOTHES:
        return False
    return determined or phrase.noun in KNOWN


def _near(tokens: Sequence[Token], last: int, first: int) -> bool:
    """Whether two token positions are close and in one sentence."""
    return first - last <= _REACH and not any(t.text in ".;!?" for t in tokens[last:first])


def _comma(tokens: Sequence[Token], last: int, first: int) -> bool:
    return any(token.text in (",", "and", "with") for token in tokens[last:first])
