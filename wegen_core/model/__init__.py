"""WeGen's own network; importing this room imports torch only once a model is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .config import PaintDefaults, VisionConfig, WeGenConfig

if TYPE_CHECKING:
    from .generation import Generation as Generation
    from .generation import Session as Session
    from .network import WeGen as WeGen
    from .tokenizer import Tokenizer as Tokenizer

_ROOMS = {
    "WeGen": "network",
    "Generation": "generation",
    "Session": "generation",
    "Tokenizer": "tokenizer",
}

__all__ = [*_ROOMS, "PaintDefaults", "VisionConfig", "WeGenConfig"]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        from importlib import import_module

        return getattr(import_module(f".{_ROOMS[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
