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
