"""Put a lost constraint back into a rewrite, in place where possible."""

from __future__ import annotations

import re

from ..records.plan import Constraint
from .english import find_phrases, tokenise
from .lazy_pattern import lazy_pattern
from .lexicon import english as lexicon
from .parser import parse
from .syntax import find_syntax

_SIDES = {"left": "on the left", "middle": "in the middle", "right": "on the right"}
_SIDE = lazy_pattern(
    r"(?:on|in|at|to) the (?:very |far )?(?:left|right|middle|cent(?:er|re))", re.I
)


def repair(text: str, constraint: Constraint, prompt: str) -> str | None:
    """Put a constraint back into a text that lost it.

    Parameters
    ----------
    text : str
        A rewrite of `prompt` that violates `constraint`.
    constraint : Constraint
        One of `prompt`.
    prompt : str
        The user's words.

    Returns
    -------
    str or None
        The repaired text; None if no words can repair it.
    """
    if constraint.kind == "language":
        return None
    if constraint.kind == "quote":
        return _quote(text, constraint, prompt)
    if constraint.kind == "syntax":
        return _syntax(text, constraint, prompt)
    if constraint.kind == "negation":
        values = parse(constraint.text).values("negation")
        present = parse(text).present
        if any(not present.isdisjoint(words) for words in values):
            return None  # the text names the thing; a denial after it would contradict it
    if constraint.kind == "colour":
        recoloured = _recolour(text, constraint)
        if recoloured is not None:
            return recoloured
    if constraint.kind == "relation":
        moved = _move(text, constraint)
        if moved is not None:
            return moved or None
    return append(text, constraint.text)


def append(text: str, words: str) -> str:
    """Append words to a text: as a new sentence after a full stop, else after a comma."""
    if not text:
        return words
    zh = parse(text).language == "zh"
    if text[-1] in ".!?。！？":
        return f"{text}{words}。" if zh else f"{text} {words[:1].upper()}{words[1:]}."
    return f"{text.rstrip(',;，；、 ')}{'，' if zh else ', '}{words}"


def _quote(text: str, constraint: Constraint, prompt: str) -> str:
    start, end = constraint.span
    marked = prompt[start - 1 : end + 1]
    at = text.find(constraint.text)
    whole = at >= 0 and not text[at - 1 : at].isalnum()
    after = text[at + len(constraint.text) : at + len(constraint.text) + 1]
    if whole and len(constraint.text) > 2 and not after.isalnum() and '"' not in text:
        return text[:at] + marked + text[at + len(constraint.text) :]
    zh = parse(text).language == "zh"
    return append(text, f"文字{marked}" if zh else f"with the text {marked}")


def _syntax(text: str, constraint: Constraint, prompt: str) -> str | None:
    """Put painting syntax to the edge of the text where the prompt has it."""
    item = next((s for s in find_syntax(prompt) if s[1:3] == constraint.span), None)
    if item is None or item.row.place == "joint":
        return None
    if item.row.place == "last":
        return f"{text} {item.text}"
    return f"{item.text}, {text}" if item.start == 0 else append(text, item.text)


def _recolour(text: str, constraint: Constraint) -> str | None:
    """Give the required colour to the phrase of its noun; None unless there is exactly one."""
    required = parse(constraint.text).values("colour")
    if len(required) != 1:
        return None
    colour, noun = next(iter(required))
    tokens = tokenise(text, [])
    owners = [phrase for phrase in find_phrases(tokens) if phrase.noun == noun]
    if len(owners) != 1 or not noun:
        return None
    words = tokens[owners[0].body : owners[0].last]
    old = next((token for token in words if token.text in lexicon.COLOURS), None)
    start, end = (old.start, old.end) if old else (words[0].start, words[0].start)
    before, after = text[:start], f"{colour}{'' if old else ' '}{text[end:]}"
    article = re.search(r"\b(a)n? $", before, re.IGNORECASE)
    if article:  # "a" or "an", as the new colour needs it
        before = before[: article.end(1)] + ("n " if colour[0] in "aeiou" else " ")
    return before + after


def _move(text: str, constraint: Constraint) -> str | None:
    """Move the thing to its side; "" if another is there, None if the text says no place for it."""
    required = parse(constraint.text).values("relation")
    if len(required) != 1:
        return None
    subject, name, _ = next(iter(required))
    if name not in _SIDES or not subject.noun:
        return None
    relations = [mention for mention in parse(text).mentions if mention.kind == "relation"]
    placed = [mention for mention in relations if mention.value[1] in _SIDES]
    of_subject = [mention for mention in placed if mention.value[0].noun == subject.noun]
    if not of_subject:
        return None
    if len(of_subject) > 1 or any(mention.value[1] == name for mention in placed):
        return ""
    _, start, end, _ = of_subject[0]
    return text[:start] + _SIDE.sub(_SIDES[name], text[start:end], count=1) + text[end:]
