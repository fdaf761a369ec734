"""The KV cache of what a conversation began with, for its next turn."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from PIL.Image import Image


class Prefix:
    """Remembers one run of `generate`: its ids, its pictures and its KV cache.

    picture_token: the id that stands for a piece of a picture; None: not known, and then a cache
    with pictures is not used again.
    """

    def __init__(self, picture_token: int | None) -> None:
        self._picture_token = picture_token
        self._ids: list[int] = []
        self._pictures: list[Image] = []
        self._cache: Any = None

    def keep(self, done: Any, pictures: Sequence[Image]) -> None:
        """Keep what `generate` returned; pictures: those in its ids."""
        self._cache = done.get("cache") or done.get("past_key_values")
        self._ids = done.sequences[0].tolist()
        self._pictures = list(pictures)

    def known(self, ids: Sequence[int], pictures: Sequence[Image]) -> Any:
        """The KV cache of a beginning of `ids`, or None; it is given away, so `keep` it again.

        Nothing is known where a picture is new: models place the words after a picture by its size.
        """
        cache, self._cache = self._cache, None
        pairs = zip(self._ids, ids, strict=False)
        common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        common = min(common, len(ids) - 1)  # the last token is what the reply follows from
        if cache is None or not self._all_pictures_in(common, ids, pictures):
            return None
        length = cache.get_seq_length()
        return cache if common >= length or _cut(cache, length - common) else None

    def _all_pictures_in(self, common: int, ids: Sequence[int], pictures: Sequence[Image]) -> bool:
        if common == 0 or self._pictures != list(pictures):
            return False
        if not pictures:
            return True
        rest = (*self._ids[common:], *ids[common:])
        return self._picture_token is not None and self._picture_token not in rest


def _cut(cache: Any, tokens: int) -> bool:
    """Take the last `tokens` off a cache, where its kind allows."""
    plain = {"DynamicLayer", "DynamicSlidingWindowLayer"}
    if {type(layer).__name__ for layer in getattr(cache, "layers", [])} - plain:
        return False  # recurrent states cannot go back
    try:
        cache.crop(-tokens)
    except (RuntimeError, ValueError):
        return False  # a sliding window has forgotten what stood before
    return True
