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

from .fused_linear import JointLinear

_GROW = 128

Slots = tuple[Tensor, Tensor, Tensor]
"""Of one layer: the open slots [rows, 2 heads, q, size], keys before values; and all keys, values.

The latter two [rows, heads, slots, size], up to the open slots and with them."""

Prefix = tuple[Tensor, Tensor]
"""Of one layer: the keys and values [heads, slots, size] that all rows of a cache share."""


class KVCache:
    """Keys and values of `rows` sequences, one slot per step, in every layer.

    `valid` bool [rows, length] says which slots a row may attend to, None: to all. Sequences of
    different lengths are aligned at their last slot (left padding). With a `prefix`, a cache of one
    row without padding that stays as it is, all rows continue that and are fed one token at a time.
    """

    def __init__(self, llm: Any, rows: int, prefix: KVCache | None = None) -> None:
        config = llm.config
        heads = config.num_key_value_heads
        size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        shape = (config.num_hidden_layers, rows, 2 * heads, 0, size)  # keys before values
        self.store = llm.model.embed_tokens.weight.new_empty(shape)
        self.valid: Tensor | None = None
        self.length = 0
        self.prefix = prefix

    @property
    def rows(self) -> int:
        return self.store.shape[1]

    @property
    def end(self) -> int:
        """Slots of prefix and rows together: the next token's position, if nothing is padding."""
        return self.length + (0 if self.prefix is None else self.prefix.end)

    def truncate(self, length: int) -> None:
        """Forget all but the first `length` slots, which must be valid in every row."""
        self.length, self.valid = length, None

    def restart(self, rows: Tensor) -> None:
        """Let some rows, bool [rows], begin anew while the others go on."""
        if self.valid is None:
            self.valid = rows.new_ones(self.rows, self.length)
        self.valid[rows] = False

    def open(self, steps: int, valid: Tensor | None) -> Tensor:
        """Make room for new tokens, `valid` bool [rows, q] or None; returns their positions.

        The slots count as written once `length` is moved on, after the pass.
        """
        end = self.length + steps
        missing = end - self.store.shape[3]
        if missing > 0:
            # By half, so that a long conversation is not copied again and again.
            self.store = F.pad(self.store, (0, 0, 0, missing + max(_GROW, end // 2)))
        if valid is None and self.valid is None:
            new = torch.arange(self.end, self.end + steps, device=self.store.device)
            return new.expand(self.rows, -1)
        ones = torch.ones(self.rows, end, dtype=torch.bool, device=self.store.device)
        old = ones[:, : self.length] if self.valid is None else self.valid[:, : self.length]
        self.valid = torch.cat([old, ones[:, self.length :] if valid is None else valid], dim=1)
        before = self.end - self.length
        return before + (self.valid.cumsum(1) - 1).clamp(min=0)[:, self.length :]

    def mask(self, steps: int) -> Tensor | None:
        """Attention mask [rows or 1, 1, q, slots] of the newest slots; None if they see all."""
        total = self.length + steps
        if self.valid is None and (steps == 1 or self.length == 0):
            return None
        causal = torch.ones(steps, total, dtype=torch.bool, device=self.store.device)
        causal = causal.tril(diagonal=self.length)[None, None]
        if self.valid is None:
            return causal
        mask = causal & self.valid[:, None, None]
        # A padding slot sees itself: a row of the softmax with nothing in it would be NaN.
        own = torch.arange(total, device=mask.device) >= self.length
        mask[..., own] |= torch.eye(steps, dtype=torch.bool, device=mask.device)
        return mask

    def slots(self, steps: int) -> list[Slots]:
        """Per layer, where the new keys and values go, and what the new queries see."""
        seen = self.store[..., : self.length + steps, :]
        new = seen[..., self.length :, :]
        keys, values = seen.chunk(2, dim=2)
        return list(zip(new.unbind(0), keys.unbind(0), values.unbind(0), strict=True))

    def shared(self) -> list[Prefix | None]:
        """Per layer, the prefix."""
        if self.prefix is None:
            return [None] * len(self.store)
        keys, values = self.prefix.store[:, 0, :, : self.prefix.length].chunk(2, dim=1)
        return list(zip(keys.unbind(0), values.unbind(0), strict=True))


class Llama:
    """The forward pass of inference, over the modules of transformers' Llama."""

    def __init__(self, llm: Any) -> None:
        self.rotary = llm.model.rotary_emb
        self.layers = [_Layer(layer) for layer in llm.model.layers]
        self.norm = _Norm(llm.model.norm)
        self.context_length = llm.config.max_position_embeddings
        self.rope = llm.model.embed_tokens.weight.new_empty(2, 0, 2, 0)

    def advance(
        self, embeds: Tensor, caches: Sequence[KVCache], valid: Sequence[Tensor | None]
    ) -> Tensor:
        """Feed `embeds` [R,q,D]; rows are split over `caches` in order.

        valid: per cache, bool [rows, q]: which of the new tokens are real, None: all. Returns the
        last tokens' hidden states after the final norm, [R,D]; the caches grow by q slots.
        """
        steps = embeds.shape[1]
        positions = [cache.open(steps, real) for cache, real in zip(caches, valid, strict=True)]
        end = max(cache.end for cache in caches) + steps
        rope = self._table(end)[:, torch.cat(positions)].unsqueeze(2).unbind(0)
        rows = [cache.rows for cache in caches]
        masks = [cache.mask(steps) for cache in caches]
        slots = zip(*(cache.slots(steps) for cache in caches), strict=True)
        prefixes = zip(*(cache.shared() for cache in caches), strict=True)
        x = embeds.flatten(0, 1)
        for layer, places, prefix in zip(self.layers, slots, prefixes, strict=True):
            q, kv = layer.project(x, rope)
            if layer is self.layers[-1] and steps > 1:
                # Nobody reads what the last layer makes of the tokens before.
                q, x = q[:, :, -1:], x.view_as(embeds)[:, -1]
                masks = [mask if mask is None else mask[..., -1:, :] for mask in masks]
            if len(caches) == 1:
                seen = _attend(q, kv, places[0], masks[0], prefix[0])
            else:
                parts = zip(q.split(rows), kv.split(rows), places, masks, prefix, strict=True)
                seen = torch.cat([_attend(*part) for part in parts])
            x = layer.finish(x, seen)
        for cache in caches:
            cache.length += steps
        return self.norm(x)

    def _table(self, end: int) -> Tensor:
        """Cosines and sines, the latter's first half negated, of positions up to `end`.

        [2, >= end, 2, size / 2]; made for a while ahead, but not past the context, where a dynamic
        rope would begin to stretch.
        """
        if self.rope.shape[1] < end:
            ahead = max(end, min(end + _GROW, self.context_length))
            cos, sin = self.rotary(self.rope, torch.arange(ahead, device=self.rope.device)[None])
            rope = torch.cat((cos, sin)).unflatten(-1, (2, -1))
            rope[1, :, 0].neg_()
            self.rope = rope
        return self.rope


class _Layer:
    """One of transformers' decoder layers."""

    def __init__(self, layer: Any) -> None:
        attention, mlp = layer.self_attn, layer.mlp
        self.qkv = JointLinear(attention.q_proj, attention.k_proj, attention.v_proj)
        self.out = JointLinear(attention.o_proj)
        self.gate_up = JointLinear(mlp.gate_proj, mlp.up_proj)
        self.down = JointLinear(mlp.down_proj)
        self.act = mlp.act_fn.forward  # a module's call costs more than what it does here
        self.before_attention = _Norm(layer.input_layernorm)
        self.before_mlp = _Norm(layer.post_attention_layernorm)
        self.groups = attention.num_key_value_groups

    def project(self, x: Tensor, rope: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Of hidden states [R*q, D]: queries [R, heads, q, size], and keys before values."""
        rows, _, steps, _, half = rope[0].shape
        qkv = self.qkv.apply(self.before_attention(x))
        qkv = qkv.view(rows, steps, -1, 2, half).transpose(1, 2)
        heads = qkv.shape[1] // (self.groups + 2)  # of keys, and of values
        _rotate(qkv[:, :-heads], rope)
        return qkv.flatten(3).split_with_sizes((heads * self.groups, 2 * heads), dim=1)

    def finish(self, x: Tensor, seen: Tensor) -> Tensor:
        """The hidden states [R*q, D] after attention, which has `seen` [R, heads, q, size]."""
        x = self.out.add_to(x, seen.transpose(1, 2).reshape(x.shape[0], -1))
        gate, up = self.gate_up.apply(self.before_mlp(x)).chunk(2, dim=-1)
        return self.down.add_to(x, self.act(gate).mul_(up))


class _Norm:
    """RMSNorm: x / sqrt(mean(x^2) + eps) * weight, over the last axis of D.

    On a CPU torch's own is seven operations, each as slow as a small product while the weights pass
    through the cache; as x / hypot(|x|, sqrt(D eps)) * sqrt(D) weight it is four.
    """

    def __init__(self, module: Any) -> None:
        self.weight, self.eps = module.weight, module.variance_epsilon
        root = self.weight.numel() ** 0.5
        self.is_split = self.weight.device.type == "cpu" and self.weight.dtype.itemsize >= 4
        self.scaled = self.weight * root
        self.least = self.weight.new_tensor(root * self.eps**0.5)

    def __call__(self, x: Tensor) -> Tensor:
        if not self.is_split:
            return F.rms_norm(x, self.weight.shape, self.weight, self.eps)
        length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        return (x / torch.hypot(length, self.least)).mul_(self.scaled)


def _rotate(x: Tensor, rope: Sequence[Tensor]) -> None:
    """Rotary embedding of [R, heads, q, 2, size / 2], in place."""
    cos, sin = rope
    torch.addcmul(x * cos, x.flip(3), sin, out=x)


def _attend(
    q: Tensor, kv: Tensor, slots: Slots, mask: Tensor | None, prefix: Prefix | None
) -> Tensor:
    """Attention of new tokens [rows, heads, q, size]; their keys and values go into the cache."""
    new, keys, values = slots
    new.copy_(kv)
    if prefix is not None:
        return _attend_sharing(q, keys, values, mask, prefix)
    causal = mask is None and q.shape[2] > 1
    grouped = q.shape[1] != keys.shape[1]
    return F.scaled_dot_product_attention(
        q, keys, values, attn_mask=mask, is_causal=causal, enable_gqa=grouped
    )


def _attend_sharing(
    q: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None, prefix: Prefix
) -> Tensor:
    """The same for one new token per row: the shared keys and values are read once for all rows."""
    rows, heads = keys.shape[:2]
    q = (q * q.shape[-1] ** -0.5).reshape(rows, heads, -1, q.shape[-1])  # the queries of each key
    first = _each_head(q, prefix[0].transpose(-1, -2))
    own = q @ keys.transpose(-1, -2)
    if mask is not None:
        own = own.masked_fill(~mask, -torch.inf)
    weights = torch.cat([first, own], dim=-1).softmax(dim=-1, dtype=torch.float32).to(q.dtype)
    first, own = weights.split_with_sizes((first.shape[-1], own.shape[-1]), dim=-1)
    return (_each_head(first, prefix[1]) + own @ values).flatten(1, 2).unsqueeze(2)


def _each_head(x: Tensor, shared: Tensor) -> Tensor:
    """[rows, heads, n, a] @ [heads, a, b], one product per head for all rows together."""
    product = x.transpose(0, 1).flatten(1, 2) @ shared
    return product.unflatten(1, (len(x), -1)).transpose(0, 1)
