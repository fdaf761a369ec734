"""The simulated habits of real editors, and what preservation makes of them."""

from __future__ import annotations

import numpy as np

from tests.support.real_habits import case
from wegen_core.preservation import preserve


def test_edits_by_editors_with_real_habits_keep_what_they_left_alone():
    right, recalls = [], []
    for seed in range(6):
        edit = case(np.random.default_rng(seed), 128, strength=0.6)
        result = preserve(edit.source, edit.edited)
        right.append(result.report.decision == edit.expected)
        if right[-1] and edit.expected == "lock":
            plain = edit.difference > 30
            recalls.append((result.change_mask > 0.5)[plain].mean())
            far = result.change_mask == 0
            assert np.array_equal(result.image[far], edit.source[far]) and far.mean() > 0.5
    assert sum(right) >= 5 and np.median(recalls) > 0.98


def test_stronger_habits_change_more_beside_the_edit():
    drift = []
    for strength in (0.2, 2.0):
        edit = case(np.random.default_rng(0), 96, strength)
        assert edit.expected == "lock" and edit.difference.max() > 60
        drift.append(np.abs(edit.edited.astype(int) - edit.target).mean())
    assert drift[1] > drift[0]
