"""Does a painted image show what the user asked for? A chat model that sees is asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..mllm.lenient_json import find_objects
from ..records.conversation import Conversation
from ..records.hooks import NO_HOOKS, Hooks, Sampling
from ..records.plan import Plan

if TYPE_CHECKING:
    from PIL.Image import Image

    from ..mllm.chat_model import ChatModel

QUESTION = """\
Judge the picture strictly. Say for each numbered statement "yes", "no" or "cannot tell".
{statements}
Answer with one JSON object and nothing else: {{"answers": [one for each statement, in order]}}"""

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "answers": {
            "type": "array",
            "items": {"type": "string", "enum": ["yes", "no", "cannot tell"]},
        }
    },
    "required": ["answers"],
    "additionalProperties": False,
}
_NOT_VISIBLE = frozenset({"language", "picture", "keep", "syntax"})  # in the result alone
_ANSWERS = {"yes": True, "true": True, "是": True, "no": False, "false": False, "否": False}


@dataclass(frozen=True)
class CheckResult:
    """One thing that was asked for, and whether the image has it (None: cannot tell)."""

    words: str
    holds: bool | None

    def __str__(self) -> str:
        answer = "cannot tell" if self.holds is None else "yes" if self.holds else "no"
        return f"{answer}: {self.words}"


def verify(
    model: ChatModel, image: Image, plan: Plan, *, seed: int = 0, hooks: Hooks = NO_HOOKS
) -> list[CheckResult]:
    """One result for each of the plan's constraints, and for each change if it refines.

    What the reply leaves open is "cannot tell". Raises what `model.chat` raises.
    """
    changes = plan.changes if plan.intent == "refine" else ()
    statements = [(words, f'This was done to it: "{words}".') for words in changes]
    changed_words = _words(" ".join(changes))
    for constraint in plan.constraints:
        if constraint.kind in _NOT_VISIBLE or _words(constraint.text) <= changed_words:
            continue
        if constraint.kind == "quote":
            statement = f'The text "{constraint.text}" is written in it, letter by letter.'
        else:
            statement = f'It fits these words: "{constraint.text}".'
        statements.append((constraint.text, statement))
    if not statements:
        return []
    numbered = "\n".join(f"{i}. {statement}" for i, (_, statement) in enumerate(statements, 1))
    conversation = Conversation()
    conversation.add("user", image, QUESTION.format(statements=numbered))
    schema = SCHEMA if model.capabilities.json_schema else None
    sampling = Sampling(temperature=0.0, seed=seed)
    reply = model.chat(
        conversation, schema=schema, sampling=sampling, hooks=replace(hooks, on_text=None)
    )
    lists = [o["answers"] for o in find_objects(reply) if isinstance(o.get("answers"), list)]
    answers = lists[-1] if lists else []
    if len(answers) != len(statements):  # then it is unknown which answer belongs to which
        answers = [None] * len(statements)
    return [
        CheckResult(words, _ANSWERS.get(str(answer).strip(" .").lower()))
        for (words, _), answer in zip(statements, answers, strict=True)
    ]


def emphasise_failures(plan: Plan, failures: Sequence[CheckResult]) -> Plan:
    """`plan` that states once more what failed, without visual tokens."""
    missing = "; ".join(failure.words for failure in failures)
    return replace(
        plan,
        prompt=f"{plan.prompt.rstrip('. ')}. Make sure of this: {missing}.",
        changes=(*plan.changes, f"make sure of this: {missing}") if plan.changes else (),
        draft=None,
    )


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))
