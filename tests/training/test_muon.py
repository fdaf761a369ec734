"""Muon: which parameters it takes, and what its steps are."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from wegen_core.training.muon import make_optimiser, orthogonal


class _Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(4, 8)
        self.blocks = nn.ModuleList([nn.Linear(8, 8), nn.Conv2d(8, 6, 3)])


def _optimiser(net, **changes):
    options = {"lr": 0.01, "betas": (0.9, 0.99), "eps": 1e-8, "weight_decay": 0.0, "muon": 2.0}
    return make_optimiser(dict(net.named_parameters()), **{**options, **changes})


@pytest.mark.parametrize("shape", [(40, 16), (16, 40), (24, 24)])
def test_singular_values_come_near_one(shape):
    torch.manual_seed(0)
    left, _, right = torch.linalg.svd(torch.randn(shape), full_matrices=False)
    uneven = left @ torch.diag(torch.logspace(0, -1, min(shape))) @ right
    values = torch.linalg.svdvals(orthogonal(uneven).float())
    assert values.max() < 1.3
    assert values.min() > 0.5


def test_it_takes_the_matrices_of_blocks():
    net = _Net()
    groups = {bool(g.get("muon")): g["params"] for g in _optimiser(net).param_groups}
    assert {id(p) for p in groups[True]} == {id(block.weight) for block in net.blocks}
    assert not any(g.get("muon") for g in _optimiser(net, muon=0.0).param_groups)


def test_without_it_steps_are_those_of_adamw():
    torch.manual_seed(0)
    net, other = _Net(), _Net()
    other.load_state_dict(net.state_dict())
    adamw = torch.optim.AdamW(other.parameters(), 0.01, (0.9, 0.99), 1e-8, 0.0)
    for one, optimiser in ((net, _optimiser(net, muon=0.0)), (other, adamw)):
        for parameter in one.parameters():
            parameter.grad = parameter.detach().clone()
        optimiser.step()
    pairs = zip(net.parameters(), other.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_a_step_is_as_large_as_the_learning_rate_says_and_goes_down():
    torch.manual_seed(0)
    net = _Net()
    weight = net.blocks[0].weight
    before = weight.detach().clone()
    weight.grad = torch.randn(8, 8)
    gradient = weight.grad.clone()
    _optimiser(net).step()
    change = weight.detach() - before
    assert (change * gradient).sum() < 0
    # 0.2 sqrt(8) lr muon times an orthogonal matrix, whose root mean square is 1 / sqrt(8).
    assert change.square().mean().sqrt() == pytest.approx(0.2 * 0.01 * 2.0, rel=0.3)
