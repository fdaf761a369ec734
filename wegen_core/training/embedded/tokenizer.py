"""The embedded network's tokenizer: sentencepiece BPE over the playground's chats."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...model.prompt import INSTRUCTION, unique_words
from ...model.tokenizer import Tokenizer
from ...playground import chats, clips, world
from ..train_tokenizer import train_tokenizer

VOCABULARY = 1024
CHATS = 12_000


def build_tokenizer(folder: Path, image_tokens: int, seed: int = 0) -> Tokenizer:
    """Train a tokenizer into `folder`, or read the one that is there."""
    return train_tokenizer(folder, image_tokens, _corpus(seed), VOCABULARY)


def taught_words(seed: int = 0) -> str:
    """Every word of the chats that the network learns from, with spaces between."""
    return " ".join(sorted({word for text in _corpus(seed) for word in unique_words(text)}))


def _corpus(seed: int) -> Iterator[str]:
    """Requests and replies of all kinds; one request in four as it stands in a prompt."""
    rng = np.random.default_rng((seed, 17))
    for i in range(CHATS):
        scene = world.sample(rng)
        exchanges = [f(scene, rng) for f in (chats.generate, chats.rewrite, chats.ask)]
        event = clips.sample_event(scene, rng)
        if event is not None and event.before != event.after:
            exchanges.append(chats.refine(event.before, event.after, rng))
        composition = chats.compose(world.sample(rng), scene, rng)
        if composition is not None:
            exchanges.append(composition.exchange)
        for request, reply in exchanges:
            yield INSTRUCTION.format(request) if i % 4 == 0 else request
            yield reply
