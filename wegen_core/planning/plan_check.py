"""A model's plan held against the user's words, field by field.

Where the words are clear, a plan that contradicts them is wrong. What only a model that sees can
know (where a thing is, what else must stay) is not taken from one that does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..constraints import broken, find_constraints, find_subjects, is_edit
from ..constraints.lazy_pattern import lazy_pattern
from ..constraints.repair import repair
from ..records.plan import Plan
from .small_steps import is_example
from .target_prompt import removed_thing
from .user_text import is_refusal, words_of

if TYPE_CHECKING:
    from ..records.plan import Constraint, Region
    from .words import WordsPlan

MAX_PROMPT = 800
"""Characters of a prompt; a model that writes more does not describe an image."""

_MIN_OVERLAP = 0.2
# Words to the user instead of a description.
_TALK = lazy_pattern(
    r"^(?:i|i['’]m|i['’]d|sure|certainly|of course|okay|here (?:is|are)|sorry|what|how|let me|"
    r"as an|to (?:make|create|draw))\b|\b(?:unchanged|(?:is|are|was) removed|removed and|"
    r"(?:the|a) message|the user|remains? the same)\b|[?？]$"
    r"|^(?:好的|当然|我会|我将|请问|抱歉)|消息",
    re.IGNORECASE,
)
_HAN = lazy_pattern(r"[\u4e00-\u9fff]")
_REMOVES = lazy_pattern(
    r"\b(?:remove|delete|erase|get rid of|take (?:out|away|off)|without|no more|replace|swap|"
    r"instead of|not)\b|去掉|去除|删|移除|擦掉|拿掉|换|不要",
    re.IGNORECASE,
)


@dataclass
class Draft:
    """What a model wrote, while it is being checked.

    values: by field name, as read. faults: by field name, in words for the model.
    """

    values: dict[str, Any]
    faults: dict[str, str] = field(default_factory=dict)


def check_intent(draft: Draft, words: WordsPlan, request: str, *, trusted: bool) -> None:
    """A fault if the intent contradicts the words; where they leave it open, if it is not trusted.

    trusted: whether the model's intents have agreed with the words so far. If not, it may still
    answer a message that names nothing to draw.
    """
    intent, stated = draft.values.get("intent"), words.plan.intent
    trusted = trusted or (intent == "answer" and not find_subjects(request))
    if intent == "answer" and "text" in draft.faults:
        trusted = False
    if intent not in (None, stated) and ("intent" in words.certain or not trusted):
        draft.faults["intent"] = f'"intent" is "{intent}", but the message says "{stated}"'


def check_fields(
    draft: Draft,
    words: WordsPlan,
    request: str,
    instruction: str,
    before: str,
    *,
    sees: bool,
    trusted: bool,
) -> None:
    """Note in `draft` what contradicts the words, and mend what can be mended.

    Parameters
    ----------
    words
        The plan of the words, with the intent that is taken.
    request, instruction
        The user's message, and what the model was told.
    before
        The prompt of the image that is changed; "" if it is not known.
    sees
        Whether the model sees the images.
    trusted
        Whether its intents have agreed with the words so far; if not, no translation is taken,
        because it cannot be checked.
    """
    values, faults, plan = draft.values, draft.faults, words.plan
    text = values.get("text", "")
    is_foreign = bool(_HAN.search(request)) and not _HAN.search(text)
    if plan.intent == "answer":
        return
    is_unfit = "intent" in faults or is_foreign or text.endswith(("?", "？")) or is_refusal(text)
    is_unfit = is_unfit or is_example(text, f"{before}\n{request}")
    values["text"] = "" if is_unfit else text
    _check_prompt(draft, words, request, instruction, before)
    if not trusted and _is_translated(plan.constraints, values["prompt"]):
        faults.setdefault("prompt", '"prompt" is in another language than the message')
    if plan.intent == "generate":
        return
    _check_keep(draft, plan, sees)
    if not sees:
        _check_inventions(draft, words, request)
    if "scope" in words.certain and values.get("scope") not in (None, plan.scope):
        faults["scope"] = f'"scope" is "{values["scope"]}", but the message says "{plan.scope}"'
    region = values.get("region")
    if plan.region is None and not sees:
        values["region"] = None
    elif plan.region and region and _overlap(region, plan.region) < _MIN_OVERLAP:
        faults["region"] = '"region" is not where the message says'
    _check_references(draft, words, trusted)


def merge(draft: Draft, words: WordsPlan) -> Plan:
    """The plan of what the model wrote, with the words in place of what is wrong or missing."""
    plan = words.plan
    values: dict[str, Any] = {}
    sources = []
    names = ["intent", "text", "prompt"]
    if plan.intent in ("refine", "compose"):
        names += ["changes", "keep", "scope", "region", "references"]
    for name in names:
        stated, written = getattr(plan, name), draft.values.get(name)
        is_taken = name not in draft.faults and written not in (None, "", ())
        values[name] = written if is_taken else stated
        if values[name]:
            sources.append((name, "model" if is_taken else "words"))
    values["intent"] = plan.intent
    return Plan(**values, constraints=plan.constraints, sources=tuple(sources))


def _check_prompt(
    draft: Draft, words: WordsPlan, request: str, instruction: str, before: str
) -> None:
    """The prompt names what the message and the image before it name."""
    prompt = " ".join(str(draft.values.get("prompt", "")).split())
    draft.values["prompt"] = prompt
    plan = words.plan
    if not prompt:
        draft.faults["prompt"] = f'"prompt" is empty, and the intent is "{plan.intent}"'
        return
    is_talk = _TALK.search(prompt) and not _TALK.search(request)
    if is_talk or words_of(prompt, instruction) != prompt or len(prompt) > MAX_PROMPT:
        draft.faults["prompt"] = '"prompt" does not describe a picture'
        return
    if plan.intent == "generate" and not is_edit(request):
        required = [*plan.constraints, *find_subjects(request)]
        _keep_constraints(draft, required, request)
    elif plan.intent != "generate":
        _keep_changes(draft, plan, before)


def _keep_changes(draft: Draft, plan: Plan, before: str) -> None:
    """The prompt names what changes, and most of the image before, but nothing that was removed."""
    stated = "; ".join(change for change in plan.changes if not _REMOVES.search(change))
    kinds = ("colour", "count", "quote", "language")
    required = [c for c in find_constraints(stated) if c.kind in kinds]
    _keep_constraints(draft, [*required, *find_subjects(stated)], stated)
    prompt, things = draft.values["prompt"], find_subjects(before)
    if before and any(change.casefold() in prompt.casefold() for change in plan.changes):
        draft.faults["prompt"] = '"prompt" repeats the message instead of describing the picture'
        return
    if _is_translated(plan.constraints, prompt):
        return
    removed = broken(things, plan.prompt)
    left = [c.text for c in removed if not broken([c], prompt)]
    left += [t for change in plan.changes if (t := removed_thing(change)) and t in prompt]
    lost = broken([c for c in things if c not in removed], prompt)
    if left:
        draft.faults["prompt"] = f'"prompt" still has {", ".join(left)}'
    elif len(lost) * 2 > len(things):
        draft.faults["prompt"] = f'"prompt" leaves out {", ".join(c.text for c in lost)}'


def _is_translated(constraints: Sequence[Constraint], prompt: str) -> bool:
    return bool(broken([c for c in constraints if c.kind == "language"], prompt))


def _keep_constraints(draft: Draft, constraints: Sequence[Constraint], request: str) -> None:
    """Put constraints that the prompt has lost back into it; a fault if it has none of them."""
    prompt = draft.values["prompt"]
    required = [c for c in constraints if c.kind != "language"]
    if _is_translated(constraints, prompt):
        required = [c for c in required if c.kind == "quote"]  # other words differ
    lost = broken(required, prompt)
    if lost == required and any(c.kind in ("subject", "colour") for c in required):
        named = ", ".join(c.text for c in lost)
        draft.faults["prompt"] = f'"prompt" leaves out what was asked for: {named}'
        return
    for constraint in lost:
        repaired = repair(prompt, constraint, request)
        if repaired is not None and not broken([constraint], repaired):
            prompt = repaired
    draft.values["prompt"] = prompt


def _check_keep(draft: Draft, plan: Plan, sees: bool) -> None:
    """All that the message says must stay is kept, and nothing that it changes."""
    changed = _words(" ".join(plan.changes))
    keep = tuple(
        item
        for item in draft.values.get("keep", ())
        if words_of(item) == item and not _TALK.search(item) and not _words(item) <= changed
    )
    if not sees:
        keep = tuple(item for item in keep if any(_words(item) & _words(k) for k in plan.keep))
    missing = [k for k in plan.keep if not any(_words(k) <= _words(item) for item in keep)]
    if missing:
        draft.faults["keep"] = f'"keep" leaves out {", ".join(missing)}'
    draft.values["keep"] = keep


def _check_inventions(draft: Draft, words: WordsPlan, request: str) -> None:
    """A model that does not see cannot know of things that nobody has named."""
    known = f"{request}\n{words.plan.prompt}"
    prompt = draft.values["prompt"]
    is_translated = _is_translated(words.plan.constraints, prompt)
    invented = [] if is_translated else broken(find_subjects(prompt), known)
    if invented and "prompt" not in draft.faults:
        names = ", ".join(c.text for c in invented)
        draft.faults["prompt"] = f'"prompt" adds what nobody has named: {names}'
    if not all(_words(change) & _words(request) for change in draft.values.get("changes", ())):
        draft.values["changes"] = ()


def _check_references(draft: Draft, words: WordsPlan, trusted: bool) -> None:
    """The roles that the words state; where these are unclear, the images that they name."""
    stated = {(r.image, r.role) for r in words.plan.references}
    written = {(r.image, r.role) for r in draft.values.get("references", ())}
    if "references" in words.certain and not stated <= written:
        names = ", ".join(f"picture {image} as {role}" for image, role in sorted(stated - written))
        draft.faults["references"] = f'"references" leaves out {names}'
    elif not trusted or not {image for image, _ in stated} <= {image for image, _ in written}:
        draft.values["references"] = ()


def _words(text: str) -> set[str]:
    small = {"the", "a", "an", "and", "of", "in", "its", "is", "as", "it", "to"}
    return {w for w in re.findall(r"[\u4e00-\u9fff]|\w+", text.casefold()) if w not in small}


def _overlap(left: Region, right: Region) -> float:
    """Intersection over the smaller of two regions."""
    width = min(left[2], right[2]) - max(left[0], right[0])
    height = min(left[3], right[3]) - max(left[1], right[1])
    smaller = min((r[2] - r[0]) * (r[3] - r[1]) for r in (left, right))
    return max(0.0, width) * max(0.0, height) / smaller
