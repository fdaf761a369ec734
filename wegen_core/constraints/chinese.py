"""The facts of Chinese text: colours, counts, positions, negations, keep clauses, names.

Chinese has no spaces; known nouns are found by longest match, and what is said of them by its
neighbourhood within one clause.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from .lexicon import chinese as lexicon
from .mention import NOBODY, Fact, Subject

_HAN = r"\u4e00-\u9fff"
_END = r"，。！？；、,.!?;：:\s"


def _any(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=lambda w: (-len(w), w)))


_NOUN = re.compile(_any([*lexicon.NOUNS, *lexicon.NOT_WORDS]))
_NO_WORD = _any(lexicon.NOT_WORDS)
_NUMBER = r"(?P<number>[0-9]{1,4}|[零一二三四五六七八九十两俩]{1,3})"
_COUNT = re.compile(rf"(?<![第0-9.]){_NUMBER}[{lexicon.MEASURES}]")
_COLOUR = re.compile(rf"(?:{_NO_WORD})|(?P<colour>{_any(lexicon.COLOURS)})")
_BECOMES = re.compile(
    rf"(?:是|变成|改成|换成|变为|改为|涂成|染成|刷成|"
    rf"为)(?P<colour>{_any(lexicon.COLOURS)})色?(?:的)?"
    rf"(?![{_HAN}]{{0,6}}?的?(?:{_any(lexicon.NOUNS)}))"
)
_COUNTED = re.compile(rf"([{_HAN}]{{1,4}}?)(?=$|[{_END}在和与坐站跑飞游])")
_CLAUSE = re.compile(rf"[{_END}]")
_BETWEEN = 8  # characters between a number or colour and its noun

Noun = tuple[int, int, str]  # start, end, canonical name


def nouns(text: str) -> list[Noun]:
    """The known nouns of `text`, longest match first."""
    return [
        (match.start(), match.end(), lexicon.NOUNS[match[0]])
        for match in _NOUN.finditer(text)
        if match[0] in lexicon.NOUNS
    ]


def number_of(digits: str) -> int:
    """The value of "3", "三", "两", "十二", "二十"."""
    if digits.isdecimal():
        return int(digits)
    tens, ten, ones = digits.partition("十")
    if not ten:
        return lexicon.DIGITS.get(digits[-1], 0)
    return 10 * lexicon.DIGITS.get(tens or "一", 1) + lexicon.DIGITS.get(ones or "零", 0)


def _next_noun(text: str, found: Sequence[Noun], position: int, reach: int) -> Noun | None:
    """The noun that ends the phrase after `position`: the last of a run joined by nothing or 的."""
    k = bisect_left(found, (position, -1, ""))
    if k == len(found) or found[k][0] - position > reach:
        return None
    if _CLAUSE.search(text, position, found[k][0]):
        return None
    while k + 1 < len(found) and found[k + 1][0] == found[k][1]:
        k += 1
    return found[k]


def colour_facts(text: str, found: Sequence[Noun]) -> Iterator[Fact]:
    """Colours bound to their nouns: "红色的汽车", "汽车是红色的"."""
    inside = {p for start, end, _ in found for p in range(start, end)}
    for match in _BECOMES.finditer(text):
        if match.start("colour") in inside:
            continue
        k = bisect_left(found, (match.start(), -1, "")) - 1
        owned = k >= 0 and match.start() - found[k][1] <= 4
        if owned and not _CLAUSE.search(text, found[k][1], match.start()):
            value = lexicon.COLOURS[match["colour"]], found[k][2]
            yield Fact("colour", found[k][0], match.end("colour"), value)
    for match in _COLOUR.finditer(text):
        said_after = text[match.start() - 1 : match.start()] in ("是", "成", "为")
        if not match["colour"] or match.start() in inside:
            continue
        end = match.end()
        full = len(match[0]) > 1 or text[end : end + 1] == "色"
        noun = _next_noun(text, found, end, _BETWEEN if full or text[end : end + 1] == "的" else 0)
        if noun:
            yield Fact(
                "colour", match.start(), noun[1], (lexicon.COLOURS[match["colour"]], noun[2])
            )
        elif full and not said_after:
            tail = re.match(rf"色?的([{_HAN}]{{1,4}})(?=$|[{_END}在和与])", text[end : end + 8])
            words, stop = (tail[1], end + tail.end()) if tail else ("", end)
            yield Fact("colour", match.start(), stop, (lexicon.COLOURS[match["colour"]], words))


def count_facts(text: str, found: Sequence[Noun]) -> Iterator[Fact]:
    """Numbers with a measure word and a noun: "两只猫". 一 is an article as often as a number."""
    for match in _COUNT.finditer(text):
        value = number_of(match["number"])
        noun = _next_noun(text, found, match.end(), _BETWEEN)
        before = text[match.start() - 1 : match.start()]
        if value < 2 or before == "第" or before in lexicon.DIGITS:
            continue
        if noun:
            yield Fact("count", match.start(), noun[1], (value, noun[2]))
        elif unknown := _COUNTED.match(text, match.end()):
            yield Fact("count", match.start(), unknown.end(), (value, unknown[1]))


_AT = re.compile(rf"在(?![早晚路空世画背图这那])([{_HAN}]{{1,6}}?)的?$")
_AFTER = re.compile(_any(lexicon.PLACE_AFTER))


def relation_facts(text: str, found: Sequence[Noun]) -> Iterator[Fact]:
    """Where things are: "猫在桌子上", "桌子上的猫", "左边是一辆汽车"."""
    ends = {noun[1]: k for k, noun in enumerate(found)}
    inside = {p for start, end, _ in found for p in range(start, end)}
    for match in _AFTER.finditer(text):
        start, end = match.span()
        if start in inside:
            continue
        begin = start - 1 if text[start - 1 : start] == "的" else start
        k = ends.get(begin)
        name = lexicon.PLACE_AFTER[match[0]]
        if k is not None:
            name = {"left": "left of", "right": "right of", "middle": "in"}.get(name, name)
            yield from _relative(text, found, k, name, end)
        elif match[0] in lexicon.ABSOLUTE:
            yield from _absolute(text, found, start, end, name)
        elif unknown := _AT.search(text, max(0, start - 7), start):
            yield Fact("relation", unknown.start(), end, (NOBODY, name, unknown[1]))


_STANDING = tuple("挂放摆站坐停贴")  # "墙上挂着": what is there has no known name


def _relative(text: str, found: Sequence[Noun], k: int, name: str, end: int) -> Iterator[Fact]:
    start, _, thing = found[k]
    first = _clause_start(text, start)
    subjects = [noun for noun in found[max(0, k - 4) : k] if noun[0] >= first]
    if name == "between" and subjects:
        thing = "+".join(sorted((subjects[-1][2], thing)))
        start = subjects.pop()[0]
    for subject in reversed(subjects):
        if re.search(r"[在到坐站放躺停]", text[subject[1] : start]):
            yield Fact("relation", subject[0], end, (_subject(subject), name, thing))
            return
    following = _next_noun(text, found, end, 10)
    if following:
        yield Fact("relation", start, following[1], (_subject(following), name, thing))
    elif text[start - 1 : start] in ("在", "到") or text[end : end + 1] in _STANDING:
        yield Fact("relation", start, end, (NOBODY, name, thing))


def _absolute(text: str, found: Sequence[Noun], start: int, end: int, name: str) -> Iterator[Fact]:
    first = _clause_start(text, start)
    k = bisect_left(found, (start, -1, "")) - 1
    before = found[k] if k >= 0 and found[k][0] >= first else None
    if before and re.search(r"[在到靠]", text[before[1] : start]):
        yield Fact("relation", before[0], end, (_subject(before), name, ""))
        return
    following = _next_noun(text, found, end, 10)
    if following:
        yield Fact("relation", start, following[1], (_subject(following), name, ""))
    elif before:
        yield Fact("relation", before[0], end, (_subject(before), name, ""))


def _subject(noun: Noun) -> Subject:
    return Subject(noun[2], frozenset())


def _clause_start(text: str, position: int) -> int:
    window = text[max(0, position - 30) : position]
    signs = [match.end() for match in _CLAUSE.finditer(window)]
    return position - len(window) + (signs[-1] if signs else 0)


_NEGATION = re.compile(
    r"(?:不要(?!改|动|变)|没有|不含|不带|不能有|不能出现|不出现|不需要|禁止|避免|去除|"
    rf"别(?=画|加|有|出现|放|让|添加)|无(?={_any(lexicon.NOUNS)}))"
    rf"(?P<what>[^{_END}的但而在和并]{{1,12}}(?:[和与或、][^{_END}的但而在并是有]{{1,6}})?)"
)
_VERBS = re.compile(r"^(?:画|加|有|出现|放|让|添加|任何|包含|显示|太|多余的?)+")


def negation_facts(text: str) -> Iterator[Fact]:
    """What must not be there: "不要文字", "没有人的街道", "无水印"."""
    for match in _NEGATION.finditer(text):
        what = _VERBS.sub("", match["what"])
        names = frozenset(name for _, _, name in nouns(what)) or frozenset({what})
        if what:
            yield Fact("negation", *match.span(), names)


_KEEP = re.compile(
    rf"(?:保持|保留|维持|不要改变|不改变|别改变|不要动|别动|不要改动|"
    rf"不要改)[^，。；！？,.;!?\n]{{1,40}}"
    rf"|(?:其他|其它|其余|背景|[{_HAN}]{{1,8}}?)(?:的?部分|的?地方|的?内容)?(?:都|全部|"
    rf"均)?(?:保持)?(?:不变|不动|不要动|不要变|别动|原样)"
)
_KEEP_FILL = re.compile(
    r"保持|保留|维持|不要改变|不改变|别改变|不要动|别动|不要改动|不要改|不变|不动|原样|都|全部|"
    r"均|的|部分|地方|不要变"
)


def keep_facts(text: str) -> Iterator[Fact]:
    """Clauses that say what stays: "保持背景不变", "其他部分不变"."""
    for match in _KEEP.finditer(text):
        words = keep_words(match[0])
        if words:
            yield Fact("keep", *match.span(), words)


def keep_words(clause: str) -> frozenset[str]:
    """What a keep clause keeps: known nouns by their canonical name, and the other words."""
    rest = _KEEP_FILL.sub(" ", clause)
    rest = re.sub(r"其他|其它|其余|别的", " else ", rest)
    found = nouns(rest)
    names = {name for _, _, name in found}
    for start, end, _ in reversed(found):
        rest = rest[:start] + " " + rest[end:]
    return frozenset(names | set(re.split(r"[\s和与、，]+", rest)) - {""})


_NAME = re.compile(
    rf"(?:名叫|叫做|叫|名为|名字是)(?P<name>[A-Za-z][A-Za-z ]{{0,20}}[A-Za-z]|"
    rf"[{_HAN}·]{{2,8}}?)(?=的|$|[{_END}])"
)
_KNOWN_NAME = re.compile(rf"{_any(lexicon.NAMES)}|[{_HAN}]{{1,6}}(?:·[{_HAN}]{{1,6}})+")
_STYLE = re.compile(
    rf"(?P<name>[A-Za-z]{{2,20}}|[{_HAN}]{{2,4}}?)(?:的)?风格|"
    rf"(?<=[，。、,\s])(?P<short>[{_HAN}]{{2,3}})风(?=[，。、,\s]|$)"
)


def name_facts(text: str) -> Iterator[Fact]:
    """Names after 叫 / 名为 ..., well-known ones, and foreign ones with a dot in them."""
    for match in _KNOWN_NAME.finditer(text):
        yield Fact("name", *match.span(), match[0].casefold())
    for match in _NAME.finditer(text):
        yield Fact("name", *match.span("name"), match["name"].casefold())


def style_facts(text: str) -> Iterator[Fact]:
    """Styles said with 风格 or 风; the table's words are found with the English ones."""
    for match in _STYLE.finditer(text):
        yield Fact("style", *match.span(), (match["name"] or match["short"]).casefold())
