"""A request clause by clause: what it asks to draw, to change, to keep or to say.

Built on grammar: clauses, their verbs and the objects of these, in English and Chinese.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from .kept_things import find_keep_clauses
from .lazy_pattern import lazy_pattern
from .lexicon import english
from .lexicon import requests as words
from .parser import parse
from .regions import find_region

ClauseKind = Literal["edit", "draw", "ask", "fragment", "other", "chat"]


@dataclass(frozen=True)
class Clause:
    """One clause of a request: its words without politeness, and what it does.

    kind: "edit" and "draw" by its verb; "ask" for a question; "fragment" for what only makes sense
    of an image that is there ("darker"); "chat" for thanks and greetings; "other".
    """

    text: str
    kind: ClauseKind
    start: int


@dataclass(frozen=True)
class Request:
    """clauses: all but those that say what stays. keep: the things that stay, in the user's words.

    text: the message without the words that say what stays, and without quotes.
    """

    clauses: tuple[Clause, ...]
    keep: tuple[str, ...]
    text: str

    @property
    def changes(self) -> tuple[Clause, ...]:
        """The clauses that say what to draw or change."""
        return tuple(c for c in self.clauses if c.kind not in ("ask", "chat"))


_VERB_AHEAD = (
    rf"(?=(?:also |please |just |only |maybe |don't |do not |never |not )*"
    rf"(?:{words.EDIT}|{words.DRAW}|without (?:chang|touch|los)))"
)
_BOUNDARY = lazy_pattern(
    rf"(?<!\bno)(?<!\bpic)(?<!\bimg)(?<!\bref)[.!?]+(?=\s|$)|[;\n:]+|[。！？；]+"
    rf"|(?:\s*,)?\s+\b(?:but|and then|then|while|whereas|plus)\b\s*"
    rf"|,\s*(?:and\s+|then\s+|also\s+)?{_VERB_AHEAD}"
    rf"|\s+(?:and|&)\s+{_VERB_AHEAD}"
    rf"|,\s*(?={words.POLITE})|,\s*(?=(?:can|could|would|should) (?:the|my|this|it|he|she|they)\b)"
    rf"|^\s*(?:{words.FILLER})\s*[,!.-]+"
    rf"|[，,](?=[^，,]*[\u4e00-\u9fff])|(?<=[\u4e00-\u9fff])[，,]|但是?|不过|(?:然后|接着|同时|"
    rf"并且)",
    re.IGNORECASE,
)
_PREFIX = lazy_pattern(
    rf"(?:[\s,.!:;，。！、~-]|and\b|but\b|except(?: for)?\b|with\b(?= (?:all|everything))|"
    rf"(?:{words.FILLER})(?=[\s,.!:;，。！、~-]|[\u4e00-\u9fff]|$))*",
    re.IGNORECASE,
)
_POLITE = lazy_pattern(rf"(?:[\s,，]*(?:{words.POLITE})[\s,，]*)+", re.IGNORECASE)
_TAIL = lazy_pattern(
    r"(?:[\s,，]*(?:please|pls|thanks|thank you|for me|if possible|if you can|would you|will you|"
    r"ok|okay|谢谢|好吗|可以吗|行吗|好不好|吧|吗|呢|了)?[\s,.!?;:，。！？；~])*"
    r"(?:(?<=\s)(?:please|pls|thanks|thank you|for me|if possible|if you can|and|but|so)|"
    r"谢谢|好吗|可以吗|行吗|好不好|行不行|吧|吗)?$",
    re.IGNORECASE,
)
_EDIT = lazy_pattern(rf"(?:{words.EDIT})|(?:{words.EDIT_ZH})", re.IGNORECASE)
_DRAW = lazy_pattern(rf"(?:{words.DRAW})(?!(?<=画)[风面质法布框家])\s*", re.IGNORECASE)
_DRAWN = lazy_pattern(
    rf"(?:me |us )?(?:{words.INDEFINITE}|(?!what\b|how\b|the\b|it\b|this\b|that\b|these\b|"
    rf"those\b|his\b|her\b|"
    rf"its\b|their\b|my\b|him\b|them\b|everything\b|all\b)[a-z]+)",
    re.IGNORECASE,
)
_GIVES = lazy_pattern(r"(?:make|do|render|compose)\b", re.IGNORECASE)
_IS_INDEFINITE = lazy_pattern(rf"(?:me |us )?{words.INDEFINITE}", re.IGNORECASE)
_VERSION = lazy_pattern(words.VERSION, re.IGNORECASE)
_WISH = lazy_pattern(  # "could the sky be darker?" asks for a change; "can the dog swim?" does not
    r"(?:could|can|might|would|shouldn't|couldn't|can't)\s+(?:(?:the|his|her|its|their|my|our|"
    r"this|that)\s+(?:[\w'’-]+\s+){1,6}?|"
    r"(?:it|she|he|they|everyone|everything)\s+)"
    r"(?:(?:be|look|become|appear|get)\s+(?:a bit|a little|a lot|much|more|less|\w+(?:er|ier)\b|"
    r"in\b|on\b|made\b|"
    rf"\w+(?:ed|en|ne|wn)\b|{'|'.join(english.COLOURS)})|(?:have|wear|hold|carry|face|sit|stand|"
    rf"smile|use|go|stay|"
    rf"fill)\b)"
    r"|(?:could|can|may) (?:we|i) (?:see|have|get|try)\b"
    r"|(?:could|can) there be\b|(?:what|how) would [^,.?]{1,60} look (?:like )?(?:with|in|wearing|"
    r"on)\b"
    r"|would [^,.?]{1,60} (?:suit|go with|fit|look good (?:on|in|with))\b",
    re.IGNORECASE,
)
_ANSWER = lazy_pattern(rf"(?:{words.ANSWER})", re.IGNORECASE)
_SEES = lazy_pattern(
    r"(?:can|could|do) you see\b"
    r"|(?:are you able to|can you|do you) \w+ (?:photo|picture|image)s\s*$",
    re.IGNORECASE,
)
_QUESTION = lazy_pattern(rf"(?:{words.QUESTION})\b", re.IGNORECASE)
_QUESTION_ZH = lazy_pattern(words.QUESTION_ZH)
_EDIT_ZH = lazy_pattern(words.EDIT_ZH)
_FRAGMENT = lazy_pattern(rf"(?:{words.FRAGMENT})", re.IGNORECASE)
_ACTION = lazy_pattern(r"\w+ing(?: \w+)?", re.IGNORECASE)
_DEFINITE = lazy_pattern(
    r"(?:the|his|her|its|their|my|this|that|these|those|it|he|she|they)\b", re.IGNORECASE
)
_SMALL_TALK = lazy_pattern(rf"(?:(?:{words.SMALL_TALK})|(?:{words.SMALL_TALK_ZH})|\W)+", re.I)
_EVERYTHING_ELSE = ("everything else", "其他部分")
_ONLY = lazy_pattern(
    r"^(?:only|just) (?:\w+ing|chang\w*|edit|touch|the|his|her|my|its|their)\b"
    r"|\b(?:chang\w+|edit|touch|alter|modify|make) only\b"
    r"|\b(?:the|his|her|my|its) [\w ]{1,30} only$"
    r"|^(?:只|仅|就)(?:改|换|变|把|动|给|调)|\bnothing else\b",
    re.IGNORECASE,
)
_DRAWS_ZH = lazy_pattern(r"^[^把将]*(?:画|生成|创作|来|做)(?:出?一|两|几)?(?:张|幅)")
_ADVICE_ZH = lazy_pattern(r"(?:是否)?(?:需要|有必要|要不要|该不该|应该)")
_TRY_ZH = lazy_pattern(  # "穿在她身上会怎么样": it is to be seen, not answered
    r"(?:想看看?|穿|戴|放|配|换|摆|用|剪|挂|加)[^，。]{0,20}(?:怎么样|什么样|怎样|效果)|(?:再|多)[来加画](?:上|个|点)?"
    r"[一两三四五几](?!张|幅)"
)
_LOOK_OF = lazy_pattern(words.LOOK_OF, re.IGNORECASE)
_DEGREE_ZH = lazy_pattern(
    r"^(?:太|更|再|不够|稍)|[冒飘撒落飞开有多出亮]点(?!燃|缀)|(?:一点|一些|一点儿|点)(?:儿|吧)?$"
)
_HAN = re.compile(r"[\u4e00-\u9fff]")


def read_request(text: str) -> Request:
    """The clauses of a message, and what it says must stay."""
    quotes = [m for m in parse(text).mentions if m.kind == "quote"]
    blank = text
    for quote in quotes:
        blank = blank[: quote.start] + "\0" * (quote.end - quote.start) + blank[quote.end :]
    things: list[str] = []
    rest = blank
    for start, end, named in find_keep_clauses(blank):
        things += named
        rest = rest[:start] + "\n" * (end - start) + rest[end:]
    clauses = []
    for start, end in _pieces(rest):
        is_question = "?" in rest[end : end + 3].split("\n")[0] or "？" in rest[end : end + 2]
        clause = _clause(text, rest, start, end, is_question)
        if clause is None:
            continue
        if not things and _ONLY.search(clause.text):
            things.append(_EVERYTHING_ELSE[bool(_HAN.search(clause.text))])
        clauses.append(clause)
    return Request(tuple(clauses), tuple(dict.fromkeys(things)), rest)


def _pieces(text: str) -> list[tuple[int, int]]:
    pieces, last = [], 0
    for match in _BOUNDARY.finditer(text):
        pieces.append((last, match.start()))
        last = match.end()
    return [*pieces, (last, len(text))]


def _clause(text: str, blank: str, start: int, end: int, is_question: bool) -> Clause | None:
    piece = blank[start:end]
    begin = start + _PREFIX.match(piece).end()  # type: ignore[union-attr]
    polite = _POLITE.match(blank, begin, end)
    core = polite.end() if polite else begin
    tail = _TAIL.search(blank, core, end)
    stop = tail.start() if tail else end
    is_question = is_question or bool(re.search(r"[?？]", blank[stop:end]))
    core_words = blank[core:stop]
    if not core_words.strip(" \t\n,.!?，。！？\0'\""):
        whole_piece = blank[start:end].strip()
        return Clause(whole_piece, "chat", start) if whole_piece.strip("\n ,.!?，。") else None
    kind = _kind(core_words, blank[begin:end], is_question, polite is not None)
    return Clause(" ".join(text[core:stop].split()), kind, core)


def _kind(core_words: str, whole: str, is_question: bool, polite: bool) -> ClauseKind:
    """core_words: without politeness. whole: with it."""
    if _SMALL_TALK.fullmatch(whole):
        return "ask" if is_question and _QUESTION.match(core_words) else "chat"
    if _HAN.search(core_words):
        return _kind_zh(core_words, whole, is_question, polite)
    if _ANSWER.match(core_words) or _SEES.match(whole):
        return "ask"
    drawn = _DRAW.match(whole) or _DRAW.match(core_words)
    if drawn:
        thing = whole[drawn.end() :] if _DRAW.match(whole) else core_words[drawn.end() :]
        bare = not _GIVES.match(drawn[0]) and _DRAWN.match(thing)
        bare = bare or _LOOK_OF.search(thing)
        if (bare or _IS_INDEFINITE.match(thing)) and not _is_version(thing):
            return "draw"
    if _WISH.match(whole):
        return "edit"
    if not polite and _QUESTION.match(core_words):
        return "ask"
    if _EDIT.match(core_words):
        return "edit"
    if drawn:
        return "edit"
    if _FRAGMENT.match(core_words) or _ACTION.fullmatch(core_words) or _is_version(core_words):
        return (
            "ask" if is_question and not polite and not _DEFINITE.match(core_words) else "fragment"
        )
    if _DEFINITE.match(core_words):
        return "fragment"
    if is_question and not polite:
        suggests = re.match(r"(?:and|or|with|maybe|also)\b", whole, re.IGNORECASE)
        return "fragment" if suggests or find_region(whole) else "ask"
    return "fragment" if find_region(whole) else "other"


def _kind_zh(core_words: str, whole: str, is_question: bool, polite: bool) -> ClauseKind:
    edit = _EDIT_ZH.search(core_words)
    drawn = _DRAW.search(whole)
    if _ADVICE_ZH.match(core_words) and re.search(r"[吗?？]", whole):
        return "ask"
    if _TRY_ZH.search(whole):
        return "edit"
    question = _QUESTION_ZH.search(whole)
    if question and (edit is None or (not polite and question.start() < edit.start())):
        return "ask"
    if _ANSWER.match(core_words):
        return "ask"
    if drawn and drawn[0].startswith("来") and find_region(core_words):
        return "edit"
    first = edit is None or (drawn and drawn.start() <= edit.start())
    if drawn and (first or _DRAWS_ZH.search(core_words)) and not _is_version(whole):
        return "draw"
    if edit:
        return "edit"
    if is_question and not polite:
        return "ask"
    partial = _FRAGMENT.match(core_words) or _DEGREE_ZH.search(whole) or find_region(whole)
    return "fragment" if partial else "other"


def _is_version(thing: str) -> bool:
    """Whether what is to be drawn is an image that is there, changed."""
    return _VERSION.search(_LOOK_OF.sub("", thing)) is not None
