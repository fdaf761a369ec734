"""What Chinese text says: colours, counts, positions, negations, keep clauses, names, styles.

Chinese is written without spaces. Known nouns come from longest matches, and what is said of them
from the words near them in the same clause.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from .lazy_pattern import lazy_pattern
from .lexicon import chinese as lexicon
from .lexicon.nouns import ANIMATE
from .lexicon.styles import STYLES
from .mention import UNKNOWN_SUBJECT, Mention, Subject

_HAN = r"\u4e00-\u9fff"
_END = r"，。！？；、,.!?;：:\s"


def _any(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=lambda w: (-len(w), w)))


def animate_words() -> str:
    """Return the known words for people and animals as alternatives of a regular expression."""
    return _any(word for word, name in lexicon.NOUNS.items() if name in ANIMATE)


_NOUN = lazy_pattern(_any([*lexicon.NOUNS, *lexicon.NOT_WORDS]))
_NO_WORD = _any(lexicon.NOT_WORDS)
_NUMBER = r"(?P<number>[0-9]{1,4}|[零一二三四五六七八九十两俩]{1,3})"
_COUNT = lazy_pattern(rf"(?<![第0-9.]){_NUMBER}[{lexicon.MEASURES}]")
_COLOUR = lazy_pattern(rf"(?:{_NO_WORD})|(?P<colour>{_any(lexicon.COLOURS)})")
_BECOMES = lazy_pattern(
    rf"(?:是|变成|改成|换成|变为|改为|涂成|染成|刷成|"
    rf"为)(?P<colour>{_any(lexicon.COLOURS)})色?(?:的)?"
    rf"(?![{_HAN}]{{0,6}}?的?(?:{_any(lexicon.NOUNS)}))"
)
_COUNTED = lazy_pattern(rf"([{_HAN}]{{1,4}}?)(?=$|[{_END}在和与坐站跑飞游])")
_CLAUSE = lazy_pattern(rf"[{_END}]")
_MAX_GAP = 8  # characters between a number or colour and its noun

Noun = tuple[int, int, str]  # start, end, canonical name


def find_nouns(text: str) -> list[Noun]:
    """Find the known nouns of `text`, the longest match at each place."""
    return [
        (match.start(), match.end(), lexicon.NOUNS[match[0]])
        for match in _NOUN.finditer(text)
        if match[0] in lexicon.NOUNS
    ]


def number_of(digits: str) -> int:
    """Return the value of "3", "三", "两", "十二", "二十"."""
    if digits.isdecimal():
        return int(digits)
    tens, ten, ones = digits.partition("十")
    if not ten:
        return lexicon.DIGITS.get(digits[-1], 0)
    return 10 * lexicon.DIGITS.get(tens or "一", 1) + lexicon.DIGITS.get(ones or "零", 0)


def _next_noun(text: str, nouns: Sequence[Noun], position: int, reach: int) -> Noun | None:
    """The noun that ends the phrase after `position`: the last of a run joined by nothing or 的."""
    k = bisect_left(nouns, (position, -1, ""))
    if k == len(nouns) or nouns[k][0] - position > reach:
        return None
    if _CLAUSE.search(text, position, nouns[k][0]):
        return None
    while k + 1 < len(nouns) and nouns[k + 1][0] == nouns[k][1]:
        k += 1
    return nouns[k]


def colour_mentions(text: str, nouns: Sequence[Noun]) -> Iterator[Mention]:
    """Find colours and their nouns: "红色的汽车", "汽车是红色的"."""
    inside = {p for start, end, _ in nouns for p in range(start, end)}
    owned = set()  # where colours start that a verb gives to a noun before it
    for match in _BECOMES.finditer(text):
        if match.start("colour") in inside:
            continue
        k = bisect_left(nouns, (match.start(), -1, "")) - 1
        near = k >= 0 and match.start() - nouns[k][1] <= 4
        if near and not _CLAUSE.search(text, nouns[k][1], match.start()):
            value = lexicon.COLOURS[match["colour"]], nouns[k][2]
            owned.add(match.start("colour"))
            yield Mention("colour", nouns[k][0], match.end("colour"), value)
    for match in _COLOUR.finditer(text):
        if not match["colour"] or match.start() in inside or match.start() in owned:
            continue
        end = match.end()
        full = len(match[0]) > 1 or text[end : end + 1] == "色"
        noun = _next_noun(text, nouns, end, _MAX_GAP if full or text[end : end + 1] == "的" else 0)
        if noun:
            yield Mention(
                "colour", match.start(), noun[1], (lexicon.COLOURS[match["colour"]], noun[2])
            )
        elif full:
            tail = re.match(rf"色?的([{_HAN}]{{1,4}})(?=$|[{_END}在和与])", text[end : end + 8])
            words, stop = (tail[1], end + tail.end()) if tail else ("", end)
            yield Mention("colour", match.start(), stop, (lexicon.COLOURS[match["colour"]], words))


def count_mentions(text: str, nouns: Sequence[Noun]) -> Iterator[Mention]:
    """Find numbers with a measure word and a noun: "两只猫"; not 一, which may be an article."""
    for match in _COUNT.finditer(text):
        value = number_of(match["number"])
        noun = _next_noun(text, nouns, match.end(), _MAX_GAP)
        before = text[match.start() - 1 : match.start()]
        if value < 2 or before == "第" or before in lexicon.DIGITS:
            continue
        if noun:
            yield Mention("count", match.start(), noun[1], (value, noun[2]))
        elif unknown := _COUNTED.match(text, match.end()):
            yield Mention("count", match.start(), unknown.end(), (value, unknown[1]))


_IN_UNKNOWN_PLACE = lazy_pattern(rf"在(?![早晚路空世画背图这那])([{_HAN}]{{1,6}}?)的?$")
_PLACE_WORD = lazy_pattern(_any(lexicon.PLACE_AFTER))


def relation_mentions(text: str, nouns: Sequence[Noun]) -> Iterator[Mention]:
    """Find where things are: "猫在桌子上", "桌子上的猫", "左边是一辆汽车"."""
    ends = {noun[1]: k for k, noun in enumerate(nouns)}
    inside = {p for start, end, _ in nouns for p in range(start, end)}
    for match in _PLACE_WORD.finditer(text):
        start, end = match.span()
        if start in inside:
            continue
        begin = start - 1 if text[start - 1 : start] == "的" else start
        k = ends.get(begin)
        name = lexicon.PLACE_AFTER[match[0]]
        if k is not None:
            name = {"left": "left of", "right": "right of", "middle": "in"}.get(name, name)
            yield from _relative(text, nouns, k, name, end)
        elif match[0] in lexicon.ABSOLUTE:
            yield from _absolute(text, nouns, start, end, name)
        elif unknown := _IN_UNKNOWN_PLACE.search(text, max(0, start - 7), start):
            yield Mention("relation", unknown.start(), end, (UNKNOWN_SUBJECT, name, unknown[1]))


# "墙上挂着": something is there whose name is unknown.
_STANDING = tuple("挂放摆站坐停贴")


def _relative(text: str, nouns: Sequence[Noun], k: int, name: str, end: int) -> Iterator[Mention]:
    """A place relative to noun `k`; the words for it end at `end`."""
    start, _, thing = nouns[k]
    first = _clause_start(text, start)
    subjects = [noun for noun in nouns[max(0, k - 4) : k] if noun[0] >= first]
    if name == "between" and subjects:
        thing = "+".join(sorted((subjects[-1][2], thing)))
        start = subjects.pop()[0]
    for subject in reversed(subjects):
        if re.search(r"[在到坐站放躺停]", text[subject[1] : start]):
            yield Mention("relation", subject[0], end, (Subject(subject[2]), name, thing))
            return
    following = _next_noun(text, nouns, end, 10)
    if following:
        yield Mention("relation", start, following[1], (Subject(following[2]), name, thing))
    elif text[start - 1 : start] in ("在", "到") or text[end : end + 1] in _STANDING:
        yield Mention("relation", start, end, (UNKNOWN_SUBJECT, name, thing))


def _absolute(
    text: str, nouns: Sequence[Noun], start: int, end: int, name: str
) -> Iterator[Mention]:
    """A place in the image; the words for it are `text[start:end]`."""
    first = _clause_start(text, start)
    k = bisect_left(nouns, (start, -1, "")) - 1
    before = nouns[k] if k >= 0 and nouns[k][0] >= first else None
    if before and re.search(r"[在到靠]", text[before[1] : start]):
        yield Mention("relation", before[0], end, (Subject(before[2]), name, ""))
        return
    following = _next_noun(text, nouns, end, 10)
    if following:
        yield Mention("relation", start, following[1], (Subject(following[2]), name, ""))
    elif before:
        yield Mention("relation", before[0], end, (Subject(before[2]), name, ""))


def _clause_start(text: str, position: int) -> int:
    window = text[max(0, position - 30) : position]
    ends = [match.end() for match in _CLAUSE.finditer(window)]
    return position - len(window) + (ends[-1] if ends else 0)


_NEGATION = lazy_pattern(
    r"(?:不要(?!改|动|变)|没有|不含|不带|不能有|不能出现|不出现|不需要|禁止|避免|去除|"
    rf"别(?=画|加|有|出现|放|让|添加)|无(?={_any(lexicon.NOUNS)}))"
    rf"(?P<what>[^{_END}的但而在和并]{{1,12}}(?:[和与或、][^{_END}的但而在并是有]{{1,6}})?)"
)
_LEADING_VERBS = lazy_pattern(r"^(?:画|加|有|出现|放|让|添加|任何|包含|显示|太|多余的?)+")


def negation_mentions(text: str) -> Iterator[Mention]:
    """Find what must not be there: "不要文字", "没有人的街道", "无水印"."""
    for match in _NEGATION.finditer(text):
        what = _LEADING_VERBS.sub("", match["what"])
        names = frozenset(name for _, _, name in find_nouns(what)) or frozenset({what})
        if what:
            yield Mention("negation", *match.span(), names)


_KEEP = lazy_pattern(
    rf"(?:保持|保留|维持|不要改变|不改变|别改变|不要动|别动|不要改动|"
    rf"不要改)[^，。；！？,.;!?\n]{{1,40}}"
    rf"|(?:其他|其它|其余|背景|[{_HAN}]{{1,8}}?)(?:的?部分|的?地方|的?内容)?(?:都|全部|"
    rf"均)?(?:保持)?(?:不变|不动|不要动|不要变|别动|原样)"
)
_KEEP_FILL = lazy_pattern(
    r"保持|保留|维持|不要改变|不改变|别改变|不要动|别动|不要改动|不要改|不变|不动|原样|都|全部|"
    r"均|的|部分|地方|不要变"
)


def keep_mentions(text: str) -> Iterator[Mention]:
    """Find clauses that say what stays: "保持背景不变", "其他部分不变"."""
    for match in _KEEP.finditer(text):
        words = keep_words(match[0])
        if words:
            yield Mention("keep", *match.span(), words)


def keep_words(clause: str) -> frozenset[str]:
    """Return what a keep clause keeps: known nouns by their canonical name, other words as is."""
    rest = _KEEP_FILL.sub(" ", clause)
    rest = re.sub(r"其他|其它|其余|别的", " else ", rest)
    nouns = find_nouns(rest)
    names = {name for _, _, name in nouns}
    for start, end, _ in reversed(nouns):
        rest = rest[:start] + " " + rest[end:]
    return frozenset(names | set(re.split(r"[\s和与、，]+", rest)) - {""})


_NAME = lazy_pattern(
    rf"(?:名叫|叫做|叫|名为|名字是)(?P<name>[A-Za-z][A-Za-z ]{{0,20}}[A-Za-z]|"
    rf"[{_HAN}·]{{2,8}}?)(?=的|$|[{_END}])"
)
_KNOWN_NAME = lazy_pattern(rf"{_any(lexicon.NAMES)}|[{_HAN}]{{1,6}}(?:·[{_HAN}]{{1,6}})+")
_STYLE = lazy_pattern(
    rf"(?P<name>[A-Za-z]{{2,20}}|[{_HAN}]{{2,4}}?)(?:的)?风格|"
    rf"(?<=[，。、,\s])(?P<short>[{_HAN}]{{2,3}})风(?=[，。、,\s]|$)"
)


def name_mentions(text: str) -> Iterator[Mention]:
    """Find names after 叫 / 名为 ..., well-known ones, and foreign ones with a dot in them."""
    for match in _KNOWN_NAME.finditer(text):
        yield Mention("name", *match.span(), match[0].casefold())
    for match in _NAME.finditer(text):
        yield Mention("name", *match.span("name"), match["name"].casefold())


_STYLE_OF = {phrase: name for name, phrases in STYLES.items() for phrase in phrases}


def style_mentions(text: str) -> Iterator[Mention]:
    """Find styles said with 风格 or 风; the English finder knows the words of the table."""
    for match in _STYLE.finditer(text):
        name = (match["name"] or match["short"]).casefold()
        known = next((phrase for phrase in _STYLE_OF if name.endswith(phrase)), name)
        yield Mention("style", *match.span(), _STYLE_OF.get(known, name))
