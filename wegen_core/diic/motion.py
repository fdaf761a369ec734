"""Motion instances: what moves against the background, followed without any model.

Optical flow less the camera's motion gives moving regions; regions of neighbouring frames that
overlap are one instance. Nothing knows what it is.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from .flow import STILL, CameraMotion, camera_motion, grey, optical_flow, require_cv2
from .identity import ColourIdentity, masked_crop
from .masks import box_of, mask_iou
from .records import Clip, Rejected, Sighting, Stage, Track, TrackedClip
from .regions import RegionSettings, moving_regions, standing_regions

NAME = "the moving thing"
MIN_LIKENESS = 0.9  # cosine of colours and edges


@dataclass(frozen=True)
class MotionSettings:
    """What counts as a moving thing.

    Parameters
    ----------
    side
        Flow is computed in frames of this many pixels.
    window
        Frames before and after in which what comes or goes is not there.
    min_frames
        Frames in which an instance moves, comes or goes, at least.
    min_overlap
        Intersection over union of a region with where the flow carries the instance.
    max_gap
        Frames for which an instance may rest and still be the same one.
    max_rest_change
        Mean difference in levels of an instance that rests.
    regions
        What counts as a thing in one frame.
    """

    side: int = 256
    window: int = 8
    min_frames: int = 4
    min_overlap: float = 0.25
    max_gap: int = 8
    max_rest_change: float = 12.0
    regions: RegionSettings = field(default_factory=RegionSettings)


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
        greys = [grey(frame, self.settings.side) for frame in clip.frames]
        size = clip.frames[0].shape[:2]
        moving = []
        for masks in self._joined(clip, self._follow(greys)):
            sightings = {}
            for i in clip.keys:
                # Between two of its movements it rests where the later one begins.
                later = min((moment for moment in masks if moment >= i), default=None)
                if later is None or i < min(masks):
                    continue
                mask = masks[later]
                change = np.abs(greys[i][mask].astype(np.float32) - greys[later][mask])
                if change.mean() <= self.settings.max_rest_change:
                    sightings[i] = _sighting(mask, size)
            if len(masks) >= self.settings.min_frames and len(sightings) >= 2:
                moving.append(sightings)
        if not moving:
            yield Rejected(self.name, "nothing moves by itself", clip.shot.source)
            return
        instances = tuple(
            Track(n, NAME, sightings, only_moving=True) for n, sightings in enumerate(moving, 1)
        )
        yield TrackedClip(clip, instances)

    def _joined(
        self, clip: Clip, tracks: list[dict[int, np.ndarray]]
    ) -> list[dict[int, np.ndarray]]:
        """Tracks of which one begins soon after another ends and looks alike as one.

        What moves far between two frames is lost by optical flow.
        """
        joined: list[dict[int, np.ndarray]] = []
        for masks in sorted(tracks, key=min):
            for earlier in joined:
                pause = min(masks) - max(earlier)
                if 0 < pause <= self.settings.max_gap and _look_alike(clip, earlier, masks):
                    earlier |= masks
                    break
            else:
                joined.append(masks)
        return joined

    def _follow(self, greys: list[np.ndarray]) -> list[dict[int, np.ndarray]]:
        """For each instance its small mask in the frames in which it moves, comes or goes."""
        live: list[_Follow] = []
        tracks: list[_Follow] = []
        flows = [optical_flow(a, b) for a, b in itertools.pairwise(greys)]
        cameras = [camera_motion(flow) for flow in flows]
        for i, flow in enumerate(flows):
            regions = self._regions(greys, flows, cameras, i)
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
        self,
        greys: list[np.ndarray],
        flows: list[np.ndarray],
        cameras: list[CameraMotion],
        i: int,
    ) -> list[np.ndarray]:
        """What may be a thing in frame `i`: what moves, then what comes or goes beside it."""
        limits = self.settings.regions
        before = (greys[i - 1], cameras[i - 1].inverse()) if i else None
        regions = moving_regions(greys[i], (greys[i + 1], cameras[i]), before, flows[i], limits)
        to_past = to_future = STILL
        for camera in reversed(cameras[max(0, i - self.settings.window) : i]):
            to_past = to_past.then(camera.inverse())
        for camera in cameras[i : i + self.settings.window]:
            to_future = to_future.then(camera)
        past = greys[max(0, i - self.settings.window)]
        future = greys[min(len(greys) - 1, i + self.settings.window)]
        for other, camera in ((past, to_past), (future, to_future)):
            for region in standing_regions(greys[i], (other, camera), limits):
                if not any(_covers(region, moving) for moving in regions):
                    regions.append(region)
        return regions


def _look_alike(clip: Clip, one: dict[int, np.ndarray], other: dict[int, np.ndarray]) -> bool:
    """Whether the largest views of two tracks have a like size and like colours."""
    size = clip.frames[0].shape[:2]
    views = [max(masks.items(), key=lambda view: view[1].sum()) for masks in (one, other)]
    areas = [mask.sum() for _, mask in views]
    if max(areas) > 2 * min(areas):
        return False
    crops = [masked_crop(clip.frames[k], _sighting(mask, size)) for k, mask in views]
    first, second = ColourIdentity().embed(crops)
    return float(first @ second) > MIN_LIKENESS


def _covers(region: np.ndarray, other: np.ndarray) -> bool:
    """Whether two regions share a good part of the smaller one."""
    return (region & other).sum() > 0.2 * min(region.sum(), other.sum())


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
