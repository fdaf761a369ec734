"""Putting a lost constraint back into a rewrite, in place where that is possible."""

from __future__ import annotations

import re

from .english import Phrase, Token, phrases, tokenise
from .find import Constraint
from .lexicon import english as lexicon
from .parser import read

_SIDES = {"left": "on the left", "middle": "in the middle", "right": "on the right"}
_SIDE = re.compile(r"(?:on|in|at|to) the (?:very |far )?(?:left|right|middle|cent(?:er|re))", re.I)
_NOT_REPAIRABLE = frozenset({"language"})


def repair(text: str, constraint: Constraint, prompt: str) -> str | None:
    """`text` with `constraint` of `prompt` put back; None when words alone cannot do that."""
    if constraint.kind in _NOT_REPAIRABLE:
        return None
    if constraint.kind == "quote":
        return _quote(text, constraint, prompt)
    if constraint.kind == "negation":
        values = read(constraint.text).values("negation")
        named = read(text).named
        if any(not named.isdisjoint(words) for words in values):
            return None  # the thing is there now; denying it afterwards contradicts the text
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
    """`text` followed by `words`: a new sentence after a full stop, else after a comma."""
    if not text:
        return words
    zh = read(text).language == "zh"
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
    zh = read(text).language == "zh"
    return append(text, f"文字{marked}" if zh else f"with the text {marked}")


def _recolour(text: str, constraint: Constraint) -> str | None:
    """The one phrase of the noun given the wanted colour; None when there is none, or several."""
    wanted = read(constraint.text).values("colour")
    if len(wanted) != 1:
        return None
    colour, noun = next(iter(wanted))
    tokens = tokenise(text, [])
    owners = [phrase for phrase in phrases(tokens) if phrase.noun == noun]
    if len(owners) != 1 or not noun:
        return None
    start, end = _colour_span(tokens, owners[0])
    fixed = f"{text[:start]}{colour}{'' if end > start else ' '}{text[end:]}"
    return _article(fixed, start, colour)


def _colour_span(tokens: list[Token], phrase: Phrase) -> tuple[int, int]:
    for token in tokens[phrase.body : phrase.last]:
        if token.text in lexicon.COLOURS:
            return token.start, token.end
    return tokens[phrase.body].start, tokens[phrase.body].start


def _article(text: str, at: int, word: str) -> str:
    before = text[:at]
    match = re.search(r"\b(a)n? $", before, re.IGNORECASE)
    if not match:
        return text
    return before[: match.end(1)] + ("n " if word[0] in "aeiou" else " ") + text[at:]


def _move(text: str, constraint: Constraint) -> str | None:
    """The thing moved to its side of the picture; "" when the side is taken, None if not said."""
    wanted = read(constraint.text).values("relation")
    if len(wanted) != 1:
        return None
    subject, name, _ = next(iter(wanted))
    if name not in _SIDES or not subject.noun:
        return None
    facts = [fact for fact in read(text).facts if fact.kind == "relation"]
    placed = [fact for fact in facts if fact.value[1] in _SIDES]
    own = [f for f in placed if f.value[0].noun == subject.noun]
    if not own:
        return None
    if len(own) > 1 or any(f.value[1] == name for f in placed):
        return ""
    said = text[own[0].start : own[0].end]
    return text[: own[0].start] + _SIDE.sub(_SIDES[name], said, count=1) + text[own[0].end :]
