"""Chains of edits: the first original stays the anchor, and every turn owns what it changed."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..records.hooks import NO_HOOKS, Hooks
from .image_forms import mask_to_array, read
from .preserve import Preserved, preserve


class Anchor:
    """Keeps an image through any number of edits.

    Each edit is laid on the current image, whose untouched pixels are still the original's. So
    nothing is ever taken from an image that an editor encoded again, unless that editor changed it
    on purpose.

    Parameters
    ----------
    original
        The image at the start, in any form that `preserve` takes.

    Attributes
    ----------
    original
        That image.
    image
        The current image, in the same form.
    masks
        One change mask per turn, float32 [H,W] in 0..1.
    owner
        int32 [H,W]: for each pixel the turn (1, 2, ...) that changed it last, 0 for the original.
    """

    def __init__(self, original: Any) -> None:
        self._size = read(original, "original").size
        self.original = original
        self.image = original
        self.masks: list[np.ndarray] = []
        self.owner = np.zeros(self._size, np.int32)

    def add(
        self, edited: Any, mask: Any = None, *, hooks: Hooks = NO_HOOKS, **options: Any
    ) -> Preserved:
        """Lay the next edit on the current image.

        After an edit that is passed through, that edit is the current image, and this turn owns all
        of it. If its size differs, earlier masks have another size than later ones.

        Parameters
        ----------
        edited
            The current image as an editor returned it.
        mask, hooks, options
            As in `preserve`.

        Raises
        ------
        ValueError, Stopped
            As `preserve` does. The anchor is then unchanged.
        """
        result = preserve(self.image, edited, mask, hooks=hooks, **options)
        size = read(result.image, "image").size
        if result.report.decision == "pass":
            alpha = np.ones(size, np.float32)
        else:
            alpha = mask_to_array(result.change_mask)
        owner = self.owner if size == self._size else np.zeros(size, np.int32)
        self.owner = np.where(alpha > 0, len(self.masks) + 1, owner).astype(np.int32)
        self.masks.append(alpha)
        self.image, self._size = result.image, size
        return result

    def unchanged_share(self) -> float:
        """Share of the pixels that are still the original's, bit for bit, 0..1."""
        return float((self.owner == 0).mean())
