"""`composite` by torch, on the accelerator that holds the source.

The resampling is written out, because `grid_sample` has no bicubic mode on MPS before torch 2.13
and its coordinates in -1..1 are off by thousandths of a pixel in large images. It follows OpenCV:
pixel centres at whole numbers, cubic convolution with a = -0.75, borders mirrored without repeating
the edge.

References
----------
Keys, R. (1981). Cubic convolution interpolation for digital image processing. IEEE Transactions on
Acoustics, Speech, and Signal Processing 29(6), 1153-1160. doi:10.1109/TASSP.1981.1163711
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ...records.hooks import NO_HOOKS, Hooks
from .. import array_backend as backend
from ..array_backend import Box
from ..colour import ColourTransfer
from ..registration.transform import Registration

if TYPE_CHECKING:
    from torch import Tensor

    _Fold = Callable[[Tensor, int], Tensor]
    _Taps = list[tuple[Tensor, Tensor]]  # indices and weights along one axis

_ROWS = 256  # at a time, to bound memory
_REMAP_CUBIC = -0.75  # as OpenCV's
_UPSAMPLE_CUBIC = -0.5  # as `array_backend.upsample_box`


def composite(
    source: Tensor,
    edited: Tensor,
    white: float,
    registration: Registration,
    colour: ColourTransfer,
    offset: np.ndarray,
    alpha: np.ndarray,
    mask: np.ndarray,
    hooks: Hooks = NO_HOOKS,
) -> tuple[Tensor, float]:
    """Compute what `composite.composite` does.

    Parameters
    ----------
    source, edited
        [H,W,C] and [h,w,K] of one dtype on one device; only the first K channels change.
    white
        Value of full intensity.
    registration, colour, offset, alpha, mask, hooks
        As there.

    Returns
    -------
    A tensor [H,W,C] on that device, and the sum of squared differences outside `mask`.
    """
    import torch

    out, error = source.clone(), torch.zeros((), device=source.device)
    rows, columns = (np.flatnonzero(alpha.any(axis=axis)) for axis in (1, 0))
    if len(rows) == 0:
        return out, 0.0
    left, right, end = int(columns[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    for top in range(int(rows[0]), end, _ROWS):
        hooks.check_stop()
        bottom = min(top + _ROWS, end)
        box = (top, left, bottom, right)
        part = out[top:bottom, left:right, : edited.shape[2]]
        a, inside = (
            torch.from_numpy(values[top:bottom, left:right, None]).to(out.device)
            for values in (alpha, mask)
        )
        base = part.float()
        new = _matched(edited, white, registration, colour, offset, box)
        blended = base + a * (new - base)
        if not part.is_floating_point():
            blended = blended.round().clamp(0, white)
        blended = torch.where(a > 0, blended.to(part.dtype), part)
        error += ((blended.float() - base) * ~inside).square().sum()
        part.copy_(blended)
    return out, float(error)


def _matched(
    edited: Tensor,
    white: float,
    registration: Registration,
    colour: ColourTransfer,
    offset: np.ndarray,
    box: Box,
) -> Tensor:
    """Bring a box of the edited image into the source's frame and colours, float32."""
    import torch

    device = edited.device
    x, y = _edited_points(registration, box, device)
    height, width = edited.shape[:2]
    new = _blend(edited, _cubic_taps(x, width, _mirror), _cubic_taps(y, height, _mirror))
    colours = 1 if edited.shape[2] < 3 else 3
    rgb = (new[..., :colours] * (255 / white)).clamp(0, 255).expand(*new.shape[:2], 3)
    c = torch.from_numpy(colour.coefficients).to(device)
    curve: Any = sum(p * (c[i] + p * (c[3 + i] / 255)) for i, p in enumerate(rgb.split(1, dim=2)))
    whitening = torch.from_numpy(colour.whitening).to(device)
    white_space = sum(p * whitening[:, i] for i, p in enumerate(rgb.split(1, dim=2)))
    distance = (white_space + whitening[:, 3]).square().sum(dim=2, keepdim=True).sqrt()
    near, far = colour.settings.fitted_distance
    fitted = ((far - distance) / (far - near)).clamp(0, 1)
    offset_field = _upsample_box(colour.offset_field, colour.size, box, device)
    matched = rgb + fitted * (curve + c[6] - rgb) + offset_field
    for from_end in (rgb, 255 - rgb):
        end = (1 - from_end / colour.settings.end_width).clamp(min=0)
        matched = matched + end * end * (rgb - matched)
    rgb = matched.clamp(0, 255)
    rgb = (rgb + _upsample_box(offset, registration.size, box, device)).clamp(0, 255)
    if colours == 1:
        weights = torch.from_numpy(backend.LUMA_WEIGHTS).to(device)
        rgb = (rgb * weights).sum(dim=2, keepdim=True)
    return torch.cat([rgb * (white / 255), new[..., colours:]], dim=2).clamp(0, white)


def _edited_points(registration: Registration, box: Box, device: Any) -> tuple[Tensor, Tensor]:
    """`Registration.edited_points`, float32, broadcastable to [h,w]."""
    import torch

    top, left, bottom, right = box
    x = torch.arange(left, right, dtype=torch.float32, device=device)[None]
    y = torch.arange(top, bottom, dtype=torch.float32, device=device)[:, None]
    if registration.flow is not None:
        flow = _upsample_box(registration.flow, registration.size, box, device, cubic=True)
        x, y = x + flow[..., 0], y + flow[..., 1]
    (xx, xy, x0), (yx, yy, y0), _ = registration.matrix.tolist()
    return xx * x + (xy * y + x0), yx * x + (yy * y + y0)


def _upsample_box(
    field: np.ndarray, size: tuple[int, int], box: Box, device: Any, cubic: bool = False
) -> Tensor:
    """`array_backend.upsample_box`, float32 [h,w,C]."""
    import torch

    taps = []
    for axis in (0, 1):
        pixels = torch.arange(box[axis], box[axis + 2], dtype=torch.float32, device=device)
        nodes = (pixels + 0.5) * (field.shape[axis] / size[axis]) - 0.5
        nodes = nodes[:, None] if axis == 0 else nodes
        if cubic:
            taps.append(_cubic_taps(nodes, field.shape[axis], _clamp, _UPSAMPLE_CUBIC))
        else:
            taps.append(_linear_taps(nodes, field.shape[axis]))
    return _blend(torch.from_numpy(field).to(device), taps[1], taps[0])


def _blend(values: Tensor, across: _Taps, down: _Taps) -> Tensor:
    """Sum weighted pixels of `values` [H,W,C]: float32 [h,w,C]."""
    out: Any = sum(
        v[..., None] * sum(u[..., None] * values[y, x].float() for x, u in across) for y, v in down
    )
    return out


def _linear_taps(x: Tensor, side: int) -> _Taps:
    first = x.floor()
    t = x - first
    return [(_clamp(first.long() + k, side), w) for k, w in ((0, 1 - t), (1, t))]


def _cubic_taps(x: Tensor, side: int, fold: _Fold, a: float = _REMAP_CUBIC) -> _Taps:
    """Return the four neighbours along one axis and their weights (Keys 1981)."""
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
