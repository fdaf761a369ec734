"""The network in the form that ComfyUI's memory manager handles; imported with the first model."""

from __future__ import annotations

from typing import Any

from comfy.model_patcher import ModelPatcher
from torch import nn


class WeGenNetwork(nn.Module):
    """Holds the network: ComfyUI writes a `device` attribute, which is read-only on the network."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net


class WholePatcher(ModelPatcher):
    """All of the network is on one device: its layers do not fetch their weights one by one."""

    def partially_load(self, device_to: Any, extra_memory: float = 0, **options: Any) -> int:
        return super().partially_load(device_to, 1e32, **options)  # whatever there is room for

    def partially_unload(self, *args: Any, **options: Any) -> int:
        return 0  # "freed nothing": the memory manager then unloads the whole network
