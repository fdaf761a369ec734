"""Stand-in for `comfy.utils`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PROGRESS_BAR_HOOK: Callable[..., Any] | None = None


def set_progress_bar_global_hook(function: Callable[..., Any] | None) -> None:
    """Have `function` called at every progress of a node."""
    global PROGRESS_BAR_HOOK
    PROGRESS_BAR_HOOK = function


class ProgressBar:
    """The bar on the node that runs."""

    def __init__(self, total: int, node_id: str | None = None) -> None:
        self.total, self.node_id = total, node_id

    def update_absolute(self, value: int, total: int | None = None, preview: Any = None) -> None:
        """Show `value` of `total`, and perhaps a preview: (format, image, largest side)."""
        if total is not None:
            self.total = total
        if PROGRESS_BAR_HOOK is not None:
            PROGRESS_BAR_HOOK(value, self.total, preview, node_id=self.node_id)
