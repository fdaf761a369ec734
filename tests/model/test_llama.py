"""The forward pass of inference against transformers' own, whatever the configuration."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from transformers import LlamaConfig, LlamaForCausalLM

from wegen_core.model.decoding import KVCache, Llama
from wegen_core.model.fused_linear import FusedLinear, chain

CONFIGS = {
    "plain": {},
    "grouped queries": {"num_key_value_heads": 2},
    "one key head, own head size": {"num_key_value_heads": 1, "head_dim": 10},
    "biases": {"attention_bias": True, "mlp_bias": True},
    "another activation": {"hidden_act": "gelu_pytorch_tanh"},
    "linear rope": {"rope_scaling": {"rope_type": "linear", "factor": 2.0}},
    "dynamic rope": {"rope_scaling": {"rope_type": "dynamic", "factor": 2.0}},
    "yarn": {"rope_scaling": {"rope_type": "yarn", "factor": 2.0}},
    "llama 3 rope": {
        "rope_scaling": {
            "rope_type": "llama3",
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 16,
        }
    },
}


def _llm(options: dict) -> LlamaForCausalLM:
    base = {"vocab_size": 20, "hidden_size": 32, "intermediate_size": 40, "num_hidden_layers": 2}
    base |= {"num_attention_heads": 4, "max_position_embeddings": 32, "initializer_range": 0.3}
    torch.manual_seed(4)
    llm = LlamaForCausalLM(LlamaConfig(**(base | options))).eval()
    for name, weight in llm.named_parameters():
        if name.endswith("bias") or "norm" in name:
            nn.init.normal_(weight, 1.0, 0.3)
    return llm


def _states(llm: LlamaForCausalLM, embeds: Tensor, prefill: int) -> Tensor:
    """Last states [R, steps, D] after a prefill and after each token that follows."""
    llama, cache = Llama(llm), KVCache(llm, len(embeds))
    pieces = [embeds[:, :prefill], *embeds[:, prefill:].split(1, dim=1)]
    return torch.stack([llama.advance(piece, [cache], [None]) for piece in pieces], dim=1)


@torch.no_grad()
def _expected(llm: LlamaForCausalLM, embeds: Tensor, prefill: int) -> Tensor:
    lengths = range(prefill, embeds.shape[1] + 1)
    whole = [llm.model(inputs_embeds=embeds[:, :n], use_cache=False) for n in lengths]
    return torch.stack([out.last_hidden_state[:, -1] for out in whole], dim=1)


@pytest.mark.parametrize("name", CONFIGS)
def test_every_configuration(name: str) -> None:
    llm = _llm(CONFIGS[name])
    embeds = torch.randn(2, 20, 32)
    expected = _expected(llm, embeds, 13)
    with torch.inference_mode():
        found = _states(llm, embeds, 13)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(_expected(llm, embeds, 13), expected)  # training's pass is as it was


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision(dtype: torch.dtype) -> None:
    """As near to single precision as transformers' own pass in the same type."""
    llm, embeds = _llm({"num_key_value_heads": 2}), torch.randn(16, 20, 32)
    exact = _expected(llm, embeds, 13)
    llm, embeds = llm.to(dtype), embeds.to(dtype)
    own = (_expected(llm, embeds, 13).float() - exact).norm()
    with torch.inference_mode():
        found = _states(llm, embeds, 13)
    assert found.dtype == dtype
    assert (found.float() - exact).norm() < 1.5 * own


def test_a_prefill_in_two_pieces() -> None:
    """The second piece sees the first: a session's next turn."""
    llm, embeds = _llm({}), torch.randn(1, 20, 32)
    llama, cache = Llama(llm), KVCache(llm, 1)
    with torch.inference_mode():
        llama.advance(embeds[:, :8], [cache], [None])
        found = llama.advance(embeds[:, 8:], [cache], [None])
    torch.testing.assert_close(found, _expected(llm, embeds, 20)[:, 0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["plain", "grouped queries", "one key head, own head size"])
def test_rows_that_share_a_prefix(name: str) -> None:
    """Each goes on from the prompt in its own way; the second is left out of one step."""
    llm, embeds = _llm(CONFIGS[name]), torch.randn(3, 16, 32)
    embeds[:, :11] = embeds[:1, :11]
    llama, prompt = Llama(llm), KVCache(llm, 1)
    left_out = torch.tensor([[True], [False], [True]])
    with torch.inference_mode():
        llama.advance(embeds[:1, :11], [prompt], [None])
        rows = KVCache(llm, 3, prefix=prompt)
        for i in range(11, 16):
            found = llama.advance(embeds[:, i : i + 1], [rows], [left_out if i == 13 else None])
    assert (prompt.length, rows.length, rows.end) == (11, 5, 16)
    kept = torch.arange(16) != 13
    for row, read in zip(found, (embeds[0], embeds[1, kept], embeds[2]), strict=True):
        expected = _expected(llm, read[None], len(read))[0, 0]
        torch.testing.assert_close(row, expected, rtol=1e-4, atol=1e-4)


def test_two_layers_in_a_row_become_one_where_that_reads_less() -> None:
    x = torch.randn(5, 6)
    for width, is_fused in ((4, True), (2, False)):
        first, second = nn.Linear(6, width, bias=False), nn.Linear(width, 6, bias=False)
        applied = chain(first, second)
        torch.testing.assert_close(applied(x), second(first(x)))
        assert isinstance(applied, nn.Module) != is_fused
    with_biases = nn.Linear(6, 4), nn.Linear(4, 6)
    torch.testing.assert_close(chain(*with_biases)(x), with_biases[1](with_biases[0](x)))


def test_fused_layers_share_one_matrix() -> None:
    first, second = nn.Linear(6, 4), nn.Linear(6, 3)
    x = torch.randn(5, 6)
    expected = torch.cat([first(x), second(x)], dim=-1)
    values = [layer.weight.detach().clone() for layer in (first, second)]
    fused = FusedLinear(first, second)
    torch.testing.assert_close(fused.apply(x), expected)
    for layer, value in zip((first, second), values, strict=True):
        assert torch.equal(layer.weight, value)
        assert layer.weight.untyped_storage().nbytes() == 4 * 6 * (4 + 3)
    again = FusedLinear(first, second)
    assert again.matrix is not None and fused.matrix is not None
    assert again.matrix.data_ptr() == fused.matrix.data_ptr()  # nothing was copied
    with torch.no_grad():
        first.weight += 1.0  # as an optimizer does
    torch.testing.assert_close(fused.apply(x)[:, :4], first(x))


def test_layers_that_were_fused_and_moved_are_fused_anew() -> None:
    layers = nn.ModuleList([nn.Linear(6, 4, bias=False), nn.Linear(6, 3, bias=False)])
    FusedLinear(*layers)
    layers.double()
    x = torch.randn(5, 6).double()
    expected = torch.cat([layer(x) for layer in layers], dim=-1)
    torch.testing.assert_close(FusedLinear(*layers).apply(x), expected)


def test_other_kinds_of_layers_are_called_as_they_are() -> None:
    class Doubled(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return 2 * super().forward(x)

    plain, doubled = nn.Linear(6, 4), Doubled(6, 3)
    x = torch.randn(5, 6)
    fused = FusedLinear(plain, doubled)
    torch.testing.assert_close(fused.apply(x), torch.cat([plain(x), doubled(x)], dim=-1))
    assert plain.weight.is_contiguous()
