"""What each numbered image of a request gives: "in the style of picture 2", "图2的姿势"."""

from __future__ import annotations

import re
from typing import NamedTuple

from .image_numbers import find_image_mentions
from .lazy_pattern import lazy_pattern
from .lexicon import english as english_words
from .lexicon import nouns as noun_table
from .lexicon import requests as words
from .parser import parse

_ATTRIBUTES = frozenset({"style", "palette", "pose", "layout", "object"})


class ImageRole(NamedTuple):
    """number: as in the text. role: one of `records.plan.ROLES`. what: the thing, in words."""

    number: int
    role: str
    what: str = ""


class _Mention(NamedTuple):
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


_ROLE = "|".join(rf"(?P<{r}>{words.any_of(en)})" for r, (en, _) in words.ROLES.items())
_ROLE_ZH = "|".join(rf"(?P<zh_{r}>{words.any_of('', zh)})" for r, (_, zh) in words.ROLES.items())
_ASPECT = "|".join(
    rf"(?P<{r}>{words.any_of(en)})" for r, (en, _) in words.ROLES.items() if r != "subject"
)
_SOME = r"(?:(?!the\b|and\b|from\b|in\b|of\b)[\w-]+\s+){0,2}?"  # adjectives
_DET = r"(?:the|a|an|its|his|her|my|their|same|exact|overall|general|whole|this|that|only|just)"
_IN_ZH = r"\s*(?:里面?|中|上面?)?"
# Behind the mention: "'s style", "as the background", "的风格", "作为背景".
_OWNED = lazy_pattern(
    rf"\s*['’]s?\s+{_SOME}(?:{_ROLE})"
    rf"|{_IN_ZH}(?:那[个种]|这[个种])?的?(?:整体|人物|主体|绘画|艺术|画面|女孩|男孩|人)?的?"
    rf"(?:{_ROLE_ZH})",
    re.IGNORECASE,
)
_AS = lazy_pattern(
    r"\s*,?\s*(?:(?:only|just|purely|mainly)\s+)?(?:as|for|to be|is|becomes|provides|gives|sets)\s+"
    rf"(?:{_DET}\s+)*{_SOME}(?:{_ROLE})"
    rf"|\s+the\s+(?:{_ROLE.replace('?P<', '?P<the_')})(?=\s*(?:$|[,.;]|and\b))"
    r"|\s*(?:来|只|仅)?(?:作为?|当作?|当成|做|是|为|提供|用作|用来做|用于)(?:新的?|整体)?"
    rf"(?:{_ROLE_ZH})",
    re.IGNORECASE,
)
_OWNED_THING = lazy_pattern(
    r"\s*['’]s?\s+(?P<thing>(?:[\w-]+\s?){1,3}?)(?=\s*(?:$|[,.;!?]|\b(?:into|in|on|onto|to|and|"
    r"with|over|as|for|next|beside|from|at|under|behind|is|are|should)\b))"
    rf"|{_IN_ZH}的(?P<han>[\u4e00-\u9fff]{{1,8}}?)(?=$|[，。；！？,.\s]|放|加|贴|移|戴|穿|换|合|和|"
    r"与|跟|搬|停|P|抠|替|到|拿|用|画|坐|站|走|跑|飞|躺|睡|跳|游|变|改|给|融|挪|添|摆|挂|套|转|做|去)",
    re.IGNORECASE,
)
# Before the mention: "the style of", "the pose of the man in".
_OF = lazy_pattern(
    rf"(?P<role>{_ASPECT})(?:\s+(?:reference|used|shown|seen))?\s+"
    r"(?:of|from|in|like|as|as in|that of|used in)\s+"
    rf"(?P<owner>(?:{_DET}|that)\s+(?:[\w-]+\s+){{0,2}}?(?:in|of|from|on)\s+)?(?:the\s+)?$",
    re.IGNORECASE,
)
_ROLE_BEFORE_ZH = lazy_pattern(
    rf"(?:{_ROLE_ZH})(?:请|要|都|也)?(?:参考|采用|用|按照?|照着?|像|跟|和|同)?\s*$"
)
_LIKE = lazy_pattern(
    r"(?:\b(?:(?<!['’]d )(?<!would )like|match(?:es|ing)?|similar to|resembl\w*|inspired by|"
    r"as \w+ as|in keeping with|the way|just as|just like|imitat\w*|mimic\w*|à la|a la|fits?|"
    r"consistent with)\s+"
    r"(?:the \w+ (?:in|of|from)\s+)?(?:in\s+)?(?:the\s+)?"
    r"|(?:像|仿照|模仿|参照|参考|按照?|照着?)\s*)$",
    re.IGNORECASE,
)
_INTO = lazy_pattern(
    r"(?:\b(?:into|onto|over|on top of|to|upon)\s+(?:the\s+)?(?:scene\s+(?:of|in)\s+)?|"
    r"(?:[到进入至往]|[放贴摆加移置搬画]在)了?\s*)$",
    re.IGNORECASE,
)
_PUT = lazy_pattern(rf"\b(?:{words.PUT})\w*\b|{words.PUT_ZH}", re.IGNORECASE)
_PUTS_IT = lazy_pattern(rf"\b(?:{words.PUT})\w*\s+(?:the\s+)?$", re.IGNORECASE)
_CHANGED = lazy_pattern(rf"\b(?:{words.CHANGE})\w*\s+(?:only\s+)?(?:the\s+)?$", re.IGNORECASE)
_EXCHANGED = lazy_pattern(
    r"\b(?:chang|replac|swap|switch|exchang|substitut|match|adapt|adjust|align|"
    r"tun)\w*\s+(?:the\s+)?$",
    re.I,
)
_OTHERWISE = lazy_pattern(  # "everything else as in picture 1"
    r"\b(?:everything else|all else|the rest|otherwise)\b.*\b(?:as|like|from|of|"
    r"in)\s+(?:in\s+)?(?:the\s+)?$"
    r"|(?:其他|其余|别的|剩下)[^，。,]{0,4}$",
    re.IGNORECASE,
)
_SERVES_ZH = lazy_pattern(r"\s*(?:作为?|当作?|当成|做)\s*$")  # "图2作为图1的背景"
_IS = lazy_pattern(
    r"\s*(?:is|shows)\s+(?:my|our|an?)\s+(?P<en>(?:[\w-]+ ?){1,3}?)(?=\s*(?:$|[,.;]|\b(?:and|"
    r"that|which|i|we|from|in|with)\b))"
    r"|\s*是(?:我家的?|我的?|一[张只个辆件盏把]|我喜欢的|"
    r"我想要的)+(?P<zh>[\u4e00-\u9fff]{1,6}?)(?=$|[，。,.])",
    re.IGNORECASE,
)
_DRESSED_IN = lazy_pattern(r"\b(?:dress|cloth|wrap|cover)\w*\b.*\bin\s+$", re.IGNORECASE)
_EXCHANGED_FOR = lazy_pattern(
    r"\b(?:replac|swap|exchang|substitut|cover|fill|decorat|dress)\w*\b.*\b(?:with|by|"
    r"for)\s+(?:the\s+)?$"
    r"|(?:换成|替换成|替换为|换上|穿上|戴上)\s*$",
    re.IGNORECASE,
)
_TARGETED = lazy_pattern(
    r"\b(?:dress|edit|chang|recolou?r|remov|replac|giv|mak|swap|restyl|turn|let)\w*\s+$",
    re.IGNORECASE,
)
_CHANGED_ZH = lazy_pattern(r"(?:把|将|让|给|重画|修改|改|编辑|重绘|画|处理|渲染|绘制|改造)\s*$")
_TAKEN = lazy_pattern(r"\b(?:take|use|start (?:with|from)|open|to)\s+(?:the\s+)?$", re.IGNORECASE)
_MAKES = lazy_pattern(r"\b(?:let|have|make)\s|[让使]", re.IGNORECASE)
_GETS = lazy_pattern(  # behind the image that is changed
    r"\s*(?:to (?!the\b|an?\b|my\b|picture|image)|should |must |shall |will |could |can |would )\w+"
    r"|\s*(?:has|gets?|looks?|have)\b|\s*(?:用|采用|套用|要|改用|变成|改成|换成|参考|应该)",
    re.IGNORECASE,
)
_CONTAINED = lazy_pattern(
    r"\s*\b(?:that is |which is |who is |shown |seen |sitting |standing )?"
    r"(?P<how>from|in|of|on|out of|inside|off)\s+(?:the\s+)?$",
    re.IGNORECASE,
)
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
_PRONOUN = lazy_pattern(r"(?:it|them|him|her|this|that|one|ones|those)", re.IGNORECASE)
_COMBINES = lazy_pattern(r"\b(?:combin|merg|mix|blend|fus|join)", re.IGNORECASE)
_JOINER = lazy_pattern(
    r"\s*(?:,|、|，|and|和|与|跟|以及|plus|\+|&|及)\s*(?:and\s+|the\s+)*", re.IGNORECASE
)
_HAN = lazy_pattern(r"[\u4e00-\u9fff]")


def find_image_roles(text: str) -> list[ImageRole]:
    """What each image that `text` names by number gives, in reading order, without repeats."""
    roles: list[ImageRole] = []
    last = ""  # the role whose exchange "the one in picture 2" continues
    movable: ImageRole | None = None  # "let the girl in picture 2 ...": base unless another is
    for mention in _mentions(text):
        role, what = _role(mention)
        if match := _swapped(mention):
            owner = _OF.search(mention.before)
            last, role, what = match, "base", (owner["owner"] or "") if owner else ""
        elif last and _is_same_again(mention):
            role, what = last, ""
        if role == "base" and len(mention.numbers) > 1:
            role = ""
        if role == "base" and movable and movable in roles:
            roles[roles.index(movable)] = movable._replace(role="subject")
        roles += [ImageRole(number, role, what) for number in mention.numbers]
        if role == "base" and (_MAKES.search(mention.before) or _GETS.match(mention.after)):
            movable = roles[-1]
    unclear = [role for role in roles if not role.role]
    taken = {role.role for role in roles if role.role and role.role != "background"}
    is_base = len(unclear) == 1 and bool(taken) and "base" not in taken and len(roles) > 1
    rest = "base" if is_base and taken <= _ATTRIBUTES else "subject"
    return list(dict.fromkeys(r if r.role else r._replace(role=rest) for r in roles))


def _mentions(text: str) -> list[_Mention]:
    groups: list[tuple[list[int], int, int]] = []  # "picture 1 and picture 2" is one
    for mention in find_image_mentions(text):
        between = text[groups[-1][2] : mention.start] if groups else ""
        merged = between.strip() == "with" and _COMBINES.search(text[: mention.start])
        if groups and (merged or _JOINER.fullmatch(between)):
            numbers, start, _ = groups[-1]
            groups[-1] = [*numbers, *mention.numbers], start, mention.end
        else:
            groups.append((list(mention.numbers), mention.start, mention.end))
    ends = [0, *(end for _, _, end in groups)]
    starts = [*(start for _, start, _ in groups), len(text)]
    return [
        _Mention(
            numbers,
            text[:start],
            text[ends[k] : start],
            text[end : starts[k + 1]],
            text[end:],
            first=k == 0,
            alone=len(groups) == 1,
        )
        for k, (numbers, start, end) in enumerate(groups)
    ]


def _role(mention: _Mention) -> tuple[str, str]:
    """Role and thing of a mention."""
    before, after = mention.before, mention.after
    if _OTHERWISE.search(before):
        return "base", ""
    if match := _IS.match(after):
        return _described(match["en"] or match["zh"])
    if _SERVES_ZH.match(after):
        served = list(re.finditer(_ROLE_ZH, mention.to_come))
        return _named(served[-1]) if served else ("", "")
    if _SERVES_ZH.match(before) and not mention.first:
        return "", ""
    if match := _AS.match(after) or _OWNED.match(after):
        named = _named(match)
        return ("base", "") if named[0] == "background" and _INTO.search(before) else named
    if match := _OF.search(before):
        return _named(match)
    if match := _ROLE_BEFORE_ZH.search(before):
        return _named(match)
    if match := _LIKE.search(before):
        return _alike(before[: match.start()], mention.so_far)
    if _EXCHANGED_FOR.search(before):
        return "object", ""
    if _INTO.search(before) and (not mention.first or _PUT.search(before)):
        return "base", ""
    if re.search(r"[放贴摆加]\s*$", before) and re.match(r"\s*[里中上]", after):
        return "base", ""
    if match := _OWNED_THING.match(after):
        thing = match["thing"] or match["han"]
        here = thing.endswith(("里", "上", "中", "内")) and mention.first
        becomes = re.match(r"(?:改|变|换(?!到|上)|调|应该|像)", after[match.end() :])
        return _thing(thing, here or bool(becomes) or _is_target(mention))
    if match := _CONTAINED.search(before):
        return _contained(before[: match.start()], match["how"].lower(), mention)
    if re.search(r"\b(?:in|on|inside|within|for)\s+(?:the\s+)?$|在\s*$", before, re.IGNORECASE):
        return "base", ""
    if _PUTS_IT.search(before) or (before.endswith(("把", "将")) and _PUT.match(after)):
        return "object", ""
    changed = _CHANGED.search(before) or _CHANGED_ZH.search(before) or _GETS.match(after)
    return ("base" if changed or _TAKEN.search(before) else ""), ""


def _alike(before: str, so_far: str) -> tuple[str, str]:
    """What the image behind "like" gives; before, so_far: the words up to "like"."""
    if re.search(
        r"\b(?:stand|sit|pos|danc|jump|lie|lying|kneel|mov)\w*\s*$", before, re.IGNORECASE
    ):
        return "pose", ""
    if re.search(r"\b(?:arrang|lay|compos|fram|align|line)\w*\b", so_far, re.IGNORECASE):
        return "layout", ""
    named = list(re.finditer(f"{_ROLE}|{_ROLE_ZH}", before, re.IGNORECASE))
    return _named(named[-1]) if named else ("style", "")


def _described(thing: str) -> tuple[str, str]:
    """Role of an image that "is my living room", "is a lamp"."""
    nouns = parse(thing).values("subject")
    return ("base", "") if nouns & noun_table.PLACES else _thing(thing, is_target=False)


def _named(match: re.Match[str]) -> tuple[str, str]:
    """The role that `match` names, and the words for it where they say more than the role."""
    role, word = next(
        (r, w) for r, w in match.groupdict().items() if w and r not in ("role", "owner")
    )
    role, word = role.rpartition("_")[2], word.lower()
    if role != "style" or word in words.PLAIN_STYLE:
        return role, ""
    return role, word if _HAN.search(word) else f"the {word}"


def _contained(left: str, how: str, mention: _Mention) -> tuple[str, str]:
    """Role of the image in "the hat from picture 1"; left: the words up to the thing."""
    named = _THING.search(left)
    if named is None or _PRONOUN.fullmatch(named["bare"] or ""):
        return "base", ""
    link = left[: named.start("article" if named["article"] else "bare")]
    thing = named["thing"] or named["bare"]
    so_far = mention.so_far[: len(mention.so_far) - len(mention.before)] + link
    if _EXCHANGED_FOR.search(so_far) or _DRESSED_IN.search(so_far):
        return _thing(thing, is_target=False)
    inside = how in ("in", "on", "of", "inside") or (not mention.first and not _is_worn(thing))
    changed = (
        (_CHANGED.search(link) and (inside or mention.alone))
        or ((inside or not mention.alone) and _GETS.match(mention.after))
        or _TARGETED.search(link)
    )
    moved = mention.alone and how == "from" and re.search(r"\b(?:let|have|make)\s+$", link, re.I)
    placed = inside and _PLACED.search(link)
    where = not left.strip() or (named["bare"] and inside and mention.alone)
    return _thing(thing, bool((changed and not moved) or placed or where))


def _is_worn(thing: str) -> bool:
    return not parse(f"the {thing}").values("subject").isdisjoint(english_words.CLOTHES)


def _is_target(mention: _Mention) -> bool:
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
    nouns = parse(f"the {thing}").values("subject") or parse(thing).values("subject")
    role = "subject" if nouns & noun_table.ANIMATE else "object"
    return role, thing if _HAN.search(thing) else f"the {thing}"


def _swapped(mention: _Mention) -> str:
    """The role in "change the background of picture 1 to ...", "把图1的背景换成"; else ""."""
    match = _OF.search(mention.before)
    if (
        match
        and mention.first
        and not mention.alone
        and _EXCHANGED.search(mention.before[: match.start("role")])
    ):
        return _named(match)[0]
    owned = _OWNED.match(mention.after)
    swaps = owned and re.match(
        r"(?:替|更)?(?:换|改|变|调|做|弄)(?:成|为)", mention.after[owned.end() :]
    )
    return _named(owned)[0] if owned and swaps and not mention.alone else ""


def _is_same_again(mention: _Mention) -> bool:
    """Whether a mention is of "the one in picture 2", "the second picture's", "图2的"."""
    one = re.search(
        r"\b(?:one|that)\s+(?:of|in|from)\s+(?:the\s+)?$", mention.before, re.IGNORECASE
    )
    bare = re.search(
        r"\b(?:to|with|by|for|into)\s+(?:the\s+)?$|[成为用和跟像与]\s*$", mention.before, re.I
    )
    return bool(
        one
        or (
            bare
            and re.match(r"\s*(?:['’]s|的)?\s*(?:$|[,.，。!]|一样|相同|一致|那样)", mention.after)
        )
    )
