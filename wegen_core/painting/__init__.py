"""The painter protocol, what a painter gets for a plan, and painters of several kinds."""

from .painter import Painter, PaintSettings

__all__ = ["PaintSettings", "Painter"]
