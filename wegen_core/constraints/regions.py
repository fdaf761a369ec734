"""Where in the image a change belongs, by its words: "in the top left corner", "左上角".

These are not places in the image: where a thing is relative to another ("left of the house"), which
one of a pair it is ("his left hand"), a direction ("the light comes from the left").
"""

from __future__ import annotations

import re

from ..records.plan import Region
from .lazy_pattern import lazy_pattern
from .lexicon.english import BOUNDARY
from .lexicon.nouns import PLACES
from .lexicon.requests import any_of
from .parser import parse

_FRAME = (
    r"(?:(?= of)(?: of (?:the |this |that |my )?(?:whole |first |second |third )?(?:picture|image|"
    r"frame|photo|photograph|scene|canvas|painting|composition|shot|poster|page|drawing|flyer|"
    r"flier|card|cover|banner|advert|ad|first|"
    r"second|third|room|view|sky|it|this)\b)|(?! of\b))"
)
_PAIRED = (  # of these there is a left and a right one
    r"hand|arm|leg|foot|eye|ear|eyebrow|wing|paw|cheek|shoulder|sleeve|shoe|glove|knee|thumb|"
    r"finger|wrist|ankle|boot|sock|turn|lane|click|angle|way|place|one"
)
_PART = r"(?: (?:corner|side|half|third|quarter|edge|part|area|border|end))"
_PLACE = lazy_pattern(
    rf"\b(?:top|upper|bottom|lower)[- ]?(?:most )?(?:left|right)\b(?:[- ]hand)?"
    rf"{_PART}?(?!{_PART}){_FRAME}"
    rf"|\b(?:left|right)[- ](?:top|bottom|upper|lower)\b{_PART}?(?!{_PART}){_FRAME}"
    rf"|\bthe (?:very |far |whole |entire )?(?:left|right)(?:most|[- ]hand)?\b{_PART}?(?!{_PART})"
    rf"(?! (?:{_PAIRED})\b){_FRAME}"
    rf"|\b(?:left|right)(?:[- ]hand)?{_PART}{_FRAME}"
    rf"|\b(?:upper|lower|top|bottom|middle|cent(?:er|re)|central){_PART}{_FRAME}"
    rf"|\b(?:at|near|to|along|across|on|from) the (?:very )?(?:top|bottom)\b"
    rf"(?= *(?:$|[,.;!?\n]|(?:{'|'.join(sorted(BOUNDARY))}|please|write|add|put|there|to)\b))"
    rf"{_FRAME}"
    rf"|\bthe (?:very |exact |dead )?(?:middle|cent(?:er|re))\b{_FRAME}"
    rf"|\b(?:middle|cent(?:er|re)|top|bottom)\b(?= of){_FRAME}"
    r"|\b(?:far|very|extreme) (?:left|right)\b"
    r"|(?:^|(?<=[,;(]))\s*(?:dead |top |bottom |upper |lower )?(?:left|right|cent(?:er|re)|middle|"
    r"top|bottom)"
    r"(?: top| bottom)?(?=\s*(?:$|[,.;!?)]))|\bcent(?:er|re) (?:top|bottom)\b",
    re.IGNORECASE,
)
_MOVES = any_of(
    "look turn point lean tilt rotate flip head gaze pan walk move shift slide nudge extend expand "
    "outpaint widen stretch grow sail fly run drive swim jump go come float ride step crawl dance "
    "roll",
    inflected=True,
)
_MOTION = lazy_pattern(  # what is moved is neither here nor there alone
    r"\b(?:from|his|her|its|their|my|your|fac(?:e|es|ing))\s+(?:the |very |far )*$"
    rf"|(?:{_MOVES})\s+(?:[\w']+ ){{0,6}}?(?:to|towards?|into)\s+"
    r"(?:the |its |his |her )?(?:far |very )?$",
    re.IGNORECASE,
)
_PLACE_ZH = lazy_pattern(
    r"[左右][上下](?:角|方|侧|边|部)?|[上下]三分之一|[上下左右]半(?:部分?|边)?|[左右](?:边|侧|面|方|三分之一)"
    r"|(?:画面|图片|照片|图像|图\d?|在)的?最?(?:顶部|底部|上方|下方|上面|下面|上边|下边)"
    r"|(?:靠|偏)[左右](?![手脚肩眼])[上下]?|正中|最[上下左右]|(?:^|(?<=[，。,\n]))中央"
    r"|(?:画面|图片|照片|图像|图\d?|在|到|最|正)的?(?:正?中间|正?中央|中心)|中间的?那|(?:^|(?<=[把将让给，。,\n]))中间的|"
    r"(?:^|(?<=[，。,\n]))(?:顶部|底部|上方|下方)|(?:^|(?<=[把将让给，。,\n]))[上下][面方边]的"
)
_MOTION_ZH = lazy_pattern(r"(?:从|向|往|朝|看|转|移到?|挪到?)[^，。,]{0,2}$")
_OWNER_ZH = lazy_pattern(r"(?<!面|片|照|像|图|最)的$")

# word -> axis, share of it, third of it
_SHARES = {
    "left": (0, (0.0, 0.5), (0.0, 1 / 3)),
    "right": (0, (0.5, 1.0), (2 / 3, 1.0)),
    "top": (1, (0.0, 0.5), (0.0, 1 / 3)),
    "bottom": (1, (0.5, 1.0), (2 / 3, 1.0)),
    "middle": (0, (0.25, 0.75), (1 / 3, 2 / 3)),
}
_WORDS = {"upper": "top", "lower": "bottom", "center": "middle", "centre": "middle"} | {
    "central": "middle",
    "左": "left",
    "右": "right",
    "上": "top",
    "顶": "top",
    "下": "bottom",
    "底": "bottom",
    "中": "middle",
}
_WORD = lazy_pattern("|".join([*_WORDS, *_SHARES]), re.IGNORECASE)


def find_region(text: str) -> Region | None:
    """The box around all places in the image that `text` names; None if it names none.

    Returns (x0, y0, x1, y1) in 0..1 of width and height. Corners and sides reach to the middle,
    because words are rough.
    """
    boxes = [
        _box(m[0])
        for m in _PLACE.finditer(text)
        if not _MOTION.search(text[max(0, m.start() - 60) : m.start()])
    ]
    for match in _PLACE_ZH.finditer(text):
        before = text[max(0, match.start() - 8) : match.start()]
        of_thing = match[0][0] in "左右" and (
            (len(match[0]) < 3 and _OWNER_ZH.search(before)) or _is_thing(before[-2:])
        )
        if not of_thing and not _MOTION_ZH.search(before):  # "房子的左边"
            boxes.append(_box(match[0]))
    if not boxes:
        return None
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    region = (min(x0), min(y0), max(x1), max(y1))
    return None if region == (0.0, 0.0, 1.0, 1.0) else region


def _is_thing(words: str) -> bool:
    """Whether Chinese words name a thing that has a left and a right: "书桌左边"."""
    nouns = parse(words).values("subject")
    return bool(nouns) and not nouns & PLACES and len(words) == 2


def _box(place: str) -> Region:
    spans = [(0.0, 1.0), (0.0, 1.0)]
    third = "third" in place.lower() or "三分之一" in place
    where = place.lower().partition(" of ")[0].replace("图中", "图")
    for match in _WORD.finditer(where):
        name = _WORDS.get(match[0].lower(), match[0].lower())
        axis, half, share = _SHARES[name]
        spans[axis] = share if third else half
        if name == "middle" and not third:
            spans[1] = half
    (x0, x1), (y0, y1) = spans
    return x0, y0, x1, y1
