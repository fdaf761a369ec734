"""Stand-in for `execution`: the queue of runs."""

from __future__ import annotations

from typing import Any


class _Everything(dict[str, Any]):
    """Has every key: the stand-in has no nodes of its own, and tests fake them all."""

    def __contains__(self, name: object) -> bool:
        return True


class nodes:  # noqa: N801, a module there
    """ComfyUI's module of that name."""

    NODE_CLASS_MAPPINGS: dict[str, Any] = _Everything()


class PromptQueue:
    """ComfyUI's queue; tests put what runs into `running`."""

    def __init__(self) -> None:
        self.running: list[tuple[Any, ...]] = []

    def get_current_queue_volatile(self) -> tuple[list[Any], list[Any]]:
        """What runs, and what waits."""
        return self.running, []
