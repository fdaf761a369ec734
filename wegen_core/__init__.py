"""WeGen: a design copilot. `load()` gives a `Copilot`; a `Conversation` holds the turns.

Importing this package is cheap: torch, transformers and diffusers are imported when a model is
loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .records.lazy import lazy_exports

if TYPE_CHECKING:
    from .copilot import Copilot as Copilot
    from .loading import load as load
    from .records.conversation import Conversation as Conversation
    from .records.hooks import Stopped as Stopped
    from .records.plan import Plan as Plan

__version__ = "0.1.0"

__all__ = ["Conversation", "Copilot", "Plan", "Stopped", "__version__", "load"]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "Conversation": "records.conversation",
        "Copilot": "copilot",
        "Plan": "records.plan",
        "Stopped": "records.hooks",
        "load": "loading",
    },
)
