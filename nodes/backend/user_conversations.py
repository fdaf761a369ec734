"""The conversations of a user of ComfyUI, and of the user who queued a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...wegen_core.records.conversation import FILE
from .conversations import Conversations


def conversations_of(user: str = "default") -> Conversations:
    """The conversations of a user; ValueError for one that the server does not know."""
    import folder_paths

    root = folder_paths.get_public_user_directory(user)
    if root is None:
        raise ValueError(f"{user!r} is not a user of this server")
    return Conversations(Path(root) / "wegen" / "conversations")


def conversations_of_run(hidden: Any) -> Conversations:
    """The conversations of the user who queued the run; of the default user without one.

    The sidebar sends the user's id, as ComfyUI's own request header has it, with the graph.
    """
    sent = hidden.extra_pnginfo
    user = sent.get("wegen_user") if isinstance(sent, dict) else None
    return conversations_of(user if isinstance(user, str) else "default")


def announce(conversation_id: str) -> None:
    """Tell every open page that a conversation has changed."""
    from server import PromptServer

    if PromptServer.instance is not None:
        PromptServer.instance.send_sync("wegen.conversation", {"id": conversation_id})


def state_of(hidden: Any, name: str) -> str:
    """Changes whenever the conversation `name` does."""
    conversations = conversations_of_run(hidden)
    conversation_id = conversations.find(name.strip())
    if conversation_id is None:
        return "new"
    path = conversations.folder(conversation_id) / FILE
    return f"{conversation_id} {path.stat().st_mtime_ns}"
