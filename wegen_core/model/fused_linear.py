"""Linear layers applied as one matrix product: with the same input, or one after the other.

For decoding on a CPU, where a step multiplies one row by every weight. What that gives in
`benchmarks/visual_tokens.py` (hidden size 512, one thread of a busy AMD EPYC, November 2026,
medians of paired runs): with `nn.Linear` instead of `FusedLinear` one call takes 1.33 times as long
and six turns 1.26 times; with a fused but row-major matrix 1.24 and 1.17 times; with column-major
matrices that are not fused 1.22 and 1.13 times. Without `chain` one call takes 1.04 to 1.09 times
as long.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn


class FusedLinear:
    """[N, in] -> [N, out_1 + out_2 + ...], as one product for plain layers on a CPU.

    The layers' weights become views of one matrix [in, out_1 + ...]. That needs no memory; shapes
    and values, and with them training and saving, stay as they are. Layers of other kinds
    (quantized, with adapters) or on other devices are called one by one. Valid until weights move
    or are replaced.

    Attributes
    ----------
    apply
        x -> the layers' outputs, side by side.
    add_to
        (total, x) -> total + apply(x).
    matrix
        The fused matrix; None: the layers are called one by one.
    """

    apply: Callable[[Tensor], Tensor]
    add_to: Callable[[Tensor, Tensor], Tensor]
    matrix: Tensor | None = None

    def __init__(self, *layers: nn.Linear) -> None:
        # Partials, not methods: a decoding step calls dozens of these.
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


def chain(first: nn.Linear, second: nn.Linear) -> Callable[[Tensor], Tensor]:
    """[N, in] -> second(first(x)), by the product of their matrices where that reads less.

    It does if the size between them is more than half of those around: in the benchmark's network,
    but neither in the published one nor in the mini. The product is a copy: valid as long as the
    weights do not change.
    """
    layers = (first, second)
    separate = first.weight.numel() + second.weight.numel()
    is_plain = all(_is_plain(layer, first.weight.dtype) and layer.bias is None for layer in layers)
    if not is_plain or first.in_features * second.out_features >= separate:
        return nn.Sequential(*layers)
    matrix = (second.weight.detach() @ first.weight.detach()).t().contiguous()
    return partial(torch.mm, mat2=matrix)


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
    """One matrix [in, out_1 + ...]; the weights [out_i, in] become views of its columns."""
    sizes = [len(weight) for weight in weights]
    shape, stride = (sum(sizes), weights[0].shape[1]), (1, sum(sizes))
    # Are they views of one matrix already, from an earlier call?
    first = weights[0].data_ptr()
    offsets = [weight.data_ptr() - first for weight in weights]
    expected = [sum(sizes[:i]) * weights[0].element_size() for i in range(len(sizes))]
    if offsets == expected and all(weight.stride() == stride for weight in weights):
        return weights[0].detach().as_strided(shape, stride).t()
    # Not as inference tensors: the network may be trained afterwards.
    with torch.inference_mode(False), torch.no_grad():
        fused = torch.cat([weight.t() for weight in weights], dim=1).contiguous()
        for weight, part in zip(weights, fused.split(sizes, dim=1), strict=True):
            weight.data = part.t()
    return fused
