"""What each numbered image of a request gives: "in the style of picture 2", "图2的姿势"."""

from __future__ import annotations

import re
from typing import NamedTuple

from .image_numbers import find_image_mentions
from .lazy_pattern import lazy_pattern
from .lexicon import nouns as noun_table
from .lexicon.requests import any_of
from .parser import parse


class ImageRole(NamedTuple):
    """number: as the user counts. role: one of `records.plan.ROLES`. what: the thing, in words."""

    number: int
    role: str
    what: str = ""


# role -> words for it, English and Chinese
_ROLES: dict[str, tuple[str, str]] = {
    "style": (
        "style styles look aesthetic art_style artstyle drawing_style painting_style visual_style "
        "brushwork brush_strokes brushstrokes technique rendering vibe mood atmosphere feel "
        "lighting light texture textures treatment filter medium",
        "风格 画风 笔触 画法 质感 氛围 气氛 光线 光影 光照 打光 纹理 材质 感觉 样式 意境",
    ),
    "palette": (
        "colours colors colour color colour_palette color_palette palette colour_scheme "
        "color_scheme colouring coloring tones colour_grading color_grading grading hues tonality",
        "配色 色调 颜色 色彩 色板 调色 用色",
    ),
    "pose": (
        "pose poses posture stance body_position body_language gesture",
        "姿势 姿态 动作 站姿 坐姿 手势 体态 pose",
    ),
    "layout": (
        "layout composition arrangement framing perspective camera_angle angle structure viewpoint "
        "placement",
        "构图 布局 排版 版式 机位 视角 取景 结构",
    ),
    "background": (
        "background backdrop setting scenery surroundings environment location landscape",
        "背景 场景 环境 景色 风景 布景",
    ),
    "base": ("base canvas base_image starting_point", "底图 基础 画布 原图 主图"),
    "subject": ("subject main_subject character", "主体 主角 人物 角色"),
}
_ROLE = "|".join(rf"(?P<{role}>{any_of(english)})" for role, (english, _) in _ROLES.items())
_ROLE_ZH = "|".join(rf"(?P<zh_{role}>{any_of('', han)})" for role, (_, han) in _ROLES.items())
_PLAIN = frozenset("style styles look 风格 画风 样式".split())
_ADJECTIVES = r"(?:(?!the\b|and\b|from\b|in\b|of\b)[\w-]+\s+){0,2}?"
_DET = r"(?:the|a|an|its|his|her|my|their|same|exact|overall|general|whole|this|that|only|just)"
_IN_ZH = r"\s*(?:里面?|中|上面?)?"
# Behind the mention: "'s style", "as the background", "的风格", "作为背景".
_OWNED = lazy_pattern(
    rf"\s*['’]s?\s+{_ADJECTIVES}(?:{_ROLE})"
    rf"|{_IN_ZH}(?:那[个种]|这[个种])?的?(?:整体|人物|主体|绘画|艺术|画面|女孩|男孩|"
    rf"人)?的?(?:{_ROLE_ZH})",
    re.IGNORECASE,
)
_AS = lazy_pattern(
    rf"\s*,?\s*(?:(?:only|just|purely|mainly)\s+)?(?:as|for|to be|is|becomes|provides|gives|"
    rf"sets)\s+"
    rf"(?:{_DET}\s+)*{_ADJECTIVES}(?:{_ROLE})"
    rf"|\s*(?:来|只|仅)?(?:作为?|当作?|当成|做|是|为|提供|用作|用来做|用于)(?:新的?|"
    rf"整体)?(?:{_ROLE_ZH})",
    re.IGNORECASE,
)
_OWNED_THING = lazy_pattern(
    r"\s*['’]s?\s+(?P<thing>(?:[\w-]+\s?){1,3}?)(?=\s*(?:$|[,.;!?]|\b(?:into|in|on|onto|to|and|"
    r"with|"
    r"over|as|for|next|beside|from|at|under|behind|is|are|should)\b))"
    rf"|{_IN_ZH}的(?P<han>[\u4e00-\u9fff]{{1,8}}?)(?=$|[，。；！？,.\s]|放|加|贴|移|戴|穿|换|合|"
    rf"和|与|跟|"
    r"搬|P|抠|替|到|拿|用|画|坐|站|变|改|给|融|挪|添|摆|挂|套|转|做|去)",
    re.IGNORECASE,
)
# Before the mention: "the style of", "the pose of the man in".
_OF = lazy_pattern(
    rf"(?:{_ROLE})(?:\s+(?:reference|used|shown|seen))?\s+(?:of|from|in|like|as in|that of|"
    rf"used in)\s+"
    rf"(?:(?:{_DET}|that)\s+(?:[\w-]+\s+){{0,2}}?(?:in|of|from|on)\s+)?(?:the\s+)?$",
    re.IGNORECASE,
)
_LIKE = lazy_pattern(
    r"(?:\b(?:like|match(?:es|ing)?|similar to|resembl\w*|inspired by|in keeping with|imitat\w*|"
    r"mimic\w*|à la|a la|fits?|consistent with)\s+(?:in\s+)?(?:the\s+)?|(?:像|仿照|模仿|参照|"
    r"参考|按照?|"
    r"照着?)\s*)$",
    re.IGNORECASE,
)
_INTO = lazy_pattern(
    r"(?:\b(?:into|onto|over|on top of|to|upon)\s+(?:the\s+)?(?:scene\s+(?:of|in)\s+)?|"
    r"(?:[到进入至往]|[放贴摆加画移置搬]在?)了?\s*)$",
    re.IGNORECASE,
)
_PUT = lazy_pattern(
    r"\b(?:put|plac|add|insert|past|mov|transfer|drop|appl|composit|transplant|copy|copies|past|"
    r"bring|attach|hang|give|wear|dress|swap|replac|overlay|merge|set|plant|stick|sit|seat|stand|"
    r"fit|includ|blend|drap|lay|mount|project|print|wrap)\w*\b"
    r"|放|加|贴|移|换|替|合成|合到|融|搬|P到|戴|穿|应用|画到|坐|站|摆|挂|套|迁",
    re.IGNORECASE,
)
_CONTAINED = lazy_pattern(
    r"\s*\b(?:that is |which is |who is |shown |seen |sitting |standing )?"
    r"(?P<how>from|in|of|on|out of|inside|off)\s+(?:the\s+)?$",
    re.IGNORECASE,
)
_THING = lazy_pattern(
    r"(?:.*\b(?P<article>the|an?|that|this|his|her|my|its|their|both|"
    r"all)\s+)(?P<thing>(?:[\w-]+\s*){1,5})$"
    r"|(?P<bare>[\w-]+)\s*$",
    re.IGNORECASE | re.DOTALL,
)
# What a thing is put on, or what is changed: the image that shows it is the base.
_PLACED_ON = lazy_pattern(
    r"\b(?:into|onto|on|to|with|next to|beside|behind|under|over|in front of|around|for|between|"
    r"near|by|"
    r"against|above|at|from)\s+$",
    re.IGNORECASE,
)
_CHANGED = lazy_pattern(
    r"\b(?:make|change|turn|recolou?r|edit|remove|keep|let|dress|give|replace|replacing|swap|"
    r"show|have|erase|"
    r"restyle|repaint|substitute|exchange|delete|pose)\s+$",
    re.IGNORECASE,
)
_EDITS = lazy_pattern(
    r"\b(?:make|edit|change|turn|redo|redraw|repaint|recolou?r|restyle|stylize|stylise|render|"
    r"convert|"
    r"transform|brighten|darken|crop|sharpen|keep|rework|modify|let|have|colorize|colourise|"
    r"relight|draw|"
    r"paint|sketch|give|adjust|fix|improve|enhance|change only|use only)\s+(?:the\s+)?$"
    r"|(?:把|将|让|给|重画|修改|改|编辑|重绘|画)\s*$",
    re.IGNORECASE,
)
_JOINER = re.compile(
    r"\s*(?:,|、|，|and|和|与|跟|以及|with|plus|\+|&|及)\s*(?:and\s+|the\s+)*", re.IGNORECASE
)
_HAN = re.compile(r"[\u4e00-\u9fff]")


def find_image_roles(text: str) -> list[ImageRole]:
    """What each image that `text` names by number gives, in reading order, without repeats."""
    groups: list[tuple[list[int], int, int]] = []  # numbers, start, end: "picture 1 and picture 2"
    for mention in find_image_mentions(text):
        if groups and _JOINER.fullmatch(text[groups[-1][2] : mention.start]):
            numbers, start, _ = groups[-1]
            groups[-1] = [*numbers, *mention.numbers], start, mention.end
        else:
            groups.append((list(mention.numbers), mention.start, mention.end))
    roles = []
    for k, (numbers, start, end) in enumerate(groups):
        before = text[groups[k - 1][2] if k else 0 : start]
        after = text[end : groups[k + 1][1] if k + 1 < len(groups) else len(text)]
        alone = len(groups) == 1
        role, what = _role(before, after, text[:start], text[end:], first=k == 0, alone=alone)
        if role == "base" and len(numbers) > 1:
            role = "subject"
        roles += [ImageRole(number, role, what) for number in numbers]
    return list(dict.fromkeys(roles))


def _role(
    before: str, after: str, so_far: str, to_come: str, *, first: bool, alone: bool
) -> tuple[str, str]:
    """Role and thing of a mention. before, after: the words up to the mentions next to it."""
    if match := _AS.match(after) or _OWNED.match(after):
        return _named(match)
    if match := _OF.search(before):
        return _named(match)
    if _LIKE.search(before):
        return "style", ""
    if _INTO.search(before) and _PUT.search(so_far):
        return "base", ""
    if match := _OWNED_THING.match(after):
        thing = match["thing"] or match["han"]
        return _thing(thing, _is_target(before, to_come, first=first, alone=alone))
    if match := _CONTAINED.search(before):
        left = before[: match.start()]
        named = _THING.search(left)
        if named is None or re.fullmatch(r"it|them|him|her|this|that", named["bare"] or "", re.I):
            return "base", ""
        thing = named["thing"] or named["bare"]
        link = left[: named.start("article" if named["article"] else "bare")]
        changed = _CHANGED.search(link) is not None
        inside = match["how"].lower() in ("in", "on", "of", "inside")
        placed = inside and _PLACED_ON.search(link) is not None
        where = not left.strip() or (named["bare"] and inside and alone)
        return _thing(thing, bool((changed and (inside or alone)) or placed or where))
    if re.search(r"\b(?:in|on|inside|within|for)\s+(?:the\s+)?$|在\s*$", before, re.I):
        return "base", ""
    return ("base" if _EDITS.search(before) else "subject"), ""


def _named(match: re.Match[str]) -> tuple[str, str]:
    """The role that `match` names, and the words for it where they say more than the role."""
    group = next(name for name, word in match.groupdict().items() if word)
    role, word = group.removeprefix("zh_"), match[group].lower()
    if role != "style" or word in _PLAIN:
        return role, ""
    return role, word if _HAN.search(word) else f"the {word}"


def _is_target(before: str, to_come: str, *, first: bool, alone: bool) -> bool:
    """Whether "picture 2's sofa" is where something goes, or what is changed."""
    if re.search(r"(?:让|给|往|替换掉?|换掉)\s*$", before):
        return True
    if re.search(r"(?:把|将)\s*$", before):
        return alone or not _PUT.search(re.sub(r"(?:替|更)?换成.*", "", to_come))
    placed = r"\b(?:on|onto|to|into|with|next to|over|behind|beside)\s+(?:the\s+)?$|[到在]\s*$"
    if re.search(placed, before, re.I):
        return not first or alone
    return alone and _CHANGED.search(before) is not None


def _thing(thing: str, is_target: bool) -> tuple[str, str]:
    thing = " ".join(thing.split())
    if is_target:
        return "base", ""
    named = parse(f"the {thing}").values("subject") or parse(thing).values("subject")
    role = "subject" if named & noun_table.ANIMATE else "object"
    return role, thing if _HAN.search(thing) else f"the {thing}"
