"""What the user's words alone say of the next step: a plan without a model.

It is the planner of a copilot without an MLLM, the fallback of `ChatPlanner`, and the check of what
a model plans.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..constraints import find_constraints, named_images
from ..constraints.edit_scope import edit_scope
from ..constraints.english import known
from ..constraints.image_roles import (
    find_image_roles,
    joins,
    moves_it,
    names_scene,
    roles_are_clear,
)
from ..constraints.lazy_pattern import lazy_pattern
from ..constraints.regions import find_region
from ..constraints.request_text import strip_request_phrase
from ..constraints.requests import Request, read_request
from ..records.hooks import NO_HOOKS, OWN_SAMPLING, Hooks, Sampling
from ..records.plan import Plan, Reference
from .image_names import number_images
from .target_prompt import changed_prompt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..records.conversation import Conversation
    from ..records.plan import Intent, Region, Scope

_COMPARED = lazy_pattern(  # "so that the sky looks like"
    r"\bthe (?!same\b)([a-z]+) (?:should |must |to )?(?:looks?|match(?:es)?|is|be)\b"
    r"|\b(?:make|paint|turn|dye) (?:the|his|her|its) ([a-z]+) (?:the (?:same )?colou?r|as)\b",
    re.IGNORECASE,
)
_WISHED = lazy_pattern(r"\b(?:could|can|would|should) (?:the|it|he|she|they|you|we)\b", re.I)
_DRAWN_ANEW = lazy_pattern(
    r"\b(?:re)?(?:draw|paint|sketch|render|illustrat)\w*\b(?! the (?:wall|door|floor))|\bcartoon"
    r"|[画绘]成|重[画绘]|渲染",
    re.IGNORECASE,
)
# Instead of an answer, English and Chinese: to a question, and to a greeting or thanks.
NO_MODEL = (
    "Answering needs a language model, and none is connected.",
    "回答问题需要语言模型，而目前没有连接。",
)
READY = ("Tell me what to draw or what to change.", "请告诉我要画什么，或者要改什么。")


@dataclass(frozen=True)
class WordsPlan:
    """A plan made of the user's words.

    certain: names of the fields of `plan` that the words state clearly; a plan that contradicts
    these is wrong. The others are the likeliest reading.
    """

    plan: Plan
    certain: frozenset[str]


class WordsPlanner:
    """Implements `Planner` without a model."""

    name = "the user's words"

    def plan(
        self,
        conversation: Conversation,
        *,
        intent: Intent | None = None,
        sampling: Sampling = OWN_SAMPLING,
        hooks: Hooks = NO_HOOKS,
    ) -> Plan:
        """See `Planner.plan`. An answer says that a language model is missing."""
        plan = plan_from_words(conversation, intent)
        if plan.intent == "answer":
            text = conversation.turns[-1].text
            asks = any(clause.kind == "ask" for clause in read_request(text).clauses)
            zh = re.search(r"[\u4e00-\u9fff]", text) is not None
            plan = replace(plan, text=(NO_MODEL if asks or intent else READY)[zh])
        if hooks.on_text is not None:
            hooks.on_text(plan.text or plan.prompt)
        return plan


def plan_from_words(conversation: Conversation, intent: Intent | None = None) -> Plan:
    """The plan that the words of the last turn state, in English or Chinese; no model is needed.

    Parameters
    ----------
    conversation
        Its last turn is the user's.
    intent
        What the plan must do; None lets the words decide.
    """
    return read_words(conversation, intent).plan


def read_words(conversation: Conversation, intent: Intent | None = None) -> WordsPlan:
    """`plan_from_words`, with the names of the fields that the words state clearly."""
    turn = conversation.turns[-1]
    request = read_request(turn.text)
    numbered = read_request(number_images(turn.text, conversation))
    references = _references(numbered, conversation)
    guess, sure = _intent(request, references, conversation)
    certain = {"intent"} if sure and intent in (None, guess) else set()
    intent = intent or guess
    if intent in ("refine", "compose") and not conversation.images:
        intent = "generate"
    words = " ".join(turn.text.split())
    if not words:
        intent = "answer"  # images without a word
    plan = Plan("answer", constraints=tuple(find_constraints(turn.text)))
    if intent == "answer":
        return WordsPlan(plan, frozenset(certain))
    if intent == "generate":
        plan = replace(plan, intent=intent, prompt=strip_request_phrase(words))
        return WordsPlan(plan, frozenset(certain))

    if intent == "refine":
        images = [r.image for r in references]
        bases = [r.image for r in references if r.role == "base"] or list(dict.fromkeys(images))
        references = [Reference(bases[0] if len(bases) == 1 else len(conversation.images), "base")]
    elif not references:
        references = _all_images(conversation)
    base = next((r.image for r in references if r.role == "base"), None)
    changes = tuple(clause.text for clause in request.changes) or (words,)
    region = find_region(" \n".join(clause.text for clause in numbered.changes) or words)
    plan = replace(
        plan,
        intent=intent,
        prompt=changed_prompt(prompt_of(conversation, base), changes) or words,
        changes=changes,
        keep=request.keep,
        scope=_scope(numbered, references, intent, region),
        region=region,
        references=tuple(references),
    )
    certain |= {name for name in ("keep", "region", "scope") if getattr(plan, name)}
    if named_images(numbered.text):
        certain.add("references")
    if intent == "compose" and not roles_are_clear(numbered.text):
        certain -= {"references", "scope"}
    return WordsPlan(plan, frozenset(certain))


def _intent(
    request: Request, references: Sequence[Reference], conversation: Conversation
) -> tuple[Intent, bool]:
    """The intent, and whether the words are clear about it."""
    kinds = {clause.kind for clause in request.clauses}
    orders = [clause.kind for clause in request.clauses if clause.kind in ("edit", "draw")]
    speaks = "ask" in kinds or kinds <= {"chat"}
    if len(references) > 1 and conversation.turns[-1].images and _WISHED.search(request.text):
        return "compose", True
    if speaks and not orders and not request.keep and "fragment" not in kinds:
        return "answer", True
    images, attached = len(conversation.images), len(conversation.turns[-1].images)
    draws = orders[:1] == ["draw"]
    if not images:
        return "generate", bool(orders)
    if references:
        composes = len(references) > 1 or references[0].role != "base"
        return "compose" if composes else "refine", True
    if attached > 1:
        return "compose", bool(orders) and not draws
    if draws and not attached:
        return "generate", True
    if orders or request.keep or attached or "fragment" in kinds:
        return "refine", orders[:1] == ["edit"]
    return "generate", False


def _references(request: Request, conversation: Conversation) -> list[Reference]:
    """The references that the words state, with one base at most.

    request: with every image by its number.
    """
    count, attached = len(conversation.images), len(conversation.turns[-1].images)
    references: dict[int, Reference] = {}
    stated = [r for r in find_image_roles(request.text) if 1 <= r.number <= count]
    bases = [r.number for r in stated if r.role == "base"][:1]
    for number, role, what in stated:
        is_base = number in bases
        if is_base or role != "base":
            reference = Reference(number, "base") if is_base else Reference(number, role, what)
            references.setdefault(number, reference)
    roles = {r.role for r in references.values()}
    whole = any(r.role == "subject" and not r.what for r in references.values())
    scene = "background" in roles and len(roles) > 1
    rest = [number for number in range(1, count + 1) if number not in references]
    draws = any(clause.kind == "draw" for clause in request.clauses)
    if not references or not rest or scene or draws:
        return list(references.values())
    if len(references) == 1 and joins(request.text):
        return [Reference(number) for number in sorted([rest[-1], *references])]
    goes_there = bases or (roles == {"background"} and re.search(r"in front of|前", request.text))
    if goes_there and list(references) == [count] and attached == 1 and moves_it(request.text):
        return [Reference(count - 1), *references.values()]  # "let it sit on this sofa"
    sent = set(range(count - attached + 1, count + 1))
    if bases or (whole and not (sent and sent <= set(references))):
        return list(references.values())
    if len(rest) > 1 and len(rest) < attached:  # "with the last one as the background"
        return [*references.values(), *map(Reference, rest)]
    return [Reference(rest[-1], "base"), *references.values()]  # the current image


def _all_images(conversation: Conversation) -> list[Reference]:
    """One reference for each image of the last turn, or of the conversation."""
    count, attached = len(conversation.images), len(conversation.turns[-1].images)
    first = count - attached + 1 if attached else 1
    return [Reference(number) for number in range(first, count + 1)]


def _scope(
    request: Request, references: Sequence[Reference], intent: Intent, region: Region | None
) -> Scope | None:
    """How much of its image a refinement or composition changes; None for a new image."""
    roles = {r.role for r in references}
    if intent == "refine":
        scope = edit_scope(request.changes)
        # "take that reflection away in the upper right"
        return "local" if region and scope == "global" else scope
    if "base" not in roles:
        return None
    if "layout" in roles:
        return "global"
    if roles & {"style", "palette"}:
        thing = next((r.what for r in find_image_roles(request.text) if r.role == "base"), "")
        compared = _COMPARED.search(request.text)
        name = (compared[1] or compared[2]) if compared else ""
        if name and known(name) and not names_scene(name):
            return "local"
        whole = not thing or names_scene(thing)
        if not whole and "style" not in roles:
            return "local"
        if "style" in roles and _DRAWN_ANEW.search(request.text):
            return "global"
        return "global" if whole or edit_scope(request.changes) != "local" else "local"
    return "background" if "background" in roles else "local"


def prompt_of(conversation: Conversation, number: int | None) -> str:
    """The prompt that image `number` was painted from; "" where that is not known."""
    if number is None:
        return ""
    count = 0
    for turn in conversation.turns:
        count += len(turn.images)
        if count >= number:
            plan = turn.record.get("plan", {})
            return str(plan.get("prompt", "")) if turn.role == "assistant" else ""
    return ""
