"""Reading a prompt once: its facts, what it names and what it says is absent."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any

from . import chinese, clauses, english, relations
from .image_numbers import find_image_mentions
from .lexicon import english as lexicon
from .lexicon import nouns as noun_table
from .mention import Fact

_QUOTE = re.compile(
    r'(?<![A-Za-z0-9])"(?P<a>[^"\n]{1,2000})"'
    r"|“(?P<b>[^“”]{1,2000})”|„(?P<c>[^„“”]{1,2000})[“”]|«(?P<d>[^«»]{1,2000})»"
    r"|「(?P<e>[^「」]{1,2000})」|『(?P<f>[^『』]{1,2000})』|《(?P<g>[^《》]{1,2000})》"
    r"|‘(?P<h>[^‘’\n]{1,200})’(?![A-Za-z])"
    r"|(?<![A-Za-z0-9])'(?P<i>(?:[^'\n]|(?<=[A-Za-z])'(?=[A-Za-z])){1,200})'(?![A-Za-z0-9])"
)


@dataclass(frozen=True)
class Reading:
    """Everything the checks need to know about one prompt.

    named: canonical words said to be there; absent: those said not to be there; totals: how many of
    each noun are named (an explicit number, or one for each singular mention); things: how many
    things that are no place; quotes: the words in quotation marks; kept: the words of keep clauses.
    """

    facts: tuple[Fact, ...]
    language: str
    named: frozenset[str]
    absent: frozenset[str]
    totals: dict[str, int]
    things: int
    quotes: frozenset[str]
    kept: frozenset[str]
    folded: str

    by_kind: dict[str, frozenset[Any]]

    def values(self, kind: str) -> frozenset[Any]:
        """The values of all facts of one kind."""
        return self.by_kind.get(kind, frozenset())


class Spans:
    """Spans of a text, asked in O(log n) whether one of them covers or touches another span."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        ordered = sorted(spans)
        self._starts = [start for start, _ in ordered]
        self._furthest = list(accumulate((end for _, end in ordered), max))

    def cover(self, start: int, end: int) -> bool:
        """Whether one span holds all of `start:end`."""
        k = bisect_right(self._starts, start)
        return k > 0 and self._furthest[k - 1] >= end

    def touch(self, start: int, end: int) -> bool:
        """Whether one span shares a character with `start:end`."""
        k = bisect_left(self._starts, end)
        return k > 0 and self._furthest[k - 1] > start


def read(prompt: str) -> Reading:
    """Read `prompt`; linear in its length, never raises. Recent readings are remembered."""
    return _short(prompt) if len(prompt) < 2000 else _long(prompt)


def _read(prompt: str) -> Reading:
    quotes = list(_quotes(prompt))
    hidden = [(start - 1, end + 1) for _, start, end, _ in quotes]
    blank = _blank(prompt, hidden)
    facts = list(quotes)
    tokens = english.tokenise(prompt, hidden)
    frame = Spans(relations.frame_places(blank))
    phrases = [
        p
        for p in english.phrases(tokens)
        if not frame.cover(tokens[p.first].start, tokens[p.inner].end)
    ]
    negated: set[int] = set()
    absent: set[str] = set()
    for first, last, words in clauses.negations(tokens):
        facts.append(Fact("negation", tokens[first].start, tokens[last - 1].end, words))
        negated.update(range(first, last))
        absent |= words
    kept_facts = [*clauses.keep_facts(blank), *chinese.keep_facts(blank)]
    facts += _english(blank, tokens, [p for p in phrases if p.first not in negated])
    found = chinese.nouns(blank)
    facts += _chinese(blank, found)
    for fact in facts:
        if fact.kind == "negation":
            absent |= set(fact.value)
    clause = Spans(
        (f.start, f.end) for f in [*facts, *kept_facts] if f.kind in ("negation", "keep")
    )
    # Colours, counts, ... of what must stay or must not be there are part of that clause.
    own = ("negation", "quote", "picture", "name")
    facts = [f for f in facts if f.kind in own or not clause.cover(f.start, f.end)] + kept_facts
    live = [p for p in phrases if p.first not in negated]
    han = [noun for noun in found if not clause.cover(noun[0], noun[1])]
    named = {english.lemma(t.text) for i, t in enumerate(tokens) if t.word and i not in negated}
    named |= {name for _, _, name in han}
    totals, things = _totals(live, han, [f for f in facts if f.kind == "count"])
    language = detect_language(blank)
    facts = [fact for fact in _tidy(facts) if not _foreign(fact, language)]
    by_kind: dict[str, set[Any]] = defaultdict(set)
    for fact in facts:
        by_kind[fact.kind].add(fact.value)
    return Reading(
        facts=tuple(facts),
        language=language,
        named=frozenset(named),
        absent=frozenset(absent),
        totals=totals,
        things=things,
        quotes=frozenset(str(fact.value) for fact in quotes),
        kept=frozenset(w for f in kept_facts for w in f.value),
        folded=" ".join(prompt.casefold().split()),
        by_kind={kind: frozenset(values) for kind, values in by_kind.items()},
    )


_short = lru_cache(maxsize=1024)(_read)
_long = lru_cache(maxsize=4)(_read)  # a reading is many times the size of its prompt


def _quotes(prompt: str) -> Iterator[Fact]:
    for match in _QUOTE.finditer(prompt):
        inner = match[match.lastgroup or 0]
        if inner.strip():
            yield Fact("quote", *match.span(match.lastgroup or 0), inner)


def _blank(prompt: str, hidden: Iterable[tuple[int, int]]) -> str:
    """`prompt` with what is quoted overwritten, so that other finders do not look into quotes."""
    pieces, last = [], 0
    for start, end in hidden:
        pieces += [prompt[last:start], "\0" * (end - start)]
        last = end
    return "".join([*pieces, prompt[last:]])


_NO_THINGS = lexicon.ABSTRACT | lexicon.EVENTS | {"thing", "text", "background"}


def _english(text: str, tokens: list[english.Token], found: list[english.Phrase]) -> Iterator[Fact]:
    idioms = [m.span() for m in re.finditer(lexicon.COLOUR_IDIOMS, text, re.IGNORECASE)]
    no_colours = Spans([*idioms, *(m.span() for m in clauses.monochrome(text))])
    names = list(clauses.name_facts(text, tokens))
    named = Spans((name.start, name.end) for name in names)
    for fact in english.colour_facts(tokens, found):
        if no_colours.touch(fact.start, fact.end) or named.touch(fact.start, fact.start + 1):
            continue  # "the Golden Gate Bridge" is no golden bridge
        yield fact
    mentions = find_image_mentions(text)
    image_numbers = Spans((mention.start, mention.end) for mention in mentions)
    for fact in english.count_facts(tokens, found):
        if not image_numbers.touch(fact.start, fact.start + 1):
            yield fact
    yield from relations.relation_facts(text, tokens, found)
    yield from clauses.style_facts(text)
    for mention in mentions:
        yield Fact("picture", mention.start, mention.end, frozenset(mention.numbers))
    yield from names
    for k, phrase in enumerate(found):
        opening = tokens[phrase.first].text in ("a", "an", "the", "my", "one")
        determined = k == 0 and opening or phrase.number is not None
        following = tokens[phrase.last].text if phrase.last < len(tokens) else ""
        if following in lexicon.ABSTRACT and phrase.noun not in noun_table.NOUNS:
            continue  # "a peaceful place" names no thing
        if phrase.noun and phrase.noun not in _NO_THINGS:
            if phrase.noun in english.KNOWN or determined:
                start, end = tokens[phrase.inner].start, tokens[phrase.last - 1].end
                yield Fact("subject", start, end, phrase.noun)


def _chinese(text: str, found: list[chinese.Noun]) -> Iterator[Fact]:
    if not any("\u4e00" <= c <= "\u9fff" for c in text):
        return
    yield from chinese.colour_facts(text, found)
    yield from chinese.count_facts(text, found)
    yield from chinese.relation_facts(text, found)
    yield from chinese.negation_facts(text)
    yield from chinese.style_facts(text)
    yield from chinese.name_facts(text)
    for start, end, noun in found:
        if noun not in ("text", "background", "watermark"):
            yield Fact("subject", start, end, noun)


def _foreign(fact: Fact, language: str) -> bool:
    """What reads as English and is not: German nouns as names, French "noir" as a style."""
    return fact.kind == "name" and language == "de" or fact.value == "noir" and language == "fr"


def _tidy(facts: Iterable[Fact]) -> list[Fact]:
    """In reading order; of overlapping facts of one kind that say the same, the longest."""
    ordered = sorted(set(facts), key=lambda f: (f.start, -f.end, f.kind, str(f.value)))
    result: list[Fact] = []
    last: dict[str, Fact] = {}
    for fact in ordered:
        earlier = last.get(fact.kind)
        nested = earlier and earlier.start <= fact.start and fact.end <= earlier.end
        if nested and earlier and (fact.kind in ("style", "keep", "negation", "picture", "name")):
            continue
        last[fact.kind] = fact
        result.append(fact)
    return result


def _totals(
    phrases: list[english.Phrase], han: list[chinese.Noun], counts: list[Fact]
) -> tuple[dict[str, int], int]:
    totals: dict[str, int] = defaultdict(int)
    for phrase in phrases:
        if phrase.noun:
            totals[phrase.noun] += phrase.number or (1 if phrase.singular else 0)
    numbered = {fact.end: fact.value[0] for fact in counts}
    for _, end, name in han:
        totals[name] += numbered.get(end, 1)
    things = sum(
        total
        for noun, total in totals.items()
        if noun not in noun_table.PLACES and noun not in lexicon.ABSTRACT
    )
    return dict(totals), things


_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("zh", re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
)
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]+")


def detect_language(text: str) -> str:
    """ISO 639-1 code of the language most of `text` is in; "" when it has no letters.

    Scripts decide first (a CJK sign weighs as much as a Latin word); Latin text is told apart by
    function words and counts as English when there are none.
    """
    words = [word.lower() for word in _LATIN.findall(text)]
    if kana := len(_SCRIPTS[0][1].findall(text)):
        scores = {"ja": kana + len(_SCRIPTS[2][1].findall(text))}
    else:
        scores = {code: len(pattern.findall(text)) for code, pattern in _SCRIPTS}
    best = max(scores, key=lambda code: scores[code])
    weight = 2 if best in ("zh", "ja", "ko", "th") else 4  # signs in a word, about
    if scores[best] and scores[best] / weight >= len(words) / 2:
        return best
    if not words:
        return ""
    votes = {
        code: sum(word in known for word in words) for code, known in lexicon.LANGUAGE_WORDS.items()
    }
    top = max(votes, key=lambda code: votes[code])
    return top if votes[top] > votes["en"] else "en"
