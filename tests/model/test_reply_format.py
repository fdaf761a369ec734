"""Replies that contradict themselves are told from those that do not."""

from __future__ import annotations

import numpy as np
import pytest

from wegen_core.model.reply_format import slips
from wegen_core.playground import samples as world
from wegen_core.playground import sequences

SEEN = "change: a red car on the left and a blue fish on the right, at night. "


@pytest.mark.parametrize("seed", range(40))
def test_right_replies_have_none(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scene = world.sample(rng)
    makers = (sequences.change, sequences.ask)
    for exchange in (*(make(scene, True, rng) for make in makers), sequences.combine(rng)):
        assert slips(str(exchange.reply[0])) == 0


@pytest.mark.parametrize(
    ("rest", "count"),
    [
        ("remove the car on the right -> a blue fish on the right, at night", 1),
        ("remove the car on the left -> a red fish on the right, at night", 1),
        ("remove the boat on the left -> a red fish on the right, on grass", 3),
        ("the car on the right is blue -> blue", 1),
        ("the fish on the right is red -> red", 1),
        ("the fish on the right is blue -> blue", 0),
        ("no fish -> no", 1),
        ("nothing in the middle -> no", 0),
        ("now by the sea -> a red car on the left and a blue fish on the right, at sea", 1),
    ],
)
def test_what_was_not_seen_and_not_announced_counts(rest: str, count: int) -> None:
    assert slips(SEEN + rest) == count


def test_other_texts_have_none() -> None:
    for words in ("", "draw: a red car on the left, at night", "the fish", "a -> b", "One. Two."):
        assert slips(words) == 0
