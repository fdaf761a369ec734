"""Which image gives what, by the grammar of the sentence that names them.

Each named image is read with its noun phrase: "the cat from picture 1", "图1的猫". The sentence
becomes a string of codes, one for each phrase, verb and preposition that `_WORDS` knows, and the
frames say who gives and who changes: "replace E with E", "put E on E", "把E放到E", "E wears E".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from .lazy_pattern import lazy_pattern
from .lexicon.requests import DRAW, EDIT, IMAGE, any_of

_E = "\ue000"  # stands for a phrase
# Code -> words. Where two fit, the first counts.
_WORDS = {
    "s": any_of(  # exchanges
        "replace swap exchange substitute trade switch change", "替换掉 替换 换掉", inflected=True
    ),
    "h": any_of(  # becomes
        "", "替换成 替换为 更换为 更换成 换成 换为 改成 改为 变成 变为 换上 改用 用上"
    ),
    "g": rf"(?<![a-z])(?:set|lay|top|line)\s+(?={_E}\s+with)|"  # gives
    + any_of("give dress equip outfit clothe furnish decorate fill cover", "给", inflected=True),
    "p": any_of(  # puts
        "put place add insert paste move transfer drop composite transplant copy bring attach hang "
        "overlay plant stick seat include drape mount project print display embed photoshop pop "
        "throw superimpose slot apply edit_in blend_in position set lay fit",
        "放入 加入 插入 添 放 停 加 贴 移 合成 合到 融 搬 应用 画到 "
        "摆 挂 套 迁 印 嵌 投影 绣 装 搭 插",
        inflected=True,
    ),
    "l": rf"(?<!to )\bhave(?=\s*{_E})|"  # lets
    + any_of("let make should must shall will could would want need", "让 使 要 想 应该"),
    "w": any_of(  # wears, holds
        "wear hold carry ride drive play have sport don own read drink eat has wears worn",
        "穿着 穿上 穿 戴着 戴上 戴 拿着 拿 抱着 抱 骑着 骑 牵着 牵 举着 捧着 开着 撑着 "
        "背着 背上 拥有",
        inflected=True,
    ),
    "t": any_of(  # is somewhere
        "sit stand lie lean walk run swim fly dance pose sleep rest perch live appear relax wander "
        "sitting lying running swimming go belong",
        "坐 站 躺 趴 走 跑 飞 睡 游 跳 蹲 出现",
        inflected=True,
    ),
    "m": any_of(  # meets
        "together hug hugging kiss meet fight shake shaking", "一起 合影 同框 拥抱", inflected=True
    ),
    "u": any_of("use take grab cut extract borrow steal copy", "用 拿 取 抠", inflected=True),
    "B": any_of("next_to beside alongside close_to near", "旁边 旁 身边"),
    "X": any_of("in_front_of against behind", "前面 前"),
    "J": r"\b(?:in|on|at|through|across|inside|under|against|over)\s+an?\b|在[一某]",  # no image's
    "I": any_of(
        "in on at inside under over upon on_top_of within through across between around",
        "到 在 进 入 至",
    ),
    "T": any_of("to into onto"),
    "F": any_of("for"),
    "W": any_of("with by"),
    "&": any_of("and plus", "和 与 跟 以及"),
    "o": any_of("", "把 将"),
    "n": any_of("get gets receives needs"),
}
_MAX_CODES = 200  # of a sentence; frames take the square of it
_LETTERS = "".join(_WORDS)
_SCANNER = lazy_pattern(
    "|".join(f"(?P<x{k}>{pattern})" for k, pattern in enumerate(_WORDS.values())) + f"|{_E}",
    re.IGNORECASE,
)
# Codes, with E for a phrase, A for a look or pose and K for a background, and what each group is:
# b: it changes. w: so unless another does. t: it is taken. g, k: taken, and a background if it is a
# place. Earlier frames count more.
_FRAMES = (
    (r"(E)[^E]*m[^E]*(E)", "tt"),
    (r"u[^E]*([EK])[^EI]*s[^E]*([EK])", "tb"),
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
    (r"l[^E]*w(E)", "t"),
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
    r"\b(?:from|in|of|on|out of|off|inside)\s+(?:the\s+)?$",
    re.IGNORECASE,
)
_NOUNS = lazy_pattern(  # the words of a thing
    r"(?:(?<![\w'’-])(?!(?:from|in|of|on|into|onto|to|at|with|by|for|and|or|but|then|so|it|him|them|"
    r"is|are|be|please|next|beside|under|over|behind|near|inside|as|like|should|that is)\b)"
    r"[\w'’-]+\s+){1,6}$",
    re.IGNORECASE,
)
_PART_OF = lazy_pattern(  # "the head of"
    rf"\b{_DET}\s+(?P<part>(?:[\w-]+\s+){{1,3}}?)(?:of|\w+ by|\w+ing)\s+$", re.IGNORECASE
)
_PLACE = lazy_pattern(  # in an image, and no thing in it
    r"(?:\w+ )?(?:front|top|bottom|back|left|right|middle|cent(?:er|re)|side|corner|edge|half|"
    r"place)",
    re.IGNORECASE,
)
_OWNED = lazy_pattern(
    r"['’]s?\s+(?P<en>(?:[\w-]+\s?){1,3}?)(?=\s*(?:$|[,.;!?]|\b(?:into|in|on|onto|to|and|with|over|"
    r"as|for|next|beside|from|at|under|behind|is|are|should|have|has|wear|gets?|sit|stand)\b))"
    r"|\s*(?:里面?|中|上面?)?(?:的|[那这][个只件张位种款])(?P<zh>[\u4e00-\u9fff]{1,8})"
)
_END_ZH = lazy_pattern(  # where a Chinese thing ends
    rf"[上里中下]?(?:{'|'.join([*_WORDS.values(), '[画换改变给作为当是太]'])})|[上里中下]$"
)
_IMAGE = lazy_pattern(IMAGE, re.IGNORECASE)
_VERB = lazy_pattern(rf"(?:{EDIT}|{DRAW})\s+", re.IGNORECASE)
_AND = lazy_pattern(r"\s*[,，]?\s*(?:、|and|和|与|跟|以及|plus|\+|&|及)\s*")
_PREPOSITION = lazy_pattern(r"\b(?:in|on|at|to|of|onto|into)\s+$", re.IGNORECASE)
_PREPOSITION_BEHIND = lazy_pattern(r"\s+(?:in|on|at|to|onto|into)\b", re.IGNORECASE)
_SENTENCE_END = lazy_pattern(r"[.!?;](?=\s|$)|[。！？；\n]")


class _Phrase(NamedTuple):
    """text[start:end] names images and what of them; thing: "" for the whole image."""

    thing: str
    start: int
    end: int


def sentence_roles(
    text: str, spans: Sequence[tuple[int, int]], codes: Mapping[int, str]
) -> dict[int, tuple[str, str]]:
    """What each named image does in its sentence, for those that a frame decides.

    Parameters
    ----------
    text
        The request, with every image by its number.
    spans
        Start and end of each mention of images.
    codes
        Index of a mention -> "A" where it gives a look or pose, "K" where it gives a background.

    Returns
    -------
    dict
        Index of a mention -> a letter of `_FRAMES` and the thing, "" for the whole image.
    """
    phrases = _phrases(text, spans)
    roles: dict[int, tuple[str, str]] = {}
    for sentence, groups in _sentences(text, phrases, codes):
        for frame, letters in _FRAMES:
            for match in re.finditer(frame, sentence[:_MAX_CODES]):
                for number, letter in enumerate(letters, 1):
                    group = groups[match.start(number)]
                    if letter not in "bw" or len(group) == 1:
                        for k in group:
                            roles.setdefault(k, (letter, phrases[k].thing))
        for k in (k for group in groups.values() if len(group) > 1 for k in group):
            roles.setdefault(k, ("t", phrases[k].thing))
    return roles


def _phrases(text: str, spans: Sequence[tuple[int, int]]) -> list[_Phrase]:
    phrases: list[_Phrase] = []
    last = 0
    for start, end in spans:
        phrase = _owned_thing(text, start, end) or _thing_before(text, last, start, end)
        phrases.append(phrase or _Phrase("", start, end))
        last = phrases[-1].end
    return phrases


def _owned_thing(text: str, start: int, end: int) -> _Phrase | None:
    """The phrase "picture 1's cat", "图1的猫"."""
    owned = _OWNED.match(text, end)
    if owned is None:
        return None
    if owned["en"]:
        return _Phrase(owned["en"].strip(), start, owned.end())
    stop = _END_ZH.search(owned["zh"])
    thing = owned["zh"][: stop.start()] if stop else owned["zh"]
    return _Phrase(thing, start, owned.start("zh") + len(thing))


def _thing_before(text: str, first: int, start: int, end: int) -> _Phrase | None:
    """The phrase "the head of the statue in picture 1"; its words begin at `first` or later."""
    link = _LINK.search(text, first, start)
    nouns = _NOUNS.search(text, first, link.start()) if link else None
    if link is None or nouns is None:
        return None
    begin = nouns.start()
    if articles := list(re.finditer(rf"\b{_DET}\b", nouns[0], re.IGNORECASE)):
        begin += articles[-1].start()
    else:
        verb = _SCANNER.match(nouns[0]) or _VERB.match(nouns[0])
        begin += verb.end() if verb and nouns[0][verb.end() :].strip() else 0
    thing = text[begin : link.start()].strip()
    thing = re.sub(rf"^{_DET}\s+", "", thing, flags=re.IGNORECASE)
    part = _PART_OF.search(text, first, begin)
    if part and not _IMAGE.search(part["part"]):
        thing, begin = f"{part['part'].strip()} of the {thing}", part.start()
    return None if not thing or _PLACE.fullmatch(thing) else _Phrase(thing, begin, end)


def _sentences(
    text: str, phrases: Sequence[_Phrase], codes: Mapping[int, str]
) -> Iterator[tuple[str, dict[int, list[int]]]]:
    """Each sentence in codes, and the phrases at each position: "E and E" stand at one."""
    begin = 0
    for stop in [*(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]:
        pieces, last, groups = "", begin, list[list[int]]()
        for k, phrase in enumerate(phrases):
            if not begin <= phrase.start < stop:
                continue
            between = text[last : phrase.start]
            rest = text[phrase.end : stop]
            if (
                groups
                and _AND.fullmatch(between)
                and not (_PREPOSITION.search(pieces[:-1]) and _PREPOSITION_BEHIND.match(rest))
            ):
                groups[-1].append(k)
            else:
                groups.append([k])
                pieces += between + _E
            last = phrase.end
        sentence, positions = "", dict[int, list[int]]()
        for match in _SCANNER.finditer(pieces + text[last:stop]):
            if match[0] == _E:
                positions[len(sentence)] = group = groups[len(positions)]
                sentence += min(codes.get(k, "E") for k in group)
            else:
                sentence += _LETTERS[int((match.lastgroup or "")[1:])]
        yield sentence, positions
        begin = stop
