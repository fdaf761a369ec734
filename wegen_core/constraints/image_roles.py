"""What each numbered image of a request gives: "in the style of picture 2", "图2的姿势".

A sentence becomes phrases and codes (`image_phrases`). What surrounds a phrase says what its image
does: it is changed, gives a thing, gives a look, or is the place. How much each feature counts
was fitted to marked messages by `benchmarks/image_role_weights.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from .image_numbers import find_image_mentions
from .image_phrases import ASPECTS, Token, read_phrases, thing_class
from .lazy_pattern import lazy_pattern
from .lexicon import requests as words
from .lexicon.compositions import VERBS

WEIGHTS = Path(__file__).with_name("image_role_weights.txt")
LABELS = BASE, THING, LOOK, PLACE = range(4)
"""What an image does: it is changed, gives a thing or a look, or is the place of things."""


class ImageRole(NamedTuple):
    """number: as in the text. role: one of `records.plan.ROLES`. what: the thing, in words."""

    number: int
    role: str
    what: str = ""


@lru_cache(maxsize=64)
def find_image_roles(text: str) -> tuple[ImageRole, ...]:
    """What each image that `text` names by number gives, in reading order, without repeats."""
    tokens = read_tokens(text)
    scores: dict[int, list[int]] = {}
    phrases: dict[int, list[int]] = {}
    for k in phrase_indices(tokens)[:_MAX_PHRASES]:
        counts = _scores(phrase_features(tokens, k))
        counts[BASE] -= _NOT_ALONE * (len(tokens[k].numbers) > 1)
        for number in tokens[k].numbers:
            before = scores.get(number, [0] * len(LABELS))
            scores[number] = [a + b for a, b in zip(before, counts, strict=True)]
            phrases.setdefault(number, []).append(k)
    labels = {n: max((THING, LOOK, PLACE), key=lambda k: s[k]) for n, s in scores.items()}
    for number in _backgrounds(tokens):
        labels[number], scores[number][BASE] = LOOK, -_NEVER
    gains = {n: s[BASE] - s[labels[n]] for n, s in scores.items()}
    base = max(gains, key=lambda n: gains[n], default=0)
    if base and gains[base] > 0:
        labels[base] = BASE
        other = [n for n in labels if n != base]
        swaps_look = tokens[phrases[base][0]].aspect and base == next(iter(phrases))
        if swaps_look and len(other) == 1 and labels[other[0]] == THING:
            labels[other[0]] = LOOK  # "swap the backdrop of 1 for the wall in 2"
    return tuple(_role(tokens, phrases[n], n, label) for n, label in labels.items())


def _role(tokens: Sequence[Token], phrases: Sequence[int], number: int, label: int) -> ImageRole:
    """The role of an image that `phrases` name."""
    thing = next((tokens[k].thing for k in phrases if tokens[k].thing), "")
    if label == BASE:
        return ImageRole(number, "base", thing)
    if label == PLACE:
        return ImageRole(number, "background")
    if label == THING:
        return ImageRole(number, taken_role(thing) if thing else "subject", _with_article(thing))
    aspect = look_of(tokens, next((k for k in phrases if tokens[k].aspect), phrases[0]))
    plain = aspect != "style" or thing in words.PLAIN_STYLE
    return ImageRole(number, aspect, "" if plain else _with_article(thing))


def _with_article(thing: str) -> str:
    return f"the {thing}" if thing and thing.isascii() else thing


def look_of(tokens: Sequence[Token], k: int) -> str:
    """The look that the image at `k` gives: its own, the nearest of no other, or by the verb."""
    if tokens[k].aspect:
        return tokens[k].aspect
    begin, end = sentence_of(tokens, k)
    text = " ".join(token.text for token in tokens[begin:end])
    by_verb = next((role for role, verbs in _ALIKE.items() if verbs.search(text)), "")
    for first, last in ((begin, end), (0, len(tokens))):
        named = []
        for j in range(first, last):
            aspect = tokens[j].aspect or tokens[j].code
            if aspect in ASPECTS and _owner(tokens, j) in (None, k):
                commas = sum(token.code == "comma" for token in tokens[min(j, k) : max(j, k)])
                distance = abs(j - k) + 3 * commas + 4 * bool(tokens[j].numbers) + (j > k)
                named.append((distance, aspect))
        if named and not (by_verb and min(named)[0] > _NEAR):
            return min(named)[1]
        if by_verb:
            return by_verb
    return "style"


def _backgrounds(tokens: Sequence[Token]) -> list[int]:
    """The images that are said to serve as the background."""
    owners = [
        _owner(tokens, k)
        for k, token in enumerate(tokens)
        if token.code == "background" and "as" in (tokens[k - 1].code, tokens[k - 2].code)
    ]
    return [number for k in owners if k is not None for number in tokens[k].numbers]


def _owner(tokens: Sequence[Token], k: int) -> int | None:
    """The image that is said to be the look `tokens[k]`: "picture 3 is the background"."""
    j = k - 1
    while j >= 0 and tokens[j].code in _BETWEEN:
        j -= 1
    return j if 0 <= j < k - 1 and tokens[j].numbers and not tokens[k].numbers else None


def taken_role(thing: str) -> str:
    """The role of an image that gives `thing`: "subject" for who lives, else "object"."""
    return "subject" if thing_class(thing) == "living" else "object"


def moves_it(text: str) -> bool:
    """Whether `text` puts what was talked of somewhere: "put her on", "让它坐在"."""
    return _MOVES_IT.search(text) is not None


def roles_are_clear(text: str) -> bool:
    """Whether the words leave little doubt of what every image gives, one of them the base."""
    return any(role.role == "base" for role in find_image_roles(text))


_NOT_ALONE = 500  # what a phrase that names several images takes from each being changed
_MAX_PHRASES = 50
_NEVER = 10**6
_NEAR = 12  # tokens
_BETWEEN = frozenset("is as give the modal not have adverb".split())
_ALIKE = {  # a look by the verb before an image
    "pose": lazy_pattern(
        r"\b(?:stand|sit|pos|danc|jump|lie|lying|kneel|mov|run|walk|lean|bend|bent|squat|tilt|rais|"
        r"cross|hold|stretch|wav|point|gestur|arms?|legs?|hands?|do(?:es|ing)? what|div(?:e|ing))"
        r"\w*\b|\bthe way .*\bdo(?:es)?$|[站坐躺跳跑蹲跪趴学举抬扭]",
        re.I,
    ),
    "layout": lazy_pattern(
        r"\b(?:arrang|lay|compos|re?fram|align|lin(?:e|ed|ing) up|crop|shot from)\w*\b|排|摆", re.I
    ),
    "palette": lazy_pattern(
        r"\b(?:re)?(?:colou?r|tint|ton|grad)(?:s|e|ed|ing|i[sz]\w+)?\b|色|调", re.I
    ),
}


def read_tokens(text: str) -> list[Token]:
    """`text` as codes and phrases, with the mentions "picture 1 and picture 2" as one."""
    groups: list[tuple[list[int], int, int]] = []
    for mention in find_image_mentions(text):
        between = text[groups[-1][2] : mention.start] if groups else ""
        merged = between.strip() == "with" and _COMBINES.search(text[: mention.start])
        owns = between.strip() == "," and text.startswith(("'s", "’s"), mention.end)
        if groups and (merged or (_JOINER.fullmatch(between) and not owns)):
            numbers, start, _ = groups[-1]
            groups[-1] = [*numbers, *mention.numbers], start, mention.end
        else:
            groups.append((list(mention.numbers), mention.start, mention.end))
    return read_phrases(text, groups)


def phrase_indices(tokens: Sequence[Token]) -> list[int]:
    """The phrases that say what their images do: not "picture 1 is a cat" if "the cat" follows."""
    again = {n for token in tokens if token.link == "again" for n in token.numbers}
    return [
        k
        for k, token in enumerate(tokens)
        if token.numbers and (token.link == "again" or not again.issuperset(token.numbers))
    ]


def sentence_of(tokens: Sequence[Token], k: int) -> tuple[int, int]:
    """Where the sentence of `tokens[k]` begins and ends."""
    stops = [j for j, token in enumerate(tokens) if token.code == "stop"]
    begin = max((j + 1 for j in stops if j < k), default=0)
    return begin, min((j for j in stops if j > k), default=len(tokens))


@cache
def _weights() -> dict[str, list[int]]:
    """Feature -> how much it counts for each of `LABELS`."""
    lines = WEIGHTS.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines)
    return {feature: [int(x) for x in values.split()] for feature, values in rows}


def _scores(features: set[str]) -> list[int]:
    """How much `features` count for each of `LABELS`, in hundredths."""
    rows = [_weights()[feature] for feature in features if feature in _weights()]
    return [sum(row[label] for row in rows) for label in LABELS]


def phrase_features(tokens: Sequence[Token], k: int) -> set[str]:
    """What is seen of the phrase `tokens[k]`: its kind, and the codes around it."""
    token = tokens[k]
    codes = [token.code for token in tokens]
    begin, end = sentence_of(tokens, k)
    every = [j for j in range(len(tokens)) if tokens[j].numbers]
    phrases = [j for j in every if begin <= j < end]
    index = phrases.index(k)
    last = phrases[index - 1] if index else begin - 1
    following = [*phrases, end][index + 1]
    first = final = k  # of a chain "E and E and E"
    while first >= 2 and codes[first - 1] == "and" and tokens[first - 2].numbers:
        first -= 2
    while final + 2 < len(codes) and codes[final + 1] == "and" and tokens[final + 2].numbers:
        final += 2
    left, right = ["^"] * 4 + codes[:first], [*codes[final + 1 :], "$", "$", "$"]
    before = codes[last] if index else "^"
    behind = codes[following] if following < end else "$"
    between, after = codes[last + 1 : k], codes[k + 1 : following]
    joint = "_".join(code for code in between if code not in _WEAK)
    joint_after = "_".join(code for code in after if code not in _WEAK)
    place = f"{index}/{len(phrases)}"
    verbs = [code for code in codes[begin:end] if code in _VERBS]
    verb = verbs[0] if verbs else ""
    kind = token.code + "s" * (len(token.numbers) > 1)
    thing = thing_class(token.thing)
    one, other = (
        thing_class(tokens[j].thing) if begin <= j < end else "" for j in (last, following)
    )
    around = {
        f"link {token.link}",
        f"thing {thing}",
        f"place {place}",
        f"of all {every.index(k)}/{len(every)}",
        f"verb {verb} {place}",
        f"verbs {'_'.join(verbs[:3])} {place}",
        f"beside {before} {behind}",
        f"beside {before} {behind} {verb}",
        f"between {before} {joint}",
        f"between {joint}",
        f"after {joint_after} {behind}",
        f"after {joint_after}",
        f"around {before} {joint} {joint_after} {behind}",
        f"sides {left[-1]} {right[0]}",
        f"sides {left[-2]} {left[-1]} {right[0]}",
        f"chain {first < final}",
        f"things {one} {thing} {other}",
        f"things {one} {joint} {thing}",
        f"things {thing} {joint_after} {other}",
        f"looks {any(code in ASPECTS for code in codes)}",
        *(f"left {'_'.join(left[-n:])}" for n in (1, 2, 3, 4)),
        *(f"right {'_'.join(right[:n])}" for n in (1, 2, 3)),
        *(f"in between {code}" for code in between),
        *(f"in between {before} {code}" for code in between),
        *(f"in after {code}" for code in after),
        *(f"in after {code} {behind}" for code in after),
        *(f"far before {code}" for code in codes[begin : max(last, begin)]),
        *(f"far behind {code}" for code in codes[following + 1 : end]),
        *(f"somewhere {code}" for code in codes),
    }
    with_thing = {f"left {left[-1]}", f"left {left[-2]}_{left[-1]}", f"verb {verb} {place}"}
    return {
        f"kind {kind}",
        f"kind {kind} {thing}",
        *around,
        *(f"{feature} {kind}." for feature in around),
        *(f"{feature} is {thing}" for feature in {*with_thing, f"link {token.link}"}),
    }


_WEAK = ("n", "the", "position", "comma", "adverb")
_VERBS = frozenset("becomes have modal same as is".split()).union(
    VERBS, (f"{code} -ing" for code in VERBS), ("put to", "stand in")
)


def joins(text: str) -> bool:
    """Whether `text` puts images together: "mix it with picture 1"."""
    return _COMBINES.search(text) is not None


def names_scene(thing: str) -> bool:
    """Whether a thing of an image is all that it shows: its place, or its subject."""
    return thing_class(thing) == "place" or _WHOLE.search(thing) is not None


_WHOLE = lazy_pattern(
    rf"{words.IMAGE}|{words.any_of(*words.ROLES['subject'])}"
    r"|\b(?:sketch|still|clip|line art|draft)\b"
    r"|^(?:overall )?(?:colou?rs?|colou?r scheme|palette|light|lighting|style|look|mood)$",
    re.IGNORECASE,
)
_COMBINES = lazy_pattern(
    r"\b(?:combin|merg|mix|blend|fus|join|stitch)|融合|合成|合并|拼在", re.IGNORECASE
)
_JOINER = lazy_pattern(
    r"\s*(?:,|、|，|and|和|与|跟|以及|plus|\+|&|及)\s*(?:and\s+|the\s+)*", re.IGNORECASE
)
_MOVES_IT = lazy_pattern(
    rf"\b(?:(?:{words.PUT})\w*|let|set|have|want|see)\s+(?:it|him|her|them)\b|[让把将][它他她]",
    re.IGNORECASE,
)
