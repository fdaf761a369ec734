"""How long work reports and stops: plain callbacks, so that the core needs no user interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

Preview = Callable[[], "Image"]
"""Decodes the picture as it stands now; called only by those who want to pay for it."""

Progress = Callable[[str, int, int, "Preview | None"], None]
"""(stage, step, total, preview). Stages: "tokens" (visual tokens), "paint" (painter steps),
"preserve" (pictures)."""

ShouldStop = Callable[[], bool]
OnText = Callable[[str], None]


class Stopped(Exception):
    """The caller's `should_stop` said True; nothing was kept of the work under way."""


def check(should_stop: ShouldStop | None) -> None:
    """Raise `Stopped` if the caller wants to stop."""
    if should_stop is not None and should_stop():
        raise Stopped("stopped on request")
