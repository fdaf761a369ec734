"""The model that draws: what the copilot asks of a painter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from PIL.Image import Image

    from ..records.hooks import Progress, ShouldStop
    from ..records.plan import Plan


@runtime_checkable
class Painter(Protocol):
    """Turns plans into pictures.

    A painter may have an attribute `aligned`, True where what it leaves alone never shifts or
    scales: its pictures are then compared with the source as they are.
    """

    name: str

    def paint(
        self,
        plans: Sequence[Plan],
        pictures: Sequence[Image],
        *,
        seeds: Sequence[int],
        size: tuple[int, int] | None = None,
        steps: int | None = None,
        guidance: float | None = None,
        on_progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> list[Image]:
        """One RGB picture per plan, in their order.

        pictures: those of the conversation, numbered from 1 as in `Plan.references`; the plan's
            `base` is the one to change.
        seeds: one per plan; a picture depends on its own plan and seed only, not on the batch.
        size: (width, height) in pixels. size, steps, guidance None: the painter's own values.
        Raises `Stopped` when `should_stop()` said True.
        """
        ...
