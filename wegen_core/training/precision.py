"""Attention in float32 where the rest of a pass is bfloat16."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode


def float32_attention(device: torch.device, bf16: bool) -> AbstractContextManager[None]:
    """Compute attention in float32 if passes on a CPU are bfloat16; autocast does the rest.

    The backward pass of attention on a CPU is slower in bfloat16. The context is for forward and
    backward passes: activations that are computed again must have the same type.
    """
    return _AttentionInFloat32() if bf16 and device.type == "cpu" else nullcontext()


class _AttentionInFloat32(TorchFunctionMode):
    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is not F.scaled_dot_product_attention:
            return func(*args, **kwargs)
        query = args[0] if args else kwargs["query"]
        upcast = {name: _float32(value) for name, value in kwargs.items()}
        with torch.autocast("cpu", enabled=False):
            return func(*map(_float32, args), **upcast).to(query.dtype)


def _float32(value: Any) -> Any:
    return value.float() if isinstance(value, Tensor) and value.is_floating_point() else value
