"""A branch of a conversation as a graph of nodes that makes the same pictures again."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from .conversations import Conversations

PREFIX = "wegen"


def branch_graph(
    conversations: Conversations, conversation_id: str, head: str | None = None
) -> dict[str, Any]:
    """The branch up to `head` (None: the current one) as a graph in ComfyUI's API format.

    Copilot nodes, a chain of WeGen Chat with the words and seeds of the branch, and Preview Image.
    A turn that WeGen Chat cannot repeat by itself (a drawn mask, references with roles, images of
    several sizes) is loaded by WeGen Conversation, and the chain begins behind it.

    Returns {"prompt": graph}; ValueError where the branch has no message, or no copilot is known.
    """
    described = conversations.describe(conversation_id)
    by_id = {turn["id"]: turn for turn in described["turns"]}
    path: list[dict[str, Any]] = []
    step = described["head"] if head is None else head
    while step is not None:
        if step not in by_id:
            raise KeyError(f"the conversation has no turn {step[:40]!r}")
        path.insert(0, by_id[step])
        step = by_id[step]["parent"]
    copilot = described["copilot"] or _mini()
    graph: dict[str, Any] = dict(copilot["nodes"])
    link = list(copilot["output"])
    previous: list[Any] | None = None
    start = max((i + 1 for i, turn in enumerate(path) if not _repeatable(turn)), default=0)
    if start:
        # Up to the reply of the last turn that cannot be repeated.
        start = min(start + 1, len(path))
        graph[f"{PREFIX}_loaded"] = {
            "class_type": "WeGenConversation",
            "inputs": {"name": conversation_id, "turn": path[start - 1]["id"]},
        }
        previous = [f"{PREFIX}_loaded", 0]
    number = 0
    for i, turn in enumerate(path[start:], start):
        if turn["role"] != "user":
            continue
        number += 1
        reply = path[i + 1] if i + 1 < len(path) else None
        inputs = {
            "copilot": link,
            "message": "\n".join(p["text"] for p in turn["parts"] if "text" in p),
            "seed": int((reply or {"record": {}})["record"].get("seed") or 0),
        }
        if previous is not None:
            inputs["conversation"] = previous
        images = [p["image"] for p in turn["parts"] if "image" in p]
        if images:
            file = _to_input_folder(conversations.image_path(conversation_id, images[0]))
            graph[f"{PREFIX}_image_{number}"] = {
                "class_type": "LoadImage",
                "inputs": {"image": file},
            }
            inputs["images"] = [f"{PREFIX}_image_{number}", 0]
        graph[f"{PREFIX}_chat_{number}"] = {"class_type": "WeGenChat", "inputs": inputs}
        previous = [f"{PREFIX}_chat_{number}", 2]
        graph[f"{PREFIX}_preview_{number}"] = {
            "class_type": "PreviewImage",
            "inputs": {"images": [f"{PREFIX}_chat_{number}", 1]},
        }
    if not number and not start:
        raise ValueError("the conversation is empty; say something first")
    return {"prompt": graph}


def _repeatable(turn: dict[str, Any]) -> bool:
    """Whether WeGen Chat makes the same turn of its inputs."""
    if turn["role"] != "user":
        return True
    images = [part for part in turn["parts"] if "image" in part]
    return len(images) <= 1 and not turn["references"] and not {"mask", "plan"} & {*turn["record"]}


def _mini() -> dict[str, Any]:
    loader = {"class_type": "WeGenLoadModel", "inputs": {"model": "mini", "precision": "auto"}}
    return {"nodes": {f"{PREFIX}_copilot": loader}, "output": [f"{PREFIX}_copilot", 0]}


def _to_input_folder(path: Path) -> str:
    """Copy an image to ComfyUI's input folder; what Load Image calls it."""
    import folder_paths

    folder = Path(folder_paths.get_input_directory()) / PREFIX
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / path.name).exists():
        shutil.copyfile(path, folder / path.name)
    return f"{PREFIX}/{path.name}"
