"""Attention in float32 while passes on a CPU run in bfloat16."""

import pytest
import torch
import torch.nn.functional as F

from wegen_core.training.precision import float32_attention

CPU = torch.device("cpu")


@pytest.mark.parametrize("by_name", [False, True])
def test_attention_is_computed_in_float32_on_a_cpu(by_name):
    generator = torch.Generator().manual_seed(0)
    q, k, v = torch.randn(3, 1, 2, 8, 16, generator=generator).bfloat16()
    mask = torch.full((8, 8), -1e4).triu(1).bfloat16()
    with float32_attention(CPU, bf16=True), torch.autocast("cpu", torch.bfloat16):
        if by_name:
            x = F.scaled_dot_product_attention(query=q, key=k, value=v, attn_mask=mask)
        else:
            x = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    expected = F.scaled_dot_product_attention(q.float(), k.float(), v.float(), mask.float())
    assert torch.equal(x, expected.bfloat16())
    rough = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    assert not torch.equal(x, rough)  # else this test could not fail


def test_everything_else_is_bfloat16():
    a = torch.randn(4, 4)
    with float32_attention(CPU, bf16=True), torch.autocast("cpu", torch.bfloat16):
        assert (a @ a).dtype == torch.bfloat16


def test_attention_keeps_its_precision_in_float32_passes():
    q, k, v = torch.randn(3, 1, 2, 8, 16).bfloat16()
    expected = F.scaled_dot_product_attention(q, k, v)
    with float32_attention(CPU, bf16=False):
        assert torch.equal(F.scaled_dot_product_attention(q, k, v), expected)
