"""Any transformers language model in a local folder, with or without vision, as the chat model.

torch is imported with the first name that is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .model import LocalMLLM as LocalMLLM
    from .model import load as load

__all__ = ["LocalMLLM", "load"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from . import model

        return getattr(model, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
