"""Painting syntax in a prompt: weights, networks, wildcards, parameters, trigger words, emoji.

Painters and their front ends (A1111, Forge, ComfyUI, NovelAI, Midjourney, dynamic prompts,
Danbooru tags, compel) give these characters a meaning of their own, so a rewrite repeats them
letter by letter. A painter still reads the words inside brackets; `readable` shows a prompt as
those words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from .lazy_pattern import lazy_pattern
from .quotes import blank, quote_spans

Reading = Literal["words", "unknown", "nothing"]
Place = Literal["free", "word", "joint", "last"]


@dataclass(frozen=True)
class SyntaxKind:
    """One row of the table.

    Parameters
    ----------
    pattern
        What it looks like, with letters in the case given.
    reading
        What a painter reads there: its words, something that only the front end knows, or nothing.
    place
        Where it may stand: "free" anywhere; "word" as a word of its sentence; "joint" between the
        parts of a prompt; "last" at the end of a prompt or part.
    """

    pattern: str
    reading: Reading
    place: Place


_NUMBER = r"-?(?:\d+\.?\d*|\.\d+)"
_PARAMETERS = (
    "ar|aspect|v|version|s|stylize|style|no|niji|chaos|c|seed|q|quality|iw|tile|sref|cref|oref|sw|"
    "cw|ow|weird|w|p|profile|raw|repeat|r|stop|hd|draft|exp"
)
_EMOJI = (
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u231a-\u23ff\u203c\u2049\u2122\u2139\xa9\xae]"
)
_NOT_TRIGGERS = (
    "bbq bmw bnw brb brr blvd cctv cgi cmyk crt css dnd dslr dvd fps gfx gps hdr hmm hrs html "
    "htc ktv lcd lgbt lgbtq mdf mmo mph mrs mtv nbc npc nsfw nth nyc pbr pcb pfp phd png pst "
    "psst pts pvc rgb rpg sdxl sfw svg tbsp tsk vfx vhs wlw wwf www xml tv jpg pjs pdf pls plz "
    "plzz thx thnx tnx btw tbh lmk ppl msg msgs txt smth sth idk nvm ngl tysm dnt cld wld shld "
    "bcs bcz wdym kthx [hm]+ sh+ g?r+ z+ ps+t b?r+"
).replace(" ", "|")
_RARE_PAIR = (  # of letters, in words of languages in Latin letters
    "[bcdfghjkmpqstvwz]x|x[bdgjkmnrvxz]|q[b-hj-tv-z]|[bfgjkmpvwxz]q|[qwx]j|j[qwxz]|v[bfgpqwx]|[fjqx]v"
)
# Boundaries of words; Chinese and Japanese characters are not part of a Latin word.
_LEFT, _RIGHT = r"(?<![^\W\u3040-\u9fff])", r"(?![^\W\u3040-\u9fff])"
# In order: where two rows match at one place, the first counts.
TABLE: dict[str, SyntaxKind] = {
    "comment": SyntaxKind(r"/\*(?s:.*?)\*/|(?<![:\w/])//[^\n]*", "nothing", "free"),
    "command": SyntaxKind(r"(?<!\S)/imagine\b(?:\s+prompt\s*:)?", "nothing", "free"),
    "address": SyntaxKind(r"https?://[^\s,<>]+", "nothing", "free"),
    # <lora:name:0.8>, <wildcard:x>, <segment:face>
    "network": SyntaxKind(r"<[^<>\n:]{1,60}:[^<>\n]{0,300}>", "nothing", "free"),
    "token": SyntaxKind(r"<[^<>\n]{1,100}>", "unknown", "word"),  # <sks>
    "embedding": SyntaxKind(
        rf"{_LEFT}(?i:embedding|lora|lyco|hypernet|artist|character|series|copyright|rating|year)"
        r"[:][^\s,()\[\]{}<>|]+|(?<![\w.])@[A-Za-z][\w.]*",
        "nothing",
        "free",
    ),
    "wildcard": SyntaxKind(r"__(?!_)(?:(?!__)[^\n,]){1,100}__", "unknown", "word"),
    "variable": SyntaxKind(
        r"\$\{[^{}\n]*\}|(?<!\$)\$[A-Za-z_]\w*|%[A-Za-z_][\w.:-]*%", "unknown", "word"
    ),
    "parameter": SyntaxKind(
        rf"(?<!\S)(?:--no|—no)\s(?:(?!\s--?\w|\s—)[^\n])*"
        rf"|(?<!\S)(?:--[A-Za-z]\w*|—(?:{_PARAMETERS})\b)(?:[ =]+(?!--|—)[^\s,]+)*",
        "nothing",
        "last",
    ),
    # What A1111 writes into its images, and what users paste of it.
    "generation data": SyntaxKind(
        r"(?<!\w)(?i:neg(?:ative)?(?:[ _]prompt)?)[ \t]*:[^\n]*(?:\n+Steps:[ ]?\d[^\n]*)?"
        r"|^Steps:[ ]?\d[^\n]*",
        "nothing",
        "last",
    ),
    # AREA(0 0.5, 0 1), COUPLE(...), ("a", "b").and()
    "region": SyntaxKind(
        r"\b[A-Z][A-Z_]+\([^()\n]*\)|(?<=[\w)\]\"'])\.(?:and|blend|swap)\([^()\n]*\)",
        "nothing",
        "joint",
    ),
    "joint": SyntaxKind(
        rf"{_LEFT}(?:BREAK|AND(?:_PERP|_SALT|_TOPK)?|ADD(?:COL|ROW|BASE|COMM)){_RIGHT}|\|+",
        "nothing",
        "joint",
    ),
    # hot:: dog::2, 1.5::red hair::, "a cat :1.2 AND a dog :0.8"
    "part weight": SyntaxKind(
        rf"(?<![\w.]){_NUMBER}::|::{_NUMBER}|::"
        rf"|(?<=\s):\s?{_NUMBER}(?=\s+(?:AND|BREAK)\b|\s*\Z)",
        "nothing",
        "last",
    ),
    "score": SyntaxKind(
        rf"{_LEFT}(?i:score_\d+(?:_up|_down)?|rating_[a-z_]+|source_[a-z_]+){_RIGHT}",
        "nothing",
        "free",
    ),
    # hatsune miku \(vocaloid\), saber_\(fate\)
    "escaped": SyntaxKind(
        r"(?<!\w)[^\W_](?:[\w'.:/!-]|(?<=\w) (?=[\w'.:/!-]+ ?\\\()){0,80} ?"
        r"\\\((?:(?!\\\))[^\n,]){1,80}\\\)",
        "words",
        "word",
    ),
    "tag": SyntaxKind(
        rf"{_LEFT}[A-Za-z0-9][\w'/.!?+~:-]{{0,60}}_"
        r"(?:[\w'/.!?+~-]|\([\w'/.!?+~ -]{1,60}\)){1,80}(?<=[\w)])"
        rf"|{_LEFT}\d\+?(?:girl|boy|other)s?{_RIGHT}",
        "words",
        "word",
    ),
    "compel weight": SyntaxKind(
        rf"{_LEFT}[A-Za-z][\w-]*(?:\++|--+)(?=[\s,.)]|\Z)", "words", "word"
    ),
    # cat:1.5 (a front end reads no weight there, yet it is the user's)
    "loose weight": SyntaxKind(
        rf"{_LEFT}[^\W\d_][\w-]{{0,40}}:(?:\d+\.\d+|\.\d+)(?=\s*(?:[,;\n]|\Z))", "words", "word"
    ),
    "colour code": SyntaxKind(r"(?<![\w&])#(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{6})\b", "nothing", "word"),
    "emoticon": SyntaxKind(
        r"(?<![^\s,(])(?:[:;=]'?-?[)(DPpdoO3<>|]|[>^@+~;=|oOTxX0-9.]_[<^@+~;=|oOTxX0-9.]|\\[mo]/)"
        r"(?=[\s,)]|\Z)",
        "nothing",
        "word",
    ),
    "emoji": SyntaxKind(
        rf"(?:{_EMOJI}[\ufe0f\u200d\u20e3\U000e0020-\U000e007f]*|[#*0-9]\ufe0f?\u20e3)+",
        "nothing",
        "word",
    ),
    # A made-up token such as "sks", "p3rs0n", "badHands".
    "trigger word": SyntaxKind(
        rf"{_LEFT}(?!(?:{_NOT_TRIGGERS}){_RIGHT})(?:(?i:sks|ohwx|zwx|tok)"
        rf"|[A-Z]\*|[a-z]{{3,}}\d{{2,}}|[bcdfghjklmnpqrstvwxz]{{3,}}|[bcdfghjklmnpqrstvwxz]{{4,}}y|[a-z]+\d+[a-z]\w*|(?=[a-z]*(?:{_RARE_PAIR}))[a-z]{{3,}}|[A-Za-z][a-z]+[A-Z][a-z]\w*)"
        rf"{_RIGHT}",
        "unknown",
        "word",
    ),
}
"""Kinds outside brackets. Brackets may be nested, so `_brackets` finds them."""

_BRACKETS = {
    "emphasis": SyntaxKind("(red:1.3), ((red)), [red], {{red}}", "words", "word"),
    "choice": SyntaxKind("{red|blue}, [cat:dog:0.5], [a|b]", "words", "word"),
}
_ATOM = lazy_pattern("|".join(f"(?P<k{k}>{kind.pattern})" for k, kind in enumerate(TABLE.values())))
_NAMES = tuple(TABLE)
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_BRACKET = lazy_pattern(r"\\.|[()\[\]{}]")
_WEIGHT = rf"[:]\s*{_NUMBER}\s*(?=[)\]}}])"
_AFTER_BRACKET = lazy_pattern(r"\++|--+|\d*\.\d+")  # compel: (red)++, (red)1.3
_CHOICE = lazy_pattern(r"[|$]|\[[^\[\]]*:(?!\s*-?[\d.]+\s*\])|\[[^\[\]]*::")


class Syntax(NamedTuple):
    """The painting syntax `text` at `start:end` of a prompt; `kind` is a row of a table."""

    kind: str
    start: int
    end: int
    text: str

    @property
    def row(self) -> SyntaxKind:
        """What is known of its kind."""
        return TABLE.get(self.kind) or _BRACKETS[self.kind]

    @property
    def reading(self) -> str:
        """The words in it that a painter reads, "" if none."""
        return readable(self.text) if self.row.reading == "words" else ""


def find_syntax(prompt: str) -> tuple[Syntax, ...]:
    """Find all painting syntax of `prompt`, in order and without overlaps.

    Brackets are taken whole, with what is nested in them. What stands in quotation marks is not
    syntax. Linear in the length of the prompt; never raises.
    """
    return _find_short(prompt) if len(prompt) < 2000 else _find(prompt)


def _find(prompt: str) -> tuple[Syntax, ...]:
    quotes = quote_spans(prompt)
    text = blank(prompt, quotes)
    atoms = list(_atoms(text))
    brackets = list(_brackets(blank(text, [(a.start, a.end) for a in atoms])))
    syntax: list[Syntax] = []
    for item in sorted([*atoms, *brackets], key=lambda s: (s.start, -s.end)):
        if not syntax or item.start >= syntax[-1].end:
            syntax.append(item._replace(text=prompt[item.start : item.end]))
    return tuple(syntax)


_find_short = lru_cache(maxsize=1024)(_find)


def _atoms(text: str) -> Iterator[Syntax]:
    is_shouted = text.isupper()  # there AND is a word like any other
    for match in _ATOM.finditer(text):
        name = _NAMES[int((match.lastgroup or "k0")[1:])]
        words = match[0].rstrip()
        if words and not (name == "joint" and is_shouted):
            yield Syntax(name, match.start(), match.start() + len(words), words)


def _brackets(text: str) -> Iterator[Syntax]:
    """The outermost pairs of brackets; one without a partner is a character like any other."""
    pairs: list[tuple[int, int]] = []
    opened: list[tuple[str, int]] = []
    for match in _BRACKET.finditer(text):
        if match[0] in _CLOSING:
            opened.append((_CLOSING[match[0]], match.start()))
        elif opened and match[0] == opened[-1][0]:
            start = opened.pop()[1]
            while pairs and pairs[-1][0] > start:
                pairs.pop()
            pairs.append((start, match.end()))
    for start, end in pairs:
        tail = _AFTER_BRACKET.match(text, end)
        kind = "choice" if _CHOICE.search(text, start, end) else "emphasis"
        yield Syntax(kind, start, tail.end() if tail else end, text[start:end])


_STRAY = lazy_pattern(r"(?:^|(?<=\n))[ ,]+|[ ,]+(?=\n|\Z)|(?: ?,)+(?= ?,)| (?=,)")
_MARKS = lazy_pattern(
    rf"{_WEIGHT}|[\d-]+\$\$(?:[^$|]*\$\$)?|\$\$|\\(?=[()])|[()\[\]{{}}|]+(?:\++|--+|\d*\.\d+)?|\++|--"
)
_SCHEDULE = lazy_pattern(r"(?<=[\[:\w ])[:](?=[\w :\].])")


def readable(prompt: str) -> str:
    """Return the words that a painter reads in `prompt`, without its painting syntax.

    Choices and schedules become all of their words. Quotes are kept with their marks.
    """
    items = find_syntax(prompt)
    if not items:
        return prompt
    pieces, last = [], 0
    for item in items:
        pieces.append(prompt[last : item.start])
        last = item.end
        if item.row.reading == "words":
            inner = _ATOM.sub(_read_atom, item.text) if item.kind in _BRACKETS else item.text
            inner = _MARKS.sub(" ", inner)
            if item.kind == "choice":
                inner = _SCHEDULE.sub(" ", re.sub(rf"[:]\s*{_NUMBER}", " ", inner))
            pieces.append(re.sub(r"_+", " ", inner).strip())
        elif item.row.place == "joint":
            pieces.append(", ")
    pieces.append(prompt[last:])
    return _STRAY.sub("", re.sub(r"[^\S\n]+", " ", "".join(pieces))).strip()


def _read_atom(match: re.Match[str]) -> str:
    row = TABLE[_NAMES[int((match.lastgroup or "k0")[1:])]]
    return match[0] if row.reading == "words" else " "


def holds_syntax(syntax: str, prompt: str) -> bool:
    """Check whether `prompt` has `syntax` letter by letter, and not inside a longer word."""
    left = _LEFT if syntax[0].isalnum() else ""
    right = _RIGHT if syntax[-1].isalnum() else ""
    return re.search(f"{left}{re.escape(syntax)}{right}", prompt) is not None


_SEPARATOR = r"[\s,;.，；。]*"


def is_apart(prompt: str, item: Syntax) -> bool:
    """Check whether syntax stands by itself, so that the words around it can be reworded."""
    if item.row.place in ("free", "last"):
        return True
    before, after = prompt[: item.start].rstrip(" \t"), prompt[item.end :].lstrip(" \t")
    return before[-1:] in ("", *",;\n，；。.") and after[:1] in ("", *",;\n，；。.")


def restore_syntax(text: str, prompt: str) -> str | None:
    """Put the syntax of `prompt` back into a rewording of `readable(prompt)`.

    Syntax at the beginning and at the end of the prompt goes there, letter by letter with what is
    between. Emphasis goes around its words, where the text has them once.

    Returns
    -------
    str or None
        None if the syntax belongs into the middle of the prompt's own words.
    """
    items = list(find_syntax(prompt))
    for item in items:  # a model may have copied it
        if item.row.reading != "words" and item.row.place != "joint":
            text = text.replace(item.text, "")
    lost: list[Syntax] = []
    for item in items:
        if item.text in text and item.kind in _BRACKETS:
            continue
        words = re.escape(item.reading)
        places = list(re.finditer(f"{_LEFT}{words}{_RIGHT}", text, re.I)) if words else []
        if item.kind == "emphasis" and len(places) == 1:
            text = text[: places[0].start()] + item.text + text[places[0].end() :]
        else:
            lost.append(item)
    head = tail = 0
    start, end = 0, len(prompt)
    while head < len(lost) and _is_edge(prompt, lost[head], prompt[start : lost[head].start]):
        start = lost[head].end
        head += 1
    while len(lost) - tail > head and _is_edge(
        prompt, lost[-1 - tail], prompt[lost[-1 - tail].end : end]
    ):
        end = lost[-1 - tail].start
        tail += 1
    if head + tail < len(lost):
        return None
    gap = re.match(_SEPARATOR, prompt[start:])
    before = prompt[:start] + (gap[0] if gap and head else "")
    text = re.sub(rf"^{_SEPARATOR}|[\s,;，；]*$", "", text)
    if head:
        text = re.sub(r"^(?:A|An|The) ", lambda article: article[0].lower(), text)
    if tail:
        between = prompt[len(prompt[:end].rstrip(" \t\n,;.，；。")) : end]
        text = text.rstrip(".。") + (between or " ") + prompt[end:]
    text = before + text
    whole = all(text.count(item.text) >= prompt.count(item.text) for item in items)
    return text if whole else None


def _is_edge(prompt: str, item: Syntax, between: str) -> bool:
    """Whether only separators are between syntax and the edge of the prompt."""
    return re.fullmatch(_SEPARATOR, between) is not None and is_apart(prompt, item)


def split_end(prompt: str) -> tuple[str, str]:
    """Split off what must stay at the end of a prompt: parameters and the weight of its last part.

    Returns
    -------
    (str, str)
        The prompt's words, and the end with the spaces before it, "" if there is none.
    """
    end = len(prompt)
    for item in reversed(find_syntax(prompt)):
        if item.row.place != "last" or prompt[item.end : end].strip():
            break
        end = item.start
    words = prompt[:end].rstrip()
    return words, prompt[len(words) :]
