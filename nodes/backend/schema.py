"""What the nodes' schemas share: socket types and inputs that look the same everywhere."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

CATEGORY = "WeGen"
CopilotSocket = io.Custom("WEGEN_COPILOT")
MLLMSocket = io.Custom("WEGEN_MLLM")
PainterSocket = io.Custom("WEGEN_PAINTER")
ConversationSocket = io.Custom("WEGEN_CONVERSATION")
ReferencesSocket = io.Custom("WEGEN_REFERENCES")

# Keeps a node out of the menus. Older versions hide only deprecated nodes.
HIDDEN: dict[str, Any] = {
    "is_dev_only" if hasattr(io.Schema, "is_dev_only") else "is_deprecated": True
}
# A fresh node keeps its seed, or the next run would redraw what it feeds. In older versions
# `web/wegen.js` chooses "fixed".
_AFTER_GENERATE: Any = (
    io.ControlAfterGenerate.fixed if hasattr(io, "ControlAfterGenerate") else True
)


def aliases(*words: str) -> dict[str, Any]:
    """Other words under which the menu finds a node. Older versions have no such field."""
    known = "search_aliases" in io.Schema.__dataclass_fields__
    return {"search_aliases": list(words)} if known else {}


def copilot_input(optional: bool = False, tooltip: str | None = None) -> io.Input:
    """The copilot socket."""
    return CopilotSocket.Input(
        "copilot", optional=optional, tooltip=tooltip or "From WeGen Model Loader or WeGen Copilot."
    )


def mllm_input() -> io.Input:
    """The optional MLLM that is used instead of a copilot."""
    return MLLMSocket.Input(
        "mllm",
        optional=True,
        tooltip="Instead of a copilot: from WeGen MLLM Loader, Endpoint or from CLIP.",
    )


def text_input(name: str, default: str, tooltip: str) -> io.Input:
    """A text box of several lines."""
    return io.String.Input(name, multiline=True, default=default, tooltip=tooltip)


def seed_input() -> io.Input:
    """The seed widget that all nodes with randomness share."""
    # 2**53 - 1 is the largest whole number that JSON carries unharmed through a browser.
    return io.Int.Input(
        "seed",
        default=0,
        min=0,
        max=2**53 - 1,
        control_after_generate=_AFTER_GENERATE,
        tooltip="The same seed and inputs give the same result.",
    )


def advanced(widget: io.Input) -> io.Input:
    """`widget` as an advanced input. ComfyUI before 0.9 reads the field but has no parameter."""
    widget.extra_dict["advanced"] = True
    return widget
