"""Llama, one step at a time: a preallocated KV cache and a forward pass over transformers' weights.

Several caches can share one pass (the guided and the unguided branch, for example): the matrix
products run over all rows at once, attention runs per cache. Training uses transformers' own
forward pass.

Shapes: R rows of all caches together, q new tokens, D hidden size, `size` of one head.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .fused_linear import FusedLinear

_MIN_GROWTH = 128
"""Slots by which a cache, and positions by which the rotary table grows at least."""

Slots = tuple[Tensor, Tensor, Tensor]
"""Of one layer: the new slots [rows, 2 heads, q, size], keys before values; then all keys and all
values [rows, heads, slots, size], with the new slots."""

Prefix = tuple[Tensor, Tensor]
"""Of one layer: the keys and values [heads, slots, size] that all rows of a cache share."""


class KVCache:
    """Keys and values of `rows` sequences in every layer, one slot per step.

    Sequences of different lengths are aligned at their last slot (left padding).

    Parameters
    ----------
    llm
        transformers' LlamaForCausalLM.
    rows
        How many sequences.
    prefix
        A cache of one row without padding, which stays as it is. All rows continue it, and are fed
        one token at a time.

    Attributes
    ----------
    store
        [layers, rows, 2 heads, capacity, size], keys before values.
    valid
        bool [rows, length], which slots a row may attend to; None: all.
    length
        How many slots are filled.
    """

    def __init__(self, llm: Any, rows: int, prefix: KVCache | None = None) -> None:
        config = llm.config
        heads = config.num_key_value_heads
        size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        shape = (config.num_hidden_layers, rows, 2 * heads, 0, size)
        self.store = llm.model.embed_tokens.weight.new_empty(shape)
        self.valid: Tensor | None = None
        self.length = 0
        self.prefix = prefix

    @property
    def rows(self) -> int:
        """How many sequences."""
        return self.store.shape[1]

    @property
    def end(self) -> int:
        """Slots of prefix and rows together: the next token's position, if nothing is padding."""
        return self.length + (0 if self.prefix is None else self.prefix.end)

    def truncate(self, length: int) -> None:
        """Drop all but the first `length` slots, which must be valid in every row."""
        self.length, self.valid = length, None

    def restart(self, rows: Tensor) -> None:
        """Empty some rows, bool [rows], while the others go on."""
        if self.valid is None:
            self.valid = rows.new_ones(self.rows, self.length)
        self.valid[rows] = False

    def reserve(self, steps: int, valid: Tensor | None) -> Tensor:
        """Make space for new tokens, `valid` bool [rows, q] or None; returns their positions.

        The slots count as filled once `length` is moved on, after the pass.
        """
        end = self.length + steps
        missing = end - self.store.shape[3]
        if missing > 0:
            # By half, so that a long conversation is not copied again and again.
            self.store = F.pad(self.store, (0, 0, 0, missing + max(_MIN_GROWTH, end // 2)))
        if valid is None and self.valid is None:
            new = torch.arange(self.end, self.end + steps, device=self.store.device)
            return new.expand(self.rows, -1)
        ones = torch.ones(self.rows, end, dtype=torch.bool, device=self.store.device)
        old = ones[:, : self.length] if self.valid is None else self.valid[:, : self.length]
        self.valid = torch.cat([old, ones[:, self.length :] if valid is None else valid], dim=1)
        in_prefix = self.end - self.length
        return in_prefix + (self.valid.cumsum(1) - 1).clamp(min=0)[:, self.length :]

    def mask(self, steps: int) -> Tensor | None:
        """Attention mask [rows or 1, 1, q, slots] of the newest slots; None: they attend to all."""
        total = self.length + steps
        if self.valid is None and (steps == 1 or self.length == 0):
            return None
        causal = torch.ones(steps, total, dtype=torch.bool, device=self.store.device)
        causal = causal.tril(diagonal=self.length)[None, None]
        if self.valid is None:
            return causal
        mask = causal & self.valid[:, None, None]
        # A padding slot attends to itself: a softmax over nothing would be NaN.
        is_new = torch.arange(total, device=mask.device) >= self.length
        mask[..., is_new] |= torch.eye(steps, dtype=torch.bool, device=mask.device)
        return mask

    def slots(self, steps: int) -> list[Slots]:
        """Per layer, where the new keys and values go, and what the new queries attend to."""
        filled = self.store[..., : self.length + steps, :]
        new = filled[..., self.length :, :]
        keys, values = filled.chunk(2, dim=2)
        return list(zip(new.unbind(0), keys.unbind(0), values.unbind(0), strict=True))

    def prefixes(self) -> list[Prefix | None]:
        """Per layer, the keys and values of the prefix."""
        if self.prefix is None:
            return [None] * len(self.store)
        keys, values = self.prefix.store[:, 0, :, : self.prefix.length].chunk(2, dim=1)
        return list(zip(keys.unbind(0), values.unbind(0), strict=True))


class Llama:
    """The forward pass of inference, over the modules of transformers' LlamaForCausalLM."""

    def __init__(self, llm: Any) -> None:
        self.rotary = llm.model.rotary_emb
        self.layers = [_Layer(layer) for layer in llm.model.layers]
        self.norm = _RMSNorm(llm.model.norm)
        self.context_length = llm.config.max_position_embeddings
        self.rope = llm.model.embed_tokens.weight.new_empty(2, 0, 2, 0)

    def advance(
        self, embeds: Tensor, caches: Sequence[KVCache], valid: Sequence[Tensor | None]
    ) -> Tensor:
        """Feed new tokens.

        Parameters
        ----------
        embeds
            [R,q,D], input embeddings; the rows are split over `caches` in order.
        caches
            They grow by q slots.
        valid
            Per cache, bool [rows,q]: which of the new tokens count; None: all.

        Returns
        -------
        Tensor
            [R,D], the last tokens' hidden states after the final norm.
        """
        steps = embeds.shape[1]
        positions = [cache.reserve(steps, v) for cache, v in zip(caches, valid, strict=True)]
        end = max(cache.end for cache in caches) + steps
        rope = self._rope_table(end)[:, torch.cat(positions)].unsqueeze(2).unbind(0)
        rows = [cache.rows for cache in caches]
        masks = [cache.mask(steps) for cache in caches]
        slots = zip(*(cache.slots(steps) for cache in caches), strict=True)
        prefixes = zip(*(cache.prefixes() for cache in caches), strict=True)
        x = embeds.flatten(0, 1)
        for layer, layer_slots, layer_prefixes in zip(self.layers, slots, prefixes, strict=True):
            q, kv = layer.project(x, rope)
            if layer is self.layers[-1] and steps > 1:
                # Only the last token's state is returned, so the last layer computes no other.
                q, x = q[:, :, -1:], x.view_as(embeds)[:, -1]
                masks = [mask if mask is None else mask[..., -1:, :] for mask in masks]
            if len(caches) == 1:
                attended = _attend(q, kv, layer_slots[0], masks[0], layer_prefixes[0])
            else:
                parts = zip(
                    q.split(rows), kv.split(rows), layer_slots, masks, layer_prefixes, strict=True
                )
                attended = torch.cat([_attend(*part) for part in parts])
            x = layer.finish(x, attended)
        for cache in caches:
            cache.length += steps
        return self.norm(x)

    def _rope_table(self, end: int) -> Tensor:
        """Cosines, and sines with the first half negated, of positions up to `end`.

        [2, >= end, 2, size / 2]. It is computed for some positions ahead, but not past the context,
        where a dynamic rope would begin to stretch.
        """
        if self.rope.shape[1] < end:
            ahead = max(end, min(end + _MIN_GROWTH, self.context_length))
            cos, sin = self.rotary(self.rope, torch.arange(ahead, device=self.rope.device)[None])
            rope = torch.cat((cos, sin)).unflatten(-1, (2, -1))
            rope[1, :, 0].neg_()
            self.rope = rope
        return self.rope


class _Layer:
    """One of transformers' decoder layers."""

    def __init__(self, layer: Any) -> None:
        attention, mlp = layer.self_attn, layer.mlp
        self.qkv = FusedLinear(attention.q_proj, attention.k_proj, attention.v_proj)
        self.out = FusedLinear(attention.o_proj)
        self.gate_up = FusedLinear(mlp.gate_proj, mlp.up_proj)
        self.down = FusedLinear(mlp.down_proj)
        self.act = mlp.act_fn
        self.before_attention = _RMSNorm(layer.input_layernorm)
        self.before_mlp = _RMSNorm(layer.post_attention_layernorm)
        self.groups = attention.num_key_value_groups

    def project(self, x: Tensor, rope: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Hidden states [R*q,D] -> queries [R, heads, q, size], and keys before values."""
        rows, _, steps, _, half = rope[0].shape
        qkv = self.qkv.apply(self.before_attention(x))
        qkv = qkv.view(rows, steps, -1, 2, half).transpose(1, 2)
        heads = qkv.shape[1] // (self.groups + 2)  # of keys, and of values
        _rotate(qkv[:, :-heads], rope)
        return qkv.flatten(3).split_with_sizes((heads * self.groups, 2 * heads), dim=1)

    def finish(self, x: Tensor, attended: Tensor) -> Tensor:
        """The layer's output [R*q,D] from its input and from what attention gave.

        `attended` is [R, heads, q, size].
        """
        x = self.out.add_to(x, attended.transpose(1, 2).reshape(x.shape[0], -1))
        gate, up = self.gate_up.apply(self.before_mlp(x)).chunk(2, dim=-1)
        return self.down.add_to(x, self.act(gate).mul_(up))


class _RMSNorm:
    """RMSNorm: x / sqrt(mean(x^2) + eps) * weight, over the last axis of D.

    On a CPU as x / hypot(|x|, sqrt(D eps)) * (sqrt(D) weight), four operations where torch has
    seven: without it one call of `benchmarks/visual_tokens.py` takes 1.07 times as long (median of
    8 paired runs; see `fused_linear`).
    """

    def __init__(self, module: Any) -> None:
        self.weight, self.eps = module.weight, module.variance_epsilon
        root = self.weight.numel() ** 0.5
        self.is_split = self.weight.device.type == "cpu" and self.weight.dtype.itemsize >= 4
        self.scaled = self.weight * root
        self.floor = self.weight.new_tensor(root * self.eps**0.5)

    def __call__(self, x: Tensor) -> Tensor:
        if not self.is_split:
            return F.rms_norm(x, self.weight.shape, self.weight, self.eps)
        length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        return (x / torch.hypot(length, self.floor)).mul_(self.scaled)


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
        return _attend_with_prefix(q, keys, values, mask, prefix)
    is_causal = mask is None and q.shape[2] > 1
    is_grouped = q.shape[1] != keys.shape[1]
    return F.scaled_dot_product_attention(
        q, keys, values, attn_mask=mask, is_causal=is_causal, enable_gqa=is_grouped
    )


def _attend_with_prefix(
    q: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None, prefix: Prefix
) -> Tensor:
    """The same for one new token per row: the prefix is read once for all rows."""
    rows, heads = keys.shape[:2]
    q = (q * q.shape[-1] ** -0.5).reshape(rows, heads, -1, q.shape[-1])  # the queries of each key
    prefix_scores = _each_head(q, prefix[0].transpose(-1, -2))
    scores = q @ keys.transpose(-1, -2)
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    weights = torch.cat([prefix_scores, scores], dim=-1)
    weights = weights.softmax(dim=-1, dtype=torch.float32).to(q.dtype)
    on_prefix, on_row = weights.split_with_sizes(
        (prefix_scores.shape[-1], scores.shape[-1]), dim=-1
    )
    return (_each_head(on_prefix, prefix[1]) + on_row @ values).flatten(1, 2).unsqueeze(2)


def _each_head(x: Tensor, shared: Tensor) -> Tensor:
    """[rows, heads, n, a] @ [heads, a, b], one product per head for all rows together."""
    product = x.transpose(0, 1).flatten(1, 2) @ shared
    return product.unflatten(1, (len(x), -1)).transpose(0, 1)
