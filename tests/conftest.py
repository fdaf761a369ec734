"""What several test files share."""

from __future__ import annotations

import pytest

from tests.support.fakes import FakeMLLM, FakePainter
from wegen_core.copilot import Copilot


@pytest.fixture
def copilot() -> Copilot:
    """A copilot whose models are fakes; everything else is real."""
    return Copilot(FakeMLLM(), FakePainter())
