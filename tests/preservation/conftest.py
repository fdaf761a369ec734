"""Both backends."""

from __future__ import annotations

import pytest

from wegen_core.preservation import array_backend


@pytest.fixture(params=["opencv", "scipy"])
def backend(request, monkeypatch) -> str:
    """Runs a test once with OpenCV, if it is installed, and once without."""
    if request.param == "scipy":
        monkeypatch.setattr(array_backend, "cv2", None)
    elif array_backend.cv2 is None:
        pytest.skip("OpenCV is not installed")
    return request.param
