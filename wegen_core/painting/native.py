"""WeGen's own decoder as the painter: it reads the visual tokens that came with the plan."""

from __future__ import annotations

from collections.abc import Sequence
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
    from ..model import WeGen
    from ..records.plan import Plan

MOST_PIXELS = 4 * 1024 * 1024
"""Pixels painted at once; more pictures are painted in turns."""


class NativePainter:
    """Implements `Painter` with a WeGen network.

    A plan without visual tokens, from another MLLM, has them drawn up from its prompt.
    """

    aligned = True

    def __init__(self, net: WeGen) -> None:
        self.net = net
        self.name = f"WeGen {net.config.name} painter"

    def paint(
        self,
        plans: Sequence[Plan],
        images: Sequence[Image.Image],
        *,
        seeds: Sequence[int],
        settings: PaintSettings = DEFAULT_SETTINGS,
        hooks: Hooks = NO_HOOKS,
    ) -> list[Image.Image]:
        """See `Painter.paint`; `images` are in the plans' visual tokens already."""
        if len(seeds) != len(plans):
            raise ValueError(f"{len(seeds)} seeds for {len(plans)} plans; give one seed each")
        defaults = self.net.config.paint
        width, height = settings.size or (defaults.width, defaults.height)
        together = max(1, MOST_PIXELS // (width * height))
        painted: list[Image.Image] = []
        for first in range(0, len(plans), together):
            chosen = slice(first, first + together)
            drafts = [self._draft(plan, hooks) for plan in plans[chosen]]
            result = self.net.paint(
                torch.stack(drafts),
                seed=list(seeds[chosen]),
                steps=settings.steps,
                guidance=settings.guidance,
                width=width,
                height=height,
                on_progress=hooks.on_progress,
                should_stop=hooks.should_stop,
            )
            painted += to_pil(result)
        return painted

    def _draft(self, plan: Plan, hooks: Hooks) -> Tensor:
        """Visual tokens [64,W] of a plan."""
        if plan.draft is not None:
            return plan.draft.to(self.net.device, self.net.dtype)
        tokens, prefixes = self.net.tokenizer, self.net.config.intent_prefixes
        ids = [tokens.bos_id, *user_ids(tokens, [PAINTING_REQUEST.format(plan.prompt)])]
        if "generate" in prefixes:
            reply = ReplyText("generate", plan.prompt)
            ids += tokens.encode(write_reply(reply, prefixes))
        drawn = self.net.generate(
            torch.tensor([*ids, tokens.image_start_id]),
            max_new_tokens=len(tokens.image_ids) + 2,
            on_progress=hooks.on_progress,
            should_stop=hooks.should_stop,
        )
        return drawn.features[0]
