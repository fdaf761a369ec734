"""A request clause by clause: what it asks to draw, to change, to keep or to say.

Built on grammar: clauses, their verbs and the objects of these, in English and Chinese.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from . import chinese
from .clauses import keep_words
from .lazy_pattern import lazy_pattern
from .lexicon import requests as words
from .parser import parse

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

    text: the whole message, with what stands in quotation marks blanked.
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
    rf"[.!?]+(?=\s|$)|[;\n:]+|[。！？；]+"
    rf"|(?:\s*,)?\s+\b(?:but|and then|then|while|whereas|plus)\b\s*"
    rf"|,\s*(?:and\s+|then\s+|also\s+)?{_VERB_AHEAD}"
    rf"|\s+(?:and|&)\s+{_VERB_AHEAD}"
    rf"|,\s*(?={words.POLITE})"
    rf"|^\s*(?:{words.FILLER})\s*[,!.-]+"
    rf"|[，,](?=[^，,]*[\u4e00-\u9fff])|(?<=[\u4e00-\u9fff])[，,]|但是?|不过|(?:然后|接着|同时|"
    rf"并且)",
    re.IGNORECASE,
)
_PREFIX = lazy_pattern(
    rf"(?:[\s,.!:;，。！、~-]|and\b|but\b|with\b(?= (?:all|everything))|"
    rf"(?:{words.FILLER})(?=[\s,.!:;，。！、~-]|[\u4e00-\u9fff]|$))*",
    re.IGNORECASE,
)
_POLITE = lazy_pattern(rf"(?:[\s,，]*(?:{words.POLITE})[\s,，]*)+", re.IGNORECASE)
_TAIL = lazy_pattern(
    r"(?:[\s,，]*(?:please|pls|thanks|thank you|for me|if possible|if you can|would you|will you|"
    r"ok|okay|谢谢|好吗|可以吗|行吗|好不好|吧|吗|呢|了)?[\s,.!?;:，。！？；~])*"
    r"(?:(?<=\s)(?:please|pls|thanks|thank you|for me|if possible|if you can)|"
    r"谢谢|好吗|可以吗|行吗|好不好|行不行|吧|吗)?$",
    re.IGNORECASE,
)
_EDIT = lazy_pattern(rf"(?:{words.EDIT})|(?:{words.EDIT_ZH})", re.IGNORECASE)
_DRAW = lazy_pattern(rf"(?:{words.DRAW})\s*", re.IGNORECASE)
_DRAWN = lazy_pattern(
    rf"(?:me |us )?(?:{words.INDEFINITE}|(?!the\b|it\b|this\b|that\b|these\b|those\b|his\b|her\b|"
    rf"its\b|their\b|my\b|him\b|them\b|everything\b|all\b)[a-z]+)",
    re.IGNORECASE,
)
_GIVES = lazy_pattern(r"(?:make|do|render|compose)\b", re.IGNORECASE)
_IS_INDEFINITE = lazy_pattern(rf"(?:me |us )?{words.INDEFINITE}", re.IGNORECASE)
_VERSION = lazy_pattern(words.VERSION, re.IGNORECASE)
_ANSWER = lazy_pattern(rf"(?:{words.ANSWER})", re.IGNORECASE)
_QUESTION = lazy_pattern(rf"(?:{words.QUESTION})\b", re.IGNORECASE)
_QUESTION_ZH = lazy_pattern(words.QUESTION_ZH)
_EDIT_ZH = lazy_pattern(words.EDIT_ZH)
_FRAGMENT = lazy_pattern(rf"(?:{words.FRAGMENT})", re.IGNORECASE)
_DEFINITE = lazy_pattern(
    r"(?:the|his|her|its|their|my|this|that|these|those|it|he|she|they)\b", re.IGNORECASE
)
_WORD = re.compile(r"[^\W_]+(?:'[a-z]+)?")
_SMALL_TALK = lazy_pattern(rf"(?:(?:{words.SMALL_TALK})|(?:{words.SMALL_TALK_ZH})|\W)+", re.I)
_HAN = re.compile(r"[\u4e00-\u9fff]")


def read_request(text: str) -> Request:
    """The clauses of a message, and what it says must stay."""
    quotes = [m for m in parse(text).mentions if m.kind == "quote"]
    blank = text
    for quote in quotes:
        blank = blank[: quote.start] + "\0" * (quote.end - quote.start) + blank[quote.end :]
    things: list[str] = []
    rest = blank
    for start, end in _keep_spans(blank):
        things += kept_things(text[start:end])
        rest = rest[:start] + "\n" * (end - start) + rest[end:]
    clauses = []
    for start, end in _pieces(rest):
        is_question = "?" in rest[end : end + 3].split("\n")[0] or "？" in rest[end : end + 2]
        clause = _clause(text, rest, start, end, is_question)
        if clause is None:
            continue
        if kept_alone := _ONLY.search(clause.text):
            del kept_alone
            things += [] if things else [_EVERYTHING_ELSE[bool(_HAN.search(clause.text))]]
        clauses.append(clause)
    return Request(tuple(clauses), tuple(dict.fromkeys(things)), blank)


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
    kind = _kind(core_words, blank[begin:stop], is_question, polite is not None)
    return Clause(" ".join(text[core:stop].split()), kind, core)


def _kind(core_words: str, whole: str, is_question: bool, polite: bool) -> ClauseKind:
    """core_words: without politeness. whole: with it."""
    if _SMALL_TALK.fullmatch(whole):
        return "chat"
    if _HAN.search(core_words):
        return _kind_zh(core_words, whole, is_question, polite)
    if _ANSWER.match(core_words):
        return "ask"
    drawn = _DRAW.match(whole) or _DRAW.match(core_words)
    if drawn:
        thing = whole[drawn.end() :] if _DRAW.match(whole) else core_words[drawn.end() :]
        bare = not _GIVES.match(drawn[0]) and _DRAWN.match(thing)
        if (bare or _IS_INDEFINITE.match(thing)) and not _VERSION.search(thing):
            return "draw"
    if not polite and _QUESTION.match(core_words):
        return "ask"
    if _EDIT.match(core_words):
        return "edit"
    if drawn:
        return "edit"
    if _FRAGMENT.match(core_words):
        return (
            "ask" if is_question and not polite and not _DEFINITE.match(core_words) else "fragment"
        )
    if _DEFINITE.match(core_words):
        return "fragment"
    return "ask" if is_question and not polite else "other"


def _kind_zh(core_words: str, whole: str, is_question: bool, polite: bool) -> ClauseKind:
    edit = _EDIT_ZH.search(core_words)
    drawn = _DRAW.search(whole)
    question = _QUESTION_ZH.search(whole)
    if question and (edit is None or (not polite and question.start() < edit.start())):
        return "ask"
    if _ANSWER.match(core_words):
        return "ask"
    if (
        drawn
        and (edit is None or drawn.start() <= edit.start())
        and not _VERSION.search(core_words)
    ):
        return "draw"
    if edit:
        return "edit"
    if is_question and not polite:
        return "ask"
    return "fragment" if _FRAGMENT.match(core_words) else "other"


# What stays.
_EVERYTHING_ELSE = ("everything else", "其他部分")
_ONLY = lazy_pattern(
    r"^(?:only|just) (?:\w+ing|chang\w*|edit|touch|the|his|her|my|its|their)\b"
    r"|\b(?:chang\w+|edit|touch|alter|modify|make) only\b|\b(?:the|his|her|my|"
    r"its) [\w ]{1,30} only$"
    r"|^(?:只|仅|就)(?:改|换|变|把|动|给|调)|\bnothing else\b",
    re.IGNORECASE,
)
_MORE_KEPT = lazy_pattern(
    r"\b(?:except(?:ing)?(?: for)?|apart from|other than|aside from|but not)\s+"
    r"(?=the|his|her|my|its|their|that|this|for|[a-z]+s\b)[^.;!?,\n]{1,60}"
    r"|(?<=everything )but\s+[^.;!?,\n]{1,60}"
    r"|\b(?:don't|don’t|do not|dont|never|without|no)\s+(?:mess\w* with|los\w+|ruin\w*|replac\w*|"
    r"remov\w*"
    r"|alter\w*|recolou?r\w*|chang\w*|touch\w*|edit\w*|mov\w*|modify\w*)\s[^.;!?\n]{1,80}"
    r"|\bkeep(?:ing)?\s+(?!(?:on|going|doing|up)\b)[^.;!?\n]{1,100}"
    r"|\bleav(?:e|ing)\s+[^.;!?\n]{1,60}?\b(?:out of (?:it|this)|be|in place|where (?:it|they|he|"
    r"she) (?:is|are))\b"
    r"|\bhands off\s+[^.;!?,\n]{1,40}"
    r"|(?:^|(?<=[,.;!\n])|\bbut\b|\bwhile\b|\band\b)\s*(?:the|his|her|my|its|their|all|"
    r"everything)\b[^,.;!?\n]{0,50}?\b"
    r"(?:(?:should|must|has to|have to|needs? to|can|to)\s+(?:stay|remain|be kept|be left|"
    r"not change|"
    r"be the same|not be (?:changed|touched))|stays?|remains?|is (?:fine|perfect|good|great)|"
    r"are (?:fine|perfect|good|great))\b[^,.;!?\n]{0,40}"
    r"|(?:除了|除)[^，。；！？,.\n]{1,16}?(?:以外|之外|外)?(?:[，,]|(?=都|全|其他|其余|别的|所有|"
    r"$))"
    r"|[^，。；！？,.\n把将]{1,12}?(?:都|就|也|要|请|全部?|一律|完全)*(?:不用|不能|不许|不需要|"
    r"不准|别|不要|不必|无需|不)"
    r"(?:改变|改动|改|变动|变|动|碰)(?!成|为|得)(?=$|[，。；！？,.\n了哦啊])"
    r"|(?:不要|别|不用|不许|不能|不准|不)(?:改变|改动|改|动|碰|变动|破坏|影响|换掉?|丢掉?|"
    r"删)(?!成|为)"
    r"[^，。；！？,.\n]{1,20}"
    r"|[^，。；！？,.\n把将]{1,12}?(?:还是|依然|依旧|仍然|照旧|要|继续|原样)*(?:留着|照旧|"
    r"原封不动|保留着?|保持原样|"
    r"维持原样|一样)(?=$|[，。；！？,.\n])"
    r"|(?:留着|保住|留下|保持|保留|维持)[^，。；！？,.\n]{1,20}",
    re.IGNORECASE,
)
_KEPT_END = lazy_pattern(
    rf"(?:,|\s)\s*(?:and|but|then|while|just|only|also)?\s*(?:please |also |just |only )*"
    rf"(?={words.EDIT})(?!(?:the|cut|set|colou?r|paint|light|dress|lighting|painting|clothing|"
    rf"setting|tone|warm|cool|cover|open|close|style|frame|crop)\b)"
    rf"|\bbut\b|\bwhile\b|[，,](?=.*(?:把|将|换|改|加|变))",
    re.IGNORECASE,
)
_KEPT_LEAD = lazy_pattern(
    r"^[\s,，]*(?:(?:and|but|while|please|just|also|then|with|so|again|make sure(?: that)?|"
    r"be sure to|"
    r"ensure(?: that)?|to)\s+)*"
    r"(?:(?:keep(?:ing)?|preserv(?:e|ing)|maintain(?:ing)?|retain(?:ing)?|leav(?:e|ing)|"
    r"hands off)\s+|"
    r"(?:don't|don’t|dont|do not|never|without|no)\s+(?:mess\w* with|[a-z]+)\s+|"
    r"(?:except(?:ing)?(?: for)?|apart from|other than|aside from|but not|but)\s+)"
    r"(?:(?:for|to|of|about)\s+)?"
    r"|^[，,\s]*(?:但是?|而且|并且?|同时|请|要|可|务必|一定要?|只要|还|也|不过)*"
    r"(?:保持住?|保留|维持|留着|留下|保住|除了|除|(?:不要|别|不用|不许|不能|不准|不)"
    r"(?:改变|改动|改|动|碰|变动|破坏|影响|换掉?|丢掉?|删))*",
    re.IGNORECASE,
)
_KEPT_TAIL = lazy_pattern(
    r"\s*\b(?:exactly|just|completely|all|both)?\s*(?:(?:should|must|has to|have to|needs? to|"
    r"can|to)\s+)?"
    r"(?:(?:stay|remain|be|is|are|stays|remains|stay)\s+)*(?:not\s+)?"
    r"(?:(?:kept|left|exactly|just|all)\s+)*"
    r"(?:alone|unchanged|unaltered|untouched|intact|the same|as (?:it|they|he|she|that)(?:'s| is|"
    r" are| was| were)?(?: now)?|"
    r"as[- ]is|in place|where (?:it|they|he|she) (?:is|are)|out of (?:it|this)|be|put|"
    r"exactly as (?:it|they) (?:is|are)|stay|stays|remain|remains|change|changed|touched|visible|"
    r"identical|consistent|(?:is|are) (?:fine|perfect|good|great)(?: as (?:it|they) (?:is|are))?|"
    r"like (?:it|that|this)(?: is)?|please)\s*$"
    r"|(?:的?部分|的?地方|的?内容)?(?:请|都|就|也|要|全部?|一律|完全|还是|依然|仍然|继续|一定)*"
    r"(?:不变|不动|原样|一致|不要动|不要变|不要改|别动|别改|别变|别碰|不用改|不用动|不用变|"
    r"不能变|不能动|不能改|不改|"
    r"不许动|留着|照旧|原封不动|保留着?|保持原样|维持原样|一样|以外|之外|外|就好|就行|即可|"
    r"不需要改|不需要动|不必改)+[，,]?$",
    re.IGNORECASE,
)


def _keep_spans(text: str) -> list[tuple[int, int]]:
    """Spans of the clauses that say what stays, in order, without overlaps."""
    spans_found = [(m.start, m.end) for m in parse(text).mentions if m.kind == "keep"]
    for match in _MORE_KEPT.finditer(text):
        cut = _KEPT_END.search(text, match.start() + 5, match.end())
        spans_found.append((match.start(), cut.start() if cut else match.end()))
    spans: list[tuple[int, int]] = []
    for start, end in sorted(spans_found, key=lambda span: (span[0], -span[1])):
        if spans and start < spans[-1][1]:
            spans[-1] = spans[-1][0], max(end, spans[-1][1])
        elif text[start:end].strip():
            spans.append((start, end))
    return spans


def kept_things(clause: str) -> list[str]:
    """The things that a keep clause names: "leave the lake and the sky alone" -> both."""
    clause = clause.strip(" \t\n,.;，。；!！")
    bare = _KEPT_LEAD.sub("", clause)
    for _ in range(3):
        bare = _KEPT_TAIL.sub("", bare.strip(" ,，"))
    things = re.split(r"\s*(?:,|、|，|\band\b|\bor\b|\bnor\b|&|和|与|以及|跟|及)\s*", bare)
    return [thing.strip() for thing in things if thing.strip(" .的")]


def kept_words(thing: str) -> frozenset[str]:
    """The words of a thing that stays, in a form that can be compared."""
    return chinese.keep_words(thing) if _HAN.search(thing) else keep_words(thing)
