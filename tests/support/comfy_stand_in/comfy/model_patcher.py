"""Stand-in for `comfy.model_patcher`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from .patcher_extension import CallbacksMP


class ModelPatcher:
    """A model under the memory manager."""

    def __init__(
        self,
        model: torch.nn.Module,
        load_device: torch.device,
        offload_device: torch.device,
        size: int = 0,
    ) -> None:
        self.model = model
        self.load_device = load_device
        self.offload_device = offload_device
        self.size = size
        self._detached: list[Callable[[ModelPatcher, bool], None]] = []

    def add_callback(self, call_type: str, callback: Callable[..., Any]) -> None:
        """Call `callback` at an event; the stand-in knows ON_DETACH."""
        if call_type == CallbacksMP.ON_DETACH:
            self._detached.append(callback)

    def detach(self, unpatch_all: bool = True) -> None:
        """Take the model off the device."""
        for callback in self._detached:
            callback(self, unpatch_all)

    def partially_load(
        self, device_to: torch.device, extra_memory: float = 0, force_patch_weights: bool = False
    ) -> int:
        """Load as much as fits into `extra_memory` bytes; the bytes that were loaded."""
        return 0

    def partially_unload(
        self, device_to: torch.device, memory_to_free: float = 0, force_patch_weights: bool = False
    ) -> int:
        """Unload at least `memory_to_free` bytes; the bytes that were freed."""
        return int(memory_to_free)
