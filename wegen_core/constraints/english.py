"""Noun phrases of English text, and the colours and counts in them.

A small chunker over a fixed lexicon instead of a tagger: it is deterministic, recognises unknown
nouns by their determiner, and runs in linear time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .lazy_pattern import lazy_pattern
from .lexicon import english as lexicon
from .lexicon import nouns as noun_table
from .mention import Mention, Subject

_TOKEN = lazy_pattern(r"[A-Za-z\u00c0-\u024f0-9]+(?:['’][A-Za-z]+)?|[^\w\s]|[^\W\s]")
_MAX_WORDS = 8  # of one noun phrase


class Token(NamedTuple):
    """A word or punctuation mark in lower case, its span, and whether it is a word."""

    text: str
    start: int
    end: int
    word: bool


@dataclass(frozen=True)
class Phrase:
    """A noun phrase: the tokens `first:last`.

    inner: the token after the determiners. body: the token after the number. noun: canonical, ""
    for a phrase of colours alone. number: None if there is no number.
    """

    first: int
    inner: int
    body: int
    last: int
    noun: str
    colours: frozenset[str]
    number: int | None
    singular: bool

    @property
    def subject(self) -> Subject:
        """The noun and its colours, as relations name them."""
        return Subject(self.noun, self.colours)


def tokenise(text: str, hidden: Sequence[tuple[int, int]]) -> list[Token]:
    """Split into tokens; each of the sorted `hidden` spans becomes one NUL character."""
    tokens: list[Token] = []
    ends = [end for _, end in hidden]
    for match in _TOKEN.finditer(text):
        index = bisect_right(ends, match.start())
        if index < len(hidden) and hidden[index][0] <= match.start():
            if not tokens or tokens[-1].text != "\0" or tokens[-1].start < hidden[index][0]:
                tokens.append(Token("\0", match.start(), match.end(), False))
            continue
        raw = match[0]
        lower = raw.lower().replace("’", "'")
        tokens.append(Token(lower, match.start(), match.end(), raw[0].isalnum() and raw.isascii()))
    return tokens


def lemma(word: str) -> str:
    """Return the canonical singular noun of a lower-case word: "kittens" -> "cat"."""
    if word in noun_table.NOUNS:
        return noun_table.NOUNS[word]
    single = lexicon.IRREGULAR.get(word) or _singular(word)
    return noun_table.NOUNS.get(single, single)


def _singular(word: str) -> str:
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "zes")):
        return word[:-2]
    return word[:-1]


def known(word: str) -> bool:
    """Check whether the lexicon has the noun."""
    return lemma(word) in KNOWN


KNOWN = frozenset(noun_table.NOUNS.values())


def number_of(word: str) -> int | None:
    """Return the value of a number word or of digits."""
    if word in lexicon.NUMBERS:
        return lexicon.NUMBERS[word]
    return int(word) if word.isdecimal() and word.isascii() and len(word) < 5 else None


def find_phrases(tokens: Sequence[Token]) -> list[Phrase]:
    """Find the noun phrases, from left to right, without overlaps."""
    phrases: list[Phrase] = []
    i = 0
    while i < len(tokens):
        phrase = _phrase_at(tokens, i) if tokens[i].word else None
        if phrase:
            phrases.append(phrase)
        i = phrase.last if phrase else i + 1
    return phrases


def _phrase_at(tokens: Sequence[Token], first: int) -> Phrase | None:
    """The noun phrase that starts with token `first`, if one does."""
    word = tokens[first].text
    known_start = word in lexicon.DETERMINERS or word in lexicon.COLOURS or word in lexicon.GROUPS
    if not known_start and number_of(word) is None and not known(word):
        return None
    i, number, determiner = first, None, ""
    while i < min(len(tokens), first + 3) and tokens[i].text in lexicon.DETERMINERS:
        determiner = tokens[i].text
        i += 1
    inner = i
    if i < len(tokens) and tokens[i].word:
        number, i = _number_at(tokens, i)
    body = i
    words, colours, i = _words(tokens, i)
    if not words:
        counted = number is not None or determiner in ("a", "an")
        return _colour_only(tokens, (first, inner, body, i), counted, number, colours)
    nouns = [k for k in words if known(tokens[k].text)]
    event = tokens[words[-1]].text in lexicon.EVENTS
    head = nouns[-1] if nouns and not event else words[-1]
    verb_like = tokens[head].text.endswith("s") and not tokens[head].text.endswith(("ss", "us"))
    if not nouns and verb_like and determiner in ("a", "an") and len(words) > 1:
        head = words[-2]  # "an axolotl swims": the last word is the verb
    text = tokens[head].text
    if number is not None and (text in lexicon.UNITS or text in lexicon.ABSTRACT):
        number = None
    singular = number is None and (determiner in ("a", "an", "one") or not text.endswith("s"))
    return Phrase(first, inner, body, head + 1, lemma(text), frozenset(colours), number, singular)


def _number_at(tokens: Sequence[Token], i: int) -> tuple[int | None, int]:
    """The number at the start of a noun phrase, and the token after it."""
    following = [token.text for token in tokens[i + 1 : i + 3]]
    if tokens[i].text in lexicon.GROUPS:
        skip = 2 if following[:1] == ["of"] else 1
        return (lexicon.GROUPS[tokens[i].text], i + skip) if following else (None, i)
    number = number_of(tokens[i].text)
    glued = i > 0 and tokens[i - 1].text in ".:/#" and tokens[i - 1].end == tokens[i].start
    decimal = following[:1] and following[0] in (".", ":", "/", "%", "°", "-")
    counted = number is not None and not glued and not decimal
    return (number if counted else None, i + 1 if number is not None else i)


def _words(tokens: Sequence[Token], i: int) -> tuple[list[int], list[str], int]:
    """The words of a noun phrase from token `i`: indices of other words, colours, the end."""
    words: list[int] = []
    colours: list[str] = []
    has_noun = False
    while i < len(tokens) and len(words) < _MAX_WORDS:
        text = tokens[i].text
        following = tokens[i + 1].text if i + 1 < len(tokens) else ""
        after_colour = tokens[i - 1].text in lexicon.COLOURS or text == "-"
        joins = text in ("and", ",", "-", "&") and bool(colours or words) and after_colour
        if joins and (following in lexicon.COLOURS or (text == "-" and following.isalpha())):
            i += 1
            continue
        if not tokens[i].word or text in lexicon.BOUNDARY or text in lexicon.DETERMINERS:
            break
        if text in lexicon.COLOURS and not _is_fruit_or_flower(text, following, words, colours):
            if has_noun:
                break
            colours.append(lexicon.COLOURS[text])
        elif text in lexicon.SHADES and following in lexicon.COLOURS:
            pass  # "cherry red"
        elif (has_noun and not known(text) and text not in lexicon.EVENTS) or (
            words and _is_participle(tokens, i)
        ):
            break
        elif text in ("coloured", "colored") and colours:
            pass  # "plum coloured"
        else:
            words.append(i)
            has_noun = has_noun or known(text)
        i += 1
    return words, colours, i


def _is_fruit_or_flower(
    text: str, following: str, words: Sequence[int], colours: Sequence[str]
) -> bool:
    """Whether a word such as "orange" names a thing here, because no noun follows it."""
    ends = not following.isalpha() or following in lexicon.BOUNDARY
    return text in lexicon.COLOUR_NOUNS and ends and bool(words or colours)


def _is_participle(tokens: Sequence[Token], i: int) -> bool:
    """Whether token `i` is a verb form after the noun: "a cat sleeping in the sun"."""
    text = tokens[i].text
    if not text.endswith(("ing", "ed")) or len(text) < 5 or known(text):
        return False
    if i + 1 >= len(tokens) or not tokens[i + 1].word:
        return True
    following = tokens[i + 1].text
    return following in lexicon.BOUNDARY or following in lexicon.DETERMINERS


def _colour_only(
    tokens: Sequence[Token],
    span: tuple[int, int, int, int],
    counted: bool,
    number: int | None,
    colours: Sequence[str],
) -> Phrase | None:
    """A phrase of colours alone ("in red"), or of a colour that names a thing ("an orange")."""
    if not colours:
        return None
    text = tokens[span[-1] - 1].text
    if counted and text in lexicon.COLOUR_NOUNS:
        return Phrase(*span, text, frozenset(colours[:-1]), number, number is None)
    return Phrase(*span, "", frozenset(colours), None, True)


def colour_mentions(tokens: Sequence[Token], phrases: Sequence[Phrase]) -> Iterator[Mention]:
    """Find colours and their nouns: "red car", "the car should be red"."""
    for k, phrase in enumerate(phrases):
        if phrase.noun:
            span = tokens[phrase.body].start, tokens[phrase.last - 1].end
            for colour in sorted(phrase.colours):
                yield Mention("colour", *span, (colour, phrase.noun))
            continue
        owner = phrases[k - 1] if k and _is_linked(tokens, phrases[k - 1], phrase) else None
        noun, first = (owner.noun, owner.inner) if owner else ("", phrase.inner)
        for colour in sorted(phrase.colours):
            yield Mention(
                "colour", tokens[first].start, tokens[phrase.last - 1].end, (colour, noun)
            )


def _is_linked(tokens: Sequence[Token], owner: Phrase, colours: Phrase) -> bool:
    """Whether only words such as "should be" stand between a noun and its colours."""
    between = [token.text for token in tokens[owner.last : colours.first]]
    return bool(owner.noun) and len(between) <= 4 and all(t in lexicon.LINKS for t in between)


def count_mentions(tokens: Sequence[Token], phrases: Sequence[Phrase]) -> Iterator[Mention]:
    """Find numbers of things: "three cats"."""
    for phrase in phrases:
        if phrase.number is not None and phrase.noun:
            span = tokens[phrase.inner].start, tokens[phrase.last - 1].end
            yield Mention("count", *span, (phrase.number, phrase.noun))
