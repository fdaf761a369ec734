"""The protocol of everything that draws."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ..records.hooks import NO_HOOKS, Hooks

if TYPE_CHECKING:
    from PIL.Image import Image

    from ..records.plan import Plan


@dataclass(frozen=True)
class PaintSettings:
    """How to paint; None takes the painter's own value.

    Parameters
    ----------
    size
        (width, height) of new images in pixels.
    steps
        Denoising steps.
    guidance
        Guidance scale.
    """

    size: tuple[int, int] | None = None
    steps: int | None = None
    guidance: float | None = None


DEFAULT_SETTINGS = PaintSettings()


@runtime_checkable
class Painter(Protocol):
    """Turns plans into images."""

    @property
    def name(self) -> str:
        """What reports call it."""
        ...

    @property
    def aligned(self) -> bool:
        """Whether what it leaves alone never shifts or scales.

        Such images are compared with their source without registration. Where a plan has a region,
        such a painter paints over that region only.
        """
        ...

    @property
    def area(self) -> int | None:
        """How many pixels it paints when it changes an image.

        None: it always paints the whole image.
        """
        ...

    def paint(
        self,
        plans: Sequence[Plan],
        images: Sequence[Image],
        *,
        seeds: Sequence[int],
        settings: PaintSettings = DEFAULT_SETTINGS,
        hooks: Hooks = NO_HOOKS,
    ) -> list[Image]:
        """One 8-bit RGB image per plan, in their order.

        Parameters
        ----------
        plans
            What to paint. A plan's `base` is the number of the image to change; the result may
            have another size than that image, which callers scale.
        images
            Those of the conversation, mode RGB or RGBA, numbered from 1 as in `Plan.references`.
        seeds
            One per plan. An image depends on its own plan and seed only, not on the batch.
        settings
            Size of new images, steps and guidance.
        hooks
            `on_progress` is called with the stage "paint"; `on_text` is not called.

        Raises
        ------
        ValueError
            There are not as many seeds as plans.
        Stopped
            `hooks.should_stop` returned True.
        """
        ...


def image_seeds(seed: int, n: int) -> list[int]:
    """The seeds of `n` images: the first is `seed`; no seed depends on n."""
    return [seed] + [
        int.from_bytes(hashlib.sha256(f"{seed} {k}".encode()).digest()[:6], "big")
        for k in range(1, n)
    ]
