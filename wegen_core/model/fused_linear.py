"""Several linear layers with the same input, applied as one matrix product."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn


class FusedLinear:
    """[N, in] -> [N, out_1 + out_2 + ...], as one product for plain layers on a CPU.

    `apply(x)` is that; `add_to(total, x)` adds it to [N, out_1 + ...]. The layers' weights become
    views of one input-major matrix. That adds no memory; shapes and values, and with them training
    and saving, stay as they are. Layers of other kinds (quantized, with adapters) or on other
    devices are called one by one. Valid until weights move or are replaced.
    """

    matrix: Tensor | None = None
    apply: Callable[[Tensor], Tensor]
    add_to: Callable[[Tensor, Tensor], Tensor]

    def __init__(self, *layers: nn.Linear) -> None:
        # A decoding step takes dozens of these: partials spare it as many Python frames.
        self.apply = layers[0] if len(layers) == 1 else partial(_side_by_side, layers)
        self.add_to = partial(_add, self.apply)
        if not all(_is_plain(layer, layers[0].weight.dtype) for layer in layers):
            return
        self.matrix = _fuse([layer.weight for layer in layers])
        if layers[0].bias is None:
            self.apply = partial(torch.mm, mat2=self.matrix)
            self.add_to = partial(torch.addmm, mat2=self.matrix)
        else:
            bias = torch.cat([layer.bias for layer in layers])
            self.apply = partial(torch.addmm, bias, mat2=self.matrix)
            self.add_to = partial(_add, self.apply)


def _side_by_side(layers: Sequence[nn.Linear], x: Tensor) -> Tensor:
    return torch.cat([layer(x) for layer in layers], dim=-1)


def _add(apply: Callable[[Tensor], Tensor], total: Tensor, x: Tensor) -> Tensor:
    return total + apply(x)


def _is_plain(layer: nn.Linear, dtype: torch.dtype) -> bool:
    if type(layer) is not nn.Linear or layer.weight.device.type != "cpu":
        return False
    # Weights made in inference mode may not be given other data.
    return layer.weight.dtype == dtype and not layer.weight.is_inference()


def _fuse(weights: Sequence[Tensor]) -> Tensor:
    """One matrix [in, out_1 + ...]; the weights [out_i, in] are views of its columns afterwards."""
    sizes = [len(weight) for weight in weights]
    shape, stride = (sum(sizes), weights[0].shape[1]), (1, sum(sizes))
    start = weights[0].data_ptr()
    offsets = [weight.data_ptr() - start for weight in weights]
    expected = [sum(sizes[:i]) * weights[0].element_size() for i in range(len(sizes))]
    if offsets == expected and all(weight.stride() == stride for weight in weights):
        return weights[0].detach().as_strided(shape, stride).t()
    # Not as inference tensors: the network may be trained afterwards.
    with torch.inference_mode(False), torch.no_grad():
        fused = torch.cat([weight.t() for weight in weights], dim=1).contiguous()
        for weight, part in zip(weights, fused.split(sizes, dim=1), strict=True):
            weight.data = part.t()
    return fused
