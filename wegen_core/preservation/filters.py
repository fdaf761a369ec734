"""The few image filters preservation is made of: through OpenCV if it is there, else SciPy and PIL.

OpenCV (any of its four wheels) is 3 to 10 times faster and is never required. Arrays are
[H,W] or [H,W,C]; borders are mirrored; coordinates have pixel centres at whole numbers.
"""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

try:
    import cv2
except ImportError:
    cv2 = None

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_REMAP_SIDE = 32766  # cv2.remap and warpAffine index with 16 bits


def luma(rgb: np.ndarray) -> np.ndarray:
    """float [H,W,3] -> float32 [H,W], weights of ITU-R BT.601."""
    if rgb.shape[2] == 1:
        return rgb[..., 0].astype(np.float32)
    return rgb.astype(np.float32, copy=False) @ _LUMA


def resize(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """To `size` (height, width): area average when shrinking, cubic when growing.

    uint8, uint16 or float32 in; the same dtype and number of axes out.
    """
    height, width = size
    if values.shape[:2] == (height, width):
        return values
    shrink = height * width < values.shape[0] * values.shape[1]
    if cv2 is not None:
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
    if np.issubdtype(values.dtype, np.integer):
        out = np.clip(np.rint(out), 0, np.iinfo(values.dtype).max)
    return out.astype(values.dtype)


def blur(values: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur of float32, `sigma` in pixels."""
    if sigma <= 0:
        return values
    if cv2 is not None:
        return cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    sigmas = (sigma, sigma) + (0,) * (values.ndim - 2)
    return ndimage.gaussian_filter(values, sigmas, mode="reflect", truncate=3.0)


def box(values: np.ndarray, radius: int) -> np.ndarray:
    """Mean over a square of side 2 * radius + 1; cost does not depend on the radius."""
    side = 2 * radius + 1
    if cv2 is not None:
        return cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT)
    sides = (side, side) + (1,) * (values.ndim - 2)
    return ndimage.uniform_filter(values, sides, mode="reflect")


def warp(values: np.ndarray, x: np.ndarray, y: np.ndarray, cubic: bool = True) -> np.ndarray:
    """Samples float32 `values` at the points (x, y), float32 [h,w]; outside, the edge repeats."""
    if cv2 is not None and max(*values.shape[:2], *x.shape) <= _REMAP_SIDE:
        method = cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR
        return cv2.remap(values, x, y, method, borderMode=cv2.BORDER_REPLICATE)
    order = 3 if cubic else 1
    planes = values.reshape(*values.shape[:2], -1)
    done = [
        ndimage.map_coordinates(planes[..., c], (y, x), order=order, mode="nearest")
        for c in range(planes.shape[2])
    ]
    return np.stack(done, axis=2).reshape(*x.shape, *values.shape[2:])


def grow(mask: np.ndarray, radius: float) -> np.ndarray:
    """bool mask, dilated by a disk of `radius` pixels."""
    if radius < 1 or not mask.any():
        return mask
    return distance(~mask) <= radius


def shrink(mask: np.ndarray, radius: float) -> np.ndarray:
    """bool mask, eroded by a disk of `radius` pixels; the picture's border does not erode."""
    return ~grow(~mask, radius)


def distance(mask: np.ndarray) -> np.ndarray:
    """float32 distance in pixels of every True pixel to the nearest False one (0 on False)."""
    if mask.all():
        return np.full(mask.shape, np.inf, np.float32)
    if cv2 is not None:
        return cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    return ndimage.distance_transform_edt(mask).astype(np.float32)


def label(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """8-connected parts of a bool mask: int32 labels from 1 on, and their number."""
    if cv2 is not None:
        count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
        return labels, count - 1
    labels, count = ndimage.label(mask, structure=np.ones((3, 3), bool))
    return labels, int(count)
