"""What the replies of a model have shown so far, from which follows how it is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

_PATIENCE = 2
"""How many plans of no use are waited for before a model is asked in a simpler way."""

Way = Literal["whole plan", "small steps", "the words alone"]
"""How a model is asked. The last: not at all, as nothing is open or its replies were of no use."""


@dataclass
class Habits:
    """What the replies of a model have shown so far.

    way: how it is asked. thinks: whether it needs room for thoughts. agreed, contradicted: how
    often its intents fitted clear words. helped, in_vain: what asking again did. uses: for whole
    plans, and for the prompts of new and of changed images in small steps: how many the words have
    confirmed, and how many not.
    """

    way: Way = "whole plan"
    thinks: bool = False
    agreed: int = 0
    contradicted: int = 0
    helped: int = 0
    in_vain: int = 0
    uses: dict[str, list[int]] = field(default_factory=dict)

    @property
    def trusted(self) -> bool:
        """Whether its intents count where the words leave the intent open."""
        return self.agreed > 0 and self.agreed >= 4 * self.contradicted

    @property
    def asks_again(self) -> bool:
        """Whether asking for a better plan is worth its time."""
        return self.in_vain < 2 or self.helped >= self.in_vain

    def is_useless(self, kind: str) -> bool:
        """Whether what the model writes of a kind is mostly of no use."""
        useful, useless = self.uses.get(kind, (0, 0))
        return useless >= _PATIENCE and useless > useful

    def note_use(self, kind: str, useful: bool) -> None:
        """Count what the model wrote of a kind."""
        self.uses.setdefault(kind, [0, 0])[not useful] += 1
        if self.is_useless("whole plan"):
            self.way = "small steps"
