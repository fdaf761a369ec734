"""Chains of edits: the first original stays the anchor, and every turn owns what it changed."""

from __future__ import annotations

from typing import Any

import numpy as np

from .image_forms import mask_array, read
from .preserve import Preserved, preserve


class Anchor:
    """Keeps a picture through any number of edits.

    Each edit is laid on the current picture, whose untouched pixels are still those of the
    original: nothing is ever taken from a picture that an editor encoded again, unless that
    editor changed it on purpose.

    original: the picture at the start, as `preserve` takes it. picture: the current one, the
    same kind. masks: one change mask per turn, float32 [H,W] in 0..1. owner: int32 [H,W], for
    every pixel the turn (1, 2, ...) that changed it last, 0 for the original.
    """

    def __init__(self, original: Any) -> None:
        self._size = read(original, "original").size
        self.original = original
        self.picture = original
        self.masks: list[np.ndarray] = []
        self.owner = np.zeros(self._size, np.int32)

    def add(self, edited: Any, mask: Any = None, **settings: Any) -> Preserved:
        """Takes in the next edit of `picture`; `mask` and `settings` as in `preserve`.

        After an edit that passes through, `picture` is that edit and owned by this turn as a
        whole; if its size differs, earlier masks are of another size than later ones.
        Raises ValueError as `preserve` does, and is then unchanged.
        """
        result = preserve(self.picture, edited, mask, **settings)
        size = read(result.image, "image").size
        if result.report.decision == "pass":
            alpha = np.ones(size, np.float32)
        else:
            alpha = mask_array(result.change_mask)
        owner = self.owner if size == self._size else np.zeros(size, np.int32)
        self.owner = np.where(alpha > 0, len(self.masks) + 1, owner).astype(np.int32)
        self.masks.append(alpha)
        self.picture, self._size = result.image, size
        return result

    def kept(self) -> float:
        """Share of the picture that is still the original's, bit for bit, 0..1."""
        return float((self.owner == 0).mean())
