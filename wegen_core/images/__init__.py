"""Images in any usual form, and image files."""

from .convert import one_pil, to_pil

__all__ = ["one_pil", "to_pil"]
