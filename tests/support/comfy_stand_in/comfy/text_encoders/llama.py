"""Stand-in for `comfy.text_encoders.llama`."""

from __future__ import annotations

import torch


class BaseGenerate(torch.nn.Module):
    """The base class of text encoders that can write."""
