"""The geometric relation between source and edited image.

Coordinates are (x, y) with pixel centres at whole numbers; sizes are (height, width).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from .. import array_backend as backend
from ..array_backend import Box

Size = tuple[int, int]


def resize_matrix(source: Size, edited: Size) -> np.ndarray:
    """3x3 from source to edited pixels of a plain resize between two sizes."""
    sy, sx = edited[0] / source[0], edited[1] / source[1]
    return np.array([[sx, 0, sx / 2 - 0.5], [0, sy, sy / 2 - 0.5], [0, 0, 1.0]])


def cell_centres(grid: tuple[int, int], size: Size) -> np.ndarray:
    """Return x and y of the centres of a grid's cells, in pixels of `size`: [gh,gw,2]."""
    y, x = ((np.arange(g) + 0.5) * (n / g) - 0.5 for g, n in zip(grid, size, strict=True))
    return np.stack(np.meshgrid(x, y), axis=-1)


@dataclass(frozen=True, eq=False)
class Registration:
    """Source point p lies at matrix @ (p + flow(p)) in the edited image.

    Parameters
    ----------
    matrix
        float64 3x3.
    size
        (height, width) of the source.
    flow
        float32 [gh,gw,2] in source pixels at the centres of a coarse grid over the source, or None.
    residual
        Median misfit in source pixels.
    """

    matrix: np.ndarray
    size: Size
    flow: np.ndarray | None = None
    residual: float = 0.0

    def rescaled(self, size: Size, old_edited: Size, new_edited: Size) -> Registration:
        """Express the same relation for a source of `size` and an edited image of another size."""
        up = resize_matrix(self.size, size)
        matrix = resize_matrix(old_edited, new_edited) @ self.matrix @ np.linalg.inv(up)
        flow = None if self.flow is None else self.flow * np.array([up[0, 0], up[1, 1]], np.float32)
        return replace(self, matrix=matrix, flow=flow, size=size)

    def with_matrix(self, matrix: np.ndarray) -> Registration:
        """Express the same relation by another affine map and the flow that remains beside it.

        Without a flow, that map alone.
        """
        if self.flow is None:
            return replace(self, matrix=matrix)
        points = cell_centres(self.flow.shape[:2], self.size)
        change = np.linalg.inv(matrix) @ self.matrix
        flow = (points + self.flow) @ change[:2, :2].T + change[:2, 2] - points
        return replace(self, matrix=matrix, flow=flow.astype(np.float32))

    def edited_points(self, box: Box) -> tuple[np.ndarray, np.ndarray]:
        """float32 x and y in the edited image of a box of source pixels, broadcastable to [h,w]."""
        top, left, bottom, right = box
        x = np.arange(left, right, dtype=np.float32)[None]
        y = np.arange(top, bottom, dtype=np.float32)[:, None]
        m = self.matrix.astype(np.float32)
        if self.flow is not None:
            flow = backend.upsample_box(self.flow, self.size, box, cubic=True)
            x, y = x + flow[..., 0], y + flow[..., 1]
        return m[0, 0] * x + (m[0, 1] * y + m[0, 2]), m[1, 0] * x + (m[1, 1] * y + m[1, 2])

    def resample(
        self, edited: np.ndarray, box: Box | None = None, cubic: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        """Resample the edited image into the source's frame.

        Parameters
        ----------
        edited
            [h,w] or [h,w,C], any dtype.
        box
            Part of the source to resample; None: all of it.
        cubic
            Cubic interpolation, else linear.

        Returns
        -------
        registered
            float32 [H,W] or [H,W,C]. What `edited` does not cover is mirrored.
        valid
            bool [H,W]: what it covers.
        """
        x, y = self.edited_points(box or (0, 0, *self.size))
        height, width = edited.shape[:2]
        valid = covers((height, width), x, y)
        if box is not None:  # only a part of the edited image is needed
            # Mirrored here, because the part's border is not the image's.
            x, y = _mirrored(x, width), _mirrored(y, height)
            left, top = max(0, int(x.min()) - 3), max(0, int(y.min()) - 3)
            edited = edited[top : int(y.max()) + 5, left : int(x.max()) + 5]
            x, y = x - left, y - top
        return backend.remap(edited.astype(np.float32, copy=False), x, y, cubic), valid


def covers(size: Size, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which points lie in an image of `size`: bool."""
    height, width = size
    # Half a pixel beyond the outer centres, and a little more for rounding.
    return (x >= -0.51) & (x <= width - 0.49) & (y >= -0.51) & (y <= height - 0.49)


def match_density(
    edited: np.ndarray, registration: Registration, max_density: float
) -> tuple[np.ndarray, Registration]:
    """Average `edited` [h,w,C] down to the source's pixel density if it is denser.

    Parameters
    ----------
    edited
        uint8, uint16 or float.
    registration
        Of the source and `edited`.
    max_density
        Edited pixels per source pixel along a side that are left as they are.

    Returns
    -------
    The image and its registration.
    """
    density = math.sqrt(abs(float(np.linalg.det(registration.matrix[:2, :2]))))
    if density < max_density:
        return edited, registration
    old = edited.shape[0], edited.shape[1]
    new = max(1, round(old[0] / density)), max(1, round(old[1] / density))
    values = edited.astype(np.float32) if edited.dtype == np.float64 else edited
    return backend.resize(values, new), registration.rescaled(registration.size, old, new)


def to_source_frame(
    edited: np.ndarray, registration: Registration, max_density: float
) -> tuple[np.ndarray, np.ndarray]:
    """Resample uint8 [h,w,3] into the source's frame: uint8 [H,W,3], and what it covers, bool."""
    edited, registration = match_density(edited, registration, max_density)
    height, width = registration.size
    registered, valid = np.empty((height, width, 3), np.uint8), np.empty((height, width), bool)
    for rows, _, _ in backend.row_strips(height):
        x, y = registration.edited_points((rows.start, 0, rows.stop, width))
        valid[rows] = covers(edited.shape[:2], x, y)
        registered[rows] = backend.remap(edited, x, y)
    return registered, valid


def _mirrored(x: np.ndarray, side: int) -> np.ndarray:
    """Coordinates beyond 0..side - 1, reflected into it."""
    if side == 1:
        return np.zeros_like(x)
    if x.min() >= 0 and x.max() <= side - 1:
        return x
    period = 2 * (side - 1)
    x = np.abs(x) % period
    return np.where(x > side - 1, period - x, x).astype(np.float32)
