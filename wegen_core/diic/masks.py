"""Masks: run-length encoding as COCO's uncompressed form, boxes, overlap."""

from __future__ import annotations

import numpy as np

from .records import Box


def encode_rle(mask: np.ndarray) -> list[int]:
    """Lengths of runs in column order, the first of zeros (COCO's uncompressed RLE).

    mask: bool [H, W]. The height and width are kept elsewhere.
    """
    flat = np.concatenate([[False], np.asarray(mask, bool).T.ravel()])
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    edges = np.concatenate([[0], changes, [flat.size - 1]])
    return [int(v) for v in np.diff(edges)]


def decode_rle(runs: list[int], height: int, width: int) -> np.ndarray:
    """The mask of `encode_rle`, bool [height, width]; ValueError if the runs do not fill it."""
    if sum(runs) != height * width:
        raise ValueError(f"the runs cover {sum(runs)} pixels; {height} x {width} has another count")
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, runs).reshape(width, height).T


def box_of(mask: np.ndarray) -> Box | None:
    """The tightest box around a mask, None for an empty one."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def area(box: Box) -> int:
    """Pixels in a box; 0 for an empty one."""
    return max(0, box[2] - box[0]) * max(0, box[3] - box[1])


def box_iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes."""
    both = area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))
    return both / max(1, area(a) + area(b) - both)


def mask_iou(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two masks."""
    return float((a & b).sum() / max(1, (a | b).sum()))
