"""WeGen's own network. Importing this package imports torch only once a network is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..records.lazy import lazy_exports
from .config import PaintDefaults, VisionConfig, WeGenConfig

if TYPE_CHECKING:
    from .checkpoint import WeGen
    from .generation import ConversationCache, Generation
    from .tokenizer import Tokenizer

__all__ = [
    "ConversationCache",
    "Generation",
    "PaintDefaults",
    "Tokenizer",
    "VisionConfig",
    "WeGen",
    "WeGenConfig",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "ConversationCache": "generation",
        "Generation": "generation",
        "Tokenizer": "tokenizer",
        "WeGen": "checkpoint",
    },
)
