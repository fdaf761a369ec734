"""The record of sizes, as folders hold it."""

from __future__ import annotations

import pytest

from wegen_core.loading import MINI
from wegen_core.model.config import VisionConfig, WeGenConfig


def test_it_is_read_as_it_was_written() -> None:
    config = WeGenConfig.load(MINI / "config.json")
    assert WeGenConfig.from_json(config.to_json()) == config
    assert WeGenConfig.from_json({**config.to_json(), "of a later version": 1}) == config


def test_folders_of_version_0_1_are_read() -> None:
    config = WeGenConfig.load(MINI / "config.json")
    assert config.intent_prefixes["generate"] == "draw:"
    record = config.to_json()
    names = {"intent_prefixes": "verbs", "max_images": "pictures", "vocabulary": "words"}
    for new, old in names.items():
        record[old] = record.pop(new)
    assert WeGenConfig.from_json(record) == config


def test_sizes_must_divide() -> None:
    with pytest.raises(ValueError, match="image_size 60 is not a multiple of patch_size 8"):
        VisionConfig(image_size=60, patch_size=8)
    with pytest.raises(ValueError, match="width 100 is not a multiple of head_width 24"):
        VisionConfig(width=100, head_width=24)
    with pytest.raises(ValueError, match="patch_size 14 cannot be halved 2 times"):
        VisionConfig(stem=(8, 8, 8))
    with pytest.raises(ValueError, match=r"channels of the stem are \(8, 12\)"):
        VisionConfig(stem=(8, 12))
