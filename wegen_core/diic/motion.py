"""Motion instances: what moves against the background, followed without any model.

Optical flow less the camera's motion gives moving regions; regions of neighbouring frames that
overlap are one instance. Nothing knows what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .flow import CameraMotion, camera_flow, camera_motion, grey, optical_flow, require_cv2, warp
from .masks import box_of, mask_iou
from .records import Clip, Rejected, Sighting, Stage, Track, TrackedClip

NAME = "the moving thing"


@dataclass(frozen=True)
class MotionSettings:
    """What counts as a moving thing.

    Parameters
    ----------
    side
        Flow is computed in frames of this many pixels.
    min_speed
        Pixels (of `side`) per frame that a region moves more than the background.
    min_difference
        Levels in which the frame differs from what the camera's motion alone would show.
    min_area, max_area
        Share of the frame that an instance covers.
    min_frames
        Frames in which an instance moves, at least.
    min_overlap
        Intersection over union of a region with where the flow carries the instance.
    max_gap
        Frames for which an instance may rest and still be the same one.
    """

    side: int = 256
    min_speed: float = 0.9
    min_difference: float = 6.0
    min_area: float = 0.004
    max_area: float = 0.6
    min_frames: int = 4
    min_overlap: float = 0.25
    max_gap: int = 8


@dataclass
class _Follow:
    """An instance while it is followed: its masks by frame, and where it should be next."""

    masks: dict[int, np.ndarray]
    expected: np.ndarray


class MotionInstances(Stage[Clip, TrackedClip]):
    """What moves in a clip, for a machine without any models."""

    name = "instances"

    def __init__(self, settings: MotionSettings | None = None) -> None:
        super().__init__({"instances": "optical flow (DIS)"})
        self.settings = settings or MotionSettings()

    def run(self, clip: Clip) -> Iterator[TrackedClip | Rejected]:
        """The moving things of a clip, or why there are none."""
        self.work["frames"] += len(clip.frames)
        tracks = self._follow([grey(frame, self.settings.side) for frame in clip.frames])
        size = clip.frames[0].shape[:2]
        moving = []
        for masks in tracks:
            # Between two of its movements it rests where the later one begins.
            sightings = {
                i: _sighting(masks[min(moment for moment in masks if moment >= i)], size)
                for i in clip.keys
                if min(masks) <= i <= max(masks)
            }
            if len(masks) >= self.settings.min_frames and len(sightings) >= 2:
                moving.append(sightings)
        if not moving:
            yield Rejected(self.name, "nothing moves by itself", clip.shot.source)
            return
        instances = tuple(
            Track(n, NAME, sightings, only_moving=True) for n, sightings in enumerate(moving, 1)
        )
        yield TrackedClip(clip, instances)

    def _follow(self, greys: list[np.ndarray]) -> list[dict[int, np.ndarray]]:
        """For each instance its small mask in the frames in which it moves."""
        live: list[_Follow] = []
        tracks: list[_Follow] = []
        cameras = []
        for i in range(len(greys) - 1):
            flow = optical_flow(greys[i], greys[i + 1])
            cameras.append(camera_motion(flow))
            # A thing differs from the frame before and the frame after; what it uncovers does not.
            difference = _difference(greys[i], greys[i + 1], cameras[i])
            if i:
                before = _difference(greys[i], greys[i - 1], cameras[i - 1].inverse())
                difference = np.minimum(difference, before)
            regions = self._regions(flow, cameras[i], difference)
            for follow in live:
                best = max(regions, key=lambda r: mask_iou(r, follow.expected), default=None)
                if best is None or mask_iou(best, follow.expected) < self.settings.min_overlap:
                    continue
                regions = [region for region in regions if region is not best]
                follow.masks[i] = follow.expected = best
            fresh = [_Follow({i: region}, region) for region in regions]
            tracks += fresh
            live = [f for f in [*live, *fresh] if i - max(f.masks) <= self.settings.max_gap]
            for follow in live:
                follow.expected = _carried(follow.expected, flow)
        return [follow.masks for follow in tracks]

    def _regions(
        self, flow: np.ndarray, camera: CameraMotion, difference: np.ndarray
    ) -> list[np.ndarray]:
        """Connected moving regions of the frame where `flow` starts, the largest first."""
        cv2 = require_cv2()
        residual = flow - camera_flow(camera, flow.shape[:2])
        speed = np.hypot(residual[..., 0], residual[..., 1])
        fast = cv2.GaussianBlur(speed, (0, 0), 1.0) > self.settings.min_speed
        moving = (fast & (difference > self.settings.min_difference)).astype(np.uint8)
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
        moving = cv2.morphologyEx(moving, cv2.MORPH_OPEN, kernel[2:5, 2:5])
        moving = cv2.morphologyEx(moving, cv2.MORPH_CLOSE, kernel)
        moving = cv2.erode(
            moving, kernel[1:6, 1:6]
        )  # flow reaches a few pixels over the edge of a thing
        count, labels, statistics, _ = cv2.connectedComponentsWithStats(moving)
        smallest, largest = (
            share * moving.size for share in (self.settings.min_area, self.settings.max_area)
        )
        areas = statistics[:, cv2.CC_STAT_AREA]
        chosen = [k for k in range(1, count) if smallest <= areas[k] <= largest]
        return [labels == k for k in sorted(chosen, key=lambda k: -areas[k])]


def _difference(first: np.ndarray, second: np.ndarray, camera: CameraMotion) -> np.ndarray:
    """Levels in which a frame differs from what the camera's motion alone would show."""
    cv2 = require_cv2()
    # Flow leaks over even areas; there the camera's motion alone explains the frame as well.
    change = warp(second, camera_flow(camera, first.shape[:2])).astype(np.float32) - first
    # A change of the light is smooth, and not a motion.
    change -= cv2.GaussianBlur(change, (0, 0), 12.0)
    return cv2.GaussianBlur(np.abs(change), (0, 0), 1.5)


def _carried(mask: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """The mask where its mean flow takes it."""
    cv2 = require_cv2()
    if not mask.any():
        return mask
    dx, dy = np.median(flow[mask], axis=0)
    matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    size = mask.shape[::-1]
    return cv2.warpAffine(mask.astype(np.uint8), matrix, size, flags=cv2.INTER_NEAREST) > 0


def _sighting(mask: np.ndarray, size: tuple[int, int]) -> Sighting:
    cv2 = require_cv2()
    large = cv2.resize(mask.astype(np.uint8) * 255, size[::-1], interpolation=cv2.INTER_LINEAR)
    full = large > 127
    box = box_of(full)
    return Sighting(box if box is not None else (0, 0, 0, 0), full)
