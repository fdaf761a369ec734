"""What draws: the painter protocol, what a painter is asked for, and adapters."""

from .painter import Painter, PaintSettings

__all__ = ["PaintSettings", "Painter"]
