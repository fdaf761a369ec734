"""Regions of a frame that may each be a thing: what moves, and what comes or goes.

All frames are uint8 [h, w], grey and small (see `flow.grey`); regions are bool [h, w].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .flow import CameraMotion, camera_flow, in_view, require_cv2, warp

MAX_CHANGED = 0.25  # share of the frame; where more differs, the camera's motion is not known well
MAX_LIGHT_CHANGE = 8.0  # levels, median of the frame
CONTOUR_CONTRAST = 1.5  # times stronger edges along the contour than without the thing
MIN_CONTOUR = 2.0  # levels per pixel along the contour


@dataclass(frozen=True)
class RegionSettings:
    """What counts as a thing.

    Parameters
    ----------
    min_speed
        Pixels per frame that a region moves more than the background.
    min_difference, min_lasting_difference
        Levels in which the frame differs from what the camera's motion alone would show: between
        neighbouring frames, and between frames further apart.
    min_area, max_area
        Share of the frame that a moving thing covers.
    min_standing_area
        The least share of what comes or goes.
    """

    min_speed: float = 0.9
    min_difference: float = 6.0
    min_lasting_difference: float = 10.0
    min_area: float = 0.004
    max_area: float = 0.6
    min_standing_area: float = 0.008


Neighbour = tuple[np.ndarray, CameraMotion]
"""Another frame, and the camera's motion from a frame to it."""


def moving_regions(
    frame: np.ndarray,
    after: Neighbour,
    before: Neighbour | None,
    flow: np.ndarray,
    limits: RegionSettings,
) -> list[np.ndarray]:
    """What moves against the background, the largest first.

    Parameters
    ----------
    after, before
        The next frame and the one before; None: `frame` is the first.
    flow
        From `frame` to the next one.
    """
    cv2 = require_cv2()
    residual = flow - camera_flow(after[1], frame.shape)
    fast = cv2.GaussianBlur(np.hypot(residual[..., 0], residual[..., 1]), (0, 0), 1.0)
    # Flow leaks over even areas; there the camera's motion alone explains the frame as well.
    difference = _difference(frame, after, blur=41)
    if before is not None:
        # A thing differs from the frame before and the frame after; what it uncovers does not.
        difference = np.minimum(difference, _difference(frame, before, blur=41))
    mask = (fast > limits.min_speed) & (difference > limits.min_difference)
    # Flow reaches a few pixels over the edge of a thing.
    mask = cv2.erode(_closed(mask), _square(5))
    regions = [r for r in _parts(mask) if limits.min_area <= r.mean() <= limits.max_area]
    return [region > 0 for region in sorted(regions, key=lambda region: -region.sum())]


def standing_regions(
    frame: np.ndarray, other: Neighbour, limits: RegionSettings
) -> list[np.ndarray]:
    """What is in `frame` and not in another one, whether it moves or not.

    Where two frames differ, the one with the thing has edges along the contour.
    """
    cv2 = require_cv2()
    there = _as_seen_from(other, frame)
    if abs(float(np.median(there - frame))) > MAX_LIGHT_CHANGE:
        return []
    in_both = in_view(other[1], frame.shape)
    difference = _difference(frame, other, blur=139)
    changed = (difference > limits.min_lasting_difference) & in_both
    if changed.mean() > MAX_CHANGED:
        return []
    edges, edges_there = _edges(frame), _edges(there)
    regions = []
    for region in _parts(_closed(changed)):
        if not limits.min_standing_area <= region.mean() <= limits.max_area:
            continue
        band = cv2.morphologyEx(region, cv2.MORPH_GRADIENT, _square(5)) > 0
        band &= in_both
        here = edges[band].mean()
        if here > max(MIN_CONTOUR, CONTOUR_CONTRAST * edges_there[band].mean()):
            regions.append(cv2.erode(region, _square(3)) > 0)
    return regions


def _difference(frame: np.ndarray, other: Neighbour, blur: int) -> np.ndarray:
    """Levels in which `other` differs from what the camera's motion alone would show."""
    cv2 = require_cv2()
    change = _as_seen_from(other, frame) - frame
    # A change of the light is smooth over many pixels.
    change -= cv2.blur(change, (blur, blur))
    return cv2.GaussianBlur(np.abs(change), (0, 0), 1.5)


def _as_seen_from(other: Neighbour, frame: np.ndarray) -> np.ndarray:
    """The other frame with the camera where it is in `frame`: float32 [h, w]."""
    image, camera = other
    return warp(image, camera_flow(camera, frame.shape)).astype(np.float32)


def _parts(mask: np.ndarray) -> list[np.ndarray]:
    """The connected parts of a mask, their holes filled: all uint8 [h, w] of 0 and 1."""
    cv2 = require_cv2()
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    empty = np.zeros(mask.shape, np.uint8)
    return [cv2.drawContours(empty.copy(), [c], -1, 1, cv2.FILLED) for c in contours]


def _closed(mask: np.ndarray) -> np.ndarray:
    """The mask as uint8 without specks and small gaps."""
    cv2 = require_cv2()
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, _square(3))
    return cv2.morphologyEx(opened, cv2.MORPH_CLOSE, kernel)


def _square(side: int) -> np.ndarray:
    return np.ones((side, side), np.uint8)


def _edges(frame: np.ndarray) -> np.ndarray:
    """The gradient's length in levels per pixel: float32 [h, w]."""
    cv2 = require_cv2()
    smooth = cv2.GaussianBlur(frame, (0, 0), 1.0)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    return np.hypot(across, down) / 8
