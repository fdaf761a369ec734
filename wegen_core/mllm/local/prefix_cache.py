"""The KV cache of how a conversation begins, reused for its next turn."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, takewhile
from typing import Any

from PIL.Image import Image

# Models with causal attention over image tokens: images can be prefilled onto a cache. Gemma
# attends bidirectionally within an image, and only into an empty cache.
_CAUSAL_OVER_IMAGES = frozenset({"llava", "internvl", "idefics3", "smolvlm"})


@dataclass(frozen=True)
class CachedPrefix:
    """The reusable beginning of a conversation.

    Parameters
    ----------
    cache
        The KV cache, a transformers `Cache`.
    tokens
        How many of the conversation's tokens are in it.
    images
        How many of the conversation's images are in it.
    """

    cache: Any
    tokens: int
    images: int


class PrefixCache:
    """Stores one run of `generate`: its token ids, its images and its KV cache.

    Parameters
    ----------
    image_token
        The id that stands for a part of an image. None: not known; a cache with images is then
        not reused.
    """

    def __init__(self, image_token: int | None) -> None:
        self._image_token = image_token
        self._ids: list[int] = []
        self._images: list[Image] = []
        self._cache: Any = None

    def store(self, generated: Any, images: Sequence[Image]) -> None:
        """Store what `generate` returned, and the images in its ids."""
        # transformers renames the field in the course of 5.x.
        self._cache = generated.get("cache") or generated.get("past_key_values")
        self._ids = generated.sequences[0].tolist()
        self._images = list(images)

    def lookup(
        self, ids: Sequence[int], images: Sequence[Image], count_tiles: Callable[[Image], int]
    ) -> CachedPrefix | None:
        """Take out the cache, cropped to the longest common prefix.

        Parameters
        ----------
        ids
            All token ids of the conversation.
        images
            All of its images.
        count_tiles
            How many spans of image tokens an image takes; called only where it matters.

        Returns
        -------
        CachedPrefix or None
            None: nothing can be reused. The cache is not in the store any more, so `store` it
            again.
        """
        cache, self._cache = self._cache, None
        if cache is None or (self._image_token is None and (images or self._images)):
            return None
        # The last token stays out: the model must be fed at least one to predict the next.
        common = min(_common_length(self._ids, ids), len(ids) - 1)
        spans = list(self.image_spans(ids))
        if len(spans) != len(images):  # images in tiles: merge the spans of each image
            ends = list(accumulate(map(count_tiles, images)))
            if not ends or ends[-1] != len(spans):
                return None
            spans = [
                (spans[first][0], spans[end - 1][1])
                for first, end in zip([0, *ends], ends, strict=False)
            ]
        # The prefix ends before the first image that is new, or of which only a part is in it.
        same_images = _common_length(self._images, images)
        reused = sum(end <= common for _, end in spans[:same_images])
        if reused < len(spans):
            common = min(common, spans[reused][0])
        length = cache.get_seq_length()
        if common == 0 or (common < length and not crop(cache, length - common)):
            return None
        return CachedPrefix(cache, min(common, length), reused)

    def image_spans(self, ids: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Start and end of every run of image tokens in `ids`."""
        start = None
        for index, token in enumerate((*ids, None)):
            if token == self._image_token and start is None:
                start = index
            elif token != self._image_token and start is not None:
                yield start, index
                start = None


def supports_image_prefill(model: Any) -> bool:
    """Whether `prefill_images` works for the model."""
    return _uses_mrope(model) or model.config.model_type in _CAUSAL_OVER_IMAGES


def prefill_images(
    model: Any, inputs: dict[str, Any], prefix: CachedPrefix, image_inputs: dict[str, Any]
) -> None:
    """Extend the cache by all tokens but the last; `generate` takes images into empty caches only.

    Parameters
    ----------
    model
        A transformers model for which `supports_image_prefill` is True. One with M-RoPE also
        stores the position offset for the tokens that follow.
    inputs
        Of the whole conversation.
    prefix
        What is cached already; its cache is changed.
    image_inputs
        Pixel values and other inputs of the images that are not cached yet; empty: there are none,
        and the cache stays as it is.
    """
    span = slice(prefix.tokens, -1)
    if _uses_mrope(model):
        get_positions = model.model.get_rope_index
        parameters = inspect.signature(get_positions).parameters
        arguments = {name: inputs[name] for name in parameters if name in inputs}
        positions, model.model.rope_deltas = get_positions(**arguments)
        if image_inputs:
            image_inputs = {**image_inputs, "position_ids": positions[..., span]}
    if image_inputs:
        model(
            input_ids=inputs["input_ids"][:, span],
            attention_mask=inputs["attention_mask"][:, :-1],
            use_cache=True,
            **{cache_argument(model): prefix.cache},
            **image_inputs,
        )


def cache_argument(model: Any) -> str:
    """What the model calls its KV cache; transformers renames it in the course of 5.x."""
    return "cache" if "cache" in inspect.signature(model.forward).parameters else "past_key_values"


def crop(cache: Any, tokens: int) -> bool:
    """Remove the last `tokens` from a cache; returns whether its kind allows that."""
    # Old kinds of caches have no layers; recurrent states cannot go back.
    kinds = {type(layer).__name__ for layer in getattr(cache, "layers", [])}
    if kinds - {"DynamicLayer", "DynamicSlidingWindowLayer"}:
        return False
    try:
        cache.crop(-tokens)
    except (RuntimeError, ValueError):
        return False  # a sliding window no longer holds the tokens before
    return True


def _uses_mrope(model: Any) -> bool:
    """Whether the positions after an image depend on its size (M-RoPE, arXiv 2409.12191)."""
    # Only Qwen's models have this method.
    return hasattr(getattr(model, "model", None), "get_rope_index")


def _common_length(left: Sequence[Any], right: Sequence[Any]) -> int:
    """How many items at the beginning are equal."""
    pairs = zip(left, right, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
