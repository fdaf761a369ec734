"""Linear layers that read the same input, applied as one matrix product."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class JointLinear:
    """[..., in] -> [..., out_1 + out_2 + ...], as one product for plain layers on a CPU.

    Their weights become views of one input-major matrix. That adds no memory; shapes and values,
    and with them training and saving, stay as they are. Layers of other kinds (quantized, with
    adapters) or on other devices are called one by one. Valid until weights move or are replaced.
    """

    def __init__(self, *layers: nn.Linear) -> None:
        self.layers = layers
        self.weight: Tensor | None = None
        self.bias: Tensor | None = None
        if all(_is_plain(layer, layers[0].weight.dtype) for layer in layers):
            self.weight = _join([layer.weight for layer in layers])
            if layers[0].bias is not None:
                self.bias = torch.cat([layer.bias for layer in layers])

    def __call__(self, x: Tensor) -> Tensor:
        if self.weight is None:
            parts = [layer(x) for layer in self.layers]
            return parts[0] if len(parts) == 1 else torch.cat(parts, dim=-1)
        return F.linear(x, self.weight, self.bias)


def _is_plain(layer: nn.Linear, dtype: torch.dtype) -> bool:
    if type(layer) is not nn.Linear or layer.weight.device.type != "cpu":
        return False
    # Weights made in inference mode may not be given other data.
    return layer.weight.dtype == dtype and not layer.weight.is_inference()


def _join(weights: Sequence[Tensor]) -> Tensor:
    """One matrix [out_1 + ..., in], of which the weights [out_i, in] are rows afterwards."""
    sizes = [len(weight) for weight in weights]
    shape, stride = (sum(sizes), weights[0].shape[1]), (1, sum(sizes))
    start = weights[0].data_ptr()
    offsets = [weight.data_ptr() - start for weight in weights]
    expected = [sum(sizes[:i]) * weights[0].element_size() for i in range(len(sizes))]
    if offsets == expected and all(weight.stride() == stride for weight in weights):
        return weights[0].detach().as_strided(shape, stride)
    # Not as inference tensors: the network may be trained afterwards.
    with torch.inference_mode(False), torch.no_grad():
        joined = torch.cat([weight.t() for weight in weights], dim=1).contiguous().t()
        for weight, part in zip(weights, joined.split(sizes), strict=True):
            weight.data = part
    return joined
