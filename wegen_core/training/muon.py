"""Muon for the matrices of a network's blocks, AdamW for the rest.

A step of Muon is the momentum with all its singular values brought near 1, so that directions that
gradients rarely show are learned as fast as the others. docs/log.md has a comparison with AdamW.

References
----------
Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024. Liu et al., Muon is
Scalable for LLM Training, arXiv 2502.16982, has the size of the steps.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor, nn

_IN_BLOCK = re.compile(r"(?:^|\.)\d+\.")
_MOMENTUM, _ITERATIONS = 0.95, 5


def make_optimiser(
    parameters: Mapping[str, nn.Parameter],
    lr: float,
    betas: tuple[float, float],
    eps: float,
    weight_decay: float,
    muon: float,
) -> torch.optim.AdamW:
    """The optimiser of named parameters. Matrices decay, vectors do not.

    Parameters
    ----------
    lr, betas, eps, weight_decay
        Of AdamW.
    muon
        Learning rate of Muon as a multiple of `lr`, for matrices and kernels in numbered blocks
        ("layers.0.mlp"); 0: AdamW everywhere.
    """
    matrices = {n: p for n, p in parameters.items() if p.ndim >= 2}
    blocks = [p for n, p in matrices.items() if muon and _IN_BLOCK.search(n)]
    in_blocks = {id(p) for p in blocks}
    groups = [
        {
            "params": [p for p in matrices.values() if id(p) not in in_blocks],
            "weight_decay": weight_decay,
        },
        {"params": [p for p in parameters.values() if p.ndim < 2], "weight_decay": 0.0},
        {"params": blocks, "weight_decay": weight_decay, "muon": muon},
    ]
    return Muon([g for g in groups if g["params"]], lr=lr, betas=betas, eps=eps)


class Muon(torch.optim.AdamW):
    """AdamW, but for groups with a factor "muon"."""

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update all parameters that have a gradient, and drop the gradients that Muon used."""
        for group in self.param_groups:
            if not group.get("muon"):
                continue
            lr = group["lr"] * group["muon"]
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if not state:
                    state["momentum"] = torch.zeros_like(parameter)
                    state["step"] = torch.zeros(())  # AdamW looks for it when it loads a state
                state["momentum"].lerp_(parameter.grad, 1 - _MOMENTUM)
                ahead = parameter.grad.lerp(state["momentum"], _MOMENTUM).flatten(1)
                change = orthogonal(ahead).view_as(parameter).to(parameter.dtype)
                # The change of a weight is then about as large as with AdamW.
                size = 0.2 * max(ahead.shape) ** 0.5
                parameter.mul_(1 - lr * group["weight_decay"]).sub_(change, alpha=lr * size)
                parameter.grad = None
        super().step()


def orthogonal(matrix: Tensor) -> Tensor:
    """[m, n] with singular values brought near 1, by Newton-Schulz iterations, in bfloat16."""
    is_tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if is_tall else matrix).bfloat16().contiguous()
    x = x / (x.norm() + 1e-7)
    for _ in range(_ITERATIONS):
        square = x @ x.T
        x = 3.4445 * x + (2.0315 * square @ square - 4.7750 * square) @ x
    return x.T if is_tall else x
