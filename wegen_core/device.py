"""Where networks run when nobody says where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def accelerator() -> str:
    """The name of the accelerator torch can use, or "cpu"."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def usable_device(device: Any = None) -> torch.device:
    """`device`, or the accelerator if it is None. ValueError if torch cannot use it here."""
    import torch

    try:
        usable = torch.device(device or accelerator())
        torch.empty(0, device=usable)
    except (AssertionError, RuntimeError, NotImplementedError, TypeError) as error:
        raise ValueError(
            f"device {str(device)!r} cannot be used by torch {torch.__version__}: "
            f"{str(error).splitlines()[0]}; use 'cpu', or install a torch that has it"
        ) from error
    return usable
