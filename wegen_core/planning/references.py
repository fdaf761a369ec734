"""What images give: by a sentence, "put the cat from picture 1 into picture 2", or by role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..constraints.image_numbers import named_images, target_image
from ..records.plan import Reference

if TYPE_CHECKING:
    from ..records.conversation import Conversation
    from ..records.plan import Plan, Region

MAX_IMAGES = 9
"""How many images can be combined."""

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


def describe_references(
    references: Iterable[Reference], numbers: Mapping[int, int] | None = None
) -> str:
    """One sentence for each reference that has any strength.

    numbers: image number in the conversation -> number among the images that the model is shown;
    references to other images are left out. None: all are shown.
    """
    sentences = []
    for reference in references:
        number = reference.image if numbers is None else numbers.get(reference.image)
        if number is None or reference.strength == 0:
            continue
        if reference.role == "base":
            sentences.append(f"Picture {number} is the scene; its other parts stay as they are.")
            continue
        whole, suffix = _TAKEN.get(reference.role, ("the main thing", f" as the {reference.role}"))
        what = f"{reference.what or whole} from picture {number}{suffix}"
        verb = "Loosely take" if reference.strength < 0.5 else "Take"
        target = f", and put it {describe_region(reference.region)}" if reference.region else ""
        sentences.append(f"{verb} {what}{target}.")
    return " ".join(sentences)


def describe_region(region: Region) -> str:
    """A region in words: "in the upper left"."""
    x, y = (region[0] + region[2]) / 2, (region[1] + region[3]) / 2
    column = "left" if x < 0.4 else "right" if x > 0.6 else ""
    row = "upper" if y < 0.4 else "lower" if y > 0.6 else ""
    if column and row:
        return f"in the {row} {column}"
    if column:
        return f"on the {column}"
    return {"upper": "at the top", "lower": "at the bottom"}.get(row, "in the middle")


def merge_user_references(plan: Plan, references: Sequence[Reference]) -> Plan:
    """`plan` with the references that the user stated, which override those that were planned.

    If all of them that place something have regions, the box around these becomes the plan's.
    """
    if not references:
        return plan
    stated = {reference.image for reference in references}
    has_base = any(reference.role == "base" for reference in references)
    planned = [
        reference
        for reference in plan.references
        if reference.image not in stated and not (has_base and reference.role == "base")
    ]
    region = plan.region
    boxes = [r.region for r in references if r.role in _PLACED]
    if boxes and all(boxes):
        x0, y0, x1, y1 = zip(*(box for box in boxes if box), strict=True)
        region = (min(x0), min(y0), max(x1), max(y1))
    return replace(plan, references=(*references, *planned), region=region)


def resolve_base_image(plan: Plan, conversation: Conversation) -> Plan:
    """`plan` with exactly one "base" reference if it changes an image of the conversation.

    The first base that was planned stays. Otherwise a refinement changes the last image, and a
    composition the one that the words of the last turn put things into, if they name one.
    """
    count, number = len(conversation.images), None
    if plan.intent in ("refine", "compose"):
        if plan.base is not None and plan.base <= count:
            first = next(r for r in plan.references if r.role == "base")
            references = tuple(r for r in plan.references if r.role != "base" or r is first)
            return replace(plan, references=references)
        if plan.intent == "refine":
            number = count
        else:
            text = conversation.turns[-1].text
            if (target := target_image(text)) is not None:
                target = conversation_number(conversation, target, named_images(text))
                number = target if 1 <= target <= count else None
    others = [r for r in plan.references if r.role != "base" and r.image != number]
    base = [Reference(number, "base")] if number else []
    return replace(plan, references=(*others, *base))


def conversation_number(conversation: Conversation, number: int, named: Sequence[int]) -> int:
    """The number in the conversation of the image that its last turn calls `number`.

    Users number the images of their last message if it holds any and all numbers that it names fit;
    else those of the whole conversation.

    named: all numbers that the turn's words name.
    """
    count, attached = len(conversation.images), len(conversation.turns[-1].images)
    if attached and all(1 <= n <= attached for n in (number, *named)):
        return count - attached + number
    return number
