"""Attention within rows that hold several sequences one after the other, for transformers' Llama.

Each sequence attends to itself alone, by itself: a mask over the whole row would compute, and throw
away, the products between sequences.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import AttentionInterface

PACKED = "wegen_packed"
"""The name under which transformers knows it."""


def sequence_lengths(position_ids: Tensor) -> list[list[int]]:
    """For each row of [B,S], where position 0 begins a sequence: the lengths of its sequences."""
    size = position_ids.shape[1]
    rows = [row.nonzero().flatten().tolist() for row in (position_ids == 0).cpu()]
    return [[b - a for a, b in zip(r, [*r[1:], size], strict=True)] for r in rows]


def packed_attention(
    _module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    _mask: None,
    *,
    lengths: list[list[int]],
    scaling: float | None = None,
    dropout: float = 0.0,
    **_: Any,
) -> tuple[Tensor, None]:
    """Causal attention within each sequence; transformers calls it.

    Parameters
    ----------
    query, key, value
        [B,heads,S,size]; keys and values may have fewer heads.
    lengths
        See `sequence_lengths`.

    Returns
    -------
    Tensor
        [B,S,heads,size].
    """
    rows = []
    for q, k, v, parts in zip(query, key, value, lengths, strict=True):
        attended = [
            F.scaled_dot_product_attention(
                one_q[None],
                one_k[None],
                one_v[None],
                dropout_p=dropout,
                is_causal=True,
                scale=scaling,
                enable_gqa=len(q) != len(k),
            )
            for one_q, one_k, one_v in zip(
                q.split(parts, dim=1), k.split(parts, dim=1), v.split(parts, dim=1), strict=True
            )
        ]
        rows.append(torch.cat(attended, dim=2))
    return torch.cat(rows).transpose(1, 2).contiguous(), None


AttentionInterface.register(PACKED, packed_attention)
