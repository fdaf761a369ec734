"""WeGen: a design copilot. `load()` gives a `Copilot`; a `Conversation` holds the turns.

Importing this package is cheap: torch, transformers and diffusers are imported when a model is
loaded.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .copilot import Copilot as Copilot
    from .loading import load as load
    from .records.conversation import Conversation as Conversation
    from .records.hooks import Stopped as Stopped
    from .records.plan import Plan as Plan

__version__ = "0.1.0"

_HOMES = {
    "Conversation": "records.conversation",
    "Copilot": "copilot",
    "Plan": "records.plan",
    "Stopped": "records.hooks",
    "load": "loading",
}
__all__ = ["Conversation", "Copilot", "Plan", "Stopped", "__version__", "load"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
