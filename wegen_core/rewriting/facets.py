"""Unspecified facets of a wish, and values for them that make variants differ on purpose.

Candidate i takes its values from a Kronecker sequence (Roberts' R_d: the additive recurrence with
powers of the generalised golden ratio), one dimension per facet, so that few candidates already
spread over every table. Variant k then takes, of its own fixed handful of candidates, the one that
differs most from variants 0..k-1; therefore it stays the same when more variants are asked for.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from ..constraints.lexicon import nouns as noun_table
from ..constraints.parser import read
from ..constraints.request_text import is_vague
from .facet_tables import CONFLICTS, CUES, FACETS, SAID

CANDIDATES = 6  # looked at for one variant
BOLD_FROM = 0.75  # creativity from which the bold half of the tables is used

Facets = Mapping[str, str]


@dataclass(frozen=True)
class Value:
    """One value of a facet in both languages, with its tags."""

    en: str
    zh: str
    tags: frozenset[str]


@lru_cache(maxsize=1)
def tables() -> dict[str, tuple[Value, ...]]:
    """The facet tables of `facet_tables`, parsed."""
    parsed = {}
    for facet, (rows, _) in FACETS.items():
        split = ([cell.strip() for cell in row.split("|")] for row in rows.strip().splitlines())
        parsed[facet] = tuple(Value(en, zh, frozenset(tags.split())) for en, zh, tags in split)
    return parsed


@lru_cache(maxsize=1)
def _patterns() -> tuple[dict[str, re.Pattern[str]], dict[str, re.Pattern[str]]]:
    def compiled(table: Mapping[str, str]) -> dict[str, re.Pattern[str]]:
        return {name: re.compile(words, re.IGNORECASE) for name, words in table.items()}

    return compiled(CUES), compiled(SAID)


_IN_NAME = re.compile(r"\b(?:in|at|near) (?:the )?[A-Z]\w")  # "in Paris"


def specified(prompt: str) -> frozenset[str]:
    """The facets about which `prompt` says something itself."""
    cues, _ = _patterns()
    said = {facet for facet, pattern in cues.items() if pattern.search(prompt)}
    reading = read(prompt)
    if not is_vague(prompt):
        said.add("subject")
    if reading.named & noun_table.PLACES - {"water", "floor", "sky"} or _IN_NAME.search(prompt):
        said.add("setting")
    if not reading.named & noun_table.ANIMATE:
        said.add("action")  # nobody there who could act
    if any(fact.kind == "style" for fact in reading.facts):
        said.add("medium")
    if len({fact.value for fact in reading.facts if fact.kind == "colour"}) > 1:
        said.add("palette")
    return frozenset(said)


@cache
def _named(value: str) -> frozenset[str]:
    return read(value).named


def open_facets(prompt: str) -> tuple[str, ...]:
    """The facets that `prompt` leaves open, in the order of the tables."""
    said = specified(prompt)
    return tuple(facet for facet in FACETS if facet not in said)


def unit(seed: int, *names: object) -> float:
    """A number in 0..1 that depends on the seed and the names only, on every machine the same."""
    text = "\0".join(map(str, (seed, *names))).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=7).digest(), "big") / (1 << 56)


def _ratio(dimensions: int) -> float:
    """The generalised golden ratio: the root of x**(d+1) = x + 1 above 1."""
    x = 1.5
    for _ in range(60):
        x = (1 + x) ** (1 / (dimensions + 1))
    return x


_ALPHA = [_ratio(len(FACETS)) ** -(k + 1) for k in range(len(FACETS))]
_GOLDEN = (5**0.5 - 1) / 2


class FacetSampler:
    """Facet values for the variants of one prompt.

    prompt: the user's words; seed: any int; creativity: 0..1; zh: which tables' language.
    """

    def __init__(self, prompt: str, seed: int, creativity: float, zh: bool) -> None:
        self.zh = zh
        self.seed = int(unit(seed, prompt) * (1 << 53))  # other prompts take other values
        self.facets = open_facets(prompt)
        self.bold = creativity >= BOLD_FROM
        _, said = _patterns()
        self.tags = frozenset(tag for tag, pattern in said.items() if pattern.search(prompt))
        self.absent = read(prompt).absent
        self.tables = {facet: self._allowed(facet) for facet in self.facets}
        self.chosen: list[dict[str, Value]] = []

    def _allowed(self, facet: str) -> list[Value]:
        """The values of a facet that agree with the prompt, in an order of the seed's own."""
        animate = "subject" not in self.facets
        values = [
            value
            for value in tables()[facet]
            if (self.bold or "bold" not in value.tags)
            and not self._contradicts(value)
            and (animate or facet != "action")
        ]
        return sorted(values, key=lambda value: unit(self.seed, facet, value.en))

    def _contradicts(self, value: Value) -> bool:
        if any(_conflict(tag, self.tags) for tag in value.tags):
            return True
        text = value.zh if self.zh else value.en
        return bool(self.absent) and not self.absent.isdisjoint(_named(text))

    def choose(self, count: int) -> dict[str, str]:
        """Values of `count` facets for the next variant: facet -> words, in the order to say."""
        k = len(self.chosen)
        pool = [self._candidate(CANDIDATES * k + j, count) for j in range(CANDIDATES)]
        best = max(range(CANDIDATES), key=lambda j: (self._novelty(pool[j]), -j))
        self.chosen.append(pool[best])
        return {facet: v.zh if self.zh else v.en for facet, v in pool[best].items()}

    def _candidate(self, index: int, count: int) -> dict[str, Value]:
        def priority(facet: str) -> float:
            d = list(FACETS).index(facet)
            draw = (unit(self.seed, "which", facet) + (index + 1) * _ALPHA[d]) % 1.0
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
        """The value at the sequence's place, or the next one that agrees with those `picked`."""
        values = self.tables[facet]
        if not values:
            return None
        place = (unit(self.seed, "value", facet) + (index + 1) * _GOLDEN) % 1.0
        tags = {tag for other in picked.values() for tag in other.tags}
        start = int(place * len(values))
        for step in range(len(values)):
            value = values[(start + step) % len(values)]
            if not any(_conflict(tag, tags) for tag in value.tags):
                return value
        return None

    def _novelty(self, candidate: Mapping[str, Value]) -> tuple[int, float]:
        """How new a candidate is: values never used, then distance to the nearest variant."""
        used = {(facet, value) for earlier in self.chosen for facet, value in earlier.items()}
        fresh = sum(item not in used for item in candidate.items())
        gaps = [len(candidate.items() ^ earlier.items()) for earlier in self.chosen]
        return fresh, min(gaps, default=0)


def _conflict(tag: str, tags: Sequence[str] | frozenset[str] | set[str]) -> bool:
    return any(frozenset((tag, other)) in CONFLICTS for other in tags)
