"""Packing: nothing is lost, caps hold, the position in the data is the step's number."""

from __future__ import annotations

from collections import Counter

import numpy as np

from wegen_core.training.packing import Schedule, pack


def _sizes(count=200):
    rng = np.random.default_rng(0)
    return [(int(rng.integers(10, 600)), int(rng.integers(0, 9))) for _ in range(count)]


def test_every_item_comes_once_and_no_pack_is_too_large():
    sizes = _sizes()
    packs = pack(sizes, range(len(sizes)), 1000, 12)
    assert sorted(i for p in packs for i in p) == list(range(len(sizes)))
    for p in packs:
        assert sum(sizes[i][0] for i in p) <= 1000
        assert sum(sizes[i][1] for i in p) <= 12


def test_packs_are_full():
    sizes = [(tokens, 0) for tokens, _ in _sizes(1000)]
    packs = pack(sizes, range(len(sizes)), 2048, 1)
    assert sum(t for t, _ in sizes) / (2048 * len(packs)) > 0.93


def _schedule(seed=0, weights=None):
    sizes = _sizes(40)
    return Schedule(sizes, weights or [1.0] * len(sizes), 3, 1200, 20, seed)


def test_a_step_has_the_same_packs_whatever_came_before():
    forward = _schedule()
    steps = [forward.packs(step) for step in range(30)]
    assert _schedule().packs(29) == steps[29]
    assert _schedule(seed=1).packs(29) != steps[29]
    assert forward.epoch(29) > forward.epoch(0) == 0


def test_weights_are_how_often_items_come():
    schedule = _schedule(weights=[2.0] * 10 + [0.5] * 10 + [1.0] * 20)
    counts: Counter[int] = Counter()
    step = 0
    while schedule.epoch(step) < 20:
        counts.update(i for p in schedule.packs(step) for i in p)
        step += 1
    shares = [np.mean([counts[i] for i in range(a, b)]) for a, b in ((0, 10), (10, 20), (20, 40))]
    assert np.allclose(shares, [40, 10, 20], rtol=0.2)
