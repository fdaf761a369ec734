"""How long work reports and stops, and how replies are sampled: records of plain callables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

Preview = Callable[[], "Image"]
"""Decodes the current image. That costs time, so it is called only where a preview is shown."""

OnText = Callable[[str], None]
OnProgress = Callable[[str, int, int, "Preview | None"], None]
ShouldStop = Callable[[], bool]


class Stopped(Exception):
    """`Hooks.should_stop` returned True; nothing of the work under way was kept."""


@dataclass(frozen=True)
class Hooks:
    """Callbacks of a long call. Every field may be None.

    Parameters
    ----------
    on_text
        Called with each new piece of generated text.
    on_progress
        Called with (stage, step, total, preview). Stages: "tokens" (visual tokens), "paint"
        (painter steps), "preserve" (images). preview is None or decodes the current image.
    should_stop
        Polled often; once it returns True, the call raises `Stopped`.
    """

    on_text: OnText | None = None
    on_progress: OnProgress | None = None
    should_stop: ShouldStop | None = None

    def check_stop(self) -> None:
        """Raise `Stopped` if the caller wants to stop."""
        if self.should_stop is not None and self.should_stop():
            raise Stopped("stopped on request")


NO_HOOKS = Hooks()


@dataclass(frozen=True)
class Sampling:
    """How the tokens of a reply are chosen.

    Parameters
    ----------
    temperature
        0 decodes greedily; None takes the model's own value.
    top_p
        Nucleus sampling (arXiv 1904.09751), in (0, 1]; None takes the model's own value.
    seed
        The same seed gives the same reply.
    max_new_tokens
        Upper limit of the reply's length; None takes the model's own value.
    """

    temperature: float | None = None
    top_p: float | None = None
    seed: int = 0
    max_new_tokens: int | None = None


GREEDY = Sampling(temperature=0.0)
OWN_SAMPLING = Sampling()
"""Every value is the model's own."""
