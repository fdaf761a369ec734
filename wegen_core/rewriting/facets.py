"""The facets that a prompt leaves open, and values for them that make the variants differ.

Candidate i takes its values from a Kronecker sequence with one dimension for each facet: Roberts'
R_d, the additive recurrence with powers of the generalised golden ratio. A few candidates then
cover every table evenly. Variant k has `CANDIDATES` candidates of its own and takes the one that
differs most from variants 0..k-1, so it stays the same when more variants are requested.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from ..constraints.lexicon import nouns as noun_table
from ..constraints.parser import parse
from ..constraints.syntax import readable
from ..constraints.vagueness import names_nothing
from .compatibility import has_what_it_needs, is_compatible, prompt_tags
from .facet_tables import CUES, FACETS

CANDIDATES = 6  # of each variant
BOLD_FROM = 0.75  # creativity from which the bold half of the tables is used


Wording = Literal["en", "zh", "keywords"]


@dataclass(frozen=True)
class Value:
    """A value of a facet in its wordings, with its tags."""

    en: str
    zh: str
    keywords: str
    tags: frozenset[str]

    def words(self, wording: Wording) -> str:
        """The value in one wording."""
        return {"en": self.en, "zh": self.zh, "keywords": self.keywords}[wording]


@lru_cache(maxsize=1)
def facet_values() -> dict[str, tuple[Value, ...]]:
    """Parse the tables of `facet_tables`: facet -> values."""
    parsed = {}
    for facet, (rows, _, shared) in FACETS.items():
        cells = ([cell.strip() for cell in row.split("|")] for row in rows.strip().splitlines())
        parsed[facet] = tuple(
            Value(en, zh, keywords, frozenset(f"{tags} {shared}".split()))
            for en, zh, keywords, tags in cells
        )
    return parsed


@lru_cache(maxsize=1)
def _patterns() -> dict[str, re.Pattern[str]]:
    return {facet: re.compile(words, re.IGNORECASE) for facet, words in CUES.items()}


_IN_NAME = re.compile(r"\b(?:in|at|near) (?:the )?[A-Z]\w")  # "in Paris"


def specified_facets(prompt: str) -> frozenset[str]:
    """Return the facets that `prompt` determines itself."""
    words = readable(prompt)
    facets = {facet for facet, pattern in _patterns().items() if pattern.search(words)}
    parsed = parse(prompt)
    if not names_nothing(prompt):
        facets.add("subject")
    if parsed.present & noun_table.PLACES - {"water", "floor", "sky"} or _IN_NAME.search(words):
        facets.add("setting")
    if not parsed.present & noun_table.ANIMATE:
        facets.add("action")  # nothing in the image can act
    if parsed.values("style"):
        facets.add("medium")
    if len(parsed.values("colour")) > 1:
        facets.add("palette")
    return frozenset(facets)


@cache
def _nouns_in(words: str) -> frozenset[str]:
    return parse(words).present


def open_facets(prompt: str) -> tuple[str, ...]:
    """Return the facets that `prompt` leaves open, in the order of the tables."""
    specified = specified_facets(prompt)
    return tuple(facet for facet in FACETS if facet not in specified)


def hash_to_unit(seed: int, *names: object) -> float:
    """Hash the seed and the names to a number in 0..1, the same on every machine."""
    text = "\0".join(map(str, (seed, *names))).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=7).digest(), "big") / (1 << 56)


def _ratio(dimensions: int) -> float:
    """Compute the generalised golden ratio: the root of x**(d+1) = x + 1 above 1."""
    x = 1.5
    for _ in range(60):
        x = (1 + x) ** (1 / (dimensions + 1))
    return x


_ALPHA = [_ratio(len(FACETS)) ** -(k + 1) for k in range(len(FACETS))]
_GOLDEN = (5**0.5 - 1) / 2


class FacetSampler:
    """Chooses facet values for the variants of one prompt.

    prompt: the user's words. creativity: 0..1.
    """

    def __init__(self, prompt: str, seed: int, creativity: float, wording: Wording) -> None:
        self.wording = wording
        self.seed = int(hash_to_unit(seed, prompt) * (1 << 53))  # each prompt gets its own order
        self.facets = open_facets(prompt)
        self.bold = creativity >= BOLD_FROM
        self.tags = prompt_tags(readable(prompt))
        self.absent = parse(prompt).absent
        self.tables = {facet: self._allowed(facet) for facet in self.facets}
        self.chosen: list[dict[str, Value]] = []

    def _allowed(self, facet: str) -> list[Value]:
        """The values of a facet that agree with the prompt, in an order that the seed decides."""
        has_subject = "subject" not in self.facets
        values = [
            value
            for value in facet_values()[facet]
            if (self.bold or "bold" not in value.tags)
            and is_compatible(value.tags, self.tags)
            and not (has_subject and not has_what_it_needs(value.tags, self.tags))
            and not self._is_absent(value)
            and (has_subject or facet != "action")
        ]
        return sorted(values, key=lambda value: hash_to_unit(self.seed, facet, value.en))

    def _is_absent(self, value: Value) -> bool:
        """Whether the prompt says that something of the value is not there."""
        names = (_nouns_in(value.en), _nouns_in(value.zh)) if self.absent else ()
        return any(not self.absent.isdisjoint(nouns) for nouns in names)

    def words(self, values: Mapping[str, Value]) -> dict[str, str]:
        """The values in the sampler's wording."""
        return {facet: value.words(self.wording) for facet, value in values.items()}

    def choose(self, count: int) -> dict[str, Value]:
        """Choose values of `count` facets for the next variant, in the order of the tables."""
        k = len(self.chosen)
        pool = [self._candidate(CANDIDATES * k + j, count) for j in range(CANDIDATES)]
        best = max(range(CANDIDATES), key=lambda j: (self._novelty(pool[j]), -j))
        self.chosen.append(pool[best])
        return pool[best]

    def _candidate(self, index: int, count: int) -> dict[str, Value]:
        """The candidate with this index: values of the `count` facets that come first."""

        def priority(facet: str) -> float:
            d = list(FACETS).index(facet)
            draw = (hash_to_unit(self.seed, "which", facet) + (index + 1) * _ALPHA[d]) % 1.0
            return FACETS[facet][1] * (0.25 + draw)

        picked: dict[str, Value] = {}
        for facet in sorted(self.facets, key=lambda f: (-priority(f), f)):
            if len(picked) == count:
                break
            value = self._value(facet, index, picked)
            if value is not None:
                picked[facet] = value
        return {facet: picked[facet] for facet in FACETS if facet in picked}

    def _value(self, facet: str, index: int, picked: Mapping[str, Value]) -> Value | None:
        """The value at the sequence's position, or the next one that agrees with `picked`."""
        values = self.tables[facet]
        if not values:
            return None
        position = (hash_to_unit(self.seed, "value", facet) + (index + 1) * _GOLDEN) % 1.0
        tags = frozenset(tag for other in picked.values() for tag in other.tags)
        start = int(position * len(values))
        for step in range(len(values)):
            value = values[(start + step) % len(values)]
            if is_compatible(value.tags, tags):
                return value
        return None

    def _novelty(self, candidate: Mapping[str, Value]) -> tuple[int, float]:
        """Rank a candidate: number of unused values, then distance to the nearest variant."""
        used = {(facet, value) for earlier in self.chosen for facet, value in earlier.items()}
        fresh = sum(item not in used for item in candidate.items())
        gaps = [len(candidate.items() ^ earlier.items()) for earlier in self.chosen]
        return fresh, min(gaps, default=0)


def fitting(values: Mapping[str, Value], text: str) -> dict[str, Value]:
    """Return the values that `text` leaves open and that agree with it."""
    open_to = set(open_facets(text))
    tags = prompt_tags(readable(text))
    return {
        facet: value
        for facet, value in values.items()
        if facet in open_to and is_compatible(value.tags, tags)
    }
