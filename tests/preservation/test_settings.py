"""The settings: documented, frozen, hashable."""

from __future__ import annotations

import dataclasses
import re

import pytest

from wegen_core.preservation import settings

GROUPS = [
    value
    for value in vars(settings).values()
    if dataclasses.is_dataclass(value) and isinstance(value, type)
]


@pytest.mark.parametrize("group", GROUPS)
def test_every_threshold_is_documented(group):
    parameters = re.split(r"Parameters\n\s*-+\n", group.__doc__)[1]
    documented = re.findall(r"^    (\w[\w, ]*)$", parameters, re.MULTILINE)
    names = [name.strip() for line in documented for name in line.split(",")]
    assert names == [field.name for field in dataclasses.fields(group)]


def test_settings_are_values():
    assert hash(settings.Settings()) == hash(settings.DEFAULTS)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.DEFAULTS.working_pixels = 1  # type: ignore[misc]


def test_calibration_varies_every_number_one_at_a_time():
    pytest.importorskip("cv2", reason="the benchmarks need OpenCV")
    from benchmarks.calibrate_preservation import variants

    varied = dict(variants(settings.DEFAULTS, 2.0))
    assert varied[".working_pixels"].working_pixels == 2_000_000
    assert varied[".change.levels[1].strong_score"].change.levels[1].strong_score == 18
    scales = varied[".registration.search.scales[1]"].registration.search.scales
    assert scales == (settings.DEFAULTS.registration.search.scales[0], 3.6)
    assert all(changed != settings.DEFAULTS for changed in varied.values())
