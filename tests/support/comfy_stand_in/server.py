"""Stand-in for `server`: it serves nothing and keeps the texts that nodes show."""

from __future__ import annotations

from typing import Any, ClassVar

from execution import PromptQueue


class PromptServer:
    """ComfyUI's server."""

    instance: ClassVar[PromptServer | None] = None

    def __init__(self) -> None:
        self.routes: Any = None  # aiohttp's table; the stand-in serves nothing
        self.user_manager: Any = None
        self.prompt_queue = PromptQueue()
        self.texts: list[tuple[str, str]] = []  # for tests: (node id, text)
        self.on_prompt_handlers: list[Any] = []

    def add_on_prompt_handler(self, handler: Any) -> None:
        self.on_prompt_handlers.append(handler)

    def send_progress_text(self, text: str, node_id: str, sid: str | None = None) -> None:
        """Show `text` on the node."""
        self.texts.append((node_id, text))

    def send_sync(self, event: str, data: dict[str, Any], sid: str | None = None) -> None:
        """Send an event to one page, or to all."""
