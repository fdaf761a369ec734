"""The conversations of a user of ComfyUI, and of the user who queued a run."""

from __future__ import annotations

import re
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from ...wegen_core.records.conversation_files import FILE
from .conversations import Conversations

EXTRA_DATA = 3  # its place in an item of ComfyUI's queue
_user_of_request: ContextVar[str] = ContextVar("user_of_request", default="default")


def send_user_with_runs(server: Any) -> None:
    """Write the user who queues a graph into its extra data; ComfyUI itself keeps no such note.

    server: ComfyUI's server, before it starts. The user is that of the request, "default" where it
    names none, and "" for one that the server does not know.
    """
    from aiohttp import web

    @web.middleware
    async def note_user(request: Any, handler: Any) -> Any:
        try:
            _user_of_request.set(server.user_manager.get_request_user_id(request))
        except KeyError:  # with --multi-user, also for a request that names nobody
            _user_of_request.set("" if "comfy-user" in request.headers else "default")
        return await handler(request)

    def add_user(data: dict[str, Any]) -> dict[str, Any]:
        data["extra_data"] = {**data.get("extra_data", {}), "wegen_user": _user_of_request.get()}
        return data

    server.app.middlewares.append(note_user)
    server.add_on_prompt_handler(add_user)


def conversations_of(user: str = "default") -> Conversations:
    """The conversations of a user; ValueError for one that the server does not know."""
    import folder_paths

    # ComfyUI's ids have letters, digits, "-" and "_"; its system users begin with "__".
    if not re.fullmatch(r"(?!__)[\w-]+", user):
        raise ValueError(f"{user!r} is not a user of this server")
    return Conversations(Path(folder_paths.get_user_directory()) / user / "wegen/conversations")


def conversations_of_run() -> Conversations:
    """The conversations of the user who queued the running graph; else of the default user.

    Read from ComfyUI's queue (see `send_user_with_runs`), because `fingerprint_inputs` gets no
    hidden inputs.
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
