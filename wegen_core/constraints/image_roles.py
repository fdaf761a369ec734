"""What each numbered image of a request gives: "in the style of picture 2", "图2的姿势".

A sentence becomes phrases and codes (`image_phrases`). What surrounds a phrase says what its image
gives. How much each feature counts was fitted to marked messages by
`benchmarks/image_role_weights.py`, and so was how often images have such roles together.
"""

from __future__ import annotations

import itertools
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
LABELS = ("base", "subject", *ASPECTS)
"""What an image is for: it is changed, or gives a thing or a look. "object" is a "subject" here."""


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
    things: dict[int, str] = {}
    for k in phrase_indices(tokens)[:_MAX_PHRASES]:
        counts = _scores(phrase_features(tokens, k))
        counts[0] -= _NOT_ALONE * (len(tokens[k].numbers) > 1)
        for number in tokens[k].numbers:
            before = scores.get(number, [0] * len(LABELS))
            scores[number] = [a + b for a, b in zip(before, counts, strict=True)]
            things[number] = things.get(number, "") or tokens[k].thing
    roles = _most_likely(scores)
    return tuple(_role(number, role, things[number]) for number, role in roles.items())


def _most_likely(scores: dict[int, list[int]]) -> dict[int, str]:
    """The roles that fit the words, and each other, best; at most one image is changed."""
    if len(scores) > _MAX_TOGETHER:
        roles = {n: LABELS[s.index(max(s[1:]), 1)] for n, s in scores.items()}
        gains = {n: s[0] - max(s[1:]) for n, s in scores.items()}
        base = max(gains, key=lambda n: gains[n])
        return roles | ({base: "base"} if gains[base] > 0 else {})
    choices = []
    for values in scores.values():
        best: dict[str, tuple[int, str]] = {}  # the best role of each kind
        for choice in zip(values, LABELS, strict=True):
            kind = role_kind(choice[1])
            best[kind] = max(best.get(kind, choice), choice)
        choices.append(best.values())

    def fit(chosen: tuple[tuple[int, str], ...]) -> float:
        together = _weights().get(roles_together([role for _, role in chosen]), [_NEVER])
        return sum(value for value, _ in chosen) + _TOGETHER * together[0]

    possible = (c for c in itertools.product(*choices) if [r for _, r in c].count("base") <= 1)
    return dict(zip(scores, (role for _, role in max(possible, key=fit)), strict=True))


def role_kind(role: str) -> str:
    """A role of `LABELS`, but "look" for every look."""
    return "look" if role in ASPECTS and role != "background" else role


def roles_together(roles: Sequence[str]) -> str:
    """The feature that the images of a message have these roles: "together base look"."""
    return " ".join(["together", *sorted(role_kind(role) for role in roles)])


def _role(number: int, role: str, thing: str) -> ImageRole:
    """The role of an image of which the words name `thing`."""
    what = f"the {thing}" if thing and thing.isascii() else thing
    if role == "base":
        return ImageRole(number, role, thing)
    if role == "subject":
        is_object = thing and thing_class(thing) != "living"
        return ImageRole(number, "object" if is_object else role, what)
    is_named = role == "style" and thing not in words.PLAIN_STYLE
    return ImageRole(number, role, what if is_named else "")


def moves_it(text: str) -> bool:
    """Whether `text` puts what was talked of somewhere: "put her on", "让它坐在"."""
    return _MOVES_IT.search(text) is not None


def roles_are_clear(text: str) -> bool:
    """Whether the words say which image is changed; where they do not, little else is sure."""
    return any(role.role == "base" for role in find_image_roles(text))


_NOT_ALONE = 500  # what a phrase that names several images takes from each being changed
_MAX_PHRASES = 50
_MAX_TOGETHER = 4  # images whose roles are chosen together
_TOGETHER = 0.35  # how much it counts that messages often have these roles together
_NEVER = -800  # of roles that no marked message has together


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
    """Feature -> how much it counts for each of `LABELS`; of `roles_together`, one number."""
    lines = WEIGHTS.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines)
    return {feature: [int(x) for x in values.split()] for feature, values in rows}


def _scores(features: set[str]) -> list[int]:
    """How much `features` count for each of `LABELS`, in hundredths."""
    rows = [_weights()[feature] for feature in features if feature in _weights()]
    return [sum(row[k] for row in rows) for k in range(len(LABELS))]


def phrase_features(tokens: Sequence[Token], k: int) -> set[str]:
    """What is seen of the phrase `tokens[k]`: itself, and the codes and words around it."""
    token, codes = tokens[k], [token.code for token in tokens]
    every = [j for j in range(len(tokens)) if tokens[j].numbers]
    index = every.index(k)
    last, following = [-1, *every][index], [*every, len(tokens)][index + 1]
    first = final = k  # of a chain "E and E and E"
    while first >= 2 and codes[first - 1] == "and" and tokens[first - 2].numbers:
        first -= 2
    while final + 2 < len(codes) and codes[final + 1] == "and" and tokens[final + 2].numbers:
        final += 2
    left, right = ["^"] * 4 + codes[:first], [*codes[final + 1 :], "$", "$", "$"]
    joint = "_".join(code for code in codes[last + 1 : k] if code not in _WEAK)
    joint_after = "_".join(code for code in codes[k + 1 : following] if code not in _WEAK)
    begin, end = sentence_of(tokens, k)
    inside = [j for j in every if begin <= j < end]
    place = f"{inside.index(k)}/{len(inside)}"
    verb = next((code for code in codes[begin:end] if code in _VERBS), "")
    kind = token.code + "s" * (len(token.numbers) > 1)
    thing = thing_class(token.thing)
    before = ["^", *(word for t in tokens[last + 1 : k] for word in _words(t.text))]
    after = [*(word for t in tokens[k + 1 : following] for word in _words(t.text)), "$"]
    named = _words(token.thing)
    looks = [(look, j) for j, t in enumerate(tokens) if (look := t.aspect or t.code) in ASPECTS]
    return {
        f"kind {kind}",
        f"kind {kind} {thing}",
        f"link {token.link}",
        f"link {token.link} {thing}",
        f"place {place}",
        f"of all {index}/{len(every)}",
        f"verb {verb} {place}",
        f"between {joint}",
        f"between {codes[last] if index else '^'} {joint}",
        f"after {joint_after}",
        f"after {joint_after} {[*codes, '$'][following]}",
        *(f"left {'_'.join(left[-n:])}" for n in (1, 2, 3, 4)),
        *(f"right {'_'.join(right[:n])}" for n in (1, 2, 3)),
        *(f"left {'_'.join(left[-n:])} {thing}" for n in (1, 2)),
        *(f"before {'_'.join(before[-n:])}" for n in (1, 2, 3)),
        *(f"behind {'_'.join(after[:n])}" for n in (1, 2, 3)),
        f"head {''.join(named[-1:])}",
        f"alone {token.code} {before[-1]} {after[0]}",
        *(f"thing {word}" for word in named),
        *(f"in front {word}" for word in before),
        *(f"following {word}" for word in after),
        *(f"any {word}" for t in tokens for word in _words(t.thing if t.numbers else t.text)),
        *(f"look {look}" for look, _ in looks),
        *(
            f"look {look} {(j > k) - (j < k)}"
            for look, j in looks
            if max(begin, last) <= j < min(end, following)
        ),
    }


@lru_cache(maxsize=512)
def _words(text: str) -> tuple[str, ...]:
    """Words in lower case; of Chinese ones of more than two characters, each two neighbours."""
    return tuple(
        part
        for word in _WORD.findall(text.lower())
        for part in (
            [word]
            if word.isascii() or len(word) < 3
            else [word[i : i + 2] for i in range(len(word) - 1)]
        )
    )


_WORD = lazy_pattern(r"[a-z']+|[\u4e00-\u9fff]+")
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
