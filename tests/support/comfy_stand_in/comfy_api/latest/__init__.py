"""Stand-in for the newest version of ComfyUI's public API."""

from __future__ import annotations

from . import io, ui

__all__ = ["ComfyExtension", "io", "ui"]


class ComfyExtension:
    """What a pack's `comfy_entrypoint` returns."""

    async def on_load(self) -> None:
        """Called once, by newer versions only."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        """The pack's node classes."""
        raise NotImplementedError
