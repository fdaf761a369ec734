"""The prompt of the whole image after a change, from the prompt of the image before it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..constraints import broken, find_constraints
from ..constraints.chinese import find_nouns
from ..constraints.english import find_phrases, tokenise
from ..constraints.lazy_pattern import lazy_pattern
from ..constraints.lexicon import chinese as han
from ..constraints.mention import Mention
from ..constraints.parser import parse
from ..constraints.repair import append, repair

_WHOLE = r"(?:it|this|everything|the (?:whole )?(?:picture|image|photo|scene))"
_REMOVES = lazy_pattern(
    r"(?:remove|delete|erase|get rid of|take out|take away|without|no more)\b\s*(?P<thing>.+)"
    r"|(?:把)?(?P<before>.*?)(?:去掉|去除|删掉|删除|移除|擦掉|拿掉)(?P<after>.*)",
    re.IGNORECASE,
)
_REPLACES = lazy_pattern(
    r"(?:replace|swap|change|turn|substitute|exchange)\s+(?P<old>.+?)\s+(?:with|by|for|into|to)\s+"
    r"(?P<new>.+)|把?(?P<old_zh>.+?)(?:换成|替换成|改成|变成)(?P<new_zh>.+)",
    re.IGNORECASE,
)
# An order -> what it describes.
_DESCRIBED = (
    (lazy_pattern(r"(?:add|put|place|insert|draw|write)\s+", re.IGNORECASE), ""),
    (
        lazy_pattern(
            rf"(?:make|turn|set|change|render|convert|paint|draw)\s+{_WHOLE}\s+"
            r"(?:(?:into|to|in|as|look like|look|like)\s+)?",
            re.IGNORECASE,
        ),
        "",
    ),
    (lazy_pattern(r"(?:give|put on) (?:it|him|her|them)\s+", re.IGNORECASE), "with "),
    (lazy_pattern(r"(?:make|paint|colou?r|give|let)\s+", re.IGNORECASE), ""),
    (lazy_pattern(r"(?:can|could|should)\s+(.+?)\s+(?:be|have|look)\b", re.IGNORECASE), r"\1"),
    (lazy_pattern(r"(.*?)\s+(?:is|are|looks?)\s+too\b", re.IGNORECASE), r"\1 less"),
    (lazy_pattern(r"too\b", re.IGNORECASE), "less"),
    (lazy_pattern("(?:在)?(.*?)(?:添加|加上|加个|加|画上|放上)(?=[一两三几])"), r"\1"),
    (lazy_pattern("(?:把)?(.*?)(?:改成|变成|换成|调成|设成)"), r"\1"),
    (lazy_pattern("(.*?)太"), r"\1不那么"),
)
_JOINER = r"(?:[\s,，、]*(?:and|with|&|和|与|,|，|、))*\s*"
_DANGLING = lazy_pattern(
    r"\s*\b(?:in front of|next to|behind|beside|near|with|on|in|at|by|under|over|of|and)\s*$",
    re.IGNORECASE,
)


def changed_prompt(before: str, changes: Sequence[str]) -> str:
    """`before` with every change applied to it; "" if `before` is.

    What cannot be worked into the description is appended to it in the user's words.
    """
    prompt = before
    for change in changes if before else ():
        prompt = _apply(prompt, change)
    return prompt


def removed_thing(change: str) -> str:
    """The thing that a change removes, in the user's words; "" if it removes none."""
    match = _REMOVES.match(change)
    return (match["thing"] or match["han"] or match["han2"]) if match else ""


def _apply(prompt: str, change: str) -> str:
    if match := _REMOVES.match(change):
        thing = match["thing"] or match["before"] or match["after"]
        return _replace(prompt, thing, "") or append(prompt, _without(thing))
    for kind in ("style", "quote", "count", "colour"):
        if swapped := _swap(prompt, change, kind):
            return swapped
    if match := _REPLACES.match(change):
        new = match["new"] or match["new_zh"]
        if replaced := _replace(prompt, match["old"] or match["old_zh"], new):
            return replaced
    colours = [c for c in find_constraints(change) if c.kind == "colour"]
    repaired = prompt
    for constraint in broken(colours, prompt):
        repaired = repair(repaired, constraint, change) or repaired
    if colours and not broken(colours, repaired):
        return repaired
    return append(prompt, _description(change))


def _swap(prompt: str, change: str, kind: str) -> str:
    """`prompt` with its one mention of `kind` about the same thing replaced by that of `change`."""
    new = [m for m in parse(change).mentions if m.kind == kind]
    old = [m for m in parse(prompt).mentions if m.kind == kind]
    if kind in ("count", "colour"):
        old = [m for m in old if new and m.value[1] == new[0].value[1]]
    if len(new) != 1 or len(old) != 1:
        return ""
    words = change[new[0].start : new[0].end]
    if kind == "colour":
        return _recoloured(prompt, old[0], words)
    return prompt[: old[0].start] + words + prompt[old[0].end :]


def _recoloured(prompt: str, mention: Mention, words: str) -> str:
    """A Chinese prompt with another colour; English ones are `repair`'s."""
    pattern = "|".join(sorted(han.COLOURS, key=lambda name: -len(name)))
    new = re.search(pattern, words)
    old = re.search(pattern, prompt[mention.start : mention.end])
    if not new or not old:
        return ""
    start = mention.start + old.start()
    return prompt[:start] + new[0] + prompt[start + len(old[0]) :]


def _replace(prompt: str, old: str, new: str) -> str:
    """`prompt` with the phrase for `old` replaced by `new`; "" unless there is exactly one."""
    spans = _phrases(prompt, old)
    if len(spans) != 1:
        return ""
    start, end = spans[0]
    if new:
        return prompt[:start] + new + prompt[end:]
    before = re.sub(_JOINER + "$", "", prompt[:start])
    rest = prompt[end:]
    joiner = re.match(_JOINER, rest)
    after = rest[joiner.end() :] if joiner else rest
    if after and before != prompt[:start] and joiner and joiner[0].strip():
        after = joiner[0] + after
    elif before == prompt[:start] or not joiner or not joiner[0].strip():
        after = rest
    return (_DANGLING.sub("", before) + after).strip(" ,，、.")


def _phrases(prompt: str, thing: str) -> list[tuple[int, int]]:
    """Spans of the phrases of `prompt` for the last thing that `thing` names."""
    if nouns := find_nouns(thing):
        spans = []
        for start, end, noun in find_nouns(prompt):
            if noun == nouns[-1][2]:
                counted = re.search(rf"[一两三四五六七八九十几]?[{han.MEASURES}]?$", prompt[:start])
                spans.append((counted.start() if counted else start, end))
        return spans
    tokens = tokenise(prompt, [])
    named = find_phrases(tokenise(thing, []))
    return [
        (tokens[p.first].start, tokens[p.last - 1].end)
        for p in find_phrases(tokens)
        if named and p.noun == named[0].noun
    ]


def _description(change: str) -> str:
    """What an order describes: "make it night" -> "night"."""
    for pattern, description in _DESCRIBED:
        if match := pattern.match(change):
            return f"{match.expand(description)}{change[match.end() :]}".strip() or change
    return change


def _without(thing: str) -> str:
    return f"没有{thing}" if find_nouns(thing) else f"without {thing}"
