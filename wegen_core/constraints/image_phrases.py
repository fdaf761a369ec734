"""The phrases of a sentence that name images, and the words around them as codes.

"Put the cat from picture 1 on the sofa in picture 2" is `put E on E`: each image is read with its
noun phrase, each other word by its class in `lexicon.compositions`, and words of no class are "n".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from .lazy_pattern import lazy_pattern
from .lexicon.compositions import (
    LIVING,
    MORE_PLACES,
    NOUN_LIKE,
    NOUNS_ZH,
    VERBS,
    WORDS,
    WORN,
)
from .lexicon.english import CLOTHES, COLOURS
from .lexicon.nouns import ANIMATE, PLACES
from .lexicon.requests import PLACES as PLACE_WORDS
from .lexicon.requests import ROLES
from .parser import parse


@dataclass
class Token:
    """A word of a class, the words of no class between two of those, or a phrase.

    code: a key of `WORDS`, `VERBS` or `ASPECTS`; "n"; for a phrase "E" a thing, "A" a look, "K" a
    background, "O" the same as of another image ("the one in picture 2") or "W" the whole image.
    numbers: the images that a phrase names; none otherwise. link: the code of the word between
    thing and image. thing: its words. aspect: of a look or background, one of `ASPECTS`.
    """

    code: str
    start: int
    end: int
    text: str = ""
    numbers: tuple[int, ...] = ()
    link: str = ""
    thing: str = ""
    aspect: str = ""


_IMAGE_NOUN = (
    r"(?:photo|picture|image|poster|scene|shot|portrait|postcard|illustration|banner|cover|card|"
    r"advert|ad|sticker|flyer|wallpaper|collage|painting|drawing|landscape|composition)"
)
_SPECIAL = {
    "a_new": rf"(?:an?|another|one|new)\s+(?:(?!version)[\w'-]+\s+){{0,3}}?{_IMAGE_NOUN}(?![a-z])"
    r"(?! [A-H\d])",
    "in_a": r"(?:in|on|at|through|across|inside|under|against|over)\s+an?(?![a-z])|在[一某]",
    "seem": r"(?<!the )(?<!same )(?<!'s )(?<!overall )looks?(?! of| from| like| as)(?![a-z])",
}
_STOP = r"[.!?;](?=\s|$)|[。！？；\n]"


@cache
def _codes() -> dict[str, str]:
    """Word -> code."""
    codes: dict[str, str] = {}
    for code, verbs in VERBS.items():
        for verb in verbs.split():
            for form in _forms(verb.replace("_", " ")):
                is_participle = form.endswith("ing") and code in _PARTICIPLES
                codes.setdefault(form, code + " -ing" * is_participle)
    for code, (english, chinese) in WORDS.items():
        for word in [*english.split(), *chinese.split()]:
            codes.setdefault(word.replace("_", " "), code)
    for role in ASPECTS:
        for word in " ".join(ROLES[role]).split():
            codes[word.replace("_", " ")] = role
    return codes | dict.fromkeys(NOUNS_ZH.split(), "n")


def _forms(verb: str) -> list[str]:
    """The forms of an English verb: "put", "puts", "putting"; also some that nobody uses."""
    head, space, tail = verb.partition(" ")
    stem = head.removesuffix("e")
    doubled = stem + stem[-1] * (head[-2] in "aeiou" and head[-1] in "bdgmnprt")
    forms = [head, f"{head}s", f"{stem}ed", f"{stem}ing", f"{doubled}ed", f"{doubled}ing"]
    return [form + space + tail for form in forms]


@cache
def _scanner() -> re.Pattern[str]:
    """Finds the longest word at each place."""
    words = sorted(_codes(), key=len, reverse=True)
    latin = "|".join(re.escape(w) for w in words if w[0].isascii() and w[0].isalpha())
    others = "|".join(re.escape(w) for w in words if not (w[0].isascii() and w[0].isalpha()))
    special = "|".join(rf"(?P<{code}>{pattern})" for code, pattern in _SPECIAL.items())
    return re.compile(
        rf"(?:(?<![a-z-])(?:{special}))|(?<![a-z-])(?:{latin})(?![a-z])|(?P<stop>{_STOP})|{others}",
        re.I,
    )


ASPECTS = ("style", "palette", "pose", "layout", "background")
_PARTICIPLES = ("wear", "stand", "put", "meet")
_MOVES = dict.fromkeys(("put", "use", "replace", "becomes", "wear", "meet", "take"), "put to") | {
    "stand": "stand in"
}
_HELD = ("wear", "wear -ing", "stand", "stand -ing", "put -ing", "use", "meet -ing", "n")
_WORD = lazy_pattern(r"[\u4e00-\u9fff]+|[\w-]+")
_HAN = lazy_pattern(r"[\u4e00-\u9fff]")
_SHOWN = lazy_pattern(
    r"shown|seen|pictured|visible|featured|used|worn|found|depicted|displayed|present",
    re.IGNORECASE,
)


def read_phrases(text: str, mentions: Sequence[tuple[list[int], int, int]]) -> list[Token]:
    """`text` as tokens, with a phrase for each of `mentions`: numbers, start and end."""
    tokens: list[Token] = []
    last = 0
    for numbers, start, end in mentions:
        tokens += _tokens(text, last, start)
        tokens.append(Token("W", start, end, text[start:end], tuple(numbers)))
        last = end
    tokens += _tokens(text, last, len(text))
    k = 0
    while k < len(tokens):
        if tokens[k].numbers:
            k = _widen(tokens, k)
        k += 1
    _join_repeats(tokens)
    return tokens


def _tokens(text: str, start: int, end: int) -> list[Token]:
    """The words of text[start:end], those of no class joined, "放到" as one."""
    tokens: list[Token] = []

    def add(code: str, begin: int, stop: int) -> None:
        before = tokens[-1].code if tokens else ""
        if code == before == "n":
            tokens[-1].end = stop
        elif before in _MOVES and text[begin] in "到进入至于在":
            tokens[-1].code, tokens[-1].end = _MOVES[before], stop
        else:
            tokens.append(Token(code, begin, stop))

    last = start
    for match in [*_scanner().finditer(text, start, end), None]:
        if words := list(_WORD.finditer(text, last, match.start() if match else end)):
            add("n", words[0].start(), words[-1].end())
        if match:
            add(match.lastgroup or _codes()[match[0].lower()], *match.span())
            last = match.end()
    for token in tokens:
        token.text = text[token.start : token.end]
    return tokens


def _join_repeats(tokens: list[Token]) -> None:
    """Makes phrases of the things that images were said to show: "picture 1 is a cat. The cat"."""
    names: dict[int, tuple[str, tuple[int, ...]]] = {}  # where a thing is named, it and its images
    for k, token in enumerate(tokens):
        if token.code == "E" and token.link == "is":
            names[k] = token.thing, token.numbers
        if token.code != "W":
            continue
        codes = [t.code for t in tokens[k + 1 : k + 3]]
        j = k + 2 + (codes[1:] in (["the"], ["me"], ["it"]))
        if codes[:1] in (["is"], ["put"], ["have"]) and j < len(tokens) and tokens[j].code == "n":
            names[j] = token.thing, token.numbers = tokens[j].text, token.numbers
        if [t.code for t in tokens[max(0, k - 2) : k]] == ["n", "is"]:
            names[k - 2] = token.thing, token.numbers = tokens[k - 2].text, token.numbers
    for k, token in enumerate(tokens):
        if token.code == "n" and k not in names:
            for name, numbers in names.values():
                if _is_named(token.text, name):
                    token.code, token.numbers = "E", numbers
                    token.link, token.thing = "again", token.text
                    break


def _is_named(words: str, name: str) -> bool:
    """Whether `words` end with the last noun of `name`."""
    if _HAN.search(name):
        return words.endswith(name[-2:]) or words == name[-1]
    return words.lower().split()[-1] == name.lower().split()[-1]


def _widen(tokens: list[Token], k: int) -> int:
    """Joins the noun phrase of the image at `k` with it; returns its new index."""
    return k if _join_what_follows(tokens, k) else _join_what_precedes(tokens, k)


def _join_what_follows(tokens: list[Token], k: int) -> bool:
    """Joins "picture 1's cat", "图1里的猫", "图1女孩的头发"; returns whether there is one."""
    j, link = k + 1, ""
    if j < len(tokens) and tokens[j].code in ("in", "on") and _HAN.search(tokens[j].text):
        link, j = "in", j + 1
    while j < len(tokens) and (
        tokens[j].code == "de" or (tokens[j].code in ("the", "one") and _HAN.match(tokens[j].text))
    ):
        link, j = "de", j + 1
    head = j
    while j < len(tokens) and _is_noun(tokens[j], is_first=j == head):
        j += 1
    if link == "de" and j == head:
        _join(tokens, k, k, j, "O", link, [])
        return True
    if j == head or (link != "de" and not _HAN.match(tokens[head].text)):
        return False
    j -= tokens[j - 1].code == "de"
    _join(tokens, k, k, j, "E", link, tokens[head:j])
    return True


def _is_noun(token: Token, is_first: bool) -> bool:
    """Whether a token goes on with what belongs to an image."""
    if token.code == "n" or token.code in ASPECTS:
        return True
    if token.code == "de":
        return not is_first and _HAN.match(token.text) is not None
    return is_first and token.text.lower() in NOUN_LIKE


def _join_what_precedes(tokens: list[Token], k: int) -> int:
    """Joins "the head of the statue in picture 1", "my dog (picture 2)"; returns its new index."""
    if _is_bare(tokens, k):
        _join(tokens, k - 1, k, k + 1, "E", "bare", tokens[k - 1 : k])
        return k - 1
    stop = k - 1 - (k > 0 and tokens[k - 1].code == "the")
    if stop < 1:
        return k
    link, word = tokens[stop].code, tokens[stop].text.lower()
    bracket = word in ("(", "（")
    if not bracket and link not in ("from", "of") and word not in ("in", "inside", "within", "on"):
        return k
    begin, head = _noun_phrase(tokens, stop)
    if begin is None:
        return k
    code = "O" if tokens[begin].code == "one" else "E"
    words = tokens[head:stop]
    while begin >= 2 and tokens[begin - 1].code == "of" and code == "E":
        more, more_head = _noun_phrase(tokens, begin - 1)
        if more is None or tokens[begin - 2].code in ("position", "one"):
            break
        words = tokens[more_head : begin - 1]
        begin = more
    closing = bracket and k + 1 < len(tokens) and tokens[k + 1].text in ")）"
    _join(tokens, begin, k, k + 1 + closing, code, "is" if bracket else link, words)
    return begin


def _is_bare(tokens: list[Token], k: int) -> bool:
    """Whether a thing stands before its image as in "sofa picture 1, lamp picture 2"."""
    codes = ["comma", *(token.code for token in tokens), "comma"]
    ends = ("comma", "stop", "is")
    return codes[k] == "n" and codes[k - 1] in ends and codes[k + 2] in ends


def _noun_phrase(tokens: list[Token], stop: int) -> tuple[int | None, int]:
    """Where the noun phrase begins that ends before `stop`, and its first noun."""
    last = stop - 1 - (_SHOWN.fullmatch(tokens[stop - 1].text) is not None)
    if last >= 3 and tokens[last].code in _HELD and tokens[last - 1].code in ("is", "de", "have"):
        last -= 3 + (tokens[last - 3].code == "the")  # "the mug she is holding", "... the man is"
    if last < 0 or tokens[last].code == "de":
        return None, 0
    if tokens[last].code == "one":
        return last, last
    first = None
    for j in range(last, max(-1, last - 6), -1):
        token = tokens[j]
        if token.code == "the":
            return (j, j + 1) if j < last else (None, 0)
        if token.code in ("n", "de") or token.code in ASPECTS:
            first = j if first in (None, j + 1) else first
        elif j == last and token.code in VERBS and "the" in [t.code for t in tokens[j - 1 : j]]:
            first = j  # "the tiles from picture 2"
        elif token.text.lower() not in NOUN_LIKE:
            break
        elif j == stop - 1 and tokens[stop].code in ("from", "of"):
            first = j  # "dress from picture 2"
    return first, first or 0


def _join(
    tokens: list[Token], first: int, k: int, stop: int, code: str, link: str, words: list[Token]
) -> None:
    """Makes tokens[first:stop] the phrase of the image at `k`; words: those of its thing."""
    joint = "" if any(_HAN.match(word.text) for word in words) else " "
    phrase = Token(code, tokens[first].start, tokens[stop - 1].end, "", tokens[k].numbers, link)
    phrase.thing = joint.join(word.text for word in words if word.code != "the")
    aspects = [word.code for word in words if word.code in ASPECTS]
    if not aspects and _COLOUR.search(phrase.thing):
        aspects = ["palette"]
    if aspects and code == "E":
        phrase.aspect = aspects[-1]
        phrase.code = "K" if aspects[-1] == "background" else "A"
    tokens[first:stop] = [phrase]


@lru_cache(maxsize=256)
def thing_class(thing: str) -> str:
    """What the words of a thing name: "living", "worn", "place" or ""."""
    head = thing.rpartition("的")[2]
    nouns = parse(f"the {head}").values("subject") or parse(head).values("subject")
    if nouns & ANIMATE or _LIVING.search(head):
        return "living"
    if nouns & CLOTHES or _WORN.search(head):
        return "worn"
    if ("sky" not in nouns and nouns & PLACES) or _PLACE.search(thing):
        return "place"
    return ""


_COLOUR = lazy_pattern(
    rf"(?<![a-z])(?:{'|'.join(COLOURS)}|tone|hue|shade)s?$|(?<![角特])色$", re.IGNORECASE
)
_LIVING = lazy_pattern(rf"(?:{LIVING})$", re.IGNORECASE)
_WORN = lazy_pattern(rf"(?:{WORN})$", re.IGNORECASE)
_PLACE = lazy_pattern(rf"{PLACE_WORDS}|{MORE_PLACES}|景$", re.IGNORECASE)
