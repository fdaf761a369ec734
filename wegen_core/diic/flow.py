"""Optical flow and the part of it that is the camera's."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class CameraMotion:
    """Where a still scene moves within the image: a similarity transform.

    Parameters
    ----------
    matrix
        float64 [2, 3]: from a point of the first frame to where it is in the second, both as shares
        of the width (so that a height is less than 1 in a wide image).
    """

    matrix: np.ndarray

    @property
    def zoom(self) -> float:
        """Scale: above 1 things become larger."""
        return math.sqrt(max(1e-9, float(np.linalg.det(self.matrix[:, :2]))))

    def carry(self, point: np.ndarray) -> np.ndarray:
        """Where the camera's motion alone takes a point (x, y), in shares of the width."""
        return self.matrix[:, :2] @ point + self.matrix[:, 2]

    def then(self, later: CameraMotion) -> CameraMotion:
        """One motion followed by another."""
        first, second = (np.vstack([m.matrix, [0, 0, 1]]) for m in (self, later))
        return CameraMotion((second @ first)[:2])

    def inverse(self) -> CameraMotion:
        """The motion back."""
        return CameraMotion(np.linalg.inv(np.vstack([self.matrix, [0, 0, 1]]))[:2])


STILL = CameraMotion(np.array([[1.0, 0, 0], [0, 1.0, 0]]))


def grey(frame: np.ndarray, side: int = 256) -> np.ndarray:
    """A frame as uint8 [h, w] with `side` pixels along its longer side."""
    cv2 = require_cv2()
    scale = min(1.0, side / max(frame.shape[:2]))
    size = (max(16, round(frame.shape[1] * scale)), max(16, round(frame.shape[0] * scale)))
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)


def optical_flow(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Dense flow (DIS, Kroeger et al., ECCV 2016): float32 [h, w, 2], pixels from first to second.

    first, second: uint8 [h, w].
    """
    cv2 = require_cv2()
    return cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST).calc(first, second, None)


def warp(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """The image that `flow` leads to, seen from where it starts: [h, w]."""
    cv2 = require_cv2()
    height, width = flow.shape[:2]
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    return cv2.remap(
        image,
        xs + flow[..., 0],
        ys + flow[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )


def camera_motion(flow: np.ndarray) -> CameraMotion:
    """The similarity transform that most of a flow follows (RANSAC on a grid of vectors).

    Moving things count as outliers as long as they cover less than about half of the image.
    """
    cv2 = require_cv2()
    height, width = flow.shape[:2]
    step = max(4, min(height, width) // 24)
    ys, xs = np.mgrid[step // 2 : height : step, step // 2 : width : step]
    start = np.stack([xs, ys], axis=-1).reshape(-1, 2).astype(np.float32)
    end = start + flow[ys, xs].reshape(-1, 2)
    cv2.setRNGSeed(0)
    matrix, _ = cv2.estimateAffinePartial2D(start, end, ransacReprojThreshold=1.0)
    if matrix is None:
        return STILL
    return CameraMotion(np.column_stack([matrix[:, :2], matrix[:, 2] / width]))


def camera_flow(motion: CameraMotion, shape: tuple[int, int]) -> np.ndarray:
    """The flow that camera motion alone gives: float32 [h, w, 2] in pixels."""
    height, width = shape
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    matrix = motion.matrix.astype(np.float32)
    shift = matrix[:, 2] * width
    there = np.stack([xs, ys], axis=-1) @ matrix[:, :2].T + shift
    return there - np.stack([xs, ys], axis=-1)


def in_view(camera: CameraMotion, shape: tuple[int, int]) -> np.ndarray:
    """Which pixels of a frame the camera's motion keeps in view: bool [h, w]."""
    height, width = shape
    ys, xs = np.mgrid[0:height, 0:width]
    dx, dy = np.moveaxis(camera_flow(camera, shape), -1, 0)
    x, y = xs + dx, ys + dy
    return (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)


def camera_between(frames: Sequence[np.ndarray], first: int, last: int) -> CameraMotion:
    """The camera's motion from one frame to a later one.

    Small errors add up through the frames between them, and a large motion cannot be measured
    without these: of the motion through them, the direct one and none, that which shows the later
    frame best.
    """
    greys = [grey(frame) for frame in frames[first : last + 1]]
    through = STILL
    for one, other in itertools.pairwise(greys):
        through = through.then(camera_motion(optical_flow(one, other)))
    direct = camera_motion(optical_flow(greys[0], greys[-1]))

    def fault(motion: CameraMotion) -> float:
        there = warp(greys[-1], camera_flow(motion, greys[0].shape))
        difference = np.abs(there.astype(np.float32) - greys[0])
        return float(np.minimum(difference, 32)[in_view(motion, greys[0].shape)].mean())

    return min(STILL, direct, through, key=fault)


def require_cv2() -> Any:
    """OpenCV; ImportError that says how to install it."""
    try:
        import cv2
    except ImportError as error:
        raise ImportError("optical flow needs OpenCV: pip install comfyui-wegen[diic]") from error
    return cv2
