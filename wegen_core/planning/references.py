"""What pictures give: by a sentence, "put the cat from picture 1 into picture 2", or by role."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..constraints.image_numbers import target_image
from ..records.plan import Reference, to_references

if TYPE_CHECKING:
    from ..records.conversation import Conversation, Turn
    from ..records.plan import Plan, Region

MOST = 9  # pictures that can be put together

# role -> what is taken where nothing is named, and what is said of it
_TAKEN = {
    "subject": ("the main thing", ""),
    "object": ("the object", ""),
    "style": ("the style", ", and nothing else of it"),
    "background": ("the background", " as the background"),
    "pose": ("the pose", ", not who is in it"),
    "palette": ("the colours", ", and nothing else of it"),
    "layout": ("the layout", ", and nothing else of it"),
}
_PLACED = ("subject", "object")


def given_references(turn: Turn) -> tuple[Reference, ...]:
    """What the user has said, apart from the words, that single pictures of the turn give."""
    return to_references(turn.record.get("references", []))


def in_words(references: Iterable[Reference], numbers: dict[int, int] | None = None) -> str:
    """One sentence for each reference. numbers: the pictures that are seen, as they are counted."""
    said = []
    for reference in references:
        number = reference.picture if numbers is None else numbers.get(reference.picture)
        if number is None or reference.strength == 0:
            continue
        if reference.role == "base":
            said.append(f"Picture {number} is the scene; its other parts stay as they are.")
            continue
        whole, role = _TAKEN.get(reference.role, ("the main thing", f" as the {reference.role}"))
        what = f"{reference.what or whole} from picture {number}{role}"
        take = "Loosely take" if reference.strength < 0.5 else "Take"
        place = f", and put it {place_of(reference.region)}" if reference.region else ""
        said.append(f"{take} {what}{place}.")
    return " ".join(said)


def place_of(region: Region) -> str:
    """A region in words: "in the upper left"."""
    x, y = (region[0] + region[2]) / 2, (region[1] + region[3]) / 2
    across = "left" if x < 0.4 else "right" if x > 0.6 else ""
    down = "upper" if y < 0.4 else "lower" if y > 0.6 else ""
    if across and down:
        return f"in the {down} {across}"
    if across:
        return f"on the {across}"
    return {"upper": "at the top", "lower": "at the bottom"}.get(down, "in the middle")


def assigned(plan: Plan, references: Sequence[Reference]) -> Plan:
    """`plan` with the user's own references, which count more than what was planned of them.

    What they place, they place in the plan's region.
    """
    if not references:
        return plan
    own = {reference.picture for reference in references}
    base = any(reference.role == "base" for reference in references)
    planned = [
        r for r in plan.references if r.picture not in own and not (base and r.role == "base")
    ]
    placed = [r.region for r in references if r.role in _PLACED]
    boxes = [box for box in placed if box is not None]
    region = plan.region
    if boxes and len(boxes) == len(placed):
        (x0, y0), (x1, y1) = (
            [pick(box[k] for box in boxes) for k in sides]
            for pick, sides in ((min, (0, 1)), (max, (2, 3)))
        )
        region = (x0, y0, x1, y1)
    return replace(plan, references=(*references, *planned), region=region)


def with_base(plan: Plan, talk: Conversation) -> Plan:
    """`plan` with the picture that it changes among its references, as "base"; only such plans.

    One that was planned stays. Else a refinement changes the last picture, and a composition the
    one that the user's words put things into, if any: those of the last turn of `talk`.
    """
    count, number = len(talk.images), None
    if plan.intent in ("refine", "compose"):
        if plan.base is not None and plan.base <= count:
            return plan
        number = count if plan.intent == "refine" else _named(talk)
    others = [r for r in plan.references if r.role != "base" and r.picture != number]
    base = [Reference(number, "base")] if number else []
    return replace(plan, references=(*others, *base))


def _named(talk: Conversation) -> int | None:
    """The picture that the user's words put things into."""
    turn, count = talk.turns[-1], len(talk.images)
    shown = len(turn.images) or count  # people count what they have just shown
    number = target_image(turn.text)
    return count - shown + number if number is not None and 1 <= number <= shown else None
