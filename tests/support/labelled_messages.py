"""Messages whose plan is marked by hand, and how well a plan agrees with its marks.

The reader of words was tuned on `planning_messages.txt`. `held_out_planning_messages.txt` was
written later; the figures from before it was read are in docs/planning.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from wegen_core.constraints import Constraint, holds
from wegen_core.constraints.kept_things import kept_words
from wegen_core.records.conversation import Conversation
from wegen_core.records.plan import Plan, Region

DATA = Path(__file__).parent / "data"
FIELDS = ("intent", "scope", "keep", "references", "region", "constraints")
_SIDES = {"left": (0.0, 0.5), "right": (0.5, 1.0), "top": (0.0, 0.5), "bottom": (0.5, 1.0)}
_THIRDS = {"left": (0.0, 1 / 3), "right": (2 / 3, 1.0), "top": (0.0, 1 / 3)} | {
    "bottom": (2 / 3, 1.0)
}


class LabelledMessage(NamedTuple):
    """The user's messages with the number of their pictures, and the plan of the last one.

    references: (number, role) without "what"; the role "object" is written "subject".
    """

    turns: list[tuple[int, str]]
    intent: str
    scope: str | None
    keep: tuple[str, ...]
    region: Region | None
    references: frozenset[tuple[int, str]]
    constraints: tuple[Constraint, ...]

    def conversation(self) -> Conversation:
        """The chat up to the last message."""
        return conversation_of(self.turns)

    def wrong(self, plan: Plan) -> set[str]:
        """The fields in which `plan` differs from the marks."""
        references = frozenset(
            (r.image, "subject" if r.role == "object" else r.role) for r in plan.references
        )
        differs = {
            "intent": plan.intent != self.intent,
            "scope": plan.scope != self.scope,
            "keep": _content(plan.keep) != _content(self.keep),
            "references": references != self.references,
            "region": not _same_place(plan.region, self.region),
            "constraints": bool(self.lost(plan)),
        }
        return {field for field, wrong in differs.items() if wrong}

    def lost(self, plan: Plan) -> list[Constraint]:
        """The constraints that nothing in `plan` keeps."""
        texts = [plan.prompt, *plan.changes, *plan.keep]
        return [c for c in self.constraints if not any(holds(c, text) for text in texts)]

    def states(self, field: str, plan: Plan) -> bool:
        """Whether the marks or `plan` say anything in `field`: elsewhere agreement is no merit."""
        if field == "intent":
            return True
        if field == "scope":
            return self.intent in ("refine", "compose")
        if field == "references":
            return self.intent == "compose" or len(plan.references) > 1 or plan.intent == "compose"
        return bool(getattr(self, field) or (field != "constraints" and getattr(plan, field)))


def conversation_of(turns: Sequence[tuple[int, str]]) -> Conversation:
    """A chat of these messages, each with so many pictures, of which each has another colour."""
    talk = Conversation()
    colours = iter(range(20, 256, 16))
    for k, (pictures, text) in enumerate(turns):
        new = [Image.new("RGB", (64, 48), (next(colours), 90, 60)) for _ in range(pictures)]
        talk.add("user", *new, text)
        if k == len(turns) - 1:
            break
        if text.endswith(("?", "？")):
            talk.add("assistant", "Here is what I know.")
        else:
            record = {"plan": {"prompt": text}}
            painted = Image.new("RGB", (64, 48), (next(colours), 60, 120))
            talk.add("assistant", "Here it is.", painted, record=record)
    return talk


def tuned_messages() -> list[LabelledMessage]:
    return _read("planning_messages.txt")


def held_out_messages() -> list[LabelledMessage]:
    return _read("held_out_planning_messages.txt")


def accuracy(pairs: Iterable[tuple[LabelledMessage, Plan]]) -> dict[str, tuple[int, int]]:
    """Of each field: in how many plans it is right, and how many messages or plans state it."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for message, plan in pairs:
        wrong = message.wrong(plan)
        for field in FIELDS:
            if message.states(field, plan):
                total[field] += 1
                right[field] += field not in wrong
    return {field: (right[field], total[field]) for field in FIELDS}


def _read(name: str) -> list[LabelledMessage]:
    messages, turns = [], []
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("+ "):
            pictures, text = line[2:].split(" ", 1)
            turns.append((int(pictures), text))
        elif line.startswith("= "):
            messages.append(_labelled(turns, line[2:].split(" | ")))
            turns = []
    return messages


def _labelled(turns: list[tuple[int, str]], marks: list[str]) -> LabelledMessage:
    intent, scope = marks[0], None
    keep: tuple[str, ...] = ()
    region = None
    references: set[tuple[int, str]] = set()
    constraints: list[Constraint] = []
    for mark in marks[1:]:
        word, _, rest = mark.partition(" ")
        if mark in ("local", "background", "global"):
            scope = mark
        elif word == "keep":
            keep = tuple(rest.split("; "))
        elif word == "region":
            region = _box(rest)
        elif word == "must":
            for item in rest.split("; "):
                kind, _, text = item.partition(" ")
                constraints.append(Constraint(kind, text, (0, len(text))))
        else:
            for item in mark.split(", "):
                number, role = item.split(" ")
                references.add((int(number), "subject" if role == "object" else role))
    if intent == "refine" and not references:
        pictures = sum(n for n, _ in turns)
        drawn = sum(not text.endswith(("?", "？")) for _, text in turns[:-1])
        references = {(pictures + drawn, "base")}
    return LabelledMessage(
        turns, intent, scope, keep, region, frozenset(references), tuple(constraints)
    )


def _box(place: str) -> Region:
    shares = _THIRDS if place.endswith(" third") else _SIDES
    box = [(0.0, 1.0), (0.0, 1.0)]
    for word in place.removesuffix(" third").split():
        if word == "middle":
            box = [(0.25, 0.75), (0.25, 0.75)]
        else:
            box[word in ("top", "bottom")] = shares[word]
    (x0, x1), (y0, y1) = box
    return x0, y0, x1, y1


def _content(things: tuple[str, ...]) -> set[str]:
    return {word for thing in things for word in kept_words(thing)}


def _same_place(a: Region | None, b: Region | None) -> bool:
    """Whether both are None, or overlap in at least half of their union."""
    if a is None or b is None:
        return a is b
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    both = width * height
    areas = [(r[2] - r[0]) * (r[3] - r[1]) for r in (a, b)]
    return both >= 0.5 * (sum(areas) - both)
