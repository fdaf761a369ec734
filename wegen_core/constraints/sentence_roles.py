"""Which image gives what, by the grammar of the sentence that names them.

Each named image is read with its noun phrase ("the cat from picture 1", "图1的猫"). The sentence
becomes a string of codes, one for each verb class, preposition and phrase, and a table of frames
says who gives and who changes: "replace E with E", "put E on E", "把E放到E", "E wears E".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .lazy_pattern import lazy_pattern
from .lexicon.requests import DRAW, EDIT, IMAGE, any_of

_E = "\ue000"  # stands for a phrase
_WORDS = {
    "s": any_of("replace swap exchange substitute trade switch change", "替换掉 替换 换掉", inflected=True),
    "h": any_of("", "替换成 替换为 更换为 更换成 换成 换为 改成 改为 变成 变为 换上 改用 用上"),
    "g": rf"(?<![a-z])(?:set|lay|top|line)\s+(?={_E}\s+with)|" + any_of("give dress equip outfit clothe furnish decorate fill cover", "给", inflected=True),
    "p": any_of(
        "put place add insert paste move transfer drop composite transplant copy bring attach hang "
        "overlay plant stick seat include drape mount project print display embed photoshop pop "
        "throw superimpose slot apply edit_in blend_in position set lay fit",
        "放入 加入 插入 添 放 停 加 贴 移 合成 合到 融 搬 应用 画到 摆 挂 套 迁 印 嵌 投影 绣 装 搭 插",
        inflected=True,
    ),
    "l": rf"(?<!to )\bhave(?=\s*{_E})|"
    + any_of("let make should must shall will could would want need", "让 使 要 想 应该"),
    "w": any_of(
        "wear hold carry ride drive play have sport don own read drink eat has wears worn",
        "穿着 穿上 穿 戴着 戴上 戴 拿着 拿 抱着 抱 骑着 骑 牵着 牵 举着 捧着 开着 撑着 背着 拥有",
        inflected=True,
    ),
    "t": any_of(
        "sit stand lie lean walk run swim fly dance pose sleep rest perch live appear relax wander "
        "sitting standing lying walking riding running swimming flying sleeping posing go belong",
        "坐 站 躺 趴 走 跑 飞 睡 游 跳 蹲 出现 骑",
        inflected=True,
    ),
    "m": any_of("together hug hugging kiss kissing meet meeting fight fighting shake shaking", "一起 合影 同框 拥抱"),
    "u": any_of("use take grab cut extract borrow steal copy", "用 拿 取 抠", inflected=True),
    "B": any_of("next_to beside alongside close_to near", "旁边 旁 身边"),
    "X": any_of("in_front_of against behind", "前面 前"),
    "J": r"\b(?:in|on|at|through|across|inside|under|against|over)\s+an?\b|[在][一某]",
    "I": any_of(
        "in on at inside under over upon on_top_of within through across between around",
        "到 在 进 入 至",
    ),
    "T": any_of("to into onto"),
    "F": any_of("for"),
    "W": any_of("with by"),
    "&": any_of("and plus", "和 与 跟 以及"),
    "o": any_of("", "把 将"),
    "n": any_of("get gets receives gets_the needs", ""),
}
_SCANNER = lazy_pattern(
    "|".join(f"(?P<x{k}>{pattern})" for k, pattern in enumerate(_WORDS.values())) + f"|{_E}",
    re.IGNORECASE,
)
# A sentence as codes -> the role of each group: b changes, t is taken.
_FRAMES = (
    (r"(E)[^E]*m[^E]*(E)", "tt"),
    (r"u[^E]*(E)[^EI]*s[^E]*(E)", "tb"),
    (r"s[^E]*(E)[^E]*[WTF][^E]*(E)", "bg"),
    (r"s[^E]*[WTF](E)", "g"),
    (r"(E)[^E]*h[^E]*(E)", "bg"),
    (r"(E)[tp][^E&]*I(E)X(?!E)", "tk"),
    (r"o(E)[^E]*p[^E]*(E)", "tb"),
    (r"I(E)p[^E]*(E)", "bt"),
    (r"(E)Bp[^E]*(E)", "bt"),
    (r"p[^E]*(E)[^E&]*(?:[IBTWX](?=E)|[IBTW])([EK])", "tb"),
    (r"p.*E[^E]*&(E)[^E&]*[IBTW](E)", "tb"),
    (r"(E)l*n(E)", "bt"),
    (r"g(E)[^EI]*(E)", "bt"),
    (r"(E)l*[wt][^E&]*(E)J", "tt"),
    (r"(E)t[^E&]*[IBTX](E)", "tb"),
    (r"l[^E]*(E)[lT]*w(E)", "wt"),
    (r"(E)[lT]+w(E)", "wt"),
    (r"(E)w(E)", "tt"),
    (r"(E)l*[wnt][^EA]*A", "w"),
    (r"[up]A[^EA]*[IBTF](E)", "b"),
    (r"[ul]A[^EAW]*(E)", "w"),
    (r"A[^oEA]*p(E)", "t"),
    (r"u(E)F(?!E)", "t"),
)
_DET = r"(?:the|an?|that|this|these|those|his|her|my|its|their|our|your|both|all)"
_LINK = lazy_pattern(  # between a thing and its image
    r"(?:\b(?:that|which|who)\s+)?(?:\b(?:is|are|was|i see|you see)\s+)?"
    r"(?:\b(?:shown|seen|pictured|visible|featured|sitting|standing|worn|used)\s+)?"
    r"\b(?P<how>from|in|of|on|out of|off|inside)\s+(?:the\s+)?$",
    re.IGNORECASE,
)
_RUN = lazy_pattern(
    r"(?:(?<![\w'’-])(?!(?:from|in|of|on|into|onto|to|at|with|by|for|and|or|but|then|so|it|him|them|is|are|be|"
    r"please|next|beside|under|over|behind|near|inside|as|like|should|that is)\b)"
    r"[\w'’-]+\s+){1,6}$",
    re.IGNORECASE,
)
_OWNED_BY = lazy_pattern(
    rf"\b{_DET}\s+(?P<part>(?:[\w-]+\s+){{1,3}}?)(?:of|\w+ by|\w+ing)\s+$", re.IGNORECASE
)
_OWNER = lazy_pattern(
    r"['’]s?\s+(?P<en>(?:[\w-]+\s?){1,3}?)(?=\s*(?:$|[,.;!?]|\b(?:into|in|on|onto|to|and|with|over|"
    r"as|for|next|beside|from|at|under|behind|is|are|should|have|has|wear|gets?|sit|stand)\b))"
    r"|\s*(?:里面?|中|上面?)?(?:的|那[个只件张位种款]|这[个只件张位种款])(?P<zh>[\u4e00-\u9fff]{1,8})"
)


class Phrase(NamedTuple):
    """text[start:end] names images and what of them; thing: "" for the whole image."""

    numbers: tuple[int, ...]
    thing: str
    start: int
    end: int


def sentence_roles(
    text: str,
    mentions: Sequence[tuple[Sequence[int], int, int]],
    aspects: Mapping[int, str],
) -> dict[int, tuple[str, str]]:
    """Index of a mention -> "b" or "t" and the thing, for those that a frame decides.

    mentions: numbers, start and end.
    """
    phrases = _phrases(text, mentions)
    roles: dict[int, tuple[str, str]] = {}
    for first, last, code, owners in _sentences(text, phrases, aspects):
        for pattern, letters in _FRAMES:
            for match in re.finditer(pattern, code):
                for group, letter in enumerate(letters, 1):
                    members = owners[match.start(group)]
                    if letter in "tgk" or len(members) == 1:
                        for k in members:
                            roles.setdefault(k, (letter, phrases[k].thing))
        for group in owners.values():
            if len(group) > 1:
                for k in group:
                    roles.setdefault(k, ("t", phrases[k].thing))
    return roles


def _phrases(text, mentions):
    phrases, floor = [], 0
    for k, (numbers, start, end) in enumerate(mentions):
        thing = ""
        link = _LINK.search(text, floor, start)
        owned = _OWNER.match(text, end)
        if owned:
            thing = owned["en"] or ""
            stop = owned.end()
            if owned["zh"]:
                cut = _CUT_ZH.search(owned["zh"])
                thing = owned["zh"][: cut.start()] if cut else owned["zh"]
                stop = owned.start("zh") + len(thing)
            end = stop
        elif link and (run := _RUN.search(text, floor, link.start())):
            det = list(re.finditer(rf"\b{_DET}\b", run[0], re.IGNORECASE))
            begin = run.start() + (det[-1].start() if det else 0)
            words = text[begin : link.start()]
            if not det:
                lead = _SCANNER.match(words) or _VERB.match(words)
                begin += lead.end() if lead and words[lead.end() :].strip() else 0
            thing = re.sub(rf"^{_DET}\s+", "", text[begin : link.start()].strip(), flags=re.I)
            part = _OWNED_BY.search(text, floor, begin)
            if part and not _IMAGE.search(part["part"]):
                thing, begin = f"{part['part'].strip()} of the {thing}", part.start()
            if _PART.fullmatch(thing):
                thing = ""
            elif thing:
                start = begin
        phrases.append(Phrase(tuple(numbers), thing.strip(), start, end))
        floor = end
    return phrases


def _sentences(text, phrases, aspects):
    ends = [m.end() for m in _END.finditer(text)]
    begin = 0
    for stop in [*ends, len(text)]:
        inside = [k for k, p in enumerate(phrases) if begin <= p.start < stop]
        pieces, last, groups = [], begin, []
        for k in inside:
            between = text[last : phrases[k].start]
            if groups and _JOINER.fullmatch(between):
                groups[-1].append(k)
            else:
                groups.append([k])
                pieces += [between, _E]
            last = phrases[k].end
        skeleton = "".join([*pieces, text[last:stop]])
        code = "".join(
            "E" if m[0] == _E else _LETTERS[int(m.lastgroup[1:])] for m in _SCANNER.finditer(skeleton)
        )
        owners, queue = {}, iter(groups)
        for position, c in enumerate(code):
            if c == "E":
                owners[position] = group = next(queue)
                letters = {aspects.get(k, "E") for k in group}
                code = f"{code[:position]}{min(letters)}{code[position + 1 :]}"
        yield begin, stop, code, owners
        begin = stop


_LETTERS = "".join(_WORDS)
_JOINER = lazy_pattern(r"\s*[,，]?\s*(?:、|and|和|与|跟|以及|plus|\+|&|及)\s*")
_PART = lazy_pattern(  # of an image, and no thing in it
    r"(?:\w+ )?(?:front|top|bottom|back|left|right|middle|cent(?:er|re)|side|corner|edge|half|place)",
    re.IGNORECASE,
)
_IMAGE = lazy_pattern(IMAGE, re.IGNORECASE)
_CUT_ZH = lazy_pattern(
    "[上里中下]?(?:"
    + "|".join([*(pattern for pattern in _WORDS.values()), "[画换改变给作为当是太]"])
    + ")|[上里中下]$"
)
_END = re.compile(r"[.!?;](?=\s|$)|[。！？；\n]")
_VERB = lazy_pattern(rf"(?:{EDIT}|{DRAW})\s+", re.IGNORECASE)
