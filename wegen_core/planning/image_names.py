"""Every way to name an image, as "picture N" with its number in the conversation."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ..constraints import find_image_mentions, named_images
from ..constraints.english import known
from ..constraints.lazy_pattern import lazy_pattern
from ..constraints.lexicon.english import BOUNDARY, NUMBERS, ORDINALS
from ..constraints.parser import parse
from .references import conversation_number

if TYPE_CHECKING:
    from ..records.conversation import Conversation

_IMAGE = (
    r"(?:picture|image|photo|photograph|drawing|painting|sketch|screenshot|pic|reference|shot|"
    r"snapshot|artwork|render|scan|selfie)"
)
_IMAGE_ZH = r"(?:图片|照片|图像|画|图)"
_ONE_ZH = rf"(?:那|这)?(?:一)?(?:(?:张|幅){_IMAGE_ZH}?|{_IMAGE_ZH})"
_GIVEN = r"style|pose|palette|colou?rs|colou?r scheme|layout|composition|background|lighting|look"
_FOLLOWS = (  # what may follow a bare name: "the second as", "B on"
    rf"(?=['’]s\b|\s*(?:$|[^\w\s]|[\u4e00-\u9fff]|(?:{'|'.join(sorted(BOUNDARY))}|to|the|a|an|his|"
    r"her|its|look|looks|gets?|but|like|so|be|needs?|goes|suits?|fits?)\b))"
)
_FILE = (
    r"(?:file|scan|frame|shot|input|fig(?:ure)?\.?|mock-?up|still|slide|snap|source|upload|item|"
    r"example)"
)
_NUMBERED_FILE = lazy_pattern(
    rf"(?<![A-Za-z0-9])(?:the )?(?:{_FILE} ?#?|(?-i:P))"
    r"(?P<name>[1-9]|one|two|three|four|(?-i:[A-H]))(?![A-Za-z0-9%]|\.\d)"
    r"|(?<![\d.])(?P<zh>[1-9])(?=图)",
    re.IGNORECASE,
)
_BARE_ORDINAL = lazy_pattern(
    rf"\b(?:the |my )?(?P<ordinal>first|second|third|fourth|original|1st|2nd|3rd|4th)"
    rf"(?:(?<=original) {_IMAGE}\b| one\b| version\b| {_FILE}\b|{_FOLLOWS})",
    re.IGNORECASE,
)
_COUNTED_THING = lazy_pattern(  # "the first kitchen with the second kitchen's tiles"
    r"\bthe (?P<ordinal>first|second|third) (?P<thing>[a-z]+)\b(?! picture)", re.IGNORECASE
)
_LETTERED_THING = lazy_pattern(r"\b([a-z]+) ([AB])\b(?! [a-z]+s\b)")
# Names that are as often something else: they count if all fit the number of images.
_BARE_LETTER = lazy_pattern(rf"(?<![A-Za-z0-9_.&'’-])(?P<name>[B-H]|A{_FOLLOWS})(?![A-Za-z0-9&-])")
_BARE_NUMBER = lazy_pattern(
    rf"(?:\b(?!picture|image|photo|pic|step|version)[a-z]{{2,}} |\(|[=:] ?)"
    rf"(?P<name>[1-9]){_FOLLOWS}"
    r"|(?<![\w.])(?P<pair>[1-9])(?=(?:, [1-9])? and [1-9]\b)"
    r"|(?<![A-Za-z0-9_.~ 图片张第-])(?P<zh>[1-9])(?=[的里中上和，。、]|$)",
    re.IGNORECASE,
)
# These count if they complete the numbers of all images.
_ANY_NUMBER = lazy_pattern(
    r"(?<![\w.,:/%$€£*×+-])(?<!\d )[1-9]"
    r"(?![\w%°]|[.,:/×*-]\w| ?(?:[x×] ?\d|:\d|of \d)| (?:of (?:them|these|the)|more|new|other|"
    r"pics?|px|hrs?|mins?|am|pm|cm|mm|m|percent|times|[a-z]{3,}(?<!i)(?<!s)(?<!u)s)\b)",
    re.IGNORECASE,
)
_MARKED_NUMBER = lazy_pattern(
    r"(?:[\[<@](?:image |img |picture |图)?|(?<!\w)#\s?|\bn(?:umber|os?\.) ?)"
    rf"(?P<name>[1-9]|one|two|three|four)(?:[\])>]|(?<=\d)(?![\w.]\w)|{_FOLLOWS}|"
    r"\b(?=[\u4e00-\u9fff]))",
    re.IGNORECASE,
)
_ALL = lazy_pattern(
    rf"\b(?:both|all(?: (?:two|three|four))?(?: of)?)(?: of)?(?: (?:the|these|my))? {_IMAGE}s\b"
    r"(?! (?:of|from|in)\b)"
    rf"|\b(?:these|the) (?:two|three|four )?{_IMAGE}s\b(?! (?:of|from|in)\b)|"
    rf"\bboth\b(?= together| in(?:to)? | on |\s*$|[.!])|\bthe left and (?:the )?right {_IMAGE}s?\b"
    r"|(?:这|那)?[两三四](?:张|幅)(?:图片|照片|图)|这(?:些|几张)(?:图片|照片|图)|"
    r"所有(?:的)?(?:图片|照片|图)",
    re.IGNORECASE,
)
_PAIR = lazy_pattern(
    rf"\b(?:the )?(?P<word>left|right|former|latter|top|bottom|upper|lower)"
    rf"(?:(?<=[tpmr])(?:[- ]hand)? (?:{_IMAGE}|one)\b|(?<=[mt]er)\b)|"
    rf"\bthe {_IMAGE} on the (?P<side>left|right)\b(?! \w)"
    rf"|(?P<zh>[左右]|[上下](?=[面边方]))(?:边|侧|面|方)?的?{_ONE_ZH}|(?P<zh2>前者|后者|[前后](?=一张))(?:一张{_IMAGE_ZH}?)?",
    re.IGNORECASE,
)
_FIRST_OF_PAIR = frozenset("left former top upper 左 前 前者 上".split())
_LAST = lazy_pattern(
    rf"\bthe (?:very )?(?:last|final) (?:(?P<n>two|three) )?(?:{_IMAGE}|one)s?\b"
    rf"|(?:最后|后(?=[两三]))(?:的)?(?:一|(?P<zh>[两三]))?(?:张|幅){_IMAGE_ZH}?",
    re.IGNORECASE,
)
_ONE = lazy_pattern(  # of a pair
    rf"\bthe one\b(?=[^.]*\bthe other\b)|\bone (?:of (?:them|these|the (?:two )?{_IMAGE}s)|"
    rf"{_IMAGE})\b|\bone\b(?= (?:is|has|shows)\b)"
    rf"|(?<!另)(?<!另外)其?中?一(?:张|幅){_IMAGE_ZH}?",
    re.IGNORECASE,
)
_OTHER = lazy_pattern(
    rf"\bthe other(?:s| (?:two |three )?(?:{_IMAGE}|one)s?| two| three)?\b(?! [a-z]+s?\b(?<!is)"
    r"(?<!are)(?<!as)(?<!for)(?<!in)(?<!on)(?<!with))"
    rf"|另外?[一两三几](?:张|幅){_IMAGE_ZH}?|(?:其他|其它|其余|剩下)的?(?:几|两|三)?(?:张|幅){_IMAGE_ZH}?",
    re.IGNORECASE,
)
_PREVIOUS = lazy_pattern(
    rf"\bthe (?:previous|earlier|one before) ?(?:{_IMAGE}|one)?\b"
    r"|(?:上一|之前那|前一)(?:张|幅)(?:图片|照片|图)?",
    re.IGNORECASE,
)
_PAINTS = r"(?:drew|made|painted|generated|created|rendered|did|gave me)"
_PAINTED = lazy_pattern(
    rf"\b(?:the (?:{_IMAGE}|one|result|version) (?:that )?you (?:just |have |had )*{_PAINTS}"
    rf"(?: for me)?(?: before| earlier)?|your (?:last |previous |first )?(?:{_IMAGE}|result|"
    rf"version)|"
    r"the (?:last |previous |earlier )?result)\b"
    rf"|(?:你)?(?:刚刚?才?|之前)(?:给我)?(?:画|生成|做)?的?{_ONE_ZH}|你(?:给我)?(?:画|生成|做)的{_ONE_ZH}",
    re.IGNORECASE,
)
_SENDS = r"(?:sent|send|uploaded|upload|attached|posted|shared|gave you|showed you|provided)"
_SENT = lazy_pattern(
    rf"\b(?:the (?:{_IMAGE}|one) (?:that )?I (?:just |have |first |originally )*{_SENDS}(?: you)?"
    rf"(?: first| before| earlier)?|the (?:uploaded|attached) {_IMAGE})\b"
    rf"|我(?:刚刚?才?|之前|最初|一开始)?(?:发|上传|传|给你)的{_ONE_ZH}",
    re.IGNORECASE,
)
_ORIGINAL_ZH = lazy_pattern(rf"原(?:图|照片|片|画)|最初的{_ONE_ZH}|最开始的{_ONE_ZH}")
_THIS = lazy_pattern(
    rf"\b(?:this|the (?:attached|uploaded|new|given))(?: (?:attached|new|reference))? "
    rf"(?:{_IMAGE}|one)\b|\bmy (?:{_IMAGE})\b|\bthe attached\b(?! \w)"
    rf"|\b(?:the|a|my|our) ref(?:erence)?(?: {_IMAGE})?\b|^\s*ref(?:erence)?(?=\s*(?:for|:))"
    r"|这(?:张(?!桌|床|沙发|椅|脸|纸|嘴|网|弓|皮|凳)|幅)(?:图片|照片|图|画)?|上传的(?:图片|照片|图)|附图|我(?:刚)?发的(?:图片|照片|图)"
    r"|(?<![一张幅这那此该原底每])(?:照片|图片|图)(?=[里中][的这那])"
    r"|(?:参考|示例|样)图(?!片?[\dA-H一二三①-⑨])",
    re.IGNORECASE,
)
_LOOK_OF_THIS = lazy_pattern(rf"\b((?:{_GIVEN}) (?:of|from|in|as) )this [a-z]+(?! picture)", re.I)
_BARE_THIS = lazy_pattern(
    r"(?P<before>\b(?:like|using|from|of|with|use|take|match|as|as in|like in) )(?:this|here)"
    r"(?=\s*(?:$|[,.;!?]|(?:as|for|to|in)\b))"
    r"|(?P<before_zh>像|按|照|用|参考|换成|换上|穿成|打扮成|变成|画成|改成)这[个样里]|(?P<put>把|将)这个(?=放|挂|贴|加|摆|P|移|当|"
    r"作)",
    re.IGNORECASE,
)
_ITS_ROLE = lazy_pattern(
    rf"\b(?:this|the same) (?P<role>{_GIVEN})\b"
    r"|(?:这个|这种|同样的|一样的|同款)(?P<han>风格|画风|姿势|动作|配色|构图|背景)",
    re.IGNORECASE,
)
_MANY = lazy_pattern(rf"\bthe first (?P<n>two|three)(?: ones?| of (?:them|these))?{_FOLLOWS}", re.I)
_MEASURE = r"[只个条位辆件顶艘座朵棵匹把面台架本支块幅盏套双副张种]"
_THING_ZH = (
    r"(?P<han>[\u4e00-\u9fffA-Za-z]{1,4}?)"
    r"(?=放|加|贴|移|戴|穿|坐|站|到|进|停|走|跑|飞|躺|趴|睡|游|跳|挂|摆|换|合|融|当|作|画|在|和|$|，)"
)
_ITS_THING = lazy_pattern(
    r"(?P<lead>\b(?:put|add|insert|place|use|give|include|bring|paste|hang|stick|want|see|in|at|of|with|from|replace|swap|"
    r"change|exchange|like|by|on)\b[^.;]{0,30}?)"
    r"\b(?:this|these) (?P<thing>[a-z]+)\b"
    r"|\b(?:the|my) attached (?P<sent>[a-z]+)\b"
    r"|\bthe (?P<sent2>[a-z]+(?: [a-z]+)?) I(?:['’]ve)? (?:just )?"
    r"(?:sent|uploaded|attached|posted|shared)\b"
    r"|\b(?:here|that|this)(?:['’]s| is| are) (?:my|our|a|an|the|his|her|"
    r"some) (?P<here>[\w -]+?)(?=$|[,.;!]| (?:and|to|for)\b)"
    r"|\bI(?:['’]ve)? attached (?:a |the )?(?:photo of |picture of )?(?:my |our |a |"
    r"the )?(?P<mine>[\w -]+?)(?=$|[,.;!])"
    rf"|(?:图\d[里中]?)?(?:我(?:刚)?[发拍画]的)?这{_MEASURE}{_THING_ZH}"
    rf"|附件[里中]?的?{_THING_ZH.replace('han', 'zh')}"
    rf"|我[发拍画]的{_MEASURE}?{_THING_ZH.replace('han', 'zh2')}",
    re.IGNORECASE,
)
_PAINTED_THING = lazy_pattern(
    rf"\bthe (?P<thing>\w+) (?:that )?you (?:just |have )?{_PAINTS}\b"
    rf"|你(?:刚才?)?画的(?:那{_MEASURE})?{_THING_ZH}",
    re.IGNORECASE,
)
_MINE = lazy_pattern(
    r"\b(?:my|our|this|these) (?P<thing>\w+['’]s \w+|"
    r"\w+(?: \w+){0,2} ?(?=\(attached)|\w+)(?:\(attached\))?",
    re.IGNORECASE,
)
_THIS_THING = lazy_pattern(
    r"(?<!make )(?<!turn )\b(?:this|these) (?P<thing>[a-z]{3,})\b(?! from picture)", re.I
)
_CAPTIONED = lazy_pattern(  # "the castle picture", "the photo of my cat", "有猫的那张图"
    rf"\b(?:the|my) (?P<words>(?!same\b|first\b|other\b)[a-z]+) (?:{_IMAGE}|one)\b"
    rf"|\b(?:the|my) (?:{_IMAGE}|one) (?:of|with|showing) (?:the |a |an |my )?(?P<what>[a-z]+)\b"
    rf"|有?(?P<han>[\u4e00-\u9fff]{{1,4}}?)的?那(?:张|幅){_IMAGE_ZH}?",
    re.IGNORECASE,
)
_DEFINITE = lazy_pattern(
    r"\b(?:the|my|that) (?P<thing>[a-z]+)\b(?!,? from picture)(?! you\b)"
    rf"|[这那]{_MEASURE}{_THING_ZH}",
    re.IGNORECASE,
)
_HAN = lazy_pattern(r"[\u4e00-\u9fff]")


@dataclass(frozen=True)
class _Images:
    """The images of a conversation, by number; attached: how many came with its last message."""

    conversation: Conversation
    count: int
    attached: int

    @cached_property
    def current(self) -> list[int]:
        """Those that the message is about where it does not say which."""
        first = self.count - self.attached + 1 if self.attached > 1 else 1
        return list(range(first, self.count + 1))

    @cached_property
    def captions(self) -> dict[int, set[str]]:
        """What the earlier images show, by the prompts and messages that they came with."""
        things: dict[int, set[str]] = {}
        for turn in self.conversation.turns[:-1]:
            words = str(turn.record.get("plan", {}).get("prompt", "")) or turn.text
            for _ in turn.images:
                single = len(turn.images) == 1
                things[len(things) + 1] = _nouns(words) | _words(words) if single else set()
        return things

    def by(self, role: str) -> list[int]:
        """The earlier images that the user sent, or the assistant painted."""
        turns = self.conversation.turns[:-1]
        roles = [turn.role for turn in turns for _ in turn.images]
        return [number for number, sender in enumerate(roles, 1) if sender == role]

    def showing(self, thing: str) -> list[int]:
        """The one earlier image that shows `thing`; none if several do."""
        nouns = _nouns(thing)
        numbers = [n for n, things in self.captions.items() if nouns <= things]
        return numbers if len(numbers) == 1 else []

    def naming(self, thing: str) -> list[int]:
        """`showing`, where the words about the image name `thing` in the same way."""
        return [n for n in self.showing(thing) if thing.lower() in self.captions[n]]


def number_images(text: str, conversation: Conversation) -> str:
    """`text` with "picture N" or "图N" for each image that it names.

    text: the words of the last turn. "this picture", "both", "the other one", "the second", "B",
    "the one you drew", "the castle picture" are understood where the images leave no doubt.
    """
    count, attached = len(conversation.images), len(conversation.turns[-1].images)
    images = _Images(conversation, count, attached)
    named = named_images(text)
    for mention in reversed(find_image_mentions(text)):
        numbers = [conversation_number(conversation, n, named) for n in mention.numbers]
        text = _replaced(text, mention.start, mention.end, numbers)
    if count > 1:
        text = _of_several(text, images, named)
    if attached == 1 or count == 1:
        text = _of_one(text, count)
    if attached == 1:
        text = _things_of(text, _ITS_THING, lambda _: [count])
    if attached == 1 and count > 1:
        text = _things_of(text, _MINE, lambda x: images.naming(x) or [count] * _is_thing(x))
        text = _things_of(text, _THIS_THING, lambda x: [count] * (x.lower() not in _NO_THINGS))
    return text


def _of_several(text: str, images: _Images, named: Sequence[int]) -> str:
    """`text` with the names that tell one of several images from the others."""
    count, attached, current = images.count, images.attached, images.current
    lettered = [m.groups() for m in _LETTERED_THING.finditer(text)]
    if len(lettered) > 1 and len({thing for thing, _ in lettered}) == 1:
        text = _each(text, _LETTERED_THING, lambda m: [current[ord(m[2]) - ord("A")]])
    for pattern in (_NUMBERED_FILE, _MARKED_NUMBER, _BARE_LETTER, _BARE_NUMBER):
        numbers = [_value(m) for m in pattern.finditer(text)]
        certain = (
            pattern in (_NUMBERED_FILE, _MARKED_NUMBER)
            or len(set(numbers)) > 1
            or named_images(text)
        )
        if numbers and certain and max(numbers) <= len(current):
            text = _each(text, pattern, lambda m: [current[_value(m) - 1]])
    text = _complete(text, current)
    ordinals = _BARE_ORDINAL.findall(text)
    versions = re.search(r"\b(?:back|return|revert)\b|\bversion\b|\boriginal\b", text, re.I)
    if ordinals and (versions or attached > 1 or len(set(ordinals)) > 1 or named):
        text = _each(text, _BARE_ORDINAL, lambda m: [_number(m["ordinal"], count, attached)])
    counted = {m["ordinal"].lower() for m in _COUNTED_THING.finditer(text)}
    if attached > 1 and counted and len(counted.union(map(str.lower, ordinals))) > 1:
        text = _COUNTED_THING.sub(
            lambda m: f"the {m['thing']} from picture {_number(m['ordinal'], count, attached)}",
            text,
        )
    painted, sent = images.by("assistant"), images.by("user")
    text = _each(text, _ORIGINAL_ZH, lambda _: [1])
    text = _each(text, _PAINTED, lambda _: painted[-1:])
    text = _things_of(text, _PAINTED_THING, lambda _: painted[-1:])
    if not attached:
        text = _each(text, _SENT, lambda _: sent[-1:])
    text = _each(text, _CAPTIONED, lambda m: images.showing(m["words"] or m["what"] or m["han"]))
    if len(current) == 2:
        text = _each(text, _PAIR, lambda m: [current[_second(m)]])
        if _OTHER.search(text) and not named_images(text):
            text = _each(text, _ONE, lambda _: current[:1])
    text = _each(text, _MANY, lambda m: current[: _many(m["n"])])
    before = current[:-1] if attached == 1 else current
    text = _each(text, _LAST, lambda m: before[-_many(m["n"] or m["zh"]) :])
    partial = set(named_images(text)) < set(current) and not _ALL.search(text)
    text = _each(text, _ALL, lambda _: current)
    rest = [n for n in current if n not in named_images(text)]
    if named_images(text):
        text = _each(text, _OTHER, lambda _: rest)
    if count > max(attached, 1):
        text = _each(text, _PREVIOUS, lambda _: [count - max(attached, 1)])
    owners = {n for m in _DEFINITE.finditer(text) for n in images.showing(m["thing"] or m["han"])}
    if (partial and (attached == 1 or named_images(text))) or (not attached and len(owners) > 1):
        changed = [count - 1] if attached == 1 else []
        text = _things_of(
            text,
            _DEFINITE,
            lambda thing: [
                n
                for n in images.showing(thing)
                if n not in changed and not re.search(rf"{thing} (?:in|of|on) picture {n}", text)
            ],
        )
    return text


def _complete(text: str, current: Sequence[int]) -> str:
    """`text` with bare numbers as images, if with the images named before they are all."""
    mentions = find_image_mentions(text)
    bare = [
        match
        for match in _ANY_NUMBER.finditer(text)
        if _value(match) <= len(current)
        and not any(m.start <= match.start() < m.end for m in mentions)
    ]
    named = {n for mention in mentions for n in mention.numbers}
    if named.union(current[_value(match) - 1] for match in bare) == set(current):
        for match in reversed(bare):
            text = _replaced(text, *match.span(), [current[_value(match) - 1]])
    return text


def _of_one(text: str, number: int) -> str:
    """`text` with the names of the one image that came with it, or of the only one."""
    text = _each(text, _THIS, lambda _: [number])
    text = _LOOK_OF_THIS.sub(rf"\1picture {number}", text)
    text = _BARE_THIS.sub(
        lambda m: (
            f"{m['before']}picture {number}"
            if m["before"]
            else f"{m['before_zh'] or m['put']}图{number}"
        ),
        text,
    )
    return _ITS_ROLE.sub(
        lambda m: f"图{number}的{m['han']}" if m["han"] else f"the {m['role']} of picture {number}",
        text,
    )


def _things_of(text: str, pattern: re.Pattern[str], numbers: Callable[[str], Sequence[int]]) -> str:
    """`text` with "the thing from picture N" for each thing of `pattern` whose image is known."""

    def owned(match: re.Match[str]) -> str:
        name = match.lastgroup or "thing"
        thing = match[name]
        owner = list(numbers(thing))
        if len(owner) != 1:
            return match[0]
        if _HAN.search(thing):
            return f"图{owner[0]}的{thing}"
        lead = match.groupdict().get("lead") or ""
        return f"{lead}the {thing} from picture {owner[0]}"

    return pattern.sub(owned, text)


def _is_thing(words: str) -> bool:
    """Whether `words` name a thing that can have an image of its own: no part of a body."""
    names = words.lower().split()
    return any(known(word) or word in _FAMILY for word in names) and _BODY.isdisjoint(names)


_FAMILY = frozenset(
    "grandpa grandma grandfather grandmother mom mum dad mother father sister brother son daughter "
    "wife husband friend kid kids girlfriend boyfriend boss niece nephew uncle aunt cousin".split()
)
_NO_THINGS = BOUNDARY.union(
    "time way year week month evening morning afternoon moment point case kind sort type one ones "
    "picture image photo style much little two three very same exact new old other again".split()
)
_BODY = frozenset("hair face eyes eye hand hands body nose head arm arms leg legs ear ears".split())


def _nouns(words: str) -> set[str]:
    """The things that `words` name; if none is known, each word."""
    return set(parse(words).values("subject")) or _words(words)


def _words(text: str) -> set[str]:
    """The English words of three letters and more."""
    return set(re.findall(r"[a-z]{3,}", text.lower()))


def _value(match: re.Match[str]) -> int:
    name = match[match.lastgroup or 0]
    if name.isdecimal():
        return int(name)
    return NUMBERS.get(name.lower()) or ord(name) - ord("A") + 1


def _second(match: re.Match[str]) -> bool:
    """Whether a name of one of two images is that of the second."""
    word = match["word"] or match["side"] or match["zh"] or match["zh2"]
    return word.lower() not in _FIRST_OF_PAIR


def _many(word: str | None) -> int:
    return {"two": 2, "three": 3, "两": 2, "三": 3}.get((word or "").lower(), 1)


def _number(ordinal: str, count: int, attached: int) -> int:
    number = int(ordinal[0]) if ordinal[0].isdecimal() else ORDINALS.get(ordinal.lower(), 1)
    return count - attached + number if attached >= max(number, 2) else number


def _each(
    text: str,
    pattern: re.Pattern[str],
    numbers: Callable[[re.Match[str]], Sequence[int]],
) -> str:
    """`text` with the numbers in place of each name of `pattern` whose images are known."""
    bare = pattern is _BARE_NUMBER  # the words before it stay
    for match in reversed(list(pattern.finditer(text))):
        if owners := list(numbers(match)):
            start = match.start(match.lastgroup) if bare and match.lastgroup else match.start()
            text = _replaced(text, start, match.end(), owners)
    return text


def _replaced(text: str, start: int, end: int, numbers: list[int]) -> str:
    if text.startswith("参考", start):  # "参考图3" is a reference image, or an order
        start += 2
    start -= 4 if text[:start].lower().endswith("the ") else 0
    if _HAN.search(text):
        names = "和".join(f"图{n}" for n in numbers)
    else:
        names = " and ".join(f"picture {n}" for n in numbers)
    return text[:start] + names + text[end:]
