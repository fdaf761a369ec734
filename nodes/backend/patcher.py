"""The network in the form that ComfyUI's memory manager handles; imported with the first model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import CallbacksMP
from torch import nn


class WeGenNetwork(nn.Module):
    """Holds the network: ComfyUI writes a `device` attribute, which is read-only on the network."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net


class WholePatcher(ModelPatcher):
    """All of the network is on one device: its layers do not fetch their weights one by one."""

    def on_unload(self, forget: Callable[[], None]) -> None:
        """Call `forget` when the network leaves the device: its caches must leave with it."""

        def detached(_patcher: ModelPatcher, unpatch_all: bool) -> None:
            if unpatch_all:  # not for the detaching and attaching of every use
                forget()

        self.add_callback(CallbacksMP.ON_DETACH, detached)

    def partially_load(self, device_to: Any, *_: Any, **options: Any) -> Any:
        """Load everything, whatever there is room for."""
        options.pop("extra_memory", None)
        return super().partially_load(device_to, 1e32, **options)

    def partially_unload(self, *_args: Any, **_options: Any) -> int:
        """Free nothing, so that the memory manager unloads the whole network."""
        return 0
