"""A painter whose images are made by ComfyUI's nodes."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from ...wegen_core.painting.request import PaintRequest, paint_request
from .recipe import AUTO, Recipe
from .recipe_choice import model_class

if TYPE_CHECKING:
    from PIL.Image import Image

    from ...wegen_core.records.plan import Plan


@dataclass(frozen=True, eq=False)
class ComfyPainter:
    """A painter whose images are made by ComfyUI's nodes; `graph.PaintingGraph` builds them.

    Parameters
    ----------
    recipe
        How to drive the model.
    model, clip, vae
        ComfyUI's MODEL, CLIP and VAE.
    steps, cfg, guidance
        0 takes the recipe's.
    sampler_name, scheduler
        "auto" takes the recipe's.
    negative
        Negative prompt.
    strength
        How much noise is laid over a whole image, 0..1.
    width, height
        Of new images in pixels; both 0: a square of the family's area.
    guessed
        Other recipes fit the model as well.
    token
        Differs for every other set of models and settings.
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
        """For reports."""
        doubt = " (a guess: choose it in WeGen Painter)" if self.guessed else ""
        return f"ComfyUI's {model_class(self.model)}, recipe {self.recipe.name}{doubt}"

    @property
    def aligned(self) -> bool:
        """See `Painter`: painting with noise keeps every pixel in its place, editors shift some."""
        return self.recipe.family.edits == "noise"

    @property
    def area(self) -> int:
        """How many pixels are painted when an image is changed; see `Painter`."""
        return self.width * self.height or self.recipe.family.area

    def paint(self, *_args: Any, **_options: Any) -> NoReturn:
        """Not possible: ComfyUI's own nodes paint between two steps of the pipeline.

        Raises
        ------
        RuntimeError
            Always; `nodes.backend.expansion` paints.
        """
        raise RuntimeError(
            f"{self.name} paints with ComfyUI's nodes only; use a WeGen node that paints"
        )

    def request(
        self, plan: Plan, images: Sequence[Image], mask: Image | None = None
    ) -> PaintRequest:
        """What the graph gets for `plan`.

        Parameters
        ----------
        plan
            What to paint.
        images
            Those of the conversation.
        mask
            Mode L, where the image may change; None: the plan's region.

        Raises
        ------
        ValueError
            A model trained for inpainting has neither mask nor region.
        """
        recipe, family = self.recipe, self.recipe.family
        size = (self.width, self.height) if self.width and self.height else None
        request = paint_request(
            plan,
            images,
            family,
            area=self.area,
            size=None if images and plan.intent != "generate" else size,
            mask=mask,
            strength=self.strength,
            max_images=recipe.max_images,
        )
        if recipe.edit == "fill" and request.base is not None and request.region is None:
            raise ValueError(
                f"{self.name} paints inside a mask only, and the plan names no region; connect a "
                "mask, or a painter that edits by instruction"
            )
        return request
