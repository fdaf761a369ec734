"""WeGen's own decoder as the painter: it reads the visual tokens that came with the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from PIL import Image
from torch import Tensor

from ..images.convert import to_pil
from ..model.prompt import user_ids
from ..model.reply_format import PAINTING_REQUEST, ReplyText, write_reply
from ..records.hooks import NO_HOOKS, Hooks
from .painter import DEFAULT_SETTINGS, PaintSettings

if TYPE_CHECKING:
    from ..model.network import Network
    from ..records.conversation import ImagePart
    from ..records.plan import Plan

MAX_PIXELS = 4 * 1024 * 1024
"""Pixels painted at once; more images are painted one group after the other."""


class NativePainter:
    """Implements `Painter` with a WeGen network.

    Of a plan without visual tokens, from another model, it makes them from the prompt.

    Parameters
    ----------
    net
        Its device is where the painter runs.
    """

    aligned = True
    area = None

    def __init__(self, net: Network) -> None:
        self.net = net
        self.name = f"WeGen {net.config.name} painter"

    @property
    def world(self) -> str:
        """What the network was trained on, in words; "": images of all kinds."""
        return self.net.config.world

    @property
    def vocabulary(self) -> None:
        """A painter reads plans, not the user's words."""
        return

    def knows(self, part: ImagePart) -> bool:
        """Whether an image is of the kind that the network was trained on."""
        return part.features is not None or self.net.knows(part.image)

    def paint(
        self,
        plans: Sequence[Plan],
        images: Sequence[Image.Image],
        *,
        seeds: Sequence[int],
        settings: PaintSettings = DEFAULT_SETTINGS,
        hooks: Hooks = NO_HOOKS,
    ) -> list[Image.Image]:
        """See `Painter.paint`. The plans' visual tokens already hold what `images` give."""
        if len(seeds) != len(plans):
            raise ValueError(f"{len(seeds)} seeds for {len(plans)} plans; give one seed each")
        defaults = self.net.config.paint
        width, height = settings.size or (defaults.width, defaults.height)
        batch = max(1, MAX_PIXELS // (width * height))
        painted: list[Image.Image] = []
        for first in range(0, len(plans), batch):
            group = slice(first, first + batch)
            drafts = [self._visual_tokens(plan, hooks) for plan in plans[group]]
            result = self.net.paint(
                torch.stack(drafts),
                seed=list(seeds[group]),
                steps=settings.steps,
                guidance=settings.guidance,
                width=width,
                height=height,
                hooks=hooks,
            )
            painted += to_pil(result)
        return painted

    def _visual_tokens(self, plan: Plan, hooks: Hooks) -> Tensor:
        """Visual tokens [64,W] of a plan."""
        if plan.draft is not None:
            return plan.draft.to(self.net.device, self.net.dtype)
        tokenizer, prefixes = self.net.tokenizer, self.net.config.intent_prefixes
        ids = [tokenizer.bos_id, *user_ids(tokenizer, [PAINTING_REQUEST.format(plan.prompt)])]
        if "generate" in prefixes:
            reply = ReplyText("generate", plan.prompt)
            ids += tokenizer.encode(write_reply(reply, prefixes))
        image = self.net.generate(
            torch.tensor([*ids, tokenizer.image_start_id]),
            max_new_tokens=len(tokenizer.image_ids) + 2,
            hooks=replace(hooks, on_text=None),
        )
        return image.features[0]
