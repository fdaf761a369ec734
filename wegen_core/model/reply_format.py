"""The one format in which the embedded network is asked and replies: written, parsed and checked.

    user    "Generate a painting: " words | "Rewrite: " words | any other words
    reply   "draw: " scene
          | "change: " scene ". " change " -> " scene
          | "combine: " scene " + " scene ". " step " -> " scene
          | [scene [". " evidence] " -> "] answer
    change  "add " thing | "remove " object | "now " setting | object " is now " thing {" and " ...}
    step    "from picture 1 into picture 2: " object " as " thing | "now picture 2 " setting
    evidence  object " is " colour | "no " kind | "nothing " place

A reply first says what it sees, then what changes, then the whole image that is meant. The shipped
weights were trained on these strings, so none of them may change. How scenes, things ("a red car on
the left"), objects ("the car on the left") and settings ("at night") are worded is the
playground's; see `wegen_core.playground.scenes`.

Standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from ..records.plan import Intent

PAINTING_REQUEST = "Generate a painting: {}"
REWRITE_REQUEST = "Rewrite: {}"

INTENT_PREFIXES: dict[str, str] = {"generate": "draw:", "refine": "change:", "compose": "combine:"}
"""What a reply of each intent begins with; an answer has no prefix."""

_ARROW, _FULL_STOP, _PLUS, _NOW = " -> ", ". ", " + ", "now "
_I_SEE = "I see "


@dataclass(frozen=True)
class ReplyText:
    """One reply of the embedded network, in its parts.

    Parameters
    ----------
    intent
        What the prefix names; None: no prefix, an answer.
    result
        The description of the image to draw, or the answer.
    observation
        What the reply says is in the images it was shown; "" if it does not say.
    change
        What changes; in an answer the evidence that the answer is read from.
    """

    intent: Intent | None = None
    result: str = ""
    observation: str = ""
    change: str = ""

    @property
    def before_arrow(self) -> str:
        """`observation` and `change` as the reply says them; "" if it says neither."""
        return f"{self.observation}{_FULL_STOP}{self.change}" if self.change else self.observation

    @property
    def for_user(self) -> str:
        """The reply in sentences; `from_user_text` is the inverse."""
        if self.intent is None or not self.before_arrow:
            return self.result
        if not self.change:
            return f"{_I_SEE}{self.observation}."
        return f"{_I_SEE}{self.observation}{_FULL_STOP}{self.change[0].upper()}{self.change[1:]}."


def write_reply(reply: ReplyText, prefixes: Mapping[str, str] = INTENT_PREFIXES) -> str:
    """The reply as the network says it; `parse_reply` is the inverse."""
    words = reply.result
    if before := reply.before_arrow:
        words = f"{before}{_ARROW}{words}"
    prefix = prefixes.get(reply.intent or "")
    return f"{prefix} {words}" if prefix else words


def parse_reply(text: str, prefixes: Mapping[str, str] = INTENT_PREFIXES) -> ReplyText:
    """The parts of a reply. Any text is a reply: what does not fit the format is the result.

    Parameters
    ----------
    prefixes
        The `WeGenConfig.intent_prefixes` of the network; without any, `intent` is None.
    """
    text, named = text.strip(), None
    for intent in get_args(Intent):
        prefix = prefixes.get(intent)
        if prefix and text.startswith(prefix):
            text, named = text.removeprefix(prefix).strip(), intent
            break
    before, _, result = text.rpartition(_ARROW)
    observation, change = _split_before(before)
    return ReplyText(named, result, observation, change)


def from_user_text(text: str, intent: Intent | None, prompt: str) -> ReplyText:
    """The reply that a saved turn came from.

    Parameters
    ----------
    text
        The turn's text: `ReplyText.for_user`.
    intent, prompt
        Of the turn's plan. The prompt of an answer is `ReplyText.before_arrow`, that of an image is
        `ReplyText.result`.
    """
    if intent is None or intent not in INTENT_PREFIXES:
        return ReplyText(None, text, *_split_before(prompt))
    if not text.startswith(_I_SEE):
        return ReplyText(intent, text)
    before = text.removeprefix(_I_SEE).removesuffix(".")
    observation, change = _split_before(before)
    return ReplyText(intent, prompt, observation, change[:1].lower() + change[1:])


def _split_before(before: str) -> tuple[str, str]:
    """What is seen, and the change or the evidence."""
    observation, _, change = before.partition(_FULL_STOP)
    return (observation, change) if change else (before, "")


# What stands in the parts


def join_scenes(*scenes: str) -> str:
    """What a reply sees in several images."""
    return _PLUS.join(scenes)


def background_change(setting: str) -> str:
    """A change of all but the things: "now at night"."""
    return f"{_NOW}{setting}"


def is_background_change(change: str) -> bool:
    """Whether everything but the things changes."""
    return change.startswith(_NOW)


@dataclass(frozen=True)
class Transfer:
    """What a composition takes from where.

    Parameters
    ----------
    target
        The number of the image that is changed, from 1 among those just shown; None: not said.
    source
        The number of the image that gives an object; None: only the background changes.
    subject
        The kind of that object: "the cat".
    """

    target: int | None = None
    source: int | None = None
    subject: str = ""


def object_transfer(source: int, target: int, existing: str, placed: str) -> str:
    """A composition's step: "from picture 1 into picture 2: the cat on the left as ..."."""
    return f"from picture {source} into picture {target}: {existing} as {placed}"


def background_transfer(target: int, setting: str) -> str:
    """A composition's step: "now picture 2 at night"."""
    return background_change(f"picture {target} {setting}")


_PICTURE = re.compile(r"\bpicture (\d+)")
_TAKEN = re.compile(r"from picture (\d+) .*?: (the \w+)")


def parse_transfer(step: str) -> Transfer:
    """What a composition's step says, as far as it is worded like those above."""
    numbers = _PICTURE.findall(step)
    target = int(numbers[-1]) if numbers else None
    taken = _TAKEN.match(step)
    return Transfer(target, int(taken[1]), taken[2]) if taken else Transfer(target)


def colour_evidence(existing: str, colour: str) -> str:
    """What an answer is read from: "the car on the left is red"."""
    return f"{existing} is {colour}"


def absence_evidence(*, kind: str = "", place: str = "") -> str:
    """What an answer is read from where there is no such thing: "no cat", "nothing on the left"."""
    return f"no {kind}" if kind else f"nothing {place}"


_EXISTING = re.compile(r"\bthe (\w+ (?:on|in) the \w+)")
_COLOUR_EVIDENCE = re.compile(r"the (\w+ (?:on|in) the \w+) is (\w+)")
_ABSENCE_EVIDENCE = re.compile(r"(?:no|nothing) (.+)")
_BETWEEN_THINGS = re.compile(r" and | \+ |, ")


def count_contradictions(reply: ReplyText) -> int:
    """In how many places a reply contradicts itself; 0 for one that says no change or evidence.

    Objects that the change or the evidence names must have been seen. Each part of the result must
    have been seen or be in the change.
    """
    observation, change = reply.observation, reply.change
    if not change:
        return 0
    if evidence := _COLOUR_EVIDENCE.fullmatch(change):
        return int(f"{evidence[2]} {evidence[1]}" not in observation)
    if absent := _ABSENCE_EVIDENCE.fullmatch(change):
        return int(absent[1] in observation)
    sources = [*_BETWEEN_THINGS.split(observation), change]
    parts = _BETWEEN_THINGS.split(reply.result)
    invented = sum(not any(part in source for source in sources) for part in parts)
    return invented + sum(existing not in observation for existing in _EXISTING.findall(change))
