"""The facets that a prompt leaves open, and values for them that make the variants differ.

Candidate i takes its values from a Kronecker sequence with one dimension for each facet: Roberts'
R_d, the additive recurrence with powers of the generalised golden ratio. A few candidates then
cover every table evenly. Variant k has `CANDIDATES` candidates of its own and takes the one that
differs most from variants 0..k-1, so it stays the same when more variants are requested.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from ..constraints.lexicon import nouns as noun_table
from ..constraints.parser import parse
from ..constraints.vagueness import names_nothing
from .facet_tables import CONFLICTS, CUES, FACETS, TAG_CUES

CANDIDATES = 6  # of each variant
BOLD_FROM = 0.75  # creativity from which the bold half of the tables is used


@dataclass(frozen=True)
class Value:
    """A value of a facet in both languages, with its tags."""

    en: str
    zh: str
    tags: frozenset[str]


@lru_cache(maxsize=1)
def facet_values() -> dict[str, tuple[Value, ...]]:
    """Parse the tables of `facet_tables`: facet -> values."""
    parsed = {}
    for facet, (rows, _) in FACETS.items():
        split = ([cell.strip() for cell in row.split("|")] for row in rows.strip().splitlines())
        parsed[facet] = tuple(Value(en, zh, frozenset(tags.split())) for en, zh, tags in split)
    return parsed


@lru_cache(maxsize=1)
def _patterns() -> tuple[dict[str, re.Pattern[str]], dict[str, re.Pattern[str]]]:
    def compiled(table: Mapping[str, str]) -> dict[str, re.Pattern[str]]:
        return {name: re.compile(words, re.IGNORECASE) for name, words in table.items()}

    return compiled(CUES), compiled(TAG_CUES)


_IN_NAME = re.compile(r"\b(?:in|at|near) (?:the )?[A-Z]\w")  # "in Paris"


def specified_facets(prompt: str) -> frozenset[str]:
    """Return the facets that `prompt` determines itself."""
    cues, _ = _patterns()
    facets = {facet for facet, pattern in cues.items() if pattern.search(prompt)}
    parsed = parse(prompt)
    if not names_nothing(prompt):
        facets.add("subject")
    if parsed.present & noun_table.PLACES - {"water", "floor", "sky"} or _IN_NAME.search(prompt):
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

    prompt: the user's words. creativity: 0..1. zh: whether the values are Chinese.
    """

    def __init__(self, prompt: str, seed: int, creativity: float, zh: bool) -> None:
        self.zh = zh
        self.seed = int(hash_to_unit(seed, prompt) * (1 << 53))  # each prompt gets its own order
        self.facets = open_facets(prompt)
        self.bold = creativity >= BOLD_FROM
        _, tag_patterns = _patterns()
        self.tags = frozenset(
            tag for tag, pattern in tag_patterns.items() if pattern.search(prompt)
        )
        self.absent = parse(prompt).absent
        self.tables = {facet: self._allowed(facet) for facet in self.facets}
        self.chosen: list[dict[str, Value]] = []

    def _allowed(self, facet: str) -> list[Value]:
        """The values of a facet that agree with the prompt, in an order that the seed decides."""
        animate = "subject" not in self.facets
        values = [
            value
            for value in facet_values()[facet]
            if (self.bold or "bold" not in value.tags)
            and not self._contradicts(value)
            and (animate or facet != "action")
        ]
        return sorted(values, key=lambda value: hash_to_unit(self.seed, facet, value.en))

    def _contradicts(self, value: Value) -> bool:
        if any(_conflict(tag, self.tags) for tag in value.tags):
            return True
        text = value.zh if self.zh else value.en
        return bool(self.absent) and not self.absent.isdisjoint(_nouns_in(text))

    def choose(self, count: int) -> dict[str, str]:
        """Choose values of `count` facets for the next variant: facet -> words, in table order."""
        k = len(self.chosen)
        pool = [self._candidate(CANDIDATES * k + j, count) for j in range(CANDIDATES)]
        best = max(range(CANDIDATES), key=lambda j: (self._novelty(pool[j]), -j))
        self.chosen.append(pool[best])
        return {facet: v.zh if self.zh else v.en for facet, v in pool[best].items()}

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
        tags = {tag for other in picked.values() for tag in other.tags}
        start = int(position * len(values))
        for step in range(len(values)):
            value = values[(start + step) % len(values)]
            if not any(_conflict(tag, tags) for tag in value.tags):
                return value
        return None

    def _novelty(self, candidate: Mapping[str, Value]) -> tuple[int, float]:
        """Rank a candidate: number of unused values, then distance to the nearest variant."""
        used = {(facet, value) for earlier in self.chosen for facet, value in earlier.items()}
        fresh = sum(item not in used for item in candidate.items())
        gaps = [len(candidate.items() ^ earlier.items()) for earlier in self.chosen]
        return fresh, min(gaps, default=0)


def _conflict(tag: str, tags: Sequence[str] | frozenset[str] | set[str]) -> bool:
    return any(frozenset((tag, other)) in CONFLICTS for other in tags)
