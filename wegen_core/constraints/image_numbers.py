"""The one reader of image numbers: "picture 2", "images A and C", "the second photo", "图2".

Everything that has to know which image a user means asks this module: the constraints, the
references of a composition, and the normaliser of the embedded network's input.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from . import chinese, english
from .lazy_pattern import lazy_pattern
from .lexicon import english as lexicon
from .quotes import blank, quote_spans


class ImageMention(NamedTuple):
    """The words `text[start:end]` that name one or more images by number.

    Parameters
    ----------
    numbers : tuple of int
        The numbers in the order of the words; images are counted from 1.
    start, end : int
        Span of the words.
    ordinal : bool
        Whether the words count ("the second picture") instead of naming ("picture 2").
    """

    numbers: tuple[int, ...]
    start: int
    end: int
    ordinal: bool


def find_image_mentions(text: str) -> list[ImageMention]:
    """Find all words that name images by number.

    English and Chinese; digits, number words and letters; lists and ranges. Sizes, ratios, decimals
    and counts ("image 3d", "picture 16:9", "picture two cats on a roof") are not image numbers.
    Neither is what stands in quotation marks: an image shows these words.

    Parameters
    ----------
    text : str
        The user's words.

    Returns
    -------
    list of ImageMention
        In reading order, without overlaps. Linear in the length of `text`; never raises.
    """
    text = blank(text, quote_spans(text)).translate(_CIRCLED)
    candidates = [*_numbered(text), *_counted(text), *_chinese(text)]
    if candidates:
        first = min(mention.end for mention in candidates)
        candidates += _the_second_one(text, first)
    candidates += _bare_number(text)
    mentions: list[ImageMention] = []
    for mention in sorted(candidates, key=lambda m: (m.start, -m.end)):
        if not mentions or mention.start >= mentions[-1].end:
            mentions.append(mention)
    return mentions


def named_images(text: str) -> list[int]:
    """List the numbers of all images that `text` names, each once, in reading order.

    Parameters
    ----------
    text : str
        The user's words.

    Returns
    -------
    list of int
        Numbers as written; a caller checks whether such images exist.
    """
    return list(dict.fromkeys(n for mention in find_image_mentions(text) for n in mention.numbers))


def renumber_images(text: str, numbers: Mapping[int, int]) -> str:
    """Rewrite the image numbers of `text` where they change.

    Parameters
    ----------
    text : str
        The user's words.
    numbers : mapping of int to int
        New number of each image that `text` names.

    Returns
    -------
    str
        `text`; words that name an image whose number changes become "picture 2" or "图2".
    """
    for mention in reversed(find_image_mentions(text)):
        new = [numbers[n] for n in mention.numbers]
        if tuple(new) != mention.numbers:
            han = _HAN.search(text, mention.start, mention.end)
            name, joint = ("图", "和图") if han else ("picture ", " and picture ")
            text = f"{text[: mention.start]}{name}{joint.join(map(str, new))}{text[mention.end :]}"
    return text


def name_images(text: str, names: Mapping[int, str]) -> str:
    """Call images of `text` by names.

    Parameters
    ----------
    text : str
        The user's words.
    names : mapping of int to str
        Name of each image number; a mention of another number stays as it is.

    Returns
    -------
    str
        `text` with "<image1> and <image2>" for "pictures 1 and 2".
    """
    for mention in reversed(find_image_mentions(text)):
        if all(number in names for number in mention.numbers):
            joint = "和" if _HAN.search(text, mention.start, mention.end) else " and "
            name = joint.join(names[number] for number in mention.numbers)
            text = f"{text[: mention.start]}{name}{text[mention.end :]}"
    return text


def target_image(text: str) -> int | None:
    """Find the image that `text` puts things into.

    A direction ("into picture 2", "到图2") counts more than a place ("in picture 2", "在图2"), and
    a later one more than an earlier one.

    Parameters
    ----------
    text : str
        The user's words.

    Returns
    -------
    int or None
        The image's number, or None if `text` puts nothing into a numbered image.
    """
    direction = place = None
    for mention in find_image_mentions(text):
        before = text[max(0, mention.start - _LOOK_BACK) : mention.start]
        if _DIRECTION.search(before):
            direction = mention.numbers[0]
        elif _PLACE.search(before):
            place = mention.numbers[0]
    return place if direction is None else direction


_HAN = re.compile(r"[\u4e00-\u9fff]")
_CIRCLED = {ord(mark): str(number) for number, mark in enumerate("①②③④⑤⑥⑦⑧⑨", 1)}
_LOOK_BACK = 40  # characters before a mention; a preposition and an article fit into it
_ADJECTIVE = r"(?:(?:reference|input|source|attached|uploaded|given|other) )?"
_DIRECTION = lazy_pattern(
    r"(?:(?<![^\W\d_])(?:into|onto|(?<!next )(?<!close )(?<!similar )(?<!identical )(?<!according )"
    rf"(?<!compared )(?<!thanks )(?<!due )to)\s+(?:(?:the|my|your|this|that) )?{_ADJECTIVE}"
    r"|(?:[到进入至往]|[放贴摆加画移]在?)了?\s*)$",
    re.IGNORECASE,
)
_PLACE = lazy_pattern(
    r"(?:(?<![^\W\d_])(?:in|on|inside|within|upon|on top of)\s+"
    rf"(?:(?:the|my|your|this|that) )?{_ADJECTIVE}|[在给]\s*)$",
    re.IGNORECASE,
)

# Chinese characters count as word characters, but "把img2的猫" names image 2.
_WORD_BEFORE = r"(?<![^\W\u4e00-\u9fff])"
_WORD_AFTER = r"(?![^\W\u4e00-\u9fff])"
_GAP = r"[ \t\u00a0]"  # a mention never crosses a line end
_NOUN = (
    r"(?:pictures?|images?|photo(?:graph)?s?|figures?|references?|(?:pic|img|ref)s?\.?|uploads?|"
    r"attachments?|screenshots?|renders?)"
)
# "a picture no one has seen": a bare "no" needs digits.
_MARK = rf"(?:(?:numbers?|nos?\.|no(?={_GAP}?\d)|nr\.?){_GAP}{{0,2}}|[#№]{_GAP}?)"

_WORDS = {word: value for word, value in lexicon.NUMBERS.items() if value <= 20}
_NOT_A_NUMBER = (  # what follows the digits of a size, a ratio, a decimal or a file name
    rf"(?:\.\d|,\d{{3}}(?!\d)|:\d|/\d|{_GAP}:{_GAP}?\d|{_GAP}?[x×*]{_GAP}?\d|{_GAP}?%|°|-[^\W\d_]"
    rf"|{_GAP}(?:px|pixels?|mm|cm|m|k|dpi|mp|megapixels?|percent|degrees?){_WORD_AFTER}"
    r"|\.(?:png|jpe?g|webp|gif|bmp|tiff?)\b)"
)
_NUMBER = (
    rf"(?:\d{{1,3}}|{'|'.join(sorted(_WORDS, key=len, reverse=True))}|(?-i:[A-H]))"
    rf"{_WORD_AFTER}(?!{_NOT_A_NUMBER})"
)
_NUMBERED = lazy_pattern(
    rf"{_WORD_BEFORE}(?P<noun>{_NOUN})(?:{_GAP}{{0,3}}|[_-]){_MARK}?(?P<number>{_NUMBER})",
    re.IGNORECASE,
)
_NEXT = lazy_pattern(
    rf"{_GAP}{{0,2}}(?:,{_GAP}{{0,2}}(?:(?P<last>and|or){_GAP}{{1,2}}|&{_GAP}?)?"
    rf"|(?P<joined>and|or|plus){_GAP}{{1,2}}|[&+]{_GAP}{{0,2}}){_MARK}?(?P<number>{_NUMBER})",
    re.IGNORECASE,
)
_DASH = lazy_pattern(r"[-–—~]\d")
_RANGE = lazy_pattern(rf"[-–—~](?P<number>\d{{1,3}}){_WORD_AFTER}(?!{_NOT_A_NUMBER})")
_RANGE_IN_WORDS = lazy_pattern(
    rf"{_GAP}(?:to|through|thru){_GAP}(?P<number>{_NUMBER})", re.IGNORECASE
)
_MAX_RANGE = 100  # images; a longer range is something else

_OF_IT = lazy_pattern(r"\b(?:from|in|of|on|to|with)\s+$", re.IGNORECASE)
_FOLLOWING_WORD = lazy_pattern(rf"{_GAP}{{1,3}}([^\W\d_\u4e00-\u9fff]+)")
# Words that may follow an image number; any other is a thing that the number counts.
_NOT_COUNTED = (
    lexicon.BOUNDARY
    | lexicon.DETERMINERS
    | frozenset(
        "together side respectively both combined merged again first get gets need needs "
        "goes".split()
    )
)


def _numbered(text: str) -> Iterator[ImageMention]:
    """Read "picture 2", "images 1, 2 and 4", "img #3", "pictures 2-4"."""
    for match in _NUMBERED.finditer(text):
        noun, word, end = match["noun"].lower().rstrip("."), match["number"], match.end()
        plural = noun.endswith("s")
        counts = _counts_things(text, end)
        letter = word in "BCDEFGH" or (word == "A" and _OF_IT.search(text, 0, match.start()))
        if counts and not letter and (not word.isdecimal() or _is_request(text, match, word)):
            continue
        numbers, end = _range(text, _value(word), end, plural)
        joined = False  # whether the list had its "and"
        while numbers and (item := _NEXT.match(text, end)):
            is_last = bool(item["last"] or item["joined"])
            certain = plural and is_last and not joined
            if not certain and _counts_things(text, item.end()):
                break  # "picture 1, two cats"
            more, stop = _range(text, _value(item["number"]), item.end(), False)
            if not more:
                break
            numbers, end, joined = [*numbers, *more], stop, joined or is_last
        if numbers:
            yield ImageMention(tuple(numbers), match.start(), end, False)


def _value(word: str) -> int:
    """The value of "2", "two", "B"."""
    if len(word) == 1 and word.isalpha():
        return ord(word) - ord("A") + 1
    return int(word) if word.isdecimal() else _WORDS[word.lower()]


def _range(text: str, number: int, end: int, plural: bool) -> tuple[list[int], int]:
    """The numbers from `number` to the end of its range, if it has one; none for "picture 4-3"."""
    dash = _DASH.match(text, end) is not None
    match = _RANGE.match(text, end) or (_RANGE_IN_WORDS.match(text, end) if plural else None)
    last = _value(match["number"]) if match else 0
    if match and number < last < number + _MAX_RANGE:
        return list(range(number, last + 1)), match.end()
    return ([], end) if dash else ([number], end)


def _counts_things(text: str, end: int) -> bool:
    """Whether the word after a number is what the number counts: "two cats"."""
    match = _FOLLOWING_WORD.match(text, end)
    if match is None:
        return False
    word = match[1].lower()
    return word not in _NOT_COUNTED and not word.endswith(("ly", "ing"))


def _is_request(text: str, match: re.Match[str], number: str) -> bool:
    """Whether a sentence asks for a picture of several things: "Picture 3 cats on a sofa"."""
    opening = text[: match.start()].rstrip()[-1:] in ("", ".", "!", "?", "\n")
    following = _FOLLOWING_WORD.match(text, match.end())
    if (
        not opening
        or match["noun"].lower() not in ("picture", "render")
        or following is None
        or number == "1"
    ):
        return False
    word = following[1].lower()
    return english.known(word) and english.lemma(word) != word


_ORDINAL_WORD = rf"(?:{'|'.join(lexicon.ORDINALS)}|[1-9]\d?(?:st|nd|rd|th))"
_COUNTED = lazy_pattern(
    rf"{_WORD_BEFORE}(?P<list>{_ORDINAL_WORD}(?:{_GAP}?(?:,|and|or|&){_GAP}?(?:and )?(?:the )?"
    rf"{_ORDINAL_WORD}){{0,8}}|first{_GAP}(?P<count>[2-9]|{'|'.join(list(_WORDS)[1:9])}))"
    rf"\s{{1,3}}{_ADJECTIVE}{_NOUN}{_WORD_AFTER}",
    re.IGNORECASE,
)
_ORDINAL = lazy_pattern(rf"{_WORD_BEFORE}{_ORDINAL_WORD}{_WORD_AFTER}", re.IGNORECASE)


def _counted(text: str) -> Iterator[ImageMention]:
    """Read "the second picture", "the 2nd image", "first and third photos", "first two images"."""
    for match in _COUNTED.finditer(text):
        if match["count"]:
            numbers = list(range(1, _value(match["count"]) + 1))
        else:
            numbers = [_ordinal(word) for word in _ORDINAL.findall(match["list"])]
        yield ImageMention(tuple(numbers), *match.span(), True)


def _ordinal(word: str) -> int:
    return lexicon.ORDINALS.get(word.lower()) or int(word[:-2])


_SECOND_ONE = lazy_pattern(
    rf"{_WORD_BEFORE}(?:from|into|onto|to|in|on|of) the (?P<words>({_ORDINAL_WORD}) one)"
    rf"{_WORD_AFTER}",
    re.IGNORECASE,
)


def _the_second_one(text: str, first: int) -> Iterator[ImageMention]:
    """Read "into the second one" after another image was named, which ends at `first`."""
    for match in _SECOND_ONE.finditer(text, first):
        yield ImageMention((_ordinal(match[2]),), *match.span("words"), True)


_BARE = lazy_pattern(
    rf"{_WORD_BEFORE}(?:from|into|onto|to){_GAP}(?P<words>{_MARK}(?P<number>{_NUMBER}))",
    re.IGNORECASE,
)


def _bare_number(text: str) -> Iterator[ImageMention]:
    """Read "from no. 2 into no. 1"; without a direction "no. 2" may be anything."""
    for match in _BARE.finditer(text):
        following = _FOLLOWING_WORD.match(text, match.end())
        if following is None or following[1] in _NOT_COUNTED:  # not "number 10 Downing Street"
            yield ImageMention((_value(match["number"]),), *match.span("words"), False)


_HAN_NUMBER = r"(?:[二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九])"
_HAN_NOUN = r"(?:图片|图像|照片|相片|参考图|图)"
_HAN_NUMBERED = lazy_pattern(
    rf"(?<![地蓝试企]){_HAN_NOUN}{_GAP}?(?:"
    # Digits: not a size, a ratio, a decimal, or a count ("图片2张" is two images).
    rf"(?P<digits>\d{{1,3}})(?![\d%°]|[.:/]\d|[xX×*]\d|[A-Za-z]|张(?!开)|幅|个(?!性))"
    # Numerals: not the beginning of another word (一起, 三角, 二维) or of a count (一只).
    rf"|(?P<han>{_HAN_NUMBER})(?![一二三四五六七八九十百千万起些样直定下半切维角个种次年月岁点条张幅]"
    r"|只(?![保有要取用]))|(?P<letter>[A-H])(?![A-Za-z\d]))"
    r"|(?<![A-Za-z\d.])(?:(?P<letter2>[A-H])|(?P<digits2>\d{1,2})号)(?:图片|照片|图)(?![书案标形])"
)
_HAN_RANGE = lazy_pattern(r"[-–—~～](\d{1,3})(?!\d|\.\d)")
_HAN_NEXT = lazy_pattern(
    rf"{_GAP}?(?:[、,，]|和|与|及|跟)(?:和|与)?{_GAP}?(?:"
    r"(?P<digits>\d{1,3})(?![\d%°]|[.:/]\d|[xX×*]\d|[A-Za-z]|[个只张幅条座棵颗朵名本杯栋架匹群双对年月岁])"
    rf"|(?P<han>{_HAN_NUMBER})(?=$|[，。！？；、,.!?;：:\s的里中上内和与及跟合融放到进入都分各拼结作做为]))"
)
_HAN_COUNTED = lazy_pattern(
    rf"(?P<list>第{_GAP}?(?:\d{{1,3}}|{_HAN_NUMBER})(?:{_GAP}?[、,，和与及跟]{_GAP}?第?{_GAP}?"
    rf"(?:\d{{1,3}}|{_HAN_NUMBER})){{0,8}}|前(?P<count>[2-9两二三四五六七八九]))"
    # 张 and 幅 count images, but 张 also tables, beds and faces; 个 counts anything.
    rf"{_GAP}?(?P<measure>[张幅个])(?:(?P<noun>{_HAN_NOUN})|(?![桌椅床脸纸嘴凳卡票网弓皮]|沙发|海报|地))"
)
_HAN_ITEM = lazy_pattern(rf"\d{{1,3}}|{_HAN_NUMBER}")


def _chinese(text: str) -> Iterator[ImageMention]:
    """Read "图1", "图片二", "图1、2和3", "第二张图", "第2张", "前两张图"."""
    for match in _HAN_NUMBERED.finditer(text):
        digits = match["digits"] or match["digits2"] or match["han"]
        letter = match["letter"] or match["letter2"]
        numbers, end = [_value(letter) if letter else chinese.number_of(digits)], match.end()
        while True:
            if match["digits"] and (upto := _HAN_RANGE.match(text, end)):
                last = int(upto[1])
                if numbers[-1] < last < numbers[-1] + _MAX_RANGE:
                    numbers += range(numbers[-1] + 1, last + 1)
                    end = upto.end()
            item = _HAN_NEXT.match(text, end)
            if item is None:
                break
            numbers.append(chinese.number_of(item["digits"] or item["han"]))
            end = item.end()
        yield ImageMention(tuple(numbers), match.start(), end, False)
    for match in _HAN_COUNTED.finditer(text):
        is_pronoun = match["noun"] or re.match(r"$|[的里中都，。]", text[match.end() :])
        if not is_pronoun and (match["measure"] == "个" or match["count"]):
            continue
        if match["count"]:
            numbers = list(range(1, chinese.number_of(match["count"]) + 1))
        else:
            numbers = [chinese.number_of(word) for word in _HAN_ITEM.findall(match["list"])]
        yield ImageMention(tuple(numbers), *match.span(), True)
