"""What each numbered image of a request gives: "in the style of picture 2", "图2的姿势"."""

from __future__ import annotations

import re
from typing import NamedTuple

from .image_numbers import find_image_mentions
from .image_role_ways import COMBINE, GETS, Mention, aspect_before, exchanged_role, is_worn, read_role, taken_role
from .english import known
from .lazy_pattern import lazy_pattern
from .lexicon import requests as words
from .lexicon.nouns import PLACES
from .parser import parse
from .sentence_roles import sentence_roles

_ATTRIBUTES = frozenset({"style", "palette", "pose", "layout", "object"})
_THINGS = ("subject", "object")
_CODE = dict.fromkeys(("style", "palette", "pose", "layout"), "A") | {"background": "K"}
_SINGLE = ("base", "background")
"""Roles that several images cannot have at once."""


class ImageRole(NamedTuple):
    """number: as in the text. role: one of `records.plan.ROLES`. what: the thing, in words."""

    number: int
    role: str
    what: str = ""


def find_image_roles(text: str) -> list[ImageRole]:
    """What each image that `text` names by number gives, in reading order, without repeats."""
    roles: list[ImageRole] = []
    last = ""  # the role whose exchange "the one in picture 2" continues
    movable: ImageRole | None = None  # "let the girl in picture 2 ...": base unless another is
    mentions = _mentions(text)
    spans = [(m.numbers, len(m.so_far), len(text) - len(m.to_come)) for m in mentions]
    read = [read_role(m) for m in mentions]
    aspects = {k: _CODE[role] for k, (role, _) in enumerate(read) if role in _CODE}
    frames = sentence_roles(text, spans, aspects)
    taken = {n for k, f in frames.items() if f[0] in "tgk" for n in mentions[k].numbers}
    letters = {n: f[0] for k, f in frames.items() for n in mentions[k].numbers}
    for k, mention in enumerate(mentions):
        role, what = read[k]
        if exchanged := exchanged_role(mention):
            role, (last, what) = "base", exchanged
        elif not last and mention.first and not mention.alone and _FAULT.match(mention.after):
            last, role, what = ("object" if role == "object" else role), "base", what
        elif last and _is_same_again(mention):
            role, what = last, ""
        elif role in _THINGS and _is_scene(mention, what):
            role = "base"
        elif k in frames and frames[k] == ("g", "") and (aspect := aspect_before(mention)):
            role, what = aspect, ""
        elif last in _CODE and k in frames and frames[k][0] == "g":
            role, what = last, ""
        elif k in frames and (
            role in ("", "base", "object")
            or (role == "subject" and what)
            or (role == "background" and frames[k][0] == "b")
        ):
            letter, what = frames[k]
            scene = letter in "gk" and names_scene(what)
            base = letter in "bw" or (letter == "k" and not scene)
            role = "base" if base else "background" if scene else taken_role(what)
            if what.isascii() and what and role != "base":
                what = f"the {what}"
        if role in _SINGLE and len(mention.numbers) > 1:
            role = ""
        if role == "base" and movable and movable in roles:
            taken = taken_role(movable.what) if movable.what else "subject"
            roles[roles.index(movable)] = movable._replace(role=taken)
        roles += [ImageRole(number, role, what) for number in mention.numbers]
        stays = k in frames and frames[k][0] == "b"
        if role == "base" and not stays and (_MAKES.search(mention.before) or GETS.match(mention.after)):
            movable = roles[-1]
    if _NEW_IMAGE.search(text) and not any(r.role in _ATTRIBUTES - {"object"} for r in roles):
        roles = [_in_new_image(r) if r.role == "base" else r for r in roles]
    if any(r.role == "background" for r in roles) and not last:
        roles = [
            r._replace(role=taken_role(r.what)) if r.what and letters.get(r.number) == "w" else r
            for r in roles
        ]
    roles = list(dict.fromkeys(roles))
    roles = [r._replace(role="base") if _is_destination(r, text) and r.number not in taken else r for r in roles]
    looks = any(r.role in ("style", "palette", "pose") for r in roles)
    if len(roles) == 2 and looks and not _DRAWN.search(text):  # what gets that look
        roles = [
            ImageRole(r.number, "base")
            if r.role in _THINGS and r.what and r.number not in taken
            else r
            for r in roles
        ]
    unclear = [role for role in roles if not role.role]
    stated = {role.role for role in roles if role.role and role.role != "background"}
    is_base = len(unclear) == 1 and bool(stated) and "base" not in stated and len(roles) > 1
    rest = "base" if is_base and stated <= _ATTRIBUTES else "subject"
    return list(dict.fromkeys(r if r.role else r._replace(role=rest) for r in roles))


def roles_are_clear(text: str) -> bool:
    """Whether `text` says of every image that it names what that gives, one of them the base."""
    roles = {read_role(mention)[0] for mention in _mentions(text)}
    return "" not in roles and "base" in {role.role for role in find_image_roles(text)}


def joins(text: str) -> bool:
    """Whether `text` puts images together: "mix it with picture 1"."""
    return _COMBINES.search(text) is not None


def _mentions(text: str) -> list[Mention]:
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
        Mention(
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


def names_scene(thing: str) -> bool:
    """Whether a thing of an image is all that it shows: its place, or its subject."""
    nouns = parse(thing).values("subject")
    return "sky" not in nouns and (bool(nouns & PLACES) or _SCENE.search(thing) is not None)


def _in_new_image(base: ImageRole) -> ImageRole:
    """What an image gives where no other image is changed: the scene, or a thing."""
    if names_scene(base.what) or not any(known(word) for word in base.what.split()[-1:]):
        return base._replace(role="background")
    return base._replace(role=taken_role(base.what))


def _is_same_again(mention: Mention) -> bool:
    """Whether an exchange goes on: "the one in picture 2", "the second picture's", "图2的"."""
    bare = _SAME_BEFORE.search(mention.before) and _SAME_BEHIND.match(mention.after)
    return bool(bare or _SAME_ONE.search(mention.before))


def _is_scene(mention: Mention, thing: str) -> bool:
    """Whether a thing "in" an image meets one "from" another: "the kid from 1 on the horse in"."""
    if not thing or is_worn(thing) or not _INSIDE.search(mention.before):
        return False
    return _TAKEN_OUT.search(mention.so_far[: -len(mention.before)]) is not None


def _is_destination(role: ImageRole, text: str) -> bool:
    """Whether something is put where the thing of an image is: "cat goes on the throne"."""
    if role.role not in _THINGS or not role.what:
        return False
    head = re.escape(role.what.split()[-1])
    return re.search(rf"(?:{_GOES_TO}){head}(?![a-z]| from| of)", text, re.IGNORECASE) is not None


_SCENE = lazy_pattern(
    rf"{words.PLACES}|{words.IMAGE}|{words.any_of(*words.ROLES['subject'])}|景", re.IGNORECASE
)
_NEW_IMAGE = lazy_pattern(
    rf"(?:(?:{words.DRAW})\s+(?:me |us )?(?:an?|another|one|new)|^\W*an?)\s+"
    r"(?:(?!version)[\w'-]+\s+){0,4}?(?:photo|picture|image|poster|scene|shot|portrait|postcard|"
    r"illustration|banner|cover|card|advert|ad|sticker|flyer|wallpaper|collage)\b"
    r"|(?:画|生成|做|出|来|创作|设计|合成)成?[一1]?[张幅]",
    re.IGNORECASE,
)
_GOES_TO = (
    rf"\b(?:(?:{words.PUT})\w*|goes|belongs?)\b[^.;,]*\b(?:on|onto|in|into|over|to|next to|beside|"
    r"under|behind|at|against)\s+(?:the |my |our |that |this )?|(?:让|给)(?:这个|那个)?"
)
_FAULT = lazy_pattern(  # what is said of what is to be replaced
    r"(?:\s*['’]s \w+)?\s*(?:is|are|looks?|feels?)(?:n['’]t)? (?:too |not |so |a bit |a little |"
    r"rather |pretty |"
    r"kind of )*(?:dull|boring|bland|ugly|old|empty|plain|flat|bad|wrong|broken|dark|messy|"
    r"cluttered|"
    r"weak|grey|gray|nice enough|right)\b|[^，。]{0,8}?(?:太|不好|不行|有点|过于|不够|难看)",
    re.IGNORECASE,
)
_MAKES = lazy_pattern(r"\b(?:let|have|make)\s|[让使]", re.IGNORECASE)
_COMBINES = lazy_pattern(rf"\b{COMBINE}|融合|合成|合并|拼在", re.IGNORECASE)
_JOINER = lazy_pattern(
    r"\s*(?:,|、|，|and|和|与|跟|以及|plus|\+|&|及)\s*(?:and\s+|the\s+)*", re.IGNORECASE
)
_INSIDE = lazy_pattern(r"\bin\s+(?:the\s+)?$", re.IGNORECASE)
_TAKEN_OUT = lazy_pattern(r"\bfrom\s+(?:the\s+)?\S+(?: \S+)?$", re.IGNORECASE)
_DRAWN = lazy_pattern(rf"\b(?:{words.DRAW})\s+{words.INDEFINITE}|[画做来出](?:一|张|个|幅)", re.I)
_SAME_ONE = lazy_pattern(r"\b(?:one|that)\s+(?:of|in|from)\s+(?:the\s+)?$", re.IGNORECASE)
_SAME_BEFORE = lazy_pattern(
    r"\b(?:to|with|by|for|into|take|use|try)\s+(?:the\s+)?$|[成为用和跟像与]\s*$", re.IGNORECASE
)
_SAME_BEHIND = lazy_pattern(
    r"\s*(?:['’]s|的)?\s*(?:$|[,.，。!]|for (?:it|that)\b|instead\b|一样|相同|一致|那样)"
)
