"""Where networks run when nobody says where."""

from __future__ import annotations


def accelerator() -> str:
    """The name of the accelerator torch can use, or "cpu"."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
