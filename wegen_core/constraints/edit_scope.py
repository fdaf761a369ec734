"""How much of an image a change touches, by what its verb is about.

A change is split into its verb, the thing that it is about, and the rest. "make the boat darker" is
about the boat; "make it darker" and "darker" about the image.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from ..records.plan import Scope
from . import english
from .image_numbers import find_image_mentions
from .lazy_pattern import lazy_pattern
from .lexicon import english as english_words
from .lexicon import requests as words
from .parser import parse
from .requests import Clause

_WIDTH: dict[Scope | None, int] = {None: 0, "local": 1, "background": 2, "global": 3}
Kind = Literal["thing", "background", "atmosphere", "image", "it"]


class _Change(NamedTuple):
    """One change in parts.

    verb: "" for a fragment. kind: of what it is about; None if it names nothing. rest: what is said
    of that. place: where a Chinese change says that it happens.
    """

    verb: str
    kind: Kind | None
    rest: str
    place: str = ""


_BEHIND = lazy_pattern(
    rf"{words.BEHIND}|\bin the (?:far )?background\b|\bas (?:the |a )?backdrop\b", re.IGNORECASE
)
# What is said of an image, and hardly of a thing in it: "turn it into ...", "make it night".
_OF_IMAGES = lazy_pattern(rf"^\s*(?:in)?to\b|^\s*成|(?:{words.ATMOSPHERE})", re.IGNORECASE)
_ON_BACKGROUND = lazy_pattern(
    rf"\b(?:a|an|another)\s+(?:[\w'-]+\s+){{0,3}}?(?:{words.BACKGROUND})",
    re.IGNORECASE,
)
_BACKGROUND = lazy_pattern(rf"(?:{words.BACKGROUND})", re.IGNORECASE)
_ADDS = lazy_pattern(
    r"(?:add|put|plac|insert|draw|paint|set|hav|show|includ|build|plant)|.*[加放画添换变改]", re.I
)
_COMPLAINS = lazy_pattern(
    r"^(?:(?:the|his|her|it|this|my|its|that|there|he|she|they|i)\b.*\b)?(?:is|are|looks?|feels?|"
    r"seems?|too|it['’]s|"
    r"there['’]s|don['’]t like)\b|^(?:the )?same \w+$|太|有点|感觉|觉得|不够|看起来",
    re.IGNORECASE,
)
_LOOKS = lazy_pattern(r"\b(?:look|feel|style|vibe|mood|atmosphere|ambience)\b", re.IGNORECASE)
_PLACE_FIRST = lazy_pattern(
    rf"\w+\s+(?:the|my|our|this) (?:\w+ )?(?:{words.PLACES}|house|apartment|place|hall)\b",
    re.IGNORECASE,
)
_RECROPS = lazy_pattern(r"(?:crop|zoom|upscal|outpaint)|裁", re.IGNORECASE)
# Another view of everything: "pan to the right", "show it from above", 镜头拉远.
_MOVES_CAMERA = lazy_pattern(
    r"^(?:pan|tilt|orbit|dolly)\b(?! of)"
    r"|\b(?:move|pull|push|turn|tilt|pan|rotate|raise|lower)\w* (?:the )?(?:camera|view)\b"
    r"(?!.*\b(?:of|on|onto|beside|next)\b)"
    r"|\bfrom (?:farther|further) (?:away|back)\b|\bfrom (?:very |much )?(?:close[- ]up|closer)\b"
    r"|^(?:show|view|see|shoot|film|draw|render|make)\w* (?:it|this|that|everything|the \w+)"
    r"(?: (?:seen|shot|viewed))? (?:from|at) (?:directly |right )?"
    r"(?:(?:a|an|another) (?:\w+[- ]){0,2}(?:angle|view|viewpoint|perspective)|above|below)\b"
    r"|镜头.{0,4}[拉推移转向]|[拉推](?:远|近)|视角|俯视|仰视|俯拍|仰拍",
    re.IGNORECASE,
)
_QUOTE = lazy_pattern(r"[\"“「『《].*?[\"”」』》]")
_STATE = lazy_pattern(rf"(?:{words.GLOBAL_STATE})|(?:{words.ATMOSPHERE})", re.IGNORECASE)
_ATMOSPHERE = lazy_pattern(f"(?:{words.ATMOSPHERE})", re.IGNORECASE)
_INSERTS = lazy_pattern(
    r"(?:add|put|plac|insert|includ|hang|attach|stick|writ)|[添贴写放]|加", re.I
)
_BECOMES_STATE = lazy_pattern(
    r"\s*(?:to|at|in|into|from \w+ to|成|为|变成|改成|换成|改为)?\s*(?:a |the )?"
    rf"(?:{words.GLOBAL_STATE})",
    re.IGNORECASE,
)
_SETTING = lazy_pattern(r"\w+\s+(?:the )?(?:scene|setting)\b|[把将]?场景", re.IGNORECASE)
_GLOBAL_VERB = lazy_pattern(rf"(?:{words.GLOBAL_VERB})", re.IGNORECASE)
_REMOVES = lazy_pattern(rf"(?:{words.REMOVE})", re.IGNORECASE)
_MOVES_TO_PLACE = lazy_pattern(
    r"(?:(?:put|plac|set|mov|bring|hav|let|show|relocat|transport|reposition|teleport|send|tak)\w*"
    r"\s+(?:him|her|them|it|me|us|the|this|that|my|his|these|everyone)\b.*?|"
    r".*\blook like (?:\w+ )+)"
    rf"\b(?:in|on|at|to|into|onto|in front of|inside|under)\s+(?:a |an |the |some )?"
    rf"(?:(?!with\b)[\w'-]+ ){{0,3}}?(?:{words.PLACES})"
    rf"|.*(?:放到|放在|移到|搬到|换到|置于|站在|出现在|去到?|身处|来到|带到|坐在|"
    rf"走在)[^，。]{{0,8}}?"
    rf"(?:{words.PLACES})",
    re.IGNORECASE,
)
_HAN = lazy_pattern(r"[\u4e00-\u9fff]")


def edit_scope(clauses: Sequence[Clause]) -> Scope | None:
    """How much of the image the clauses of a request change; None if nothing tells.

    Where some give an order, the others only say why: "it feels empty, add some people".
    """
    orders = [clause for clause in clauses if not _COMPLAINS.search(clause.text)] or list(clauses)
    widest: Scope | None = None
    about: Kind | None = None  # what "it" means
    for clause in clauses:
        text = _bare(clause.text)
        change = _read_zh(text) if _HAN.search(text) else _read_en(text)
        refers = change.kind == "it" and not _OF_IMAGES.search(change.rest)
        if refers and about:
            change = change._replace(kind=about)
        about = change.kind or about
        if clause in orders:
            widest = max(widest, _scope(change, text), key=_WIDTH.__getitem__)
    return widest


def _bare(clause: str) -> str:
    """The clause without quotes and image numbers."""
    clause = _QUOTE.sub("\0", clause)
    for mention in reversed(find_image_mentions(clause)):
        name = "图" if _HAN.search(clause[mention.start : mention.end]) else "the picture"
        clause = clause[: mention.start] + name + clause[mention.end :]
    return clause


def _scope(change: _Change, clause: str) -> Scope | None:
    removes = _REMOVES.match(clause) or _REMOVES.match(change.verb)
    adds = not change.verb or _ADDS.match(change.verb)
    if _BEHIND.search(clause) and ((adds and not removes) or change.kind in ("image", None)):
        return "background"
    if not removes and (_MOVES_TO_PLACE.match(clause) or _ON_BACKGROUND.search(clause)):
        return "background"
    if removes and change.kind in ("it", "image", None):
        return "local"
    if (_RECROPS.match(change.verb) or _MOVES_CAMERA.search(clause)) and not removes:
        return "global"
    if _LOOKS.search(change.rest) and _PLACE_FIRST.match(clause):
        return "global"
    if change.kind == "background" and _SETTING.match(clause) and _BECOMES_STATE.match(change.rest):
        return "global"
    if change.kind in ("thing", "background"):
        return "local" if change.kind == "thing" else "background"
    if change.kind == "atmosphere":
        return "local" if _names_thing(change.rest) or _names_thing(change.place) else "global"
    if change.kind != "it" and re.search(r"[成为].*(?:背景|底色)$", change.rest):
        return "background"
    if change.kind == "image" or _GLOBAL_VERB.match(change.verb):
        return "global"
    if change.kind == "it" and re.match(r"\s*as an?\b", change.rest, re.IGNORECASE):
        return "global"
    if change.kind == "it" and re.match(
        r"(?:convert|render|redo|reimagin)", change.verb, re.IGNORECASE
    ):
        return "global"
    if re.match(r"(?:as|like) (?:a|an)\b|像", clause, re.IGNORECASE):
        return "global"
    if change.kind is None and _BACKGROUND.search(change.rest):
        return "background"
    if _INSERTS.match(change.verb) and not _ATMOSPHERE.search(change.rest):
        return "local"
    if _STATE.search(change.rest) or parse(change.rest).values("style"):
        return "global"
    return "local" if re.search(r"[^\W_]|\0", change.rest) else None


_VERB = lazy_pattern(
    r"(?:(?:don't|do not|not|also|only|just|now|instead)\s+)*"
    rf"(?P<verb>{words.EDIT}|{words.DRAW})(?:\s+(?:up|down|out|in|off|away|me|back|over)\b)?\s*",
    re.IGNORECASE,
)
_THERE = lazy_pattern(r"^(?:there(?:['’]s| is| are)|(?:i|we) (?:can )?see)\s+", re.IGNORECASE)
_CLASS = lazy_pattern(
    rf"(?P<background>{words.BACKGROUND})|(?P<atmosphere>{words.ATMOSPHERE})"
    rf"|(?P<image>(?:th(?:is|at) (?:[a-z]+ ){{1,2}}?)?(?:{words.IMAGE}))(?!['’]s)"
    r"|(?P<it>(?:it|this|that)(?!['’]s? \w)\b)"
    r"|(?P<thing>(?:him|her|them|he|she|they|me|us|everyone|everybody|one)\b)",
    re.IGNORECASE,
)
_PHRASE_END = frozenset(
    "to into onto with in on at of so from behind for like as is are was were should must looks "
    "look "
    "and by over under next through until across along near around above below between beside "
    "inside , . : ;".split()
)
_VAGUE = lazy_pattern(r"\b(?:version|bit|little|lot|tad|touch|way|kind|variant|variation|same)$")
_TO = lazy_pattern(r"\s*(?:in)?to\b", re.IGNORECASE)
_CHANGES = lazy_pattern(r"(?:chang|turn|switch|set|convert|shift|mak)", re.IGNORECASE)
_OWNER = lazy_pattern(
    r"\s*(?:(?!com(?:e|es|ing)\b)\w+\s+)?(?:of|on|in|to|under|from|around|over|at|onto|for|"
    r"inside|through)\s+(.*)",
    re.I,
)


def _read_en(clause: str) -> _Change:
    clause = _THERE.sub("", clause)
    match = _VERB.match(clause)
    verb, start = (match["verb"], match.end()) if match else ("", 0)
    tokens = english.tokenise(clause[start:], [])
    for k, token in enumerate(tokens):
        if token.text in _PHRASE_END:
            break
        following = tokens[k + 1].text if k + 1 < len(tokens) else ""
        after = clause[start + token.end :]
        named = _CLASS.match(clause, start + token.start)
        if named and following in english_words.COLOURS and named.lastgroup == "atmosphere":
            continue  # "light blue"
        if named and not (named.lastgroup == "atmosphere" and english.known(following)):
            after = clause[named.end() :]
            becomes = _TO.match(after) and _CHANGES.match(verb)
            owner = None
            if named.lastgroup == "atmosphere" and not becomes:
                owner = _OWNER.match(after)
            return _Change(verb, named.lastgroup, owner[1] if owner else after)  # type: ignore[arg-type]
        if english.known(token.text):
            return _Change(verb, "thing", after)
    rest = clause[start:]
    determined = re.match(r"(?:the|his|her|its|their|my|an?)\s+[\w-]+", rest, re.IGNORECASE)
    if determined and not _VAGUE.search(determined[0]) and not _STATE.search(determined[0]):
        return _Change(verb, "thing", rest[determined.end() :])
    return _Change(verb, None, rest)


_ADDING_ZH = r"(?:添加|加上|加入|加个|加一|加点|加些|增加|加|添|画上?|放上?|下)"
_BECOMES = r"(?:裁成|变成|换成|改成|改为|变为|换为|调成|变得|转成|做成|画成|弄成|翻成)"
_ADVERBS = lazy_pattern(
    r"^(?:再|更|太|稍微|有点|都|请|也|全部?|只|就|现在|要|应该|还|过于|不够|其他|其余|所有)+"
)
_READERS_ZH = (
    lazy_pattern(
        r"^(?P<verb>调[亮暗高低]|提亮|降低|提高|增强|减弱|校正|修正|放大|缩小|锐化|模糊|虚化)到?"
        r"(?P<thing>[^，。]*)(?P<rest>)"
    ),
    lazy_pattern(
        r"(?:把|将|给|让|使)(?P<thing>.+?)(?P<rest>(?P<verb>全部?|上色|都|再|更|也|稍微|变|换|改|"
        r"(?<!色)调|转|做|弄|画|加|戴|"
        r"穿|去|删|放|移|涂|染|模糊|虚化|裁|翻|旋|提|降|增|减|P|替|修|抠|擦|抹|设|写|拉|缩|成|看|"
        r"摆|笑|站|坐).*|$)"
    ),
    lazy_pattern(
        rf"^(?:在|给)?(?P<place>[^，。]+?(?:上|里|中|旁边?|下|边|前|后|角|侧|头|手|脸|身|"
        rf"方)面?)(?P<verb>{_ADDING_ZH})"
        r"(?P<thing>.+)(?P<rest>)"
    ),
    lazy_pattern(rf"^(?P<thing>)(?P<verb>{_BECOMES})(?P<rest>.+)"),
    lazy_pattern(
        rf"^(?P<thing>[^，。]+?)(?P<rest>(?P<verb>{_BECOMES}|换个|换上|换一|换|(?<!色)调|变|太|"
        r"再|更|要|应该|有点|需要|不够|(?<!太)亮|(?<!太)暗|柔|暖|冷|改|去掉|去除|删|移除|拿掉|擦|"
        r"抹掉|"
        r"放大|缩小|模糊|虚化|修|提亮|弄|做|"
        r"[强弱高低大小重轻深浅浓淡多少长短宽窄](?:一点|一些|点|些)(?!的)).*)"
    ),
    lazy_pattern(
        rf"(?P<verb>{words.EDIT_ZH}|下(?=点|些|一场|大|小|雨|雪))(?:上|入|掉|一些|一点|一个|一下|"
        rf"点|些|个|"
        rf"了)?(?P<thing>[^，。]*)(?P<rest>)"
    ),
)
_CLASSES_ZH: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("background", lazy_pattern(rf".*(?:{words.BACKGROUND})")),
    ("atmosphere", lazy_pattern(rf".*(?:{words.ATMOSPHERE})|(?:{words.GLOBAL_STATE})")),
    ("image", lazy_pattern(r"(?:整个|整张|整幅|整体)(?!的)[^的]*")),
    ("it", lazy_pattern(r"(?:它|这个?|那个?)?|[\d一两三左右上下水平垂直]+(?:度|点|些)?")),
    ("image", lazy_pattern(rf".{{0,4}}(?:{words.IMAGE})[里中上]?")),
    ("it", lazy_pattern(r"(?:它|这个?|那个?)?")),
)


def _read_zh(clause: str) -> _Change:
    bare = _ADVERBS.sub("", clause)
    match = next((m for reader in _READERS_ZH if (m := reader.search(bare))), None)
    if match is None:
        kind = _kind_zh(bare)
        return _Change("", None if kind == "thing" else kind, bare)
    parts = match.groupdict(default="")
    thing = _ADVERBS.sub("", parts["thing"]).strip("的了里中 ")
    owner, _, head = thing.rpartition("的")
    kind = _kind_zh(head)
    if kind == "thing" and _kind_zh(owner) == "background":
        kind = "background"
    if kind == "atmosphere" and not owner and parse(head).values("subject"):
        owner = head  # "帽子颜色"
    rest = owner if kind == "atmosphere" else parts["rest"] or parts["thing"]
    return _Change(parts["verb"], kind, rest, parts.get("place", ""))


def _kind_zh(head: str) -> Kind:
    return next((kind for kind, pattern in _CLASSES_ZH if pattern.fullmatch(head)), "thing")


def _names_thing(text: str) -> bool:
    """Whether `text` names something other than the image, its background or its light."""
    if not text:
        return False
    if _HAN.search(text):
        return _kind_zh(text.strip("在的")) == "thing" and not text.endswith(("点", "些"))
    return _read_en(text).kind == "thing"
