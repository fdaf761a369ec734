"""Optical flow and the part of it that is the camera's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class CameraMotion:
    """A similarity transform between two frames, seen from the middle of the image.

    Parameters
    ----------
    pan
        Shift right and down, as a share of the width and height.
    zoom
        Scale: above 1 things become larger.
    """

    pan: tuple[float, float] = (0.0, 0.0)
    zoom: float = 1.0


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


def camera_flow(flow: np.ndarray) -> tuple[np.ndarray, CameraMotion]:
    """The flow that camera motion alone gives, and that motion.

    A similarity transform is fitted to a grid of vectors by RANSAC, so that moving things count as
    outliers as long as they cover less than about half of the image.
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
        return np.zeros_like(flow), CameraMotion()
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    there = np.stack([xs, ys, np.ones_like(xs)], axis=-1) @ matrix.T.astype(np.float32)
    middle = np.array([width / 2, height / 2, 1.0])
    shift = matrix @ middle - middle[:2]
    pan = (float(shift[0] / width), float(shift[1] / height))
    zoom = math.sqrt(max(1e-9, float(np.linalg.det(matrix[:, :2]))))
    return there - np.stack([xs, ys], axis=-1), CameraMotion(pan, zoom)


def require_cv2() -> Any:
    """OpenCV; ImportError that says how to install it."""
    try:
        import cv2
    except ImportError as error:
        raise ImportError("optical flow needs OpenCV: pip install comfyui-wegen[diic]") from error
    return cv2
