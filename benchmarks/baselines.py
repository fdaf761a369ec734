"""What people do today to keep an image through an edit: align it somehow, paste what differs.

Each takes a source and an edited image, uint8 [H,W,3], and returns the image, its change mask (bool
[H,W]) and the transform (3x3, source pixel -> edited pixel). OpenCV is needed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import cv2
import numpy as np

from wegen_core.preservation.registration.transform import resize_matrix

THRESHOLD = 25
"""Levels, of the blurred difference, from which a pixel counts as changed."""
ECC_SIDE = 512
"""Longest side at which ECC registers, pixels."""
Baseline = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


def plain_resize(source: np.ndarray, edited: np.ndarray):
    """No registration: the edited image is resized."""
    return _paste(source, edited, resize_matrix(source.shape[:2], edited.shape[:2]))


def sift_affine(source: np.ndarray, edited: np.ndarray):
    """SIFT features, Lowe's ratio test, and an affine transform by RANSAC."""
    sift = cv2.SIFT_create(4000)
    (points_a, features_a), (points_b, features_b) = (
        sift.detectAndCompute(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), None)
        for image in (source, edited)
    )
    matrix = resize_matrix(source.shape[:2], edited.shape[:2])
    if (
        features_a is not None
        and features_b is not None
        and min(map(len, (points_a, points_b))) > 1
    ):
        pairs = cv2.BFMatcher().knnMatch(features_a, features_b, k=2)
        good = [first for first, second in pairs if first.distance < 0.75 * second.distance]
        if len(good) >= 6:
            a = np.float32([points_a[m.queryIdx].pt for m in good])
            b = np.float32([points_b[m.trainIdx].pt for m in good])
            affine = cv2.estimateAffine2D(a, b, method=cv2.RANSAC, ransacReprojThreshold=2.0)[0]
            if affine is not None:
                matrix = np.vstack([affine, [0, 0, 1]])
    return _paste(source, edited, matrix)


def ecc_affine(source: np.ndarray, edited: np.ndarray):
    """Enhanced correlation coefficient (`cv2.findTransformECC`) at a small size, affine."""
    scale = min(1.0, ECC_SIDE / max(source.shape[:2]))
    size = [max(1, round(side * scale)) for side in source.shape[:2]]
    a, b = (
        cv2.resize(
            cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), size[::-1], interpolation=cv2.INTER_AREA
        )
        for image in (source, edited)
    )
    affine = np.eye(2, 3, dtype=np.float32)
    criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 100, 1e-6)
    with contextlib.suppress(cv2.error):  # where it does not converge, the plain resize stays
        affine = cv2.findTransformECC(a, b, affine, cv2.MOTION_AFFINE, criteria, None, 5)[1]
    down, up = (
        resize_matrix(source.shape[:2], tuple(size)),
        resize_matrix(tuple(size), edited.shape[:2]),
    )
    return _paste(source, edited, up @ np.vstack([affine, [0, 0, 1]]) @ down)


BASELINES: dict[str, Baseline] = {
    "plain resize": plain_resize,
    "SIFT": sift_affine,
    "ECC": ecc_affine,
}


def _paste(source: np.ndarray, edited: np.ndarray, matrix: np.ndarray):
    """Paste what differs from the source, with a soft edge."""
    size = source.shape[1::-1]
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    registered = cv2.warpAffine(
        edited, matrix[:2], size, flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    difference = np.abs(registered.astype(np.float32) - source).max(axis=2)
    mask = (cv2.GaussianBlur(difference, (0, 0), 2) > THRESHOLD).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8))
    mask = cv2.dilate(mask, np.ones((9, 9), np.uint8))
    alpha = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 3)[..., None] * mask[..., None]
    image = np.rint(source + alpha * (registered.astype(np.float32) - source))
    return np.clip(image, 0, 255).astype(np.uint8), mask > 0, matrix
