"""Where things are in English text: places in the image, and places relative to other things."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from .english import KNOWN, Phrase, Token
from .lazy_pattern import lazy_pattern
from .lexicon import english as lexicon
from .lexicon import nouns as noun_table
from .mention import UNKNOWN_SUBJECT, Mention

_MAX_GAP = 6  # tokens between a noun phrase and what is said about it
_SIDE = r"(?:[ -]hand)?(?: side| half| edge| corner)?"
_FRAME = r"(?: of the (?:picture|image|frame|photo|scene|canvas|composition))"
# Keywords: "red car left, blue house right", "left red car".
_BARE = r"(?:(?<=, )|(?<![\s\S])){0}(?= [a-z])|{0}(?=[ ]?(?:,|$))"
# name -> pattern. Those of `_ABSOLUTE` are places in the image and need no second thing.
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
_RELATION = lazy_pattern(
    r"\b(?:" + "|".join(f"(?P<r{k}>{p})" for k, (_, p) in enumerate(_RELATIONS)) + r")\b",
    re.IGNORECASE,
)
_NIGHTS = frozenset({("under", "moon"), ("under", "star"), ("in", "dark"), ("beside", "moonlight")})
_NO_SUBJECT = lexicon.ABSTRACT | {""}
_TIMES = lexicon.ABSTRACT | frozenset(
    {"night", "background", "text", "sun", "rain", "mist", "letter"}
)


def places_in_image(text: str) -> list[tuple[int, int]]:
    """Find the spans of places in the image: "on the left-hand side", "in the middle"."""
    return [
        match.span()
        for match in _RELATION.finditer(text)
        if _RELATIONS[int((match.lastgroup or "r0")[1:])][0] in _ABSOLUTE
    ]


def relation_mentions(
    text: str, tokens: Sequence[Token], phrases: Sequence[Phrase]
) -> Iterator[Mention]:
    """Find where things are: ("cat", "on", "table"), ("boat", "left", "")."""
    starts = [token.start for token in tokens]
    firsts = [phrase.first for phrase in phrases]
    for match in _RELATION.finditer(text):
        name = _RELATIONS[int((match.lastgroup or "r0")[1:])][0]
        first, last = bisect_left(starts, match.start()), bisect_left(starts, match.end())
        if first >= len(tokens) or starts[first] != match.start() or not tokens[first].word:
            continue
        k = bisect_left(firsts, first)  # phrases[:k] start before the relation
        while k and phrases[k - 1].last > first:
            k -= 1
        after = bisect_left(firsts, last)
        mention = _relation(tokens, phrases, name, (first, last, k, after))
        if mention:
            yield mention


def _relation(
    tokens: Sequence[Token], phrases: Sequence[Phrase], name: str, place: tuple[int, int, int, int]
) -> Mention | None:
    """place: the relation's tokens first:last, the number of phrases before it, the next phrase."""
    first, last, k, after = place
    while k and phrases[k - 1].noun in _NO_SUBJECT and _near(tokens, phrases[k - 1].last, first):
        k -= 1
    while (
        k > 1
        and tokens[phrases[k - 1].first - 1].text == "of"
        and phrases[k - 2].last == phrases[k - 1].first - 1
        and phrases[k - 2].noun in KNOWN
    ):
        k -= 1  # of "a cup of coffee on a table" the cup is on it
    before = phrases[k - 1] if k and _near(tokens, phrases[k - 1].last, first) else None
    if before and any(token.text == "there" for token in tokens[before.last : first]):
        before = None  # "on the lawn there is on the left a tree"
    if name in _ABSOLUTE:
        following = phrases[after] if after < len(phrases) else None
        return _absolute(tokens, before, following, name, first, last)
    if before and k > 1 and tokens[last : last + 1] and tokens[last].text in ("it", "them"):
        value = before.subject, name, phrases[k - 2].noun  # the phrase before the subject
        return Mention("relation", tokens[before.inner].start, tokens[last].end, value)
    return _relative(tokens, before, phrases[after : after + 2], name, first, last)


def _absolute(
    tokens: Sequence[Token],
    before: Phrase | None,
    following: Phrase | None,
    name: str,
    first: int,
    last: int,
) -> Mention | None:
    """A place in the image: "a cat on the left", or fronted: "on the left a cat"."""
    if last - first == 1:  # a bare "left" must touch its thing
        before = before if before and before.last == first else None
        if before is None and (following is None or following.first != last):
            return None
    fronted = before is None or _is_separated(tokens, before.last, first)
    if following and fronted and _near(tokens, last, following.first):
        end = tokens[following.last - 1].end
        return Mention("relation", tokens[first].start, end, (following.subject, name, ""))
    start = tokens[before.inner if before else first].start
    subject = before.subject if before else UNKNOWN_SUBJECT
    return Mention("relation", start, tokens[last - 1].end, (subject, name, ""))


def _relative(
    tokens: Sequence[Token],
    before: Phrase | None,
    others: Sequence[Phrase],
    name: str,
    first: int,
    last: int,
) -> Mention | None:
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
    if before and other in noun_table.PLACES and _is_separated(tokens, before.last, first):
        before = None  # "..., on grass" describes the whole scene
    start = tokens[before.inner if before else first].start
    return Mention(
        "relation",
        start,
        tokens[end - 1].end,
        (before.subject if before else UNKNOWN_SUBJECT, name, other),
    )


def _is_object(phrase: Phrase, name: str) -> bool:
    """Whether the phrase may be what a thing is placed relative to."""
    has_determiner = phrase.first < phrase.inner
    if not phrase.noun or phrase.noun in _TIMES or phrase.noun in lexicon.UNITS:
        return False
    if name == "in" and phrase.noun in lexicon.CLOTHES:
        return False
    return has_determiner or phrase.noun in KNOWN


def _near(tokens: Sequence[Token], last: int, first: int) -> bool:
    """Whether two token positions are close and in one sentence."""
    return first - last <= _MAX_GAP and not any(t.text in ".;!?" for t in tokens[last:first])


def _is_separated(tokens: Sequence[Token], last: int, first: int) -> bool:
    """Whether a comma, "and" or "with" stands between two token positions."""
    return any(token.text in (",", "and", "with") for token in tokens[last:first])
