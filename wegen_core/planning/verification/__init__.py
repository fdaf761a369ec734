"""Does an image show what the user asked for? Small experts and a chat model answer, atom by atom.

An atom is one yes-or-no question, as in GenEval 2 (arXiv 2512.16853). What no expert covers is
"cannot tell".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...records.hooks import NO_HOOKS, Hooks
from .atoms import Atom, find_atoms
from .expert import Answer, Expert
from .mllm_expert import MLLMExpert
from .object_expert import ObjectExpert
from .reference_expert import ReferenceExpert
from .text_expert import TextExpert

if TYPE_CHECKING:
    from PIL.Image import Image

    from ...records.plan import Plan

__all__ = [
    "Answer",
    "Atom",
    "CheckResult",
    "Expert",
    "MLLMExpert",
    "ObjectExpert",
    "ReferenceExpert",
    "TextExpert",
    "emphasise_failures",
    "find_atoms",
    "verify",
]


@dataclass(frozen=True)
class CheckResult:
    """One thing that was asked for, and whether the image has it.

    Parameters
    ----------
    words
        The user's.
    holds
        None: cannot tell.
    score
        How sure it is that the image has it: 0 to 1, at least 0.5 if `holds`; None: cannot tell.
    expert
        The name of the expert that answered, or of the last one that tried; "" if none covers it.
    evidence
        What the answer rests on: a box, the text read, a similarity.
    """

    words: str
    holds: bool | None
    score: float | None = None
    expert: str = ""
    evidence: str = ""

    def __str__(self) -> str:
        answer = "cannot tell" if self.holds is None else "yes" if self.holds else "no"
        score = "" if self.score is None else f" {self.score:.2f}"
        why = f"{self.expert}{score}" if self.expert else "no expert covers it"
        return f"{answer}: {self.words} ({': '.join(filter(None, (why, self.evidence)))})"


def verify(
    image: Image, atoms: Sequence[Atom], experts: Sequence[Expert], *, hooks: Hooks = NO_HOOKS
) -> list[CheckResult]:
    """One result for each atom, in order.

    Each expert is asked about the atoms that it covers and that no expert before it could answer.
    A constraint that a change states as well is left out unless an expert answers it. Raises what
    the experts raise, and `Stopped`.
    """
    answers: dict[int, tuple[str, Answer]] = {}
    for expert in experts:
        hooks.check_stop()
        numbers = [
            n
            for n, atom in enumerate(atoms)
            if (n not in answers or answers[n][1].score is None) and expert.covers(atom)
        ]
        if numbers:
            new = expert.answer(image, [atoms[n] for n in numbers], hooks=hooks)
            answers |= {n: (expert.name, answer) for n, answer in zip(numbers, new, strict=True)}
    results = []
    for n, atom in enumerate(atoms):
        name, answer = answers.get(n, ("", Answer(None)))
        if answer.score is not None or not atom.in_change:
            results.append(
                CheckResult(atom.words, answer.holds, answer.score, name, answer.evidence)
            )
    return results


def emphasise_failures(plan: Plan, failures: Sequence[CheckResult]) -> Plan:
    """`plan` that states once more what failed, without visual tokens."""
    missing = "; ".join(failure.words for failure in failures)
    return replace(
        plan,
        prompt=f"{plan.prompt.rstrip('. ')}. Make sure of this: {missing}.",
        changes=(*plan.changes, f"make sure of this: {missing}") if plan.changes else (),
        draft=None,
    )
