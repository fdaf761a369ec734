"""The few image filters preservation is made of: through OpenCV if it is there, else SciPy and PIL.

OpenCV (any of its four wheels) is 3 to 10 times faster and is never required. Arrays are
[H,W] or [H,W,C]; borders are mirrored; coordinates have pixel centres at whole numbers.
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

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_REMAP_SIDE = 32766  # cv2.remap indexes with 16 bits
_ROWS = 64  # of a strip
_COARSE = 32  # nodes up to which two small matrix products beat a remap
_SMALL = 5  # pixels of radius up to which OpenCV's dilation beats its distance transform
_CUT = 3.0  # sigmas
_LEAST_SIDE = 8  # OpenCV 5's remap never returns from a mirrored picture of one pixel's width


def luma(rgb: np.ndarray) -> np.ndarray:
    """[H,W,3] or [H,W,1] -> float32 [H,W], weights of ITU-R BT.601."""
    if rgb.shape[2] == 1:
        return rgb[..., 0].astype(np.float32)
    if cv2 is not None and rgb.dtype == np.uint8:
        return cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    out = np.multiply(rgb[..., 0], LUMA[0], dtype=np.float32)
    for channel in (1, 2):  # one by one: integers need no float copy of the whole
        out += np.multiply(rgb[..., channel], LUMA[channel], dtype=np.float32)
    return out


def mix(values: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """float32 [h,w,3] with its channels mixed: float32 `matrix` [C,3], or [C,4] with a column that
    is added. C = 1 or 3: [h,w,C]."""
    if cv2 is not None:
        return cv2.transform(values, matrix).reshape(*values.shape[:2], -1)
    mixed = values @ matrix[:, :3].T
    return mixed + matrix[:, 3] if matrix.shape[1] > 3 else mixed


def squared_error(a: np.ndarray, b: np.ndarray, mask: np.ndarray) -> float:
    """The sum of the squared differences of two uint8 [h,w,C] where bool `mask`."""
    if cv2 is not None:
        return cv2.norm(a, b, cv2.NORM_L2SQR, mask.view(np.uint8))
    error = a[mask].astype(np.float32) - b[mask]
    return float(np.vdot(error, error))


def strips(
    height: int, halo: int = 0, thickness: int = _ROWS
) -> Iterator[tuple[slice, slice, slice]]:
    """A picture, some rows at a time: memory stays small and arrays stay in the cache. Each strip,
    the strip with `halo` more rows on either side, and where the first lies in the second."""
    for top in range(0, height, thickness):
        bottom, first = min(height, top + thickness), max(0, top - halo)
        wide = slice(first, min(height, bottom + halo))
        yield slice(top, bottom), wide, slice(top - first, bottom - first)


def strongest(values: np.ndarray) -> np.ndarray:
    """The largest channel of [...,C]: [...]. NumPy's own reduction over so short an axis is 30
    times slower."""
    return functools.reduce(np.maximum, np.moveaxis(values, -1, 0))


def resize(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """To `size` (height, width): area average when shrinking, cubic when growing.

    uint8, uint16 or float32 in; the same dtype and number of axes out.
    """
    height, width = size
    if values.shape[:2] == (height, width):
        return values
    shrink = height * width < values.shape[0] * values.shape[1]
    if cv2 is not None:
        if values.ndim == 3 and values.shape[2] > 4:  # more than OpenCV takes at once
            halves = (resize(values[..., :4], size), resize(values[..., 4:], size))
            return np.concatenate(halves, axis=2)
        method = cv2.INTER_AREA if shrink else cv2.INTER_CUBIC
        out = cv2.resize(np.ascontiguousarray(values), (width, height), interpolation=method)
        return out.reshape(height, width, *values.shape[2:])
    box = Image.Resampling.BOX if shrink else Image.Resampling.BICUBIC
    planes = values.reshape(*values.shape[:2], -1)
    done = [
        np.asarray(Image.fromarray(planes[..., c].astype(np.float32)).resize((width, height), box))
        for c in range(planes.shape[2])
    ]
    out = np.stack(done, axis=2).reshape(height, width, *values.shape[2:])
    return rounded(out, values.dtype)


def half(size: tuple[int, ...]) -> tuple[int, int]:
    """Half a picture's (height, width), at least one pixel."""
    return max(1, size[0] // 2), max(1, size[1] // 2)


def rounded(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """float -> `dtype`, rounded and clipped to what it holds from 0 on if that is integers."""
    if np.issubdtype(dtype, np.integer):
        values = np.clip(np.rint(values), 0, np.iinfo(dtype).max)
    return values.astype(dtype)


def blur(values: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur of float32, `sigma` in pixels, cut off at three of them."""
    if sigma <= 0:
        return values
    if cv2 is not None:
        side = 2 * int(_CUT * sigma + 0.5) + 1
        return cv2.GaussianBlur(values, (side, side), sigma, borderType=cv2.BORDER_REFLECT)
    sigmas = (sigma, sigma) + (0,) * (values.ndim - 2)
    return ndimage.gaussian_filter(values, sigmas, mode="reflect", truncate=_CUT)


def box(values: np.ndarray, radius: int) -> np.ndarray:
    """Mean over a square of side 2 * radius + 1; cost does not depend on the radius."""
    side = 2 * radius + 1
    if cv2 is not None:
        return cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT)
    sides = (side, side) + (1,) * (values.ndim - 2)
    return ndimage.uniform_filter(values, sides, mode="reflect")


def warp(
    values: np.ndarray, x: np.ndarray, y: np.ndarray, cubic: bool = True, mirror: bool = True
) -> np.ndarray:
    """Samples float32 or uint8 `values` at the points (x, y), float32 [h,w]. Outside, the picture
    is mirrored, or else its edge repeats. The dtype and the axes of `values` stay."""
    sides = *values.shape[:2], *x.shape
    large = min(sides[:2]) >= _LEAST_SIDE or not mirror
    if cv2 is not None and large and max(sides) <= _REMAP_SIDE:
        method = cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR
        border = cv2.BORDER_REFLECT_101 if mirror else cv2.BORDER_REPLICATE
        out = cv2.remap(np.ascontiguousarray(values), x, y, method, borderMode=border)
        return out.reshape(*x.shape, *values.shape[2:])
    order, mode = (3 if cubic else 1), ("mirror" if mirror else "nearest")
    planes = values.reshape(*values.shape[:2], -1).astype(np.float32, copy=False)
    done = [
        ndimage.map_coordinates(planes[..., c], (y, x), order=order, mode=mode)
        for c in range(planes.shape[2])
    ]
    out = np.stack(done, axis=2).reshape(*x.shape, *values.shape[2:])
    return rounded(out, values.dtype)


def within(
    field: np.ndarray, size: tuple[int, int], box: tuple[int, int, int, int], cubic: bool = False
) -> np.ndarray:
    """A box (top, left, bottom, right) of a picture of `size`, out of a coarse float32 `field`
    [h,w,C] of all of it."""
    top, left, bottom, right = box
    height, width = field.shape[:2]
    if max(height, width) > _COARSE:
        x = _points(left, right, size[1], width)
        y = _points(top, bottom, size[0], height)
        x, y = np.meshgrid(x, y)
        return warp(field, x, y, cubic, mirror=False)
    across = _weights(left, right, size[1], width, cubic)
    down = _weights(top, bottom, size[0], height, cubic)
    used = np.flatnonzero(down.any(axis=0))
    first, last = used[0], used[-1] + 1
    columns = field[first:last].swapaxes(0, 1)  # one product is far faster than one for each row
    wide = (across @ columns.reshape(width, -1)).reshape(right - left, last - first, -1)
    wide = wide.swapaxes(0, 1).reshape(last - first, -1)
    return (down[:, first:last] @ wide).reshape(bottom - top, right - left, -1)


def _points(first: int, last: int, side: int, count: int) -> np.ndarray:
    """float32: where the pixels first..last - 1 of `side` lie among `count` nodes."""
    pixels = np.arange(first, last, dtype=np.float32) + 0.5
    return pixels * np.float32(count / side) - 0.5


@functools.lru_cache(maxsize=8)  # the columns of all strips are the same
def _weights(first: int, last: int, side: int, count: int, cubic: bool) -> np.ndarray:
    """float32 [n,count]: what each of `count` nodes, whose last ones repeat beyond the ends, weighs
    at the pixels first..last - 1 of `side`; linear, or cubic (Keys 1981)."""
    points = _points(first, last, side, count)
    t = np.abs(points[:, None] - np.arange(-2, count + 2, dtype=np.float32))
    if cubic:
        near, far = (1.5 * t - 2.5) * t * t + 1, ((2.5 - 0.5 * t) * t - 4) * t + 2
        weights = np.where(t < 1, near, np.where(t < 2, far, 0))
    else:
        weights = np.maximum(1 - t, 0)
    weights[:, 2] += weights[:, :2].sum(axis=1)
    weights[:, -3] += weights[:, -2:].sum(axis=1)
    return weights[:, 2:-2]


def grow(mask: np.ndarray, radius: float) -> np.ndarray:
    """bool mask, dilated by a disk of `radius` pixels."""
    if radius < 1 or not mask.any():
        return mask
    if cv2 is not None and radius <= _SMALL:
        y, x = np.ogrid[-int(radius) : int(radius) + 1, -int(radius) : int(radius) + 1]
        disk = (x * x + y * y <= radius * radius).astype(np.uint8)
        return cv2.dilate(mask.view(np.uint8), disk).view(bool)
    return distance(~mask) <= radius


def shrink(mask: np.ndarray, radius: float) -> np.ndarray:
    """bool mask, eroded by a disk of `radius` pixels; the picture's border does not erode."""
    return ~grow(~mask, radius)


def distance(mask: np.ndarray) -> np.ndarray:
    """float32 distance in pixels of every True pixel to the nearest False one (0 on False)."""
    if mask.all():
        return np.full(mask.shape, np.inf, np.float32)
    if cv2 is not None:
        return cv2.distanceTransform(mask.view(np.uint8), cv2.DIST_L2, 5)
    return ndimage.distance_transform_edt(mask).astype(np.float32)


def label(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """8-connected parts of a bool mask: int32 labels from 1 on, and their number."""
    if cv2 is not None:
        count, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=8)
        return labels, count - 1
    labels, count = ndimage.label(mask, structure=np.ones((3, 3), bool))
    return labels, int(count)


def connected(seeds: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The 8-connected parts of bool `mask` that hold a pixel of `seeds` (hysteresis)."""
    if not seeds.any():
        return np.zeros_like(mask)
    labels, count = label(mask)
    keep = np.zeros(count + 1, bool)
    keep[labels[seeds & mask]] = True
    found = np.zeros_like(mask)
    found[mask] = keep[labels[mask]]
    return found


def peak(values: np.ndarray, radius: int) -> np.ndarray:
    """The largest value within a square of `radius` around each pixel of float32 [H,W]."""
    side = 2 * radius + 1
    if cv2 is not None:
        return cv2.dilate(values, np.ones((side, side), np.uint8))
    return ndimage.maximum_filter(values, side, mode="nearest")
