"""The protocol of what answers questions about an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ...records.hooks import NO_HOOKS, Hooks
from .atoms import Atom

if TYPE_CHECKING:
    from PIL.Image import Image


class Answer(NamedTuple):
    """How sure an expert is that an atom holds (0 to 1; None: cannot tell), and why."""

    score: float | None
    evidence: str = ""

    @property
    def holds(self) -> bool | None:
        """Yes from 0.5 on; None: cannot tell."""
        return None if self.score is None else self.score >= 0.5


class Expert(Protocol):
    """Answers some kinds of atoms."""

    @property
    def name(self) -> str:
        """What reports call it."""
        ...

    def covers(self, atom: Atom) -> bool:
        """Whether it can be asked about `atom`."""
        ...

    def answer(
        self, image: Image, atoms: Sequence[Atom], *, hooks: Hooks = NO_HOOKS
    ) -> list[Answer]:
        """One answer for each of `atoms`, all of which it covers; raises `Stopped`."""
        ...
