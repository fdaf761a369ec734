"""Stand-in for `execution`: the queue of runs."""

from __future__ import annotations

from typing import Any


class PromptQueue:
    """ComfyUI's queue; tests put what runs into `running`."""

    def __init__(self) -> None:
        self.running: list[tuple[Any, ...]] = []

    def get_current_queue_volatile(self) -> tuple[list[Any], list[Any]]:
        """What runs, and what waits."""
        return self.running, []
