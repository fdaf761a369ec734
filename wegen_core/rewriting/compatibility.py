"""Which facet values fit a prompt and each other, as data.

A prompt has the tags whose words it says (`prompt_cues`), a value those in its row of
`facet_tables`, and two tags of one line of `CONFLICTS_TABLE` do not go together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from .prompt_cues import CUES

# A value with the tag needs a prompt with one of the others: not everything suits any place, a
# candle or a crowd, and of words that no cue knows nothing is certain.
NEEDS_TABLE = """
where: person pet wild tabletop vessel vehicle machine aquatic
indoor: person pet tabletop interior indoor machine
fire: person pet tabletop interior indoor building night
lively: person pet wild vehicle crowded joy motion urban flat
cosy: person pet tabletop interior indoor building cosy
"""
CONFLICTS_TABLE = """
flat: scene photo painterly surroundings depth craft render far still
isolated: place outdoor night dark surroundings dusk haze glow fire wind wet
mono: colour neon candy pastel deep contrast
pixel: photo lens close painterly craft
night: day bright noon sun overcast pastel candy low
day: night dusk fire
dusk: noon sun day night low
dark: lively bright joy candy pastel noon
rain: sun clear noon winter sand sky low
wet: sun noon sand underwater space winter indoor
mist: clear noon sun contrast
overcast: sun clear noon low sky
sun: overcast wet
winter: summer spring autumn leaves green rain wet
summer: winter spring autumn
autumn: winter spring summer green
spring: winter autumn summer
interior: where season
object: animate
vast: where close
tropical: winter
season: indoor underwater space inside
indoor: outdoor shore nature sky wind season huge building vessel vehicle flyer underwater space
indoor: far height
inside: outdoor huge building far wind sky
elsewhere: outdoor indoor day low leaves wet fire season built rustic
underwater: outdoor indoor sun sky fire wind leaves wet dry season noon low overcast height built
underwater: legs neon rustic nap street green sand
space: dry when leaves wet wind season rain mist sky overcast rustic street green shore domestic
space: fire low clear
aquatic: dry indoor legs wind fire leaves domestic room nap built backdrop
vessel: dry indoor domestic room backdrop leaves nap footpath
sand: wet shore green winter leaves spring rain urban mist street
urban: footpath nature green sand
nature: urban modern neon domestic built
huge: indoor domestic room backdrop height cosy inside
building: indoor height backdrop domestic room inside lively close
vehicle: height footpath indoor domestic room nap
flyer: dry indoor leaves domestic room
tabletop: nature footpath height far wind season elsewhere street wild motion lookup tense solemn
tabletop: leaves sky sand
wild: indoor domestic room lively backdrop street height
legless: legs
machine: nap
faceless: face
tame: motion height wind elsewhere
historic: modern neon urban backdrop domestic
future: rustic fire
accent: neon autumn spring
modern: rustic
neon: rustic day
doorway: height sand sky nature wild
motion: still calm cosy nap
still: motion lively tense wind
calm: motion lively tense
empty: lively crowded cosy
sad: joy bright candy lively
joy: tense sad dark solemn
solemn: candy joy lively cosy pastel
tense: cosy calm joy candy pastel still
close: far
far: close full cosy
middle: close far
full: space far
cosy: nature dark tense far elsewhere height wind lively solemn motion
simple: crowded lively
crowded: simple space empty calm cosy still
warm: cool
cool: warm
noon: low overcast dusk haze
low: noon overcast
haze: contrast clear noon
soft: deep candy contrast
ink: candy deep neon contrast
top: lookup sky depth back face far vast building
photo: drawn craft pixel
drawn: photo
backdrop: sky depth
"""


@lru_cache(maxsize=1)
def _needs() -> dict[str, frozenset[str]]:
    rows = (line.partition(":") for line in NEEDS_TABLE.strip().splitlines())
    return {tag: frozenset(others.split()) for tag, _, others in rows}


def has_what_it_needs(tags: Iterable[str], prompt: frozenset[str]) -> bool:
    """Check whether a prompt with the tags `prompt` says enough for a value with `tags`."""
    table = _needs()
    return not any(table[tag].isdisjoint(prompt) for tag in tags if tag in table)


@lru_cache(maxsize=1)
def conflicts() -> dict[str, frozenset[str]]:
    """Tag -> the tags that it does not go with, in both directions."""
    pairs: dict[str, set[str]] = {}
    for line in CONFLICTS_TABLE.strip().splitlines():
        tag, _, others = line.partition(":")
        for other in others.split():
            pairs.setdefault(tag, set()).add(other)
            pairs.setdefault(other, set()).add(tag)
    return {tag: frozenset(others) for tag, others in pairs.items()}


def is_compatible(tags: Iterable[str], others: frozenset[str]) -> bool:
    """Check whether no tag of a value conflicts with one of the others."""
    table = conflicts()
    return all(others.isdisjoint(table.get(tag, ())) for tag in tags)


@lru_cache(maxsize=1)
def _patterns() -> dict[str, re.Pattern[str]]:
    patterns = {}
    for tag, (english, chinese) in CUES.items():
        words = "|".join(
            re.escape(word).replace(r"\*", r"\w*").replace("_", r"[\s-]")
            for word in english.split()
        )
        patterns[tag] = re.compile(
            rf"(?<![\w-])(?:{words})(?![\w-])|{'|'.join(chinese.split())}", re.I
        )
    return patterns


@lru_cache(maxsize=256)
def prompt_tags(text: str) -> frozenset[str]:
    """Return the tags of what a prompt says."""
    return frozenset(tag for tag, pattern in _patterns().items() if pattern.search(text))
