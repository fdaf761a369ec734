"""The image filters of preservation: by OpenCV if it is installed, else by SciPy and PIL.

OpenCV (any of its four wheels) is 3 to 10 times faster and never required. Arrays are [H,W] or
[H,W,C]. Borders are mirrored. Coordinates have pixel centres at whole numbers.

"Cubic" is three different kernels, so results depend a little on what is installed:

- OpenCV's `remap` and `resize` use the cubic convolution kernel with a = -0.75, and so does
  `compositing.torch_composite`, which agrees with OpenCV to 1e-5 of full intensity;
- SciPy's `map_coordinates` of order 3 interpolates with a cubic B-spline;
- PIL's BICUBIC, and `upsample_box` of small fields with either backend, use a = -0.5.

Shifted sideways by half a pixel, white noise of 0 to 255 differs by 4.1 levels on average between
OpenCV and SciPy; the same noise, blurred by 1 px and stretched to 0 to 255, by 0.54; blurred by
4 px, by 0.09. `tests/preservation/test_array_backend.py` measures it.

References
----------
Keys, R. (1981). Cubic convolution interpolation for digital image processing. IEEE Transactions on
Acoustics, Speech, and Signal Processing 29(6), 1153-1160. doi:10.1109/TASSP.1981.1163711
Unser, M. (1999). Splines: a perfect fit for signal and image processing. IEEE Signal Processing
Magazine 16(6), 22-38. doi:10.1109/79.799930
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np
from PIL import Image
from scipy import ndimage

try:
    import cv2
except ImportError:
    cv2 = None

Box = tuple[int, int, int, int]
"""top, left, bottom, right; the last two exclusive."""

LUMA_WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_MAX_REMAP_SIDE = 32766  # cv2.remap indexes with 16 bits
_MIN_REMAP_SIDE = 8  # OpenCV 5's remap never returns from a mirrored image that is 1 px wide
_STRIP_ROWS = 64
_MAX_PRODUCT_SIDE = 32  # fields up to this size: two small matrix products are faster than remap
_MAX_DISK_RADIUS = 5  # up to here OpenCV's dilation is faster than its distance transform
_BLUR_CUT = 3.0  # sigmas at which the Gaussian kernel ends


def luma(rgb: np.ndarray) -> np.ndarray:
    """[H,W,3] or [H,W,1] -> float32 [H,W], weights of ITU-R BT.601."""
    if rgb.shape[2] == 1:
        return rgb[..., 0].astype(np.float32)
    if cv2 is not None and rgb.dtype == np.uint8:
        return cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    out = np.multiply(rgb[..., 0], LUMA_WEIGHTS[0], dtype=np.float32)
    for channel in (1, 2):  # channel by channel, so that integers need no float copy of the whole
        out += np.multiply(rgb[..., channel], LUMA_WEIGHTS[channel], dtype=np.float32)
    return out


def mix_channels(values: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """float32 [h,w,3] times float32 `matrix` [C,3] -> [h,w,C], C = 1 or 3.

    The fourth column of a matrix [C,4] is added.
    """
    if cv2 is not None:
        return cv2.transform(values, matrix).reshape(*values.shape[:2], -1)
    mixed = values @ matrix[:, :3].T
    return mixed + matrix[:, 3] if matrix.shape[1] > 3 else mixed


def squared_error(a: np.ndarray, b: np.ndarray, mask: np.ndarray) -> float:
    """Sum of the squared differences of two uint8 [h,w,C] where bool `mask` [h,w] is True."""
    if cv2 is not None:
        return cv2.norm(a, b, cv2.NORM_L2SQR, mask.view(np.uint8))
    error = a[mask].astype(np.float32) - b[mask]
    return float(np.vdot(error, error))


def row_strips(
    height: int, halo: int = 0, thickness: int = _STRIP_ROWS
) -> Iterator[tuple[slice, slice, slice]]:
    """Yield (rows, rows with `halo`, rows within rows with halo) for strips of `thickness` rows.

    Working strip by strip keeps memory small and arrays in the processor's cache.
    """
    for top in range(0, height, thickness):
        bottom, first = min(height, top + thickness), max(0, top - halo)
        yield (
            slice(top, bottom),
            slice(first, min(height, bottom + halo)),
            slice(top - first, bottom - first),
        )


def channel_max(values: np.ndarray) -> np.ndarray:
    """[...,C] -> [...]. NumPy's reduction over so short an axis is 30 times slower."""
    return functools.reduce(np.maximum, np.moveaxis(values, -1, 0))


def resize(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize to `size` (height, width): area average when shrinking, cubic when growing.

    uint8, uint16 or float32 with at most 4 channels; dtype and number of axes stay.
    """
    height, width = size
    if values.shape[:2] == (height, width):
        return values
    shrink = height * width < values.shape[0] * values.shape[1]
    if cv2 is not None:
        method = cv2.INTER_AREA if shrink else cv2.INTER_CUBIC
        out = cv2.resize(np.ascontiguousarray(values), (width, height), interpolation=method)
        return out.reshape(height, width, *values.shape[2:])
    method = Image.Resampling.BOX if shrink else Image.Resampling.BICUBIC
    planes = values.reshape(*values.shape[:2], -1)
    resized = [
        np.asarray(
            Image.fromarray(planes[..., c].astype(np.float32)).resize((width, height), method)
        )
        for c in range(planes.shape[2])
    ]
    out = np.stack(resized, axis=2).reshape(height, width, *values.shape[2:])
    return round_to_dtype(out, values.dtype)


def half_size(size: tuple[int, ...]) -> tuple[int, int]:
    """Half of (height, width), at least one pixel."""
    return max(1, size[0] // 2), max(1, size[1] // 2)


def scaled_size(size: tuple[int, ...], scale: float) -> tuple[int, int]:
    """(height, width) times `scale`, rounded, at least one pixel."""
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def round_to_dtype(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Floats -> `dtype`; for an unsigned integer dtype rounded and clipped to its range."""
    if np.issubdtype(dtype, np.integer):
        values = np.clip(np.rint(values), 0, np.iinfo(dtype).max)
    return values.astype(dtype)


def blur(values: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur of float32; `sigma` in pixels."""
    if cv2 is not None:
        side = 2 * int(_BLUR_CUT * sigma + 0.5) + 1
        return cv2.GaussianBlur(values, (side, side), sigma, borderType=cv2.BORDER_REFLECT)
    sigmas = (sigma, sigma) + (0,) * (values.ndim - 2)
    return ndimage.gaussian_filter(values, sigmas, mode="reflect", truncate=_BLUR_CUT)


def box_mean(values: np.ndarray, radius: int) -> np.ndarray:
    """Mean over a square of side 2 * radius + 1; the cost does not depend on the radius."""
    side = 2 * radius + 1
    if cv2 is not None:
        return cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT)
    sides = (side, side) + (1,) * (values.ndim - 2)
    return ndimage.uniform_filter(values, sides, mode="reflect")


def max_filter(values: np.ndarray, radius: int) -> np.ndarray:
    """Maximum of float32 [H,W] over a square of side 2 * radius + 1."""
    side = 2 * radius + 1
    if cv2 is not None:
        return cv2.dilate(values, np.ones((side, side), np.uint8))
    return ndimage.maximum_filter(values, side, mode="nearest")


def remap(
    values: np.ndarray, x: np.ndarray, y: np.ndarray, cubic: bool = True, mirror: bool = True
) -> np.ndarray:
    """Sample float32 or uint8 `values` at the points (x, y), float32 [h,w] each.

    Outside, the image is mirrored, or its edge repeats if `mirror` is False. dtype and number of
    axes stay.
    """
    sides = *values.shape[:2], *x.shape
    large_enough = min(sides[:2]) >= _MIN_REMAP_SIDE or not mirror
    if cv2 is not None and large_enough and max(sides) <= _MAX_REMAP_SIDE:
        method = cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR
        border = cv2.BORDER_REFLECT_101 if mirror else cv2.BORDER_REPLICATE
        out = cv2.remap(np.ascontiguousarray(values), x, y, method, borderMode=border)
        return out.reshape(*x.shape, *values.shape[2:])
    order, mode = (3 if cubic else 1), ("mirror" if mirror else "nearest")
    planes = values.reshape(*values.shape[:2], -1).astype(np.float32, copy=False)
    sampled = [
        ndimage.map_coordinates(planes[..., c], (y, x), order=order, mode=mode)
        for c in range(planes.shape[2])
    ]
    out = np.stack(sampled, axis=2).reshape(*x.shape, *values.shape[2:])
    return round_to_dtype(out, values.dtype)


def upsample_box(
    field: np.ndarray, size: tuple[int, int], box: Box, cubic: bool = False
) -> np.ndarray:
    """Enlarge a coarse float32 `field` [h,w,C] to `size`, and return only `box` of the result."""
    top, left, bottom, right = box
    height, width = field.shape[:2]
    if max(height, width) > _MAX_PRODUCT_SIDE:
        x = _field_coordinates(left, right, size[1], width)
        y = _field_coordinates(top, bottom, size[0], height)
        x, y = np.meshgrid(x, y)
        return remap(field, x, y, cubic, mirror=False)
    across = _interpolation_matrix(left, right, size[1], width, cubic)
    down = _interpolation_matrix(top, bottom, size[0], height, cubic)
    out = np.empty((bottom - top, right - left, field.shape[2]), np.float32)
    # By einsum, because BLAS starts threads for such products, which costs more CPU time than it
    # saves. The last axis is the longest one: einsum runs along it.
    for rows, _, _ in row_strips(len(out)):
        used = np.flatnonzero(down[:, rows].any(axis=1))
        nodes = slice(used[0], used[-1] + 1)
        wide = np.einsum("kgc,gw->kcw", field[nodes], across)
        wide = np.ascontiguousarray(wide.swapaxes(1, 2)).reshape(len(wide), -1)
        np.einsum("kh,kn->hn", down[nodes, rows], wide, out=out[rows].reshape(-1, wide.shape[1]))
    return out


def _field_coordinates(first: int, last: int, side: int, count: int) -> np.ndarray:
    """float32: where the pixels first..last - 1 of `side` lie among `count` nodes."""
    pixels = np.arange(first, last, dtype=np.float32) + 0.5
    return pixels * np.float32(count / side) - 0.5


@functools.lru_cache(maxsize=8)  # the columns of all strips are the same
def _interpolation_matrix(first: int, last: int, side: int, count: int, cubic: bool) -> np.ndarray:
    """float32 [count, last - first]: weight of each of `count` nodes at the pixels of `side`.

    Linear, or cubic convolution with a = -0.5. The end nodes repeat beyond the ends.
    """
    points = _field_coordinates(first, last, side, count)
    t = np.abs(points[:, None] - np.arange(-2, count + 2, dtype=np.float32))
    if cubic:
        near, far = (1.5 * t - 2.5) * t * t + 1, ((2.5 - 0.5 * t) * t - 4) * t + 2
        weights = np.where(t < 1, near, np.where(t < 2, far, 0))
    else:
        weights = np.maximum(1 - t, 0)
    weights[:, 2] += weights[:, :2].sum(axis=1)
    weights[:, -3] += weights[:, -2:].sum(axis=1)
    return np.ascontiguousarray(weights[:, 2:-2].T)


def dilate(mask: np.ndarray, radius: float) -> np.ndarray:
    """Dilate a bool mask by a disk of `radius` pixels."""
    if radius < 1 or not mask.any():
        return mask
    if cv2 is not None and radius <= _MAX_DISK_RADIUS:
        y, x = np.ogrid[-int(radius) : int(radius) + 1, -int(radius) : int(radius) + 1]
        disk = (x * x + y * y <= radius * radius).astype(np.uint8)
        return cv2.dilate(mask.view(np.uint8), disk).view(bool)
    return distance_to_false(~mask) <= radius


def erode(mask: np.ndarray, radius: float) -> np.ndarray:
    """Erode a bool mask by a disk of `radius` pixels; the image's border does not erode."""
    return ~dilate(~mask, radius)


def distance_to_false(mask: np.ndarray) -> np.ndarray:
    """float32: distance in pixels from each pixel of a bool mask to the nearest False one."""
    if mask.all():
        return np.full(mask.shape, np.inf, np.float32)
    if cv2 is not None:
        return cv2.distanceTransform(mask.view(np.uint8), cv2.DIST_L2, 5)
    return ndimage.distance_transform_edt(mask).astype(np.float32)


def connected_components(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """8-connected components of a bool mask: int32 labels, 0 for False, and their number."""
    if cv2 is not None:
        count, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=8)
        return labels, count - 1
    labels, count = ndimage.label(mask, structure=np.ones((3, 3), bool))
    return labels, int(count)


def hysteresis(strong: np.ndarray, weak: np.ndarray) -> np.ndarray:
    """Return the 8-connected components of bool `weak` that hold a pixel of bool `strong`.

    References
    ----------
    Canny, J. (1986). A computational approach to edge detection. IEEE Transactions on Pattern
    Analysis and Machine Intelligence 8(6), 679-698. doi:10.1109/TPAMI.1986.4767851
    """
    if not strong.any():
        return np.zeros_like(weak)
    labels, count = connected_components(weak)
    is_strong = np.zeros(count + 1, bool)
    is_strong[labels[strong & weak]] = True
    out = np.zeros_like(weak)
    out[weak] = is_strong[labels[weak]]
    return out
