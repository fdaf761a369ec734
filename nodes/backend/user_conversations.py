"""The conversations of a user of ComfyUI, and of the user who queued a run."""

from __future__ import annotations

from pathlib import Path

from ...wegen_core.records.conversation import FILE
from .conversations import Conversations

EXTRA_DATA = 3  # its place in an item of ComfyUI's queue


def conversations_of(user: str = "default") -> Conversations:
    """The conversations of a user; ValueError for one that the server does not know."""
    import folder_paths

    root = folder_paths.get_public_user_directory(user)
    if root is None:
        raise ValueError(f"{user!r} is not a user of this server")
    return Conversations(Path(root) / "wegen" / "conversations")


def conversations_of_run() -> Conversations:
    """The conversations of the user who queued the running graph; else of the default user.

    The sidebar sends the user's id, as ComfyUI's own request header has it, with the graph. It is
    read from ComfyUI's queue, because `fingerprint_inputs` gets no hidden inputs.
    """
    from server import PromptServer

    if PromptServer.instance is None:
        return conversations_of()
    running, _ = PromptServer.instance.prompt_queue.get_current_queue_volatile()
    users = [item[EXTRA_DATA].get("wegen_user") for item in running]
    return conversations_of(next((user for user in users if isinstance(user, str)), "default"))


def announce(conversation_id: str) -> None:
    """Tell every open page that a conversation has changed."""
    from server import PromptServer

    if PromptServer.instance is not None:
        PromptServer.instance.send_sync("wegen.conversation", {"id": conversation_id})


def state_of(name: str) -> str:
    """Changes whenever the conversation `name` of the run's user does."""
    conversations = conversations_of_run()
    conversation_id = conversations.find(name.strip())
    if conversation_id is None:
        return f"new in {conversations.root}"
    path = conversations.folder(conversation_id) / FILE
    return f"{path} {path.stat().st_mtime_ns}"
