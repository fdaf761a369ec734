"""The KV cache of what a conversation began with, for its next turn."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, takewhile
from typing import Any

from PIL.Image import Image


@dataclass(frozen=True)
class Known:
    """A KV cache of the first `tokens` ids, with the first `pictures` pictures in them."""

    cache: Any
    tokens: int
    images: int


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

    def known(
        self, ids: Sequence[int], pictures: Sequence[Image], pieces: Callable[[Image], int]
    ) -> Known | None:
        """The longest beginning of `ids` that a KV cache is there for, or None.

        pieces: into how many places in the ids a picture is cut; asked only where it matters. The
        cache is given away, so `keep` it again.
        """
        cache, self._cache = self._cache, None
        if cache is None or (self._picture_token is None and (pictures or self._pictures)):
            return None
        common = _common(self._ids, ids)
        common = min(common, len(ids) - 1)  # the last token is what the reply follows from
        places = list(self.places(ids))
        if len(places) != len(pictures):
            ends = list(accumulate(map(pieces, pictures)))
            if not ends or ends[-1] != len(places):
                return None
            places = [
                (places[first][0], places[end - 1][1])
                for first, end in zip([0, *ends], ends, strict=False)
            ]
        same = _common(self._pictures, pictures)
        whole = sum(end <= common for _, end in places[:same])
        if whole < len(places):
            common = min(common, places[whole][0])
        length = cache.get_seq_length()
        if common == 0 or (common < length and not _cut(cache, length - common)):
            return None
        return Known(cache, min(common, length), whole)

    def places(self, ids: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Where each picture, or each piece of one, begins and ends."""
        begin = None
        for at, token in enumerate((*ids, None)):
            if token == self._picture_token and begin is None:
                begin = at
            elif token != self._picture_token and begin is not None:
                yield begin, at
                begin = None


def _common(left: Sequence[Any], right: Sequence[Any]) -> int:
    """How many items both begin with."""
    pairs = zip(left, right, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


# Pieces of a picture are tokens like others here. Gemma's look at each other both ways, and only
# into an empty cache.
_PLAIN = frozenset({"llava", "internvl", "idefics3", "smolvlm"})


def can_read_on(model: Any) -> bool:
    """Whether `read_on` knows how the model reads a picture after something else."""
    return _places_by_size(model) or model.config.model_type in _PLAIN


def _places_by_size(model: Any) -> bool:
    """Whether what stands after a picture is placed by the picture's size, as Qwen's models do."""
    return hasattr(getattr(model, "model", None), "get_rope_index")


def read_on(model: Any, inputs: dict[str, Any], known: Known, new: dict[str, Any]) -> None:
    """Lengthen the cache by all but the last token of `inputs`, and the pictures `new` in it.

    inputs: of the whole conversation. new: pixel values and the like of the pictures that are not
    in the cache. `generate` itself reads pictures only into an empty cache. A model that places by
    size remembers the offset of the positions that follow.
    """
    span = slice(known.tokens, -1)
    if _places_by_size(model):
        places = model.model.get_rope_index
        wanted = inspect.signature(places).parameters
        positions, offset = places(**{name: inputs[name] for name in wanted if name in inputs})
        model.model.rope_deltas = offset
        new = {**new, "position_ids": positions[..., span]} if new else {}
    if new:
        model(
            input_ids=inputs["input_ids"][:, span],
            attention_mask=inputs["attention_mask"][:, :-1],
            use_cache=True,
            **{cache_name(model): known.cache},
            **new,
        )


def cache_name(model: Any) -> str:
    """What `generate` calls the KV cache; transformers renames it in the course of 5.x."""
    return "cache" if "cache" in inspect.signature(model.forward).parameters else "past_key_values"


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
