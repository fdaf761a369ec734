"""Keys that a user typed into a node, kept out of graphs, images and histories.

ComfyUI writes every queued graph into its images and its history, also where a node refuses to run.
"""

from __future__ import annotations

from typing import Any

NODE = "WeGenMLLMEndpoint"


def register_key_filter() -> None:
    """Let every graph that is queued pass `hide_keys`, once ComfyUI's server is there."""
    from server import PromptServer

    if PromptServer.instance is not None:
        PromptServer.instance.add_on_prompt_handler(hide_keys)


def hide_keys(value: Any, is_endpoint: bool = False) -> Any:
    """A request to run a graph, with *** in place of the keys in WeGen MLLM Endpoint's texts.

    value: any part of the request, which holds the graph in two forms. is_endpoint: whether that
    part belongs to such a node.
    """
    from ...wegen_core.mllm.endpoint.address import without_keys

    if isinstance(value, dict):
        is_endpoint |= NODE in (value.get("class_type"), value.get("type"))
        return {name: hide_keys(member, is_endpoint) for name, member in value.items()}
    if isinstance(value, list):
        return [hide_keys(member, is_endpoint) for member in value]
    return without_keys(value) if is_endpoint and isinstance(value, str) else value
