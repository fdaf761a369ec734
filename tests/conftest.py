"""What all tests share: one thread for every process, and a copilot of fakes."""

from __future__ import annotations

import os

# On a busy machine, torch with two threads can be ten times slower than with one: each waits for
# the other at every operation. Set before numpy, torch and OpenCV are imported; test servers and
# other child processes inherit it.
os.environ |= dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "MKL_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "OPENCV_FOR_THREADS_NUM",
        "RAYON_NUM_THREADS",
    ),
    "1",
)

import pytest

from tests.support.fakes import FakeMLLM, FakePainter
from wegen_core.copilot import Copilot


@pytest.fixture
def copilot() -> Copilot:
    """A copilot whose models are fakes; everything else is real."""
    return Copilot(FakeMLLM(), FakePainter())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, so that no process starts on one when the others are done."""
    slow = [item.path for item in items if item.get_closest_marker("slow")]
    tests = [item.path for item in items]
    share = {path: slow.count(path) / tests.count(path) for path in set(slow)}
    items.sort(key=lambda item: -share.get(item.path, 0))
