"""Loading networks under ComfyUI: number formats, free memory, WeGen's own network."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...wegen_core.copilot import Copilot
from ...wegen_core.loading import load_network, native_models
from . import model_folders
from .memory import (
    ManagedCopilot,
    ManagedModel,
    ManagedNetwork,
    interruptible,
    vae_decode_bytes,
)

if TYPE_CHECKING:
    import torch

    from ...wegen_core.mllm import ChatModel
    from ...wegen_core.painting import Painter

PRECISIONS = ["auto", "float32", "bfloat16", "float16"]


def load_native(
    model: str, precision: str
) -> tuple[ManagedCopilot, ManagedModel[Painter], ManagedModel[ChatModel]]:
    """The copilot of a WeGen network, and its painter and its MLLM by themselves."""
    folder = model_folders.locate(model)
    dtype = dtype_of(precision, small=model == model_folders.MINI)
    with interruptible() as hooks:
        net = load_outside_inference_mode(load_network, folder, dtype, hooks=hooks)
    mllm, painter = native_models(net)
    networks = [ManagedNetwork(net, mllm.forget, vae_decode_bytes(net))]
    return (
        ManagedCopilot(Copilot(mllm, painter), networks),
        ManagedModel(painter, networks),
        ManagedModel(mllm, networks),
    )


def load_outside_inference_mode(
    load: Callable[..., Any], folder: str, dtype: torch.dtype, device: Any = "cpu", **options: Any
) -> Any:
    """What `load` returns. Nodes run in inference mode, whose tensors cannot be changed later."""
    import torch

    with torch.inference_mode(False):
        return load(folder, device=device, dtype=dtype, **options)


def free_device_memory(needed: int) -> Any:
    """The device, with `needed` bytes freed for a model that the memory manager cannot move."""
    import comfy.model_management as memory

    device = memory.get_torch_device()
    memory.free_memory(needed + memory.minimum_inference_memory(), device)
    return device


def dtype_of(precision: str, small: bool) -> torch.dtype:
    """The dtype of a precision widget; small: "auto" is float32 everywhere."""
    import comfy.model_management as memory
    import torch

    if precision != "auto":
        return getattr(torch, precision)
    device = memory.get_torch_device()
    if small or memory.is_device_cpu(device):
        return torch.float32
    return torch.bfloat16 if memory.should_use_bf16(device) else torch.float16
