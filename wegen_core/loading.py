"""A model folder -> a copilot."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .copilot import Copilot
from .device import usable_device
from .records.hooks import NO_HOOKS, Hooks

if TYPE_CHECKING:
    from .mllm.native import NativeMLLM
    from .model import WeGen
    from .painting.native import NativePainter

MINI = Path(__file__).parent / "pretrained" / "mini"


def model_folder(model: str | os.PathLike[str] = "mini") -> Path:
    """The folder of "mini", or `model` itself; FileNotFoundError if it does not exist."""
    folder = MINI if str(model) == "mini" else Path(model)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"model folder {folder} does not exist; give 'mini', the official checkpoint's folder, "
            "or one written by `python -m wegen_core convert`"
        )
    return folder


def load(
    model: str | os.PathLike[str] = "mini",
    *,
    device: Any = None,
    dtype: Any = None,
    hooks: Hooks = NO_HOOKS,
) -> Copilot:
    """The copilot of a WeGen network.

    Parameters
    ----------
    model
        "mini" (embedded), or a folder: written by `convert`, or the official checkpoint.
    device
        None: the accelerator if there is one.
    dtype
        None: float32 on the CPU and for mini, else bfloat16.
    hooks
        should_stop is polled before every tensor.

    Raises
    ------
    FileNotFoundError
        There is no such folder.
    Stopped
        `hooks.should_stop` returned True.
    """
    # The network has no name here: importing torch creates a reference cycle through this frame,
    # which would keep the network alive until the garbage collector runs.
    return Copilot(*native_models(load_network(model, device=device, dtype=dtype, hooks=hooks)))


def load_network(
    model: str | os.PathLike[str] = "mini",
    *,
    device: Any = None,
    dtype: Any = None,
    hooks: Hooks = NO_HOOKS,
) -> WeGen:
    """The network of `load` by itself."""
    folder = model_folder(model)

    import torch

    from .model import WeGen

    device = usable_device(device)
    if dtype is None:
        dtype = torch.float32 if device.type == "cpu" or folder == MINI else torch.bfloat16
    return WeGen.from_pretrained(folder, device=device, dtype=dtype, hooks=hooks)


def native_models(net: WeGen) -> tuple[NativeMLLM, NativePainter]:
    """What understands and what paints with one WeGen network."""
    from .mllm.native import NativeMLLM
    from .painting.native import NativePainter

    return NativeMLLM(net), NativePainter(net)
