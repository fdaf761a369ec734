"""What the user's words alone say of the next step: a plan without a model.

It is the planner of a copilot without an MLLM, the fallback of `ChatPlanner`, and the check of what
a model plans.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..constraints import find_constraints, named_images
from ..constraints.edit_scope import clause_scope
from ..constraints.image_roles import find_image_roles
from ..constraints.lazy_pattern import lazy_pattern
from ..constraints.regions import find_region
from ..constraints.request_text import strip_request_phrase
from ..constraints.requests import Request, read_request
from ..records.hooks import NO_HOOKS, OWN_SAMPLING, Hooks, Sampling
from ..records.plan import Plan, Reference
from .image_names import number_images
from .target_prompt import changed_prompt

if TYPE_CHECKING:
    from ..records.conversation import Conversation
    from ..records.plan import Intent, Scope

NO_MODEL = "Answering needs a language model, and none is connected."
NO_MODEL_ZH = "回答问题需要语言模型，而目前没有连接。"

_COMBINES = lazy_pattern(
    r"\b(?:combin|merg|blend|mix|compos|collag|join|fus|stitch|together|side by side|both|swap)\w*"
    r"|合成|合并|融合|结合|拼|一起|合照",
    re.IGNORECASE,
)
_WIDTH: dict[Scope | None, int] = {None: 0, "local": 1, "background": 2, "global": 3}


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
            zh = re.search(r"[\u4e00-\u9fff]", conversation.turns[-1].text)
            plan = replace(plan, text=NO_MODEL_ZH if zh else NO_MODEL)
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
    references = _references(request, conversation)
    guessed, sure = _intent(request, references, conversation)
    certain = {"intent"} if sure and intent in (None, guessed) else set()
    intent = intent or guessed
    if intent in ("refine", "compose") and not conversation.images:
        intent = "generate"
    words = " ".join(turn.text.split())
    constraints = tuple(find_constraints(turn.text))
    if intent == "answer":
        return WordsPlan(Plan("answer", constraints=constraints), frozenset(certain))
    if intent == "generate":
        prompt = _described(conversation) or words
        return WordsPlan(
            Plan("generate", prompt=prompt, constraints=constraints), frozenset(certain)
        )

    changes = [clause.text for clause in request.changes] or [words]
    if intent == "refine":
        base = next((r.image for r in references if r.role == "base"), None)
        named = [r.image for r in references]
        number = base or (named[0] if len(set(named)) == 1 else len(conversation.images))
        references = [Reference(number, "base")]
    elif not references:
        references = _all_images(conversation)
    scope = _scope(request, references, intent)
    region = find_region(" \n".join(changes)) if changes else None
    certain |= {
        name
        for name, stated in (
            ("keep", request.keep),
            ("region", region),
            ("scope", scope),
            ("references", named_images(request.text)),
        )
        if stated
    }
    base = next((r.image for r in references if r.role == "base"), None)
    plan = Plan(
        intent,
        prompt=changed_prompt(_prompt_of(conversation, base), changes) or words,
        changes=tuple(changes),
        keep=request.keep,
        scope=scope,
        region=region,
        references=tuple(references),
        constraints=constraints,
    )
    return WordsPlan(plan, frozenset(certain))


def _intent(
    request: Request, references: list[Reference], conversation: Conversation
) -> tuple[Intent, bool]:
    """The intent, and whether the words are clear about it."""
    kinds = [clause.kind for clause in request.clauses]
    acts = [kind for kind in kinds if kind in ("edit", "draw")]
    images, attached = len(conversation.images), len(conversation.turns[-1].images)
    if not acts and not request.keep:
        if kinds and set(kinds) <= {"chat", "ask"}:
            return "answer", True
        if "ask" in kinds and "fragment" not in kinds:
            return "answer", True
    if not images:
        return "generate", bool(acts) and "ask" not in kinds
    others = {r.image for r in references if r.role != "base"}
    bases = {r.image for r in references if r.role == "base"}
    drawn = acts[:1] == ["draw"]
    if references:
        gives = any(r.role not in ("base", "subject") or r.what for r in references)
        if len(others | bases) > 1 or (
            others and (drawn or gives) and not _only_shown(others, images)
        ):
            return "compose", True
        if others and drawn:
            return "compose", True
        return "refine", True
    if attached > 1 and (acts or kinds) and not drawn:
        return "compose", bool(acts)
    if attached > 1:
        return "compose", False
    if drawn and not attached:
        return "generate", True
    if acts or request.keep or attached or "fragment" in kinds:
        return "refine", acts[:1] == ["edit"]
    return "generate", False


def _only_shown(numbers: set[int], images: int) -> bool:
    return numbers == {images} and images == 1


def _references(request: Request, conversation: Conversation) -> list[Reference]:
    """The references that the words state, with one base at most."""
    count = len(conversation.images)
    numbered = number_images(request.text, conversation)
    references = [
        Reference(role.number, role.role, role.what)
        for role in find_image_roles(numbered)
        if 1 <= role.number <= count
    ]
    has_base = False
    result: list[Reference] = []
    for reference in references:
        if reference.role == "base":
            if has_base or any(r.image == reference.image for r in result):
                continue
            has_base = True
        elif any(r.image == reference.image and r.role == "base" for r in result):
            continue
        result.append(reference)
    used = {r.image for r in result}
    roles = {r.role for r in result}
    whole = any(r.role == "subject" and not r.what for r in result)
    if result and not has_base and not whole and not ("background" in roles and len(roles) > 1):
        rest = [n for n in range(1, count + 1) if n not in used]
        if rest and not any(c.kind == "draw" for c in request.clauses):
            result.insert(0, Reference(rest[-1], "base"))  # the image that is current
    return result


def _all_images(conversation: Conversation) -> list[Reference]:
    """One reference for each image of the last turn, or of the conversation."""
    count, attached = len(conversation.images), len(conversation.turns[-1].images)
    first = count - attached + 1 if attached else 1
    return [Reference(number) for number in range(first, count + 1)]


def _scope(request: Request, references: list[Reference], intent: Intent) -> Scope | None:
    """How much of its image a refinement or composition changes; None for a new image."""
    roles = {r.role for r in references}
    if intent == "compose":
        if "base" not in roles:
            return None
        scopes: list[Scope | None] = []
        if roles & {"style", "palette", "layout"}:
            scopes.append("global")
        if "background" in roles:
            scopes.append("background")
        if roles & {"subject", "object", "pose"}:
            scopes.append("local")
        return max(scopes or ["local"], key=lambda s: _WIDTH[s])
    scopes = [clause_scope(clause.text) for clause in request.changes]
    return max(scopes or [None], key=lambda s: _WIDTH[s])


def _described(conversation: Conversation) -> str:
    """What the words of a request for a new image describe."""
    return strip_request_phrase(" ".join(conversation.turns[-1].text.split()))


def _prompt_of(conversation: Conversation, number: int | None) -> str:
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
