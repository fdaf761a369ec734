"""How much of an image a change touches, by the object of its verb."""

from __future__ import annotations

import re

from ..records.plan import Scope
from . import english
from .lazy_pattern import lazy_pattern
from .lexicon import requests as words
from .parser import parse

_DETERMINER = (
    r"(?:the|this|that|these|my|our|his|her|its|their|some|a|an|more|less|all|any|all of|all the|"
    r"both|much|a lot of|a bit of|a little|a bit|too|so|slightly)"
)
_VERB = lazy_pattern(
    rf"(?:(?:don't|do not|not|also|only|just|now|instead)\s+)*(?:{words.EDIT}|"
    rf"{words.DRAW})(?:\s+(?:up|down|out|in|off|away|me|back)\b)?\s*",
    re.IGNORECASE,
)
_WHOLE = lazy_pattern(
    rf"(?:{_DETERMINER}\s+)*(?:(?:whole|entire|overall|full|current|last|first|second|original|"
    rf"same)\s+)*(?:{words.WHOLE})",
    re.I,
)
_EXPLICIT = lazy_pattern(rf"(?:{words.EXPLICIT_WHOLE})", re.IGNORECASE)
_HEAD = lazy_pattern(
    rf"(?P<before>(?:[\w'-]+\s+){{0,4}}?)(?:(?P<background>{words.BACKGROUND})|"
    rf"(?P<atmosphere>{words.ATMOSPHERE}))"
    r"(?P<owner>\s+(?:of|on|in|to|under|from|around|over|at|onto)\s+(?:the|his|her|its|my|their|"
    r"this|that)\b[^.,;]*)?",
    re.IGNORECASE,
)
_STATE = lazy_pattern(rf"(?:{words.GLOBAL_STATE})", re.IGNORECASE)
_ATMOSPHERE = lazy_pattern(rf"(?:{words.ATMOSPHERE})", re.IGNORECASE)
_BACKGROUND = lazy_pattern(rf"(?:{words.BACKGROUND})", re.IGNORECASE)
_BEHIND = lazy_pattern(
    rf"{words.BEHIND}|\bin the (?:far )?background\b|\bas (?:the |a )?backdrop\b", re.I
)
_GLOBAL_VERB = lazy_pattern(rf"(?:{words.GLOBAL_VERB})", re.IGNORECASE)
_REMOVES = lazy_pattern(
    r"(?:remove|delete|erase|get rid of|take out|take away|hide|lose|drop|no more|without)\w*\b|"
    r"去掉|去除|删|移除|擦|抹掉|拿掉",
    re.IGNORECASE,
)
_PUTS = lazy_pattern(
    r"(?:put|plac|set|mov|bring|hav|let|show|relocat|transport|reposition|teleport|send|take|"
    r"insert)\w*\s+"
    r"(?:him|her|them|it|me|us|the|this|that|my|his|these|everyone)\b.*?"
    rf"\b(?:in|on|at|to|into|onto|in front of|inside|under)\s+(?:a |an |the |"
    rf"some )?(?:[\w'-]+ ){{0,3}}?(?:{words.PLACES})",
    re.IGNORECASE,
)
_PUTS_ZH = lazy_pattern(
    rf"(?:放到|放在|移到|搬到|换到|置于|站在|出现在|去到?|身处|来到|"
    rf"带到)[^，。]{{0,8}}?(?:{words.PLACES})"
)
_ADDS_ZH = r"(?:添加|加上|加入|加个|加一|加点|加些|增加|加|添|画上?|放上?)"
_OBJECT_ZH = (
    re.compile(
        r"(?:把|将|给|让|使)(?P<object>.+?)(?P<rest>(?:全部?|都|再|更|也|稍微|变|换|改|调|转|做|"
        r"弄|画|加|戴|穿|去|删|放|移|涂|"
        r"染|模糊|虚化|裁|翻|旋|提|降|增|减|P|替|修|抠|擦|抹|设|写|拉|缩|成|看).*|$)"
    ),
    re.compile(
        rf"^(?:在|给)?(?P<place>[^，。]+?(?:上|里|中|旁边?|下|边|前|后|角|侧|头|手|脸|"
        rf"身)面?){_ADDS_ZH}(?P<object>.+)(?P<rest>)"
    ),
    re.compile(
        r"^(?P<object>[^，。]+?)(?P<rest>(?:变成|换成|改成|改为|变为|换为|换个|换上|换一|换|"
        r"调成?|变得?|太|再|更|要|应该|有点|需要|"
        r"不够|亮|暗|改).*)"
    ),
    re.compile(
        rf"(?:{words.EDIT_ZH})(?:上|入|掉|一些|一点|一个|一下|点|些|个|"
        rf"了)?(?P<object>[^，。]*)(?P<rest>)"
    ),
)
_HAN = re.compile(r"[\u4e00-\u9fff]")


def clause_scope(clause: str) -> Scope | None:
    """How much of the image one clause changes; None if it names nothing that tells."""
    return _scope_zh(clause) if _HAN.search(clause) else _scope_en(clause)


def _scope_en(clause: str) -> Scope | None:
    verb = _VERB.match(clause)
    rest = clause[verb.end() :] if verb else clause
    removes = bool(_REMOVES.match(clause))
    if (
        _BEHIND.search(rest)
        and not removes
        and re.match(
            r"(?:add|put|plac|insert|draw|paint|chang|mak|want|show|replac|set|hav|with|some|a\b|"
            r"an\b)\w*",
            clause,
            re.I,
        )
    ):
        return "background"
    if _PUTS.match(clause):
        return "background"
    head = _HEAD.match(rest)
    if head and not any(english.known(w.lower()) for w in head["before"].split()):
        if head["background"]:
            return "background"
        owner = head["owner"]
        if owner is None or _EXPLICIT.search(owner) or re.search(r"\b(?:it|this|that)\s*$", owner):
            return "global"
        return "background" if _BACKGROUND.search(owner) else "local"
    whole = _WHOLE.match(rest)
    if whole:
        complement = rest[whole.end() :]
        if (
            _EXPLICIT.search(whole[0])
            or _is_global(complement)
            or (verb and _GLOBAL_VERB.match(verb[0]))
        ):
            return "global"
        return "local" if re.search(r"\w{2,}", complement) else None
    if (
        verb
        and _GLOBAL_VERB.match(verb[0])
        and not english.find_phrases(english.tokenise(rest, []))
    ):
        return "global"
    first = english.find_phrases(english.tokenise(rest, []))[:1]
    if not verb and (
        _is_global(rest) and not (first and first[0].noun in english.KNOWN and _definite(rest))
    ):
        return "global"
    if (
        verb
        and re.match(
            r"(?:make|turn|render|show|draw|paint|do|get|set|convert|translate|transform|redo|"
            r"want|give)",
            clause,
            re.I,
        )
        and not re.match(r"\s*(?:the|his|her|their|my|its|him|them|a|an)\b", rest, re.I)
        and _is_global(rest)
    ):
        return "global"
    return "local" if re.search(r"[a-z0-9]{2,}", rest, re.I) else None


def _definite(text: str) -> bool:
    return re.match(r"(?:the|his|her|its|their|my)\b", text, re.IGNORECASE) is not None


def _is_global(text: str) -> bool:
    return bool(_STATE.search(text) or _ATMOSPHERE.search(text) or parse(text).values("style"))


def _scope_zh(clause: str) -> Scope | None:
    removes = bool(_REMOVES.search(clause))
    if _PUTS_ZH.search(clause):
        return "background"
    if _BEHIND.search(clause) and not removes and re.search(_ADDS_ZH + "|换|变|改", clause):
        return "background"
    match = next((m for pattern in _OBJECT_ZH if (m := pattern.search(clause))), None)
    thing = (match["object"] if match else clause).strip("的了上里中 ")
    rest = match["rest"] if match else clause
    place = (match.groupdict().get("place") or "") if match else ""
    owner, of, head = thing.rpartition("的")
    if not head:
        owner, of, head = "", "", thing
    if re.fullmatch(rf".*?(?:{words.BACKGROUND})", head):
        return "background"
    whole_owner = not of or _is_whole_zh(owner)
    if re.fullmatch(rf".{{0,6}}?(?:{words.ATMOSPHERE})", head) or re.fullmatch(
        rf".*?(?:{words.ATMOSPHERE})", head
    ):
        names_thing = (
            any(m.kind == "subject" for m in parse(owner or head).mentions) and not whole_owner
        )
        return (
            "local"
            if names_thing or (place and not _is_whole_zh(place.strip("上里中在")))
            else "global"
        )
    if not thing or _is_whole_zh(thing) or not match:
        if (
            _is_global(rest)
            or _is_global(clause)
            or re.fullmatch(rf".*(?:{words.EXPLICIT_WHOLE})", thing or " ")
        ):
            return "global"
        return "local" if rest and rest != clause else None
    if any(word in clause for word in ("风格", "画风")):
        return "global"
    return "local"


def _is_whole_zh(text: str) -> bool:
    return re.fullmatch(rf".{{0,4}}?(?:{words.WHOLE})(?:里|中|上)?", text) is not None
