"""Parse a prompt: what it says, what it names, and what it says is absent."""

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
from .language import detect_language
from .lexicon import english as lexicon
from .lexicon import nouns as noun_table
from .mention import Mention
from .quotes import blank, find_quotes
from .syntax import find_syntax, readable


@dataclass(frozen=True)
class ParsedPrompt:
    """Everything that the checks need to know about one prompt.

    mentions: what it says, in reading order.
    language: ISO 639-1 code, "" if there are no letters.
    present: canonical words that it names; absent: those that it says are not there.
    noun_counts: how many of each noun it names: an explicit number, or one for each singular.
    thing_count: how many things it names that are not places.
    quotes: the words in quotation marks. kept_words: the words of its keep clauses.
    folded: the prompt in lower case with single spaces.
    by_kind: the values of the mentions of each kind.
    """

    mentions: tuple[Mention, ...]
    language: str
    present: frozenset[str]
    absent: frozenset[str]
    noun_counts: dict[str, int]
    thing_count: int
    quotes: frozenset[str]
    kept_words: frozenset[str]
    folded: str
    by_kind: dict[str, frozenset[Any]]

    def values(self, kind: str) -> frozenset[Any]:
        """Return the values of all mentions of one kind."""
        return self.by_kind.get(kind, frozenset())


class Spans:
    """Spans of a text; answers in O(log n) whether one of them covers or touches another span."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        ordered = sorted(spans)
        self._starts = [start for start, _ in ordered]
        self._furthest = list(accumulate((end for _, end in ordered), max))

    def cover(self, start: int, end: int) -> bool:
        """Whether one span contains all of `start:end`."""
        k = bisect_right(self._starts, start)
        return k > 0 and self._furthest[k - 1] >= end

    def touch(self, start: int, end: int) -> bool:
        """Whether one span shares a character with `start:end`."""
        k = bisect_left(self._starts, end)
        return k > 0 and self._furthest[k - 1] > start


def parse(prompt: str) -> ParsedPrompt:
    """Parse `prompt`; linear in its length, never raises. Recent results are cached."""
    return _parse_short(prompt) if len(prompt) < 2000 else _parse_long(prompt)


def _parse(prompt: str) -> ParsedPrompt:
    quotes = list(find_quotes(prompt))
    syntax = find_syntax(prompt)
    hidden = _joined([*((q.start - 1, q.end + 1) for q in quotes), *(s[1:3] for s in syntax)])
    visible = blank(prompt, hidden)
    tokens = english.tokenise(prompt, hidden)
    places = Spans(relations.places_in_image(visible))
    phrases = [
        p
        for p in english.find_phrases(tokens)
        if not places.cover(tokens[p.first].start, tokens[p.inner].end)
    ]
    han_nouns = chinese.find_nouns(visible)

    # What is negated, and what is to stay.
    negations = []
    negated: set[int] = set()  # indices of tokens
    for first, last, words in clauses.negations(tokens):
        negations.append(Mention("negation", tokens[first].start, tokens[last - 1].end, words))
        negated.update(range(first, last))
    keeps = [*clauses.keep_mentions(visible), *chinese.keep_mentions(visible)]
    live_phrases = [p for p in phrases if p.first not in negated]

    # Colours, counts, ... of what must stay or must not be there are part of that clause.
    mentions = [
        *quotes,
        *(Mention("syntax", item.start, item.end, item.text) for item in syntax),
        *negations,
        *_english(visible, tokens, live_phrases),
        *_chinese(visible, han_nouns),
    ]
    absent = {word for m in mentions if m.kind == "negation" for word in m.value}
    clause = Spans((m.start, m.end) for m in [*mentions, *keeps] if m.kind in ("negation", "keep"))
    independent = ("negation", "quote", "syntax", "picture", "name")
    mentions = [m for m in mentions if m.kind in independent or not clause.cover(m.start, m.end)]
    mentions += keeps

    live_nouns = [noun for noun in han_nouns if not clause.cover(noun[0], noun[1])]
    present = {english.lemma(t.text) for i, t in enumerate(tokens) if t.word and i not in negated}
    present |= {name for _, _, name in live_nouns}
    for item in syntax:  # in its words nothing is negated and nothing counted
        present |= {english.lemma(word) for word in re.findall(r"\w+", item.reading.lower())}
        present |= {name for _, _, name in chinese.find_nouns(item.reading)}
    counts = [m for m in mentions if m.kind == "count"]
    noun_counts, thing_count = _totals(live_phrases, live_nouns, counts)
    language = detect_language(visible) or detect_language(readable(prompt))
    mentions = [m for m in _without_nested(mentions) if not _is_foreign(m, language)]
    by_kind: dict[str, set[Any]] = defaultdict(set)
    for mention in mentions:
        by_kind[mention.kind].add(mention.value)
    return ParsedPrompt(
        mentions=tuple(mentions),
        language=language,
        present=frozenset(present),
        absent=frozenset(absent),
        noun_counts=noun_counts,
        thing_count=thing_count,
        quotes=frozenset(str(quote.value) for quote in quotes),
        kept_words=frozenset(word for keep in keeps for word in keep.value),
        folded=" ".join(prompt.casefold().split()),
        by_kind={kind: frozenset(values) for kind, values in by_kind.items()},
    )


_parse_short = lru_cache(maxsize=1024)(_parse)
_parse_long = lru_cache(maxsize=4)(_parse)  # a result is many times the size of its prompt


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans in order, those that touch each other as one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


_NOT_THINGS = lexicon.ABSTRACT | lexicon.EVENTS | {"thing", "text", "background"}


def _english(
    text: str, tokens: list[english.Token], phrases: list[english.Phrase]
) -> Iterator[Mention]:
    idioms = [m.span() for m in re.finditer(lexicon.COLOUR_IDIOMS, text, re.IGNORECASE)]
    no_colours = Spans([*idioms, *(m.span() for m in clauses.monochrome(text))])
    names = list(clauses.name_mentions(text, tokens))
    in_names = Spans((name.start, name.end) for name in names)
    for colour in english.colour_mentions(tokens, phrases):
        if no_colours.touch(colour.start, colour.end):
            continue
        if in_names.touch(colour.start, colour.start + 1):
            continue  # "the Golden Gate Bridge" is not golden
        yield colour
    images = find_image_mentions(text)
    in_image_numbers = Spans((image.start, image.end) for image in images)
    for count in english.count_mentions(tokens, phrases):
        if not in_image_numbers.touch(count.start, count.start + 1):
            yield count
    yield from relations.relation_mentions(text, tokens, phrases)
    yield from clauses.style_mentions(text)
    for image in images:
        yield Mention("picture", image.start, image.end, frozenset(image.numbers))
    yield from names
    for k, phrase in enumerate(phrases):
        opening = tokens[phrase.first].text in ("a", "an", "the", "my", "one")
        determined = (k == 0 and opening) or phrase.number is not None
        following = tokens[phrase.last].text if phrase.last < len(tokens) else ""
        if following in lexicon.ABSTRACT and phrase.noun not in noun_table.NOUNS:
            continue  # "a peaceful place" is not a thing
        is_thing = phrase.noun in english.KNOWN or determined
        if phrase.noun and phrase.noun not in _NOT_THINGS and is_thing:
            start, end = tokens[phrase.inner].start, tokens[phrase.last - 1].end
            yield Mention("subject", start, end, phrase.noun)


def _chinese(text: str, nouns: list[chinese.Noun]) -> Iterator[Mention]:
    if not any("\u4e00" <= c <= "\u9fff" for c in text):
        return
    yield from chinese.colour_mentions(text, nouns)
    yield from chinese.count_mentions(text, nouns)
    yield from chinese.relation_mentions(text, nouns)
    yield from chinese.negation_mentions(text)
    yield from chinese.style_mentions(text)
    yield from chinese.name_mentions(text)
    for start, end, noun in nouns:
        if noun not in ("text", "background", "watermark"):
            yield Mention("subject", start, end, noun)


def _is_foreign(mention: Mention, language: str) -> bool:
    """Whether it only looks English: a German noun is not a name, French "noir" not a style."""
    if language == "de":
        return mention.kind == "name"
    return language == "fr" and mention.value == "noir"


def _without_nested(mentions: Iterable[Mention]) -> list[Mention]:
    """The mentions in reading order, without those inside another of the same kind."""
    result: list[Mention] = []
    last: dict[str, Mention] = {}
    for mention in sorted(set(mentions), key=lambda m: (m.start, -m.end, m.kind, str(m.value))):
        earlier = last.get(mention.kind)
        is_nested = earlier and earlier.start <= mention.start and mention.end <= earlier.end
        if is_nested and mention.kind in ("style", "keep", "negation", "picture", "name"):
            continue
        last[mention.kind] = mention
        result.append(mention)
    return result


def _totals(
    phrases: list[english.Phrase], han_nouns: list[chinese.Noun], counts: list[Mention]
) -> tuple[dict[str, int], int]:
    totals: dict[str, int] = defaultdict(int)
    for phrase in phrases:
        if phrase.noun:
            totals[phrase.noun] += phrase.number or (1 if phrase.singular else 0)
    number_at = {count.end: count.value[0] for count in counts}
    for _, end, name in han_nouns:
        totals[name] += number_at.get(end, 1)
    things = sum(
        total
        for noun, total in totals.items()
        if noun not in noun_table.PLACES and noun not in lexicon.ABSTRACT
    )
    return dict(totals), things
