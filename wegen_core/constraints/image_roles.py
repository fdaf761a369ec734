"""What each numbered image of a request gives: "in the style of picture 2", "图2的姿势"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from .english import known
from .image_numbers import find_image_mentions
from .image_role_ways import (
    COMBINE,
    GETS,
    Mention,
    aspect_before,
    exchanged_role,
    is_worn,
    read_role,
    taken_role,
)
from .lazy_pattern import lazy_pattern
from .lexicon import requests as words
from .lexicon.nouns import PLACES
from .parser import parse
from .sentence_roles import sentence_roles

_LOOKS = frozenset({"style", "palette", "pose", "layout"})
_THINGS = ("subject", "object")
_CODE = dict.fromkeys(_LOOKS, "A") | {"background": "K"}
_SINGLE = ("base", "background")
"""Roles that several images cannot have at once."""


class ImageRole(NamedTuple):
    """number: as in the text. role: one of `records.plan.ROLES`. what: the thing, in words."""

    number: int
    role: str
    what: str = ""


def find_image_roles(text: str) -> list[ImageRole]:
    """What each image that `text` names by number gives, in reading order, without repeats."""
    mentions = _mentions(text)
    read = [read_role(mention) for mention in mentions]
    codes = {k: _CODE[role] for k, (role, _) in enumerate(read) if role in _CODE}
    spans = [(len(m.so_far), len(text) - len(m.to_come)) for m in mentions]
    frames = sentence_roles(text, spans, codes)
    letters = {n: letter for k, (letter, _) in frames.items() for n in mentions[k].numbers}
    roles: list[ImageRole] = []
    last = ""  # the role whose exchange "the one in picture 2" continues
    movable: ImageRole | None = None  # "let the girl in picture 2 ...": base unless another is
    for k, mention in enumerate(mentions):
        role, what = read[k]
        letter, thing = frames.get(k, ("", ""))
        if exchanged := exchanged_role(mention):
            role, (last, what) = "base", exchanged
        elif not last and mention.first and not mention.alone and _FAULT.match(mention.after):
            last, role, what = ("object" if role == "object" else role), "base", what
        elif last and _is_same_again(mention):
            role, what = last, ""
        elif role in _THINGS and _is_scene(mention, what):
            role = "base"
        elif letter == "g" and (aspect := last if last in _CODE else aspect_before(mention)):
            role, what = aspect, ""
        elif letter and (
            role in ("", "base", "object")
            or (role == "subject" and what)
            or (role == "background" and letter == "b")
        ):
            role, what = _framed(letter, thing)
        if role in _SINGLE and len(mention.numbers) > 1:
            role = ""
        if role == "base" and movable and movable in roles:
            roles[roles.index(movable)] = _given_away(movable)
        roles += [ImageRole(number, role, what) for number in mention.numbers]
        moves = _MAKES.search(mention.before) or GETS.match(mention.after)
        if role == "base" and moves and letter != "b":
            movable = roles[-1]
    if any(r.role == "background" for r in roles) and not last:
        roles = [_given_away(r) if r.what and letters.get(r.number) == "w" else r for r in roles]
    return _settled(list(dict.fromkeys(roles)), text, letters)


def _framed(letter: str, thing: str) -> tuple[str, str]:
    """Role and thing of an image, by its letter in the frame of its sentence."""
    is_place = letter in "gk" and _names_place(thing)
    if letter in "bw" or (letter == "k" and not is_place):
        return "base", thing
    role = "background" if is_place else taken_role(thing)
    return role, f"the {thing}" if thing and thing.isascii() else thing


def _settled(roles: list[ImageRole], text: str, letters: Mapping[int, str]) -> list[ImageRole]:
    """`roles` with those that depend on all the others."""
    stated = {role.role for role in roles if role.role and role.role != "background"}
    if _NEW_IMAGE.search(text) and not stated & _LOOKS:
        roles = [_in_new_image(r) if r.role == "base" else r for r in roles]
    free = {r.number for r in roles if r.role in _THINGS and letters.get(r.number, "b") in "bw"}
    roles = [
        r._replace(role="base") if r.number in free and _is_destination(r, text) else r
        for r in roles
    ]
    if len(roles) == 2 and stated & (_LOOKS - {"layout"}) and not _DRAWN.search(text):
        roles = [ImageRole(r.number, "base") if r.number in free and r.what else r for r in roles]
    stated = {role.role for role in roles if role.role and role.role != "background"}
    unclear = [role for role in roles if not role.role]
    is_base = len(unclear) == 1 and bool(stated) and stated <= {*_LOOKS, "object"}
    rest = "base" if is_base else "subject"
    return list(dict.fromkeys(r if r.role else r._replace(role=rest) for r in roles))


def _given_away(base: ImageRole) -> ImageRole:
    """What an image gives after all, of which something is put elsewhere."""
    return base._replace(role=taken_role(base.what) if base.what else "subject")


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
    return _names_place(thing) or _WHOLE.search(thing) is not None


def _names_place(thing: str) -> bool:
    nouns = parse(thing).values("subject")
    return "sky" not in nouns and (bool(nouns & PLACES) or _PLACE.search(thing) is not None)


def _in_new_image(base: ImageRole) -> ImageRole:
    """What an image gives where no other image is changed: the scene, or a thing."""
    if _names_place(base.what) or not any(known(word) for word in base.what.split()[-1:]):
        return base._replace(role="background")
    return _given_away(base)


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


_PLACE = lazy_pattern(rf"{words.PLACES}|景", re.IGNORECASE)
_WHOLE = lazy_pattern(rf"{words.IMAGE}|{words.any_of(*words.ROLES['subject'])}", re.IGNORECASE)
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
