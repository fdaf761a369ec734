"""The MLLM looks at a picture and says whether it is what the user asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..mllm.lenient_json import find_objects
from ..records.conversation import Conversation
from ..records.plan import Plan

if TYPE_CHECKING:
    from PIL.Image import Image

    from ..mllm import MLLM
    from ..records.hooks import ShouldStop

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
_UNSEEN = frozenset({"language", "picture", "keep"})  # not to be seen in the result alone
_HOLDS = {"yes": True, "true": True, "是": True, "no": False, "false": False, "否": False}


@dataclass(frozen=True)
class Finding:
    """words: what was asked for. holds: whether the picture has it; None: cannot tell."""

    words: str
    holds: bool | None

    def __str__(self) -> str:
        answer = "cannot tell" if self.holds is None else "yes" if self.holds else "no"
        return f"{answer}: {self.words}"


def look(
    mllm: MLLM,
    image: Image,
    plan: Plan,
    *,
    seed: int = 0,
    should_stop: ShouldStop | None = None,
) -> list[Finding]:
    """One finding for each of the plan's constraints, and of its changes if it refines.

    What a chatty reply leaves open is "cannot tell". Raises what `mllm.chat` raises.
    """
    demands = _demands(plan)
    if not demands:
        return []
    numbered = "\n".join(f"{i}. {_statement(*d)}" for i, d in enumerate(demands, 1))
    talk = Conversation()
    talk.add("user", image, QUESTION.format(statements=numbered))
    reply = mllm.chat(talk, schema=SCHEMA, seed=seed, should_stop=should_stop)
    found = [o["answers"] for o in find_objects(reply) if isinstance(o.get("answers"), list)]
    answers = found[-1] if found else []
    if len(answers) != len(demands):
        answers = [None] * len(demands)  # whose answer is whose is not known
    return [
        Finding(words, _HOLDS.get(str(answer).strip(" .").lower()))
        for (_, words), answer in zip(demands, answers, strict=True)
    ]


def stressed(plan: Plan, findings: Sequence[Finding]) -> Plan:
    """`plan`, saying once more what the findings say is missing; without visual tokens."""
    missing = "; ".join(f.words for f in findings if f.holds is False)
    words = f"{plan.prompt.rstrip('. ')}. Make sure of this: {missing}."
    return replace(
        plan,
        prompt=words,
        changes=(*plan.changes, f"make sure of this: {missing}") if plan.changes else (),
        draft=None,
    )


def summary(name: str, findings: Sequence[Finding] | None) -> tuple[str, Any]:
    """What was found, for people and for programs; None: the MLLM `name` does not see."""
    if findings is None:
        return f"check skipped: {name} does not look at pictures", "skipped"
    told = "; ".join(map(str, findings)) or "nothing to check"
    return f"checked by {name}: {told}", [vars(f).copy() for f in findings]


def _demands(plan: Plan) -> list[tuple[str, str]]:
    """(kind, words) of what can be seen in the picture, each asked for once."""
    changes = plan.changes if plan.intent == "refine" else ()
    stated = _spelled(" ".join(changes))
    return [("change", words) for words in changes] + [
        (c.kind, c.text)
        for c in plan.constraints
        if c.kind not in _UNSEEN and not _spelled(c.text) <= stated
    ]


def _spelled(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def _statement(kind: str, words: str) -> str:
    if kind == "quote":
        return f'The text "{words}" is written in it, letter by letter.'
    if kind == "change":
        return f'This was done to it: "{words}".'
    return f'It fits these words: "{words}".'
