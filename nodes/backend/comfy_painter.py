"""A painter whose images are made by ComfyUI's nodes."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...wegen_core.painting.painter import DEFAULT_SETTINGS, PaintSettings
from ...wegen_core.painting.request import PaintRequest, paint_request
from ...wegen_core.records.hooks import NO_HOOKS, Hooks
from .recipes import AUTO, Recipe, kind

if TYPE_CHECKING:
    from PIL.Image import Image

    from ...wegen_core.records.plan import Plan


@dataclass(frozen=True, eq=False)
class ComfyPainter:
    """A painter whose images are made by ComfyUI's nodes: see `graph`.

    steps, cfg, guidance: 0 for the recipe's. guessed: other recipes fit the model as well. token:
    another one for every other set of models and settings.
    """

    recipe: Recipe
    model: Any
    clip: Any
    vae: Any
    steps: int = 0
    cfg: float = 0.0
    sampler_name: str = AUTO
    scheduler: str = AUTO
    negative: str = ""
    guidance: float = 0.0
    strength: float = 0.6
    width: int = 0
    height: int = 0
    guessed: bool = False
    token: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def name(self) -> str:
        doubt = " (a guess: choose it in WeGen Painter)" if self.guessed else ""
        return f"ComfyUI's {kind(self.model)}, recipe {self.recipe.name}{doubt}"

    @property
    def aligned(self) -> bool:
        """Whether what it leaves alone never shifts or scales, as `painting.Painter` says."""
        return not self.recipe.sees

    def paint(
        self,
        plans: Sequence[Plan],
        images: Sequence[Image],
        *,
        seeds: Sequence[int],
        settings: PaintSettings = DEFAULT_SETTINGS,
        hooks: Hooks = NO_HOOKS,
    ) -> list[Image]:
        """Not possible outside a node: ComfyUI paints between two steps of the pipeline."""
        raise RuntimeError(f"{self.name} paints by expanding a node; see `expansion`")

    def request(self, plan: Plan, images: list[Image], mask: Image | None = None) -> PaintRequest:
        """What to ask for, and at which size."""
        family = self.recipe.family
        size = (self.width, self.height) if self.width and self.height else None
        request = paint_request(
            plan,
            images,
            family,
            area=self.width * self.height or family.area,
            size=None if images and plan.intent != "generate" else size,
            mask=mask,
            strength=self.strength,
        )
        if self.recipe.edit == "fill" and request.base is not None and request.region is None:
            raise ValueError(
                f"{self.name} paints inside a mask only, and the plan names no region; connect a "
                "mask, or a painter that edits by instruction"
            )
        return request
