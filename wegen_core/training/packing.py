"""Which rows a step learns from: rows are packed into full sequences, epoch after epoch.

Everything derives from (seed, epoch), so that the position in the data is the number of the step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

_OPEN = 64
"""Packs that are filled at once; more fill better, but mix lengths less."""


def pack(
    sizes: Sequence[tuple[int, int]], order: Sequence[int], max_tokens: int, max_images: int
) -> list[list[int]]:
    """Fill packs with items in the given order, each into the first pack that has space for it.

    Parameters
    ----------
    sizes
        (tokens, images) of each item; none exceeds the maxima.
    order
        Indices of `sizes`; one may come several times.
    max_tokens, max_images
        Of one pack.

    Returns
    -------
    list of list of int
        Indices of `sizes`.
    """
    packs: list[list[int]] = []
    spaces: list[tuple[int, list[int]]] = []  # of the open packs: their number, and what is left
    for item in order:
        tokens, images = sizes[item]
        fits = (s for s in spaces if tokens <= s[1][0] and images <= s[1][1])
        space = next(fits, None)
        if space is None:
            space = (len(packs), [max_tokens, max_images])
            packs.append([])
            spaces = [*spaces[-(_OPEN - 1) :], space]
        number, left = space
        packs[number].append(item)
        left[0] -= tokens
        left[1] -= images
    return packs


@dataclass
class Schedule:
    """The packs of every step.

    Parameters
    ----------
    sizes
        (tokens, images) of each item.
    weights
        How often each item counts in an epoch; of 1.5 one epoch in two has a second one.
    batch
        Packs in a step.
    max_tokens, max_images
        Of one pack.
    seed
        Of order and weights.
    """

    sizes: Sequence[tuple[int, int]]
    weights: Sequence[float]
    batch: int
    max_tokens: int
    max_images: int
    seed: int
    _ends: list[int] = field(default_factory=list)  # packs up to the end of each epoch
    _packs: dict[int, list[list[int]]] = field(default_factory=dict)  # of the last epochs used

    def packs(self, step: int) -> list[list[int]]:
        """The packs of a step, each a list of items."""
        first = step * self.batch
        return [self._pack(n) for n in range(first, first + self.batch)]

    def epoch(self, step: int) -> int:
        """The epoch in which a step begins."""
        self._pack(step * self.batch)
        return int(np.searchsorted(self._ends, step * self.batch, side="right"))

    def _pack(self, number: int) -> list[int]:
        while not self._ends or number >= self._ends[-1]:
            epoch = len(self._ends)
            self._ends.append((self._ends or [0])[-1] + len(self._epoch(epoch)))
        epoch = int(np.searchsorted(self._ends, number, side="right"))
        return self._epoch(epoch)[number - (self._ends[epoch - 1] if epoch else 0)]

    def _epoch(self, epoch: int) -> list[list[int]]:
        if epoch not in self._packs:
            rng = np.random.default_rng((self.seed, 1, epoch))
            weights = np.asarray(self.weights)
            copies = weights.astype(int) + (rng.random(len(weights)) < weights % 1)
            if not copies.any():  # small weights of few rows
                copies[rng.integers(len(copies))] = 1
            order = rng.permutation(np.repeat(np.arange(len(copies)), copies)).tolist()
            packs = pack(self.sizes, order, self.max_tokens, self.max_images)
            shuffled = [packs[k] for k in rng.permutation(len(packs))]
            self._packs = {e: p for e, p in self._packs.items() if e >= epoch - 1}
            self._packs[epoch] = shuffled
        return self._packs[epoch]
