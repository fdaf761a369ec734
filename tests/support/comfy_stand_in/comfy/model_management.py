"""Stand-in for `comfy.model_management`: one device, the CPU, and the Stop button."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .model_patcher import ModelPatcher

_interrupted = False
loaded: list[ModelPatcher] = []  # for tests: what `load_models_gpu` was asked for


class InterruptProcessingException(Exception):  # noqa: N818 - ComfyUI's name
    """The user has pressed Stop."""


def get_torch_device() -> torch.device:
    """The device that models run on."""
    return torch.device("cpu")


def unet_offload_device() -> torch.device:
    """The device that models rest on."""
    return torch.device("cpu")


def is_device_cpu(device: torch.device) -> bool:
    """Whether `device` is the CPU."""
    return device.type == "cpu"


def should_use_bf16(device: torch.device | None = None) -> bool:
    """Whether `device` is fast with bfloat16."""
    return device is not None and device.type != "cpu"


def load_models_gpu(
    models: Sequence[ModelPatcher], memory_required: float = 0, force_full_load: bool = False
) -> None:
    """Bring the models to the device, where they are already."""
    loaded.extend(models)


def free_memory(memory_required: float, device: torch.device) -> None:
    """Make room on `device`."""


def minimum_inference_memory() -> int:
    """Bytes that ComfyUI keeps free."""
    return 0


def interrupt_current_processing(value: bool = True) -> None:
    """Press Stop."""
    global _interrupted
    _interrupted = value


def processing_interrupted() -> bool:
    """Whether Stop was pressed."""
    return _interrupted


def throw_exception_if_processing_interrupted() -> None:
    """Raise InterruptProcessingException and forget it, if Stop was pressed."""
    if _interrupted:
        interrupt_current_processing(False)
        raise InterruptProcessingException
