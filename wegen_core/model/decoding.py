"""Llama, one step at a time: a preallocated KV cache and a forward pass over transformers' weights.

Several caches can share one pass (the guided and the unguided branch, say): the matrix products run
over all rows at once, attention runs per cache. transformers' own forward is used for training.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

_GROW = 128


class KVCache:
    """Keys and values of `rows` sequences, one slot per step, in every layer.

    `valid` [rows, capacity] says which slots a row may attend to; `positions` [rows] is each row's
    next position. Sequences of different lengths are aligned at their last slot (left padding).
    """

    def __init__(self, llm: Any, rows: int) -> None:
        config = llm.config
        heads = config.num_key_value_heads
        size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        weight = llm.model.embed_tokens.weight
        shape = (config.num_hidden_layers, 2, rows, heads, 0, size)
        self.store = torch.empty(shape, dtype=weight.dtype, device=weight.device)
        self.valid = torch.empty(rows, 0, dtype=torch.bool, device=weight.device)
        self.positions = torch.zeros(rows, dtype=torch.long, device=weight.device)
        self.length = 0
        self.all_valid = True

    @property
    def rows(self) -> int:
        return self.valid.shape[0]

    def reserve(self, slots: int) -> None:
        """Make room for `slots` more steps."""
        missing = self.length + slots - self.valid.shape[1]
        if missing <= 0:
            return
        missing = max(missing, _GROW)
        self.store = F.pad(self.store, (0, 0, 0, missing))
        self.valid = F.pad(self.valid, (0, missing))

    def truncate(self, length: int) -> None:
        """Forget all but the first `length` slots, which must be valid in every row."""
        self.length = length
        self.valid[:, length:] = False
        self.positions.fill_(length)
        self.all_valid = True

    def restart(self, rows: Tensor) -> None:
        """Let some rows, bool [rows], begin anew while the others go on."""
        self.valid[rows] = False
        self.positions[rows] = 0
        self.all_valid = False

    def expand(self, rows: int) -> KVCache:
        """A copy of this one-row cache for `rows` rows."""
        other = object.__new__(KVCache)
        other.store = self.store.repeat(1, 1, rows, 1, 1, 1)
        other.valid = self.valid.repeat(rows, 1)
        other.positions = self.positions.repeat(rows)
        other.length, other.all_valid = self.length, self.all_valid
        return other

    def open(self, valid: Tensor) -> Tensor:
        """Reserve slots for new tokens, `valid` bool [rows, q]; returns their positions [rows, q].

        The slots count as written once `advance` is called, after the pass.
        """
        steps = valid.shape[1]
        self.reserve(steps)
        self.valid[:, self.length : self.length + steps] = valid
        offsets = valid.long().cumsum(1)
        positions = self.positions[:, None] + (offsets - 1).clamp(min=0)
        self.positions = self.positions + offsets[:, -1]
        self.all_valid = self.all_valid and bool(valid.all())
        return positions

    def mask(self, steps: int) -> Tensor | None:
        """Attention mask [rows or 1, 1, q, slots] of the newest slots; None if they see all."""
        total = self.length + steps
        if self.all_valid and (steps == 1 or self.length == 0):
            return None
        causal = torch.ones(steps, total, dtype=torch.bool, device=self.valid.device)
        causal = causal.tril(diagonal=self.length)[None, None]
        if self.all_valid:
            return causal
        mask = causal & self.valid[:, None, None, :total]
        # A padding slot sees itself: a row of the softmax with nothing in it would be NaN.
        own = torch.arange(total, device=mask.device) >= self.length
        eye = torch.eye(steps, dtype=torch.bool, device=mask.device)
        mask[..., own] |= eye
        return mask

    def write(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Put [rows, heads, q, size] into the open slots; returns all keys and values so far."""
        end = self.length + keys.shape[2]
        store = self.store[layer]
        store[0, :, :, self.length : end] = keys
        store[1, :, :, self.length : end] = values
        return store[0, :, :, :end], store[1, :, :, :end]


def lay_out(llm: Any) -> None:
    """On a CPU, keep the layers' matrices input-major: one token then reads them about 25 % faster.

    Shapes and values stay the same; nothing is done the second time.
    """
    layers = llm.model.layers
    if layers[0].mlp.up_proj.weight.device.type != "cpu":
        return
    # Not as inference tensors: the network may be trained afterwards.
    with torch.inference_mode(False), torch.no_grad():
        for module in layers.modules():
            if not isinstance(module, torch.nn.Linear) or module.weight.is_inference():
                continue  # weights made in inference mode may not be given other data
            if module.weight.is_contiguous():
                module.weight.data = module.weight.data.t().contiguous().t()


def advance(llm: Any, embeds: Tensor, caches: Sequence[KVCache], valid: Sequence[Tensor]) -> Tensor:
    """Feed `embeds` [R,q,D] through the LLM; rows are split over `caches` in order.

    valid: per cache, bool [rows, q]: which of the new tokens are real. Returns the hidden states
    after the final norm, [R,q,D]; the caches are extended by q slots.
    """
    model, steps = llm.model, embeds.shape[1]
    positions = torch.cat([c.open(v) for c, v in zip(caches, valid, strict=True)])
    masks = [cache.mask(steps) for cache in caches]
    cos, sin = model.rotary_emb(embeds, positions)
    rope = (cos.unsqueeze(1), sin.unsqueeze(1))
    x = embeds
    for index, layer in enumerate(model.layers):
        x = x + _attention(layer, _norm(layer.input_layernorm, x), rope, index, caches, masks)
        x = x + layer.mlp(_norm(layer.post_attention_layernorm, x))
    for cache in caches:
        cache.length += steps
    return _norm(model.norm, x)


def _norm(module: Any, x: Tensor) -> Tensor:
    return F.rms_norm(x, module.weight.shape, module.weight, module.variance_epsilon)


def _rotate(x: Tensor, rope: tuple[Tensor, Tensor]) -> Tensor:
    cos, sin = rope
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


def _attention(
    layer: Any,
    x: Tensor,
    rope: tuple[Tensor, Tensor],
    index: int,
    caches: Sequence[KVCache],
    masks: Sequence[Tensor | None],
) -> Tensor:
    attention = layer.self_attn
    shape = (*x.shape[:2], -1, attention.head_dim)
    q = _rotate(attention.q_proj(x).view(shape).transpose(1, 2), rope)
    k = _rotate(attention.k_proj(x).view(shape).transpose(1, 2), rope)
    v = attention.v_proj(x).view(shape).transpose(1, 2)
    out, row = [], 0
    for cache, mask in zip(caches, masks, strict=True):
        rows = slice(row, row + cache.rows)
        row += cache.rows
        keys, values = cache.write(index, k[rows], v[rows])
        out.append(
            F.scaled_dot_product_attention(
                q[rows],
                keys,
                values,
                attn_mask=mask,
                is_causal=mask is None and x.shape[1] > 1,
                enable_gqa=attention.num_key_value_groups > 1,
            )
        )
    joined = out[0] if len(out) == 1 else torch.cat(out)
    return attention.o_proj(joined.transpose(1, 2).reshape(*x.shape[:2], -1))
