"""Stand-in for `comfy_execution.graph`."""

from __future__ import annotations

from typing import Any


class DynamicPrompt:
    """The graph that runs, in API form: node id -> class_type and inputs."""

    def __init__(self, original_prompt: dict[str, Any]) -> None:
        self.original_prompt = original_prompt

    def get_node(self, node_id: str) -> dict[str, Any]:
        """The node called `node_id`; KeyError if there is none."""
        return self.original_prompt[node_id]
