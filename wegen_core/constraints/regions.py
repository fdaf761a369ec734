"""Where in the image a change belongs, by its words: "in the top left corner", "左上角".

These are not places in the image: where a thing is relative to another ("left of the house"), which
one of a pair it is ("his left hand"), a direction ("the light comes from the left").
"""

from __future__ import annotations

import re

from ..records.plan import Region
from .lazy_pattern import lazy_pattern

# column or row -> its share of the width or height
_SHARES = {
    "": (0.0, 1.0),
    "left": (0.0, 0.5),
    "right": (0.5, 1.0),
    "top": (0.0, 0.5),
    "upper": (0.0, 0.5),
    "bottom": (0.5, 1.0),
    "lower": (0.5, 1.0),
    "middle": (0.25, 0.75),
}
_THIRDS = {"left": (0.0, 1 / 3), "right": (2 / 3, 1.0), "top": (0.0, 1 / 3)} | {
    "upper": (0.0, 1 / 3),
    "bottom": (2 / 3, 1.0),
    "lower": (2 / 3, 1.0),
    "middle": (1 / 3, 2 / 3),
}
_FRAME = (
    r"(?: of (?:the |this |my )?(?:picture|image|frame|photo|photograph|scene|canvas|painting|"
    r"composition|shot|poster|page|drawing))"
)
_BODY = (
    r"hand|arm|leg|foot|eye|ear|eyebrow|wing|paw|cheek|shoulder|sleeve|shoe|glove|knee|thumb|"
    r"finger|wrist|ankle|boot|sock|turn|lane|click|half of (?:his|her|its|their)"
)
_PART = (
    r"(?P<part>(?:most|[- ]hand)?(?: (?:side|half|third|quarter|edge|corner|part|area|border))?)"
)
_PLACE = lazy_pattern(
    rf"\b(?P<row>top|upper|bottom|lower)[- ]?(?:most )?(?P<column>left|right)\b(?:[- ]hand)?"
    rf"(?: (?:corner|part|side|area|quarter|edge|third))?{_FRAME}?"
    rf"|\b(?P<column2>left|right)[- ](?P<row2>top|bottom|upper|lower)\b(?: corner)?"
    rf"|(?:\b(?P<the>the (?:very |far |whole |entire )?)|\b)(?P<side>left|right){_PART}\b"
    rf"(?! (?:{_BODY})\b)(?:{_FRAME}|(?! of\b))"
    rf"|\b(?P<level>upper|lower|top|bottom) (?P<share>half|third|part|edge|area|quarter|border)\b"
    rf"(?:{_FRAME}|(?! of\b))"
    rf"|\b(?:at|near|to|along|across|on|from) the (?:very )?(?P<end>top|bottom)\b"
    rf"(?:{_FRAME}|(?! of\b)(?= *(?:$|[,.;!?]|and\b|that\b|with\b|in\b|please\b|of (?:it|this)\b)))"
    rf"|\b(?:in|at|near|to|into) the (?:very |exact |dead )?(?P<middle>middle|cent(?:er|re))\b"
    rf"(?:{_FRAME}|(?! of\b))"
    rf"|\bcent(?:er|re) (?P<third>third)\b",
    re.IGNORECASE,
)
# A direction or a relation before the words, and a relation behind them.
_DIRECTION = lazy_pattern(
    r"(?:\b(?:from|facing|face|faces|look|looks|looking|turn\w*|point\w*|lean\w*|tilt\w*|rotate\w*|"
    r"flip\w*|head\w*|gaz\w*|pan|walk\w*|mov\w*|shift\w*|slide|his|her|its|their|my|your)\s+"
    r"(?:\w+ ){0,5}?(?:(?:to|towards?|from|into) )?(?:the |its |his |her )?(?:far |very )?)$",
    re.IGNORECASE,
)
_HAN_PLACES: tuple[tuple[str, str, str], ...] = (
    ("左上", "left", "top"),
    ("右上", "right", "top"),
    ("左下", "left", "bottom"),
    ("右下", "right", "bottom"),
    ("左", "left", ""),
    ("右", "right", ""),
    ("上半", "", "top"),
    ("下半", "", "bottom"),
    ("顶部", "", "top"),
    ("底部", "", "bottom"),
    ("上方", "", "top"),
    ("下方", "", "bottom"),
    ("正中", "middle", "middle"),
    ("中间", "middle", "middle"),
    ("中央", "middle", "middle"),
    ("中心", "middle", "middle"),
)
_HAN = lazy_pattern(
    r"(?:(?P<corner>[左右][上下])(?:角|方|侧|边|部)?|(?P<level>[上下]半)(?:部分?|边)?"
    r"|(?P<side>[左右])(?:半?边|侧|面|半部分?|半|方|三分之一)"
    r"|(?P<end>(?:画面|图片|照片|图像|图)的?(?:最)?(?:顶部|底部|上方|下方|上面|下面)|"
    r"(?<=在)(?:顶部|底部))"
    r"|(?P<middle>(?:画面|图片|照片|图像|图|在|到)的?(?:正?中间|正?中央|正中|中心)|(?<=最)中间|"
    r"正中(?:央|间)?))"
)
_HAN_RELATIVE = re.compile(r"(?:的|[\u4e00-\u9fff]的)$")
_HAN_DIRECTION = re.compile(r"(?:从|向|往|朝|看|转|移到?|挪到?)[^，。,]{0,2}$")
_HAN_FRAME = re.compile(r"(?:画面|图片|照片|图像|图|图里|图中|整个画面|最)的?$")


def find_region(text: str) -> Region | None:
    """The box around all places in the image that `text` names; None if it names none.

    Returns (x0, y0, x1, y1) in 0..1 of width and height. Corners and sides reach to the middle,
    because words are rough.
    """
    boxes = [*_english(text), *_chinese(text)]
    if not boxes:
        return None
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    region = (min(x0), min(y0), max(x1), max(y1))
    return None if region == (0.0, 0.0, 1.0, 1.0) else region


def _box(column: str, row: str, shares: dict[str, tuple[float, float]] = _SHARES) -> Region:
    (x0, x1), (y0, y1) = shares.get(column, (0.0, 1.0)), shares.get(row, (0.0, 1.0))
    return x0, y0, x1, y1


def _english(text: str) -> list[Region]:
    boxes = []
    for match in _PLACE.finditer(text):
        if _DIRECTION.search(text[max(0, match.start() - 40) : match.start()]):
            continue
        groups = {name: words.lower() for name, words in match.groupdict().items() if words}
        if "row" in groups or "row2" in groups:
            row, column = (
                groups.get("row") or groups["row2"],
                groups.get("column") or groups["column2"],
            )
            boxes.append(_box(column, row))
        elif "side" in groups:
            if "the" not in groups and "part" not in groups:
                continue  # "right behind it", "what is left"
            thirds = "third" in groups.get("part", "")
            boxes.append(_box(groups["side"], "", _THIRDS if thirds else _SHARES))
        elif "level" in groups:
            boxes.append(
                _box("", groups["level"], _THIRDS if groups["share"] == "third" else _SHARES)
            )
        elif "end" in groups:
            boxes.append(_box("", groups["end"]))
        elif "middle" in groups:
            boxes.append(_box("middle", "middle"))
        else:
            boxes.append(_box("middle", "", _THIRDS))
    return boxes


def _chinese(text: str) -> list[Region]:
    boxes = []
    for match in _HAN.finditer(text):
        before = text[max(0, match.start() - 6) : match.start()]
        relative = _HAN_RELATIVE.search(before) and not _HAN_FRAME.search(before)
        if relative and match.lastgroup in ("side",):
            continue  # "房子的左边"
        if _HAN_DIRECTION.search(before):
            continue
        column, row = next((c, r) for words, c, r in _HAN_PLACES if words in _plain(match[0]))
        thirds = "三分之一" in match[0]
        boxes.append(_box(column, row, _THIRDS if thirds else _SHARES))
    return boxes


def _plain(words: str) -> str:
    return words.replace("上面", "上方").replace("下面", "下方")
