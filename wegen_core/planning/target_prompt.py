"""The prompt of the whole image after a change, from the prompt of the image before it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..constraints import broken, find_constraints
from ..constraints.english import find_phrases, lemma, tokenise
from ..constraints.lazy_pattern import lazy_pattern
from ..constraints.parser import parse
from ..constraints.repair import append, repair

_REMOVES = lazy_pattern(
    r"(?:remove|delete|erase|get rid of|take out|take away|without|no more)\b\s*(?P<thing>.+)"
    r"|(?:去掉|去除|删掉|删除|移除|擦掉|拿掉)(?P<han>.+)|把(?P<han2>.+?)(?:去掉|去除|删掉|删除|移除|擦掉|拿掉)",
    re.IGNORECASE,
)
_REPLACES = lazy_pattern(
    r"(?:replace|swap|change|turn|substitute|exchange)\s+(?P<old>.+?)\s+(?:with|by|for|into|"
    r"to)\s+(?P<new>.+)"
    r"|把(?P<old_zh>.+?)(?:换成|替换成|改成|变成)(?P<new_zh>.+)",
    re.IGNORECASE,
)
_ADDS = lazy_pattern(
    r"(?:add|put|place|insert)\s+(?P<new>.+)|(?:添加|加上|加入|加)(?P<new_zh>.+)", re.IGNORECASE
)
_KINDS = frozenset({"colour", "count", "quote", "style"})


def changed_prompt(before: str, changes: Sequence[str]) -> str:
    """`before` with every change applied to it; "" if `before` is.

    What cannot be worked into the description is appended to it in the user's words.
    """
    prompt = before
    for change in changes if before else ():
        prompt = _apply(prompt, change)
    return prompt


def _apply(prompt: str, change: str) -> str:
    if match := _REMOVES.match(change):
        thing = match["thing"] or match["han"] or match["han2"]
        return _replace(prompt, thing, "") or append(prompt, _without(thing))
    if match := _REPLACES.match(change):
        new = match["new"] or match["new_zh"]
        only_style = parse(new).values("style") or parse(new).values("colour")
        replaced = "" if only_style else _replace(prompt, match["old"] or match["old_zh"], new)
        if replaced:
            return replaced
    if match := _ADDS.match(change):
        return append(prompt, match["new"] or match["new_zh"])
    repaired = prompt
    constraints = [c for c in find_constraints(change) if c.kind in _KINDS]
    for constraint in broken(constraints, prompt):
        repaired = repair(repaired, constraint, change) or repaired
    if constraints and not broken(constraints, repaired):
        return repaired
    return append(repaired, change)


def _replace(prompt: str, old: str, new: str) -> str:
    """`prompt` with the phrase for `old` replaced by `new`; "" unless there is exactly one."""
    tokens = tokenise(prompt, [])
    olds = find_phrases(tokenise(old, []))
    owners = [p for p in find_phrases(tokens) if olds and p.noun == olds[-1].noun]
    if len(owners) == 1:
        start, end = tokens[owners[0].first].start, tokens[owners[0].last - 1].end
    elif prompt.count(old) == 1 and lemma(old) == old and not olds:
        start = prompt.index(old)
        end = start + len(old)
    else:
        return ""
    if not new:
        before = re.sub(r"(?:[\s,，]*(?:and|with|&|和|与|,|，))*\s*$", "", prompt[:start])
        after = re.sub(r"^\s*(?:of|and|,|，|和)\s*", " ", prompt[end:])
        return (before + after).strip(" ,，") if (before + after).strip(" ,.，") else ""
    return prompt[:start] + new + prompt[end:]


def _without(thing: str) -> str:
    return f"没有{thing}" if re.search(r"[\u4e00-\u9fff]", thing) else f"without {thing}"
