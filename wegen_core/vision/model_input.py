"""Frames as a vision model takes them: resized and normalised without torchvision."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from torch import Tensor

_IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
_FILES = ("video_preprocessor_config.json", "preprocessor_config.json", "processor_config.json")


def processor_settings(folder: str | Path) -> dict[str, Any]:
    """The settings of a model folder's image processor; {} if it has none."""
    for name in _FILES:
        path = Path(folder) / name
        if path.is_file():
            data = json.loads(path.read_text("utf-8"))
            data = data.get("image_processor", data)
            if "image_mean" in data:
                return data
    return {}


def normalisation(folder: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of a model folder's image processor, ImageNet's by default.

    Two arrays float32 [3] for values in 0..1; zeros and ones where it does not normalise.
    """
    data = processor_settings(folder)
    mean, std = data.get("image_mean", _IMAGENET[0]), data.get("image_std", _IMAGENET[1])
    if data.get("do_normalize") is False:  # RT-DETR
        mean, std = [0.0] * 3, [1.0] * 3
    return np.array(mean, np.float32), np.array(std, np.float32)


def model_input(
    frames: Sequence[np.ndarray],
    size: tuple[int, int],
    statistics: tuple[np.ndarray, np.ndarray],
) -> Tensor:
    """Frames uint8 [H, W, 3] as one float32 tensor [frames, 3, height, width].

    size: width and height; the aspect ratio is not kept.
    """
    import torch

    mean, std = statistics
    resized = [
        np.asarray(Image.fromarray(f).resize(size, Image.Resampling.BILINEAR), np.float32)
        for f in frames
    ]
    pixels = (np.stack(resized) / 255 - mean) / std
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)))
