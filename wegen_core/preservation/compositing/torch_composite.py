"""`composite` by torch, on the accelerator that holds the picture.

The resampling is written out: `grid_sample` has no bicubic on MPS before torch 2.13, and its
coordinates in -1..1 are off by thousandths of a pixel in large pictures. It is OpenCV's: pixel
centres at whole numbers, cubic with a = -0.75, borders mirrored without repeating the edge.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ...records.hooks import NO_HOOKS, Hooks
from .. import array_backend as filters
from ..colour import Level
from ..registration.register import Registration

if TYPE_CHECKING:
    from torch import Tensor

    Fold = Callable[[Tensor, int], Tensor]
    Taps = list[tuple[Tensor, Tensor]]

Box = tuple[int, int, int, int]
_ROWS = 256  # at a time
_CUBIC = -0.75  # as OpenCV's
_KEYS = -0.5  # as that of `filters.within`


def composite(
    source: Tensor,
    edited: Tensor,
    white: float,
    found: Registration,
    tone: Level,
    offset: np.ndarray,
    alpha: np.ndarray,
    mask: np.ndarray,
    hooks: Hooks = NO_HOOKS,
) -> tuple[Tensor, float]:
    """As `composite.composite`: source [H,W,C] and edited [h,w,K] of the same dtype and `white`,
    on one device; only the first K channels change. The result is a tensor there."""
    import torch

    out, error = source.clone(), torch.zeros((), device=source.device)
    rows, columns = (np.flatnonzero(alpha.any(axis=axis)) for axis in (1, 0))
    if len(rows) == 0:
        return out, 0.0
    left, right, end = int(columns[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    for top in range(int(rows[0]), end, _ROWS):
        hooks.check_stop()
        box = (top, left, min(top + _ROWS, end), right)
        part = out[top : box[2], left:right, : edited.shape[2]]
        a, inner = (
            torch.from_numpy(values[top : box[2], left:right, None]).to(out.device)
            for values in (alpha, mask)
        )
        base = part.float()
        mixed = base + a * (_levelled(edited, white, found, tone, offset, box) - base)
        if not part.is_floating_point():
            mixed = mixed.round().clamp(0, white)
        mixed = torch.where(a > 0, mixed.to(part.dtype), part)
        error += ((mixed.float() - base) * ~inner).square().sum()
        part.copy_(mixed)
    return out, float(error)


def _levelled(
    edited: Tensor, white: float, found: Registration, tone: Level, offset: np.ndarray, box: Box
) -> Tensor:
    """A box of the edited picture in the source's frame and colours, float32."""
    import torch

    device = edited.device
    x, y = _points(found, box, device)
    height, width = edited.shape[:2]
    new = _blend(edited, _cubic(x, width, _mirror), _cubic(y, height, _mirror))
    colours = 1 if edited.shape[2] < 3 else 3
    rgb = (new[..., :colours] * (255 / white)).clamp(0, 255).expand(*new.shape[:2], 3)
    c = torch.from_numpy(tone.coefficients).to(device)
    curve: Any = sum(p * (c[i] + p * (c[3 + i] / 255)) for i, p in enumerate(rgb.split(1, dim=2)))
    rgb = (curve + c[6] + _within(tone.field, tone.size, box, device)).clamp(0, 255)
    rgb = (rgb + _within(offset, found.size, box, device)).clamp(0, 255)
    if colours == 1:
        rgb = (rgb * torch.from_numpy(filters.LUMA).to(device)).sum(dim=2, keepdim=True)
    return torch.cat([rgb * (white / 255), new[..., colours:]], dim=2).clamp(0, white)


def _points(found: Registration, box: Box, device: Any) -> tuple[Tensor, Tensor]:
    """`found.points`, float32 [h,w] each."""
    import torch

    top, left, bottom, right = box
    x = torch.arange(left, right, dtype=torch.float32, device=device)[None]
    y = torch.arange(top, bottom, dtype=torch.float32, device=device)[:, None]
    if found.flow is not None:
        flow = _within(found.flow, found.size, box, device, cubic=True)
        x, y = x + flow[..., 0], y + flow[..., 1]
    (xx, xy, x0), (yx, yy, y0), _ = found.matrix.tolist()
    return xx * x + (xy * y + x0), yx * x + (yy * y + y0)


def _within(
    field: np.ndarray, size: tuple[int, int], box: Box, device: Any, cubic: bool = False
) -> Tensor:
    """`filters.within`, float32 [h,w,C]."""
    import torch

    taps = []
    for axis in (0, 1):
        pixels = torch.arange(box[axis], box[axis + 2], dtype=torch.float32, device=device)
        nodes = (pixels + 0.5) * (field.shape[axis] / size[axis]) - 0.5
        make = (lambda p, n: _cubic(p, n, _clamp, _KEYS)) if cubic else _linear
        taps.append(make(nodes[:, None] if axis == 0 else nodes, field.shape[axis]))
    return _blend(torch.from_numpy(field).to(device), taps[1], taps[0])


def _blend(values: Tensor, across: Taps, down: Taps) -> Tensor:
    """The weighted sum, float32 [h,w,C], of those places of `values` [H,W,C]."""
    out: Any = sum(
        v[..., None] * sum(u[..., None] * values[y, x].float() for x, u in across) for y, v in down
    )
    return out


def _linear(x: Tensor, side: int) -> Taps:
    first = x.floor()
    t = x - first
    return [(_clamp(first.long() + k, side), w) for k, w in ((0, 1 - t), (1, t))]


def _cubic(x: Tensor, side: int, fold: Fold, a: float = _CUBIC) -> Taps:
    """The four neighbours along one axis and their weights (Keys 1981)."""
    first = x.floor()
    t = x - first
    near = [((a + 2) * d - (a + 3)) * d * d + 1 for d in (t, 1 - t)]
    far = [(((d - 5) * d + 8) * d - 4) * a for d in (t + 1, 2 - t)]
    weights = (far[0], near[0], near[1], far[1])
    return [(fold(first.long() + k - 1, side), w) for k, w in enumerate(weights)]


def _clamp(index: Tensor, side: int) -> Tensor:
    return index.clamp(0, side - 1)


def _mirror(index: Tensor, side: int) -> Tensor:
    if side == 1:
        return index.clamp(0, 0)
    index = index.abs() % (2 * (side - 1))
    return index.minimum(2 * (side - 1) - index)
