"""A model folder -> a copilot."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .copilot import Copilot
from .device import accelerator

if TYPE_CHECKING:
    from .model import WeGen
    from .records.hooks import ShouldStop

MINI = Path(__file__).parent / "pretrained" / "mini"


def model_folder(model: str | os.PathLike[str] = "mini") -> Path:
    """The folder of "mini", or the given one; FileNotFoundError if it does not exist."""
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
    should_stop: ShouldStop | None = None,
) -> Copilot:
    """The copilot of a WeGen network.

    model: "mini" (embedded), or a folder: written by `convert`, or the official checkpoint.
    device None: the accelerator if there is one. dtype None: float32 on the CPU and for mini, else
    bfloat16. should_stop: asked before every tensor; `progress.Stopped` is raised where it says
    True. Raises FileNotFoundError if there is no such folder.
    """
    folder = model_folder(model)

    import torch

    from .model import WeGen

    device = torch.device(device or accelerator())
    if dtype is None:
        dtype = torch.float32 if device.type == "cpu" or folder == MINI else torch.bfloat16
    # No name here for the network: torch's import leaves this frame to the garbage collector.
    return _copilot(
        WeGen.from_pretrained(folder, device=device, dtype=dtype, should_stop=should_stop)
    )


def _copilot(net: WeGen) -> Copilot:
    from .mllm.native import NativeMLLM
    from .painting.native import NativePainter

    return Copilot(NativeMLLM(net), NativePainter(net), net)
