"""The ways to say what an image gives, as a table of the words before and behind its name."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from .english import known
from .lazy_pattern import lazy_pattern
from .lexicon import chinese as han_words
from .lexicon import english as english_words
from .lexicon import nouns as noun_table
from .lexicon import requests as words
from .parser import parse


class Mention(NamedTuple):
    """A mention of images.

    so_far, to_come: all words before and after it. before, after: those up to the mentions next to
    it. first, alone: whether it is the first, or the only one.
    """

    numbers: list[int]
    so_far: str
    before: str
    after: str
    to_come: str
    first: bool
    alone: bool


_Reader = Callable[[Mention, re.Match[str]], tuple[str, str]]


class _Way(NamedTuple):
    """One way to say what an image gives.

    before, behind: what stands there, of which one is None. read: the role, or a function that
    returns role and thing. where: what else must hold.
    """

    before: re.Pattern[str] | None
    behind: re.Pattern[str] | None
    read: str | _Reader
    where: Callable[[Mention], object] | None = None


def _before(
    pattern: str, read: str | _Reader, where: Callable[[Mention], object] | None = None
) -> _Way:
    compiled = lazy_pattern(rf"(?:{pattern})\s*(?:the\s+)?$", re.IGNORECASE)
    return _Way(compiled, None, read, where)


def _behind(
    pattern: str, read: str | _Reader, where: Callable[[Mention], object] | None = None
) -> _Way:
    return _Way(None, lazy_pattern(rf"\s*(?:{pattern})", re.IGNORECASE), read, where)


def read_role(mention: Mention) -> tuple[str, str]:
    """Role and thing of a mention; "" if nothing says so."""
    for before, behind, read, where in _WAYS:
        match = before.search(mention.before) if before else None
        if behind and (match or not before):
            match = behind.match(mention.after)
        if match and (where is None or where(mention)):
            return (read, "") if isinstance(read, str) else read(mention, match)
    return "", ""


def _named(mention: Mention, match: re.Match[str]) -> tuple[str, str]:
    """The role that `match` names, and the words for it where they say more than the role."""
    role, word = next(
        (r, w) for r, w in match.groupdict().items() if w and r not in ("role", "owner")
    )
    role, word = role.rpartition("_")[2], word.lower()
    left = mention.before[: match.start()] if "owner" in match.re.groupindex else mention.before
    if role in ("background", "subject") and _ENTERED.search(left):
        return "base", ""  # "put it into the scene of picture 2"
    if role == "subject" and _REDRAWS.search(mention.before):
        return "base", word
    if role != "style" or word in words.PLAIN_STYLE:
        return role, ""
    return role, word if _HAN.search(word) else f"the {word}"


def _served(mention: Mention, _: re.Match[str]) -> tuple[str, str]:
    """The role that the words behind the next image name: "图2作为图1的背景"."""
    named = list(_ANY_ROLE.finditer(mention.to_come))
    return _named(mention, named[-1]) if named else ("", "")


def _alike(mention: Mention, match: re.Match[str]) -> tuple[str, str]:
    """What the image behind "like" gives: by the verb, or by what is alike."""
    before = mention.before[: match.start()]
    for role, verbs in _ALIKE.items():
        if verbs.search(before if role == "pose" else mention.so_far):
            return role, ""
    named = list(_ANY_ROLE.finditer(before))
    return _named(mention, named[-1]) if named else ("style", "")


def _described(_: Mention, match: re.Match[str]) -> tuple[str, str]:
    """Role of an image that "is my living room", "is a lamp"."""
    thing = match["en"] or match["zh"]
    if match.groupdict().get("takes"):
        return _thing(thing, is_target=False)
    if _STANDS_THERE.match(match.string[match.end() :]):
        return "base", thing
    nouns = parse(thing).values("subject")
    return ("base", "") if nouns & noun_table.PLACES else _thing(thing, is_target=False)


def _owned_thing(mention: Mention, match: re.Match[str]) -> tuple[str, str]:
    thing = match["thing"] or match["han"]
    here = thing.endswith(("里", "上", "中", "内")) and mention.first
    becomes = re.match(
        r"(?:改|变|替换[成为掉]|换(?!到|上)|调|应该|像|[搭]?配)", mention.after[match.end() :]
    )
    return _thing(thing, here or bool(becomes) or _is_target(mention))


def _contained(mention: Mention, match: re.Match[str]) -> tuple[str, str]:
    """Role of the image in "the hat from picture 1"."""
    left, how = mention.before[: match.start()], match["how"].lower()
    if re.match(r"['’]s (?!.*\b(?:but|and|with)\b)", left):  # the thing is that of another image
        return "base", ""
    named = _THING.search(left)
    if named is None:
        return "base", ""
    bare = named["bare"] or ""
    is_verb = re.fullmatch(r"[a-z]+(?:s|ing)", bare) and not known(bare)  # "goes on picture 2"
    if is_verb or _PRONOUN.fullmatch(bare):
        return ("object" if _TAKES_IT.search(left) else "base"), ""
    link = left[: named.start("article" if named["article"] else "bare")]
    thing = named["thing"] or named["bare"]
    if part := _PART_OF.search(link):  # "the head of the statue in picture 1"
        link, thing = link[: part.start()], f"{part['part']} of the {thing}"
    so_far = mention.so_far[: len(mention.so_far) - len(mention.before)] + link
    if _EXCHANGED_FOR.search(so_far) or _DRESSED_IN.search(so_far):
        return _thing(thing, is_target=False)
    inside = how in ("in", "on", "of", "inside") or (not mention.first and not is_worn(thing))
    changed = (
        (_CHANGED.search(link) and (inside or mention.alone) and not _GAINS.search(link))
        or ((inside or not mention.alone) and GETS.match(mention.after))
        or _TARGETED.search(link)
        or (not mention.first and _USED_FOR.search(so_far))
    )
    moved = mention.alone and how == "from" and _MOVES.search(link)
    placed = (inside or (mention.alone and moves_it(link))) and _PLACED.search(link)
    where = not left.strip() or (named["bare"] and inside and mention.alone)
    return _thing(thing, bool((changed and not moved) or placed or where))


def moves_it(text: str) -> bool:
    """Whether `text` puts what was talked of somewhere: "put her on", "让它坐在"."""
    return _MOVES_IT.search(text) is not None


def is_worn(thing: str) -> bool:
    """Whether a thing is clothing."""
    return not parse(f"the {thing}").values("subject").isdisjoint(english_words.CLOTHES)


def _is_target(mention: Mention) -> bool:
    """Whether "picture 2's sofa" is where something goes, or what is changed."""
    before = mention.before
    if re.search(r"(?:让|给|往|替换掉?|换掉)\s*$", before):
        return not (mention.alone and re.search(r"[走坐站躺跑飞睡游跳趴][在到进]", mention.after))
    if re.search(r"(?:把|将)\s*$", before):
        moved = _PUT.search(re.sub(r"(?:替|更)?换成.*", "", mention.to_come))
        moved = moved or re.search(r"[到进入给往在]\s*$", mention.after)
        return not moved or (mention.alone and moved[0] in "移换")
    if _PLACED.search(before):
        return not mention.first or mention.alone
    return mention.alone and _CHANGED.search(before) is not None


def _thing(thing: str, is_target: bool) -> tuple[str, str]:
    thing = " ".join(thing.split())
    if is_target:
        return "base", thing
    return taken_role(thing), thing if _HAN.search(thing) else f"the {thing}"


def taken_role(thing: str) -> str:
    """The role of an image that gives `thing`: "subject" for who lives, else "object"."""
    head = thing.rpartition("的")[2]
    nouns = parse(f"the {head}").values("subject") or parse(head).values("subject")
    return "subject" if nouns & noun_table.ANIMATE else "object"


def aspect_before(mention: Mention) -> str:
    """The role in "change the background to", "姿势换成"; "" if none is named."""
    match = _ASPECT_TO.search(mention.before)
    return next(r for r, w in match.groupdict().items() if w).rpartition("_")[2] if match else ""


def exchanged_role(mention: Mention) -> tuple[str, str] | None:
    """Role and owner in "change the background of picture 1 to ...", "把图1的背景换成"."""
    if mention.alone:
        return None
    match = _OF.search(mention.before)
    if match and mention.first and _EXCHANGED.search(mention.before[: match.start("role")]):
        return _named(mention, match)[0], match["owner"] or ""
    owned = _OWNED.match(mention.after)
    if owned is None:
        return None
    swaps = mention.first and _EXCHANGED.search(mention.before)
    swaps = swaps or _SWAPS_ZH.match(mention.after, owned.end())
    return (_named(mention, owned)[0], "") if swaps else None


_ROLE = "|".join(rf"(?P<{r}>{words.any_of(en)})" for r, (en, _) in words.ROLES.items())
_ROLE_ZH = "|".join(rf"(?P<zh_{r}>{words.any_of('', zh)})" for r, (_, zh) in words.ROLES.items())
_ASPECT = "|".join(
    rf"(?P<{r}>{words.any_of(en)})" for r, (en, _) in words.ROLES.items() if r != "subject"
)
_LOOK = "|".join(words.any_of(words.ROLES[r][0]) for r in ("style", "palette", "pose", "layout"))
_ANY_ROLE = lazy_pattern(f"{_ROLE}|{_ROLE_ZH}", re.IGNORECASE)
_SOME = r"(?:(?!the\b|and\b|from\b|in\b|of\b)[\w-]+\s+){0,2}?"  # adjectives
_DET = r"(?:the|a|an|its|his|her|my|their|same|exact|overall|general|whole|this|that|only|just)"
_IN_ZH = r"\s*(?:里面?|中|上面?)?"
_PEOPLE_ZH = "(?:整体|人物|主体|绘画|艺术|画面|女孩|男孩|女人|男人|人)"
_GAP_ZH = "[^重换改变加用做到在和放穿让给把照按参跟与是为来，。、；\\s]{0,4}?"
COMBINE = r"(?:combin|merg|mix|blend|fus|join|stitch)"
_MEASURE_ZH = f"[{han_words.MEASURES}款种套顶台部盆碗]"
_SERVES = r"(?:as|作为?|当作?|当成|做)"
_OWNED = lazy_pattern(
    rf"\s*['’]s?\s+{_SOME}(?:{_ROLE})"
    rf"|{_IN_ZH}(?:那[个种样]|这[个种样])?的?{_PEOPLE_ZH}?{_GAP_ZH}(?:{_ROLE_ZH})",
    re.IGNORECASE,
)
_OF = lazy_pattern(
    rf"(?P<role>{_ASPECT})(?:\s+(?:reference|used|shown|seen|you see))?\s+"
    r"(?:of|from|in|like|as|as in|that of|used in)\s+"
    rf"(?P<owner>(?:{_DET}|that)\s+(?:[\w-]+\s+){{0,2}}?(?:in|of|from|on)\s+)?(?:the\s+)?$",
    re.IGNORECASE,
)
_ASPECT_TO = lazy_pattern(
    rf"(?:{_ROLE})\s+(?:to|into|with|for|by)\s*(?:the\s+)?$|(?:{_ROLE_ZH})(?:替?换|改|变)[成为]\s*$",
    re.IGNORECASE,
)
_INTO_ = (
    r"(?:\b(?:into|onto|over|on top of|to|upon|around)\s+(?:the\s+)?(?:scene\s+(?:of|in)\s+)?|"
    r"(?:[到进入至往]|[放贴摆加移置搬画印]在)了?\s*)"
)
_INTO = lazy_pattern(rf"{_INTO_}$", re.IGNORECASE)
_ENTERED = lazy_pattern(
    rf"\b(?:{words.PUT})\w*\b.*\b(?:in|into|onto|on)\s+(?:the\s+)?$|{_INTO_}$", re.IGNORECASE
)
_PUT = lazy_pattern(rf"\b(?:{words.PUT})\w*\b|\s*(?:{words.PUT_ZH})", re.IGNORECASE)
_CHANGED = lazy_pattern(rf"\b(?:{words.CHANGE})\w*\s+(?:only\s+)?(?:the\s+)?$", re.IGNORECASE)
GETS = lazy_pattern(  # behind the image that is changed
    r"\s*(?:to (?!the\b|an?\b|my\b|picture|image)|should |must |shall |will |could |can |would |"
    r"be )\w+"
    r"|\s*(?:has|gets?|looks?|have|needs?|wants?|carr(?:y|ies))\b"
    r"|\s*(?:用|采用|套用|要|想要|需要|[^，。]{0,6}(?:照着|按着|跟着)|改用|变成|改成|换成|参考|应该)",
    re.IGNORECASE,
)
_GOES = lazy_pattern(  # behind a whole image that is put somewhere
    r"\s*(?:on|onto|in|into|inside|over|across|to)\s+(?:the|a|an|his|her|my|their|its)\s+"
    rf"(?!\w*\s*(?:{words.any_of(words.ROLES['style'][0])}))",
    re.IGNORECASE,
)
# What the words "like", "as in", "按照" compare, by the verb before them; else the style.
_ALIKE = {
    "object": lazy_pattern(r"\b(?:dress|cloth|outfit)\w*\b[^.,;]*$", re.IGNORECASE),
    "pose": lazy_pattern(
        r"\b(?:stand|sit|pos|danc|jump|lie|lying|kneel|mov|run|walk|lean|bend|squat|hold\w* (?:her|"
        r"his|their)? ?(?:arms?|hands?|head))\w*(?: (?:exactly|just|down|up|back|"
        r"still|his|her|their|arms?|hands?))*\s*$",
        re.IGNORECASE,
    ),
    "layout": lazy_pattern(r"\b(?:arrang|lay|compos|fram|align|line)\w*\b", re.IGNORECASE),
    "palette": lazy_pattern(
        r"\b(?:re)?(?:colou?r|tint|ton|grad)(?:s|e|ed|ing|i[sz]\w+)?\b", re.IGNORECASE
    ),
}
_BECOMES = lazy_pattern(r"\s*(?:换|变|改|做|弄|画)(?:成|为)")
_WAYS = (
    _before(  # "everything else as in picture 1"
        r"\b(?:everything(?: else| \w+)?|all else|the rest|otherwise)\b.*\b(?:as|like|from|of|"
        r"in)(?:\s+in)?"
        r"|(?:其他|其余|别的|剩下)[^，。,]{0,4}",
        "base",
    ),
    _before(rf"^\W*same (?!{_LOOK})[a-z]+ (?:as|from|of|in)(?: in)?", "base"),
    _before(  # "me =", "I'm in"
        r"(?:^|[,.;!，。]|\b(?:and|is|it['’]s|that['’]s))\s*(?:me|us|myself|i|i['’]m|i am|we|"
        r"we['’]re)"
        r"(?:\s*(?:in|of|from|=|:|\())*|(?:我|本人)(?:是|在|=)?",
        "",
    ),
    _behind(rf"{_SERVES}\s*$", _served),
    _before(
        rf"\bas\s+(?:{_DET}\s+)*{_SOME}(?:{_ROLE.replace('?P<', '?P<of_')})\s+(?:of|for|to|in)"
        rf"|\b(?:it|them|that) as\s+{_DET}\s+{_SOME}\w+\s+(?:of|for|to|in)",
        "base",
        lambda m: not m.first,
    ),
    _Way(
        lazy_pattern(rf"^\s*{_SERVES}\s*$"),
        lazy_pattern(rf"的(?:{_ROLE_ZH})"),
        "base",
        lambda m: not m.first,
    ),
    _before(rf"^\s*{_SERVES}", "", lambda m: not m.first),
    _behind(  # "as the background", "作为背景"
        r",?\s*(?:(?:only|just|purely|mainly)\s+)?(?:as|for|to be|is|are|becomes|provides|gives|"
        rf"sets|(?:has|have|shows) (?!\w+ \w+ (?:of|from|in) )|"
        rf"[:=：])\s*(?:{_DET}\s+)*{_SOME}(?:{_ROLE})"
        rf"|(?<=\s)the\s+(?:{_ROLE.replace('?P<', '?P<the_')})(?=\s*(?:$|[,.;]|and\b))"
        rf"|(?:来|只|仅)?(?:作为?|当作?|当成|做|是|为|提供|用作|用来做|用于|[:：])(?:新的?|整体)?(?:{_ROLE_ZH})",
        _named,
    ),
    _behind(
        r"(?:should |will |can |must )?(?:inspire|set|define|determine|drive|supply|lend)s? "
        rf"(?:{_DET}\s+)*{_SOME}(?:{_ROLE})",
        _named,
    ),
    _Way(None, _OWNED, _named),
    _behind(  # "is my living room"
        r"(?:is|shows|[:=：])\s*(?:my|our|an?|the)\s+(?P<en>(?:[\w-]+ ?){1,3}?)(?=\s*(?:$|[,.;]|"
        r"\b(?:and|"
        r"that|which|i|we|they|it|he|she|from|in|with)\b))"
        r"|是(?:我家的?|我的?|一[张只个辆件盏把]|我喜欢的|我想要的)*(?P<zh>[\u4e00-\u9fff]{1,6}?)"
        r"(?=$|[，。,.])",
        _described,
    ),
    _before(  # "as the background for the person in"
        rf"\bas\s+(?:{_DET}\s+)*(?:{words.any_of(words.ROLES['background'][0])})\s+(?:for|of|to)\s+"
        r"(?:the|my|a|an)\s+[\w ]{1,24}?(?:in|of|from|on)",
        "subject",
    ),
    _Way(_OF, None, _named),
    _before(  # "for the pose take", "style:", "姿势参考"
        rf"\bfor (?:{_DET}\s+)*(?:{_ROLE}),? (?:use|take|see|look at|refer to|go with|copy)"
        rf"|(?:{_ROLE.replace('?P<', '?P<is_')})\s*[:=：]"
        rf"|(?:{_ROLE_ZH})(?:请|要|都|也|还|就)?(?:参考|采用|用|按照?|照着?|像|跟|和|同|是|选|取|换成?|改成|"
        r"取自|来自|源自|沿用|往|向|接近|靠近|贴近|[:：])?"
        r"|(?:^|[，。,])(?P<zh_subject_>人)(?:物)?(?:用|是|取|取自|来自)",
        _named,
    ),
    _before(  # "lamp:", "衣服是"
        r"(?:^|[,.;])\s*(?:(?:the|my|our|a) )?(?P<en>[a-z][\w -]{0,24}?)\s*[=:]"
        r"|(?:^|[，。；,])(?P<zh>[\u4e00-\u9fff]{1,6}?)\s*(?:[=:：]|(?P<takes>用|取|选|来自)|是)",
        _described,
    ),
    _before(r"\bdo(?:es|ing)? what\b[^,.;]*", "pose"),
    _before(
        r"\b(?:(?<!['’]d )(?<!would )like|match(?:es|ing)?|similar to|resembl\w*|inspired by|"
        r"as \w+ as|as in|in keeping with|just as|imitat\w*|mimic\w*|à la|a la|fits?|"
        r"the way(?: \w+ (?:does|do|is|are|did))?(?: in)?|based on|modell?ed on|"
        r"styl\w+ [^.,;]{0,40}\bafter|consistent with)\s+(?:the [\w ]{1,20}(?:in|of|"
        r"from)\s+)?(?:in)?"
        r"|\b(?:artist|painter|illustrator|author|hand|whoever)\b[^,.;]{0,20}"
        r"|像|仿照|模仿|参照|参考|按照?|照着?|(?:画|做|变|改|弄|渲染)成",
        _alike,
    ),
    _before(
        r"\b(?:replac|swap|exchang|substitut|cover|fill|decorat|dress)\w*\b.*\b(?:with|by|for)"
        r"|换成|替换成|替换为|换上|穿上|戴上|穿成|打扮成",
        "object",
    ),
    _before(r"\bin front of|\bagainst", "background", lambda m: not m.first),
    _behind(r"behind\b", "background"),
    _Way(_INTO, None, "base", lambda m: not m.first or _PUT.search(m.before)),
    _behind(  # "'s hat", "的帽子"
        r"['’]s?\s+(?P<thing>(?:[\w-]+\s?){1,3}?)(?=\s*(?:$|[,.;!?]|\b(?:into|in|on|onto|to|and|"
        r"with|over|as|for|next|beside|from|at|under|behind|is|are|should)\b))"
        rf"|{_IN_ZH}(?:的|[这那](?:样的|种|{_MEASURE_ZH}))(?P<han>[\u4e00-\u9fffA-Za-z]{{1,8}}?)(?=$|"
        rf"[，。；！？、,.\s]|放|加|贴|移|戴|穿|换|合|和|"
        r"与|跟|搬|停|P|抠|替|到|拿|用|画|坐|站|走|跑|飞|躺|睡|跳|游|变|改|给|融|挪|添|摆|挂|套|转|做|去|"
        r"装|印|嵌|抱|牵|骑|在|趴|太|不|有点|很|配|背|给|是|会)",
        _owned_thing,
    ),
    _before(
        r"\s*\b(?:(?:that |which |who )?(?:is|(?:I|you|we|he|she|they|it)(?:['’]\w+)? \w+(?: is|"
        r" are)?) |"
        r"shown |seen |sitting |standing )?"
        r"(?P<how>from|in|of|on|out of|inside|off)",
        _contained,
    ),
    _before(r"(?:挂|贴|摆|加|放|印|戴|穿|铺|嵌)(?:上|入)?", "object"),
    _before(rf"\b(?:{words.PUT})\w*", "object", lambda m: _GOES.match(m.after)),
    _before(rf"\b(?:{words.PUT})\w*(?<!show)(?<!display)", "object"),
    _Way(_CHANGED, None, "base"),
    _before(r"\b(?:take|use|start (?:with|from)|open|to)", "base"),
    _before("把|将", "object", lambda m: _PUT.match(m.after) and not _BECOMES.match(m.after)),
)
_EXCHANGED = lazy_pattern(  # an order about an aspect that does not take it from there
    r"(?:^|[,.;!]|\b(?:and|please|then|you|to))\s*(?!(?:same|the|an?|as|from|my|his|her|its|this|"
    r"us|tak|borrow|cop|keep|kept|appl|transfer|"
    r"steal|grab|get|want|like|lov|put|giv|with|in|mix|combin|blend)\w*)[a-z]+\s+(?:the\s+)?$",
    re.IGNORECASE,
)
_EXCHANGED_FOR = lazy_pattern(
    r"\b(?:replac|swap|exchang|substitut|cover|fill|decorat|dress)\w*\b.*\b(?:with|by|for)\s+$",
    re.IGNORECASE,
)
_DRESSED_IN = lazy_pattern(r"\b(?:dress|cloth|wrap|cover)\w*\b.*\bin\s+$", re.IGNORECASE)
_TARGETED = lazy_pattern(
    r"\b(?:dress|edit|chang|recolou?r|remov|replac|giv|mak|swap|restyl|turn|let)\w*\s+$",
    re.IGNORECASE,
)
_USED_FOR = lazy_pattern(r"\buse\b.*\bto [a-z]+\s+$", re.IGNORECASE)  # "use the fabric to cover"
_STANDS_THERE = lazy_pattern(  # "the table they stand on"
    r"\s*(?:that |which )?(?:they|it|he|she|we|everything)\b.*\b(?:on|in|at|inside)\b", re.I
)
_REDRAWS = lazy_pattern(r"(?:重新?画|重绘|画|处理|修改|redraw|repaint|render)\s*$", re.IGNORECASE)
_TAKES_IT = lazy_pattern(
    r"\b(?:take|get|use|copy|borrow|grab) (?:it|them|those|these|that|one|ones)\s*$", re.IGNORECASE
)
_GAINS = lazy_pattern(r"\b(?:have|has|get|gets)\s+$", re.IGNORECASE)
_MOVES_IT = lazy_pattern(
    rf"\b(?:(?:{words.PUT})\w*|let|set|have|want|see)\s+(?:it|him|her|them)\b|[让把将][它他她]",
    re.IGNORECASE,
)
_MOVES = lazy_pattern(r"\b(?:let|have|make)\s+$", re.IGNORECASE)
_THING = lazy_pattern(
    r"(?:.*\b(?P<article>the|an?|that|this|his|her|my|its|their|both|all)\s+)"
    r"(?P<thing>(?:[\w'’-]+\s*){1,5})$|(?P<bare>[\w'’-]+)\s*$",
    re.IGNORECASE | re.DOTALL,
)
_PLACED = lazy_pattern(
    r"\b(?:into|onto|on|in|at|to|next to|beside|behind|under|over|in front of|around|for|between|"
    r"near|by|against|above|(?:on|in|at|onto|into|over) (?:the )?\w+ of|(?:left|right|corner|"
    r"side|top|bottom|middle|edge|part|half|front) of)\s+(?:the\s+)?$|[到在过进]\s*$",
    re.IGNORECASE,
)
_PART_OF = lazy_pattern(r"\b(?:the|his|her|its|their) (?P<part>[\w ]{1,20}) of\s+$", re.IGNORECASE)
_PRONOUN = lazy_pattern(r"(?:it|me|us|i|we|them|him|her|this|that|one|ones|those)", re.IGNORECASE)
_SWAPS_ZH = lazy_pattern(r"(?:替|更)?(?:换|改|变|调|做|弄|化)(?:成|为)")
_HAN = lazy_pattern(r"[\u4e00-\u9fff]")
