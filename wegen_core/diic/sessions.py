"""Sessions: frames between which enough changes while the instances stay the same ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from .identity import ColourIdentity, IdentityModel, background_crop, masked_crop
from .masks import mask_iou
from .records import Rejected, Session, Stage, Track, TrackedClip


@dataclass(frozen=True)
class SessionSettings:
    """Which frames belong together.

    Parameters
    ----------
    max_frames
        Frames of a session; longer ones are cut.
    min_change
        Least change of a step, see `Sessions`: smaller steps teach copying.
    max_background_change
        Greatest mean difference of the backgrounds in levels after blurring; above it the scene
        is another one.
    identity
        Least and greatest similarity of an instance to itself; None: the model's own bounds.
    """

    max_frames: int = 8
    min_change: float = 0.08
    max_background_change: float = 60.0
    identity: tuple[float, float] | None = None


class Sessions(Stage[TrackedClip, Session]):
    """Runs of key frames with enough change between them.

    A step's "change" is the largest of: how little an instance's masks overlap (1 - IoU), how many
    instances come or go, and how much the whole image changes (mean difference / 64).
    """

    name = "sessions"

    def __init__(
        self, identity: IdentityModel | None = None, settings: SessionSettings | None = None
    ) -> None:
        self.identity = identity or ColourIdentity()
        self.settings = settings or SessionSettings()
        super().__init__({"identity": self.identity.name})

    def run(self, tracked: TrackedClip) -> Iterator[Session | Rejected]:
        """Sessions in order of time. Every key frame is in at most one of them."""
        self.work["frames"] += len(tracked.clip.keys)
        frames: list[int] = []
        scores: list[dict[str, float]] = []
        reasons: set[str] = set()
        count = 0
        embeddings = self._embed(tracked)
        keys = [k for k in tracked.clip.keys if any(k in t.sightings for t in tracked.tracks)]
        for key in keys:
            if not frames:
                frames = [key]
                continue
            step = self._scores(tracked, embeddings, frames[-1], key)
            reason = self._fault(step)
            if reason == "too little change":
                reasons.add(reason)
                continue  # a later frame may differ enough
            if not reason:
                frames.append(key)
                scores.append(step)
            if reason or len(frames) == self.settings.max_frames:
                if len(frames) > 1:
                    count += 1
                    yield _session(tracked, frames, scores)
                frames, scores = [key], []
                reasons.add(reason)
        if len(frames) > 1:
            count += 1
            yield _session(tracked, frames, scores)
        if not count:
            why = sorted(reasons - {""}) or ["no instance is in two frames"]
            yield Rejected(self.name, why[-1], tracked.clip.shot.source)

    def _embed(self, tracked: TrackedClip) -> dict[tuple[int, int], np.ndarray]:
        """Embeddings by track and frame, computed in one batch."""
        which = [
            (track.id, key)
            for track in tracked.tracks
            for key in tracked.clip.keys
            if key in track.sightings
        ]
        by_id = {track.id: track for track in tracked.tracks}
        crops = [
            masked_crop(tracked.clip.frames[key], by_id[track].sightings[key])
            for track, key in which
        ]
        return dict(zip(which, self.identity.embed(crops), strict=True)) if crops else {}

    def _scores(
        self,
        tracked: TrackedClip,
        embeddings: dict[tuple[int, int], np.ndarray],
        first: int,
        second: int,
    ) -> dict[str, float]:
        images = [tracked.clip.frames[k] for k in (first, second)]
        in_both = [t for t in tracked.tracks if first in t.sightings and second in t.sightings]
        in_one = [
            t
            for t in tracked.tracks
            if (first in t.sightings) != (second in t.sightings) and not t.only_moving
        ]
        displacement = [
            1 - mask_iou(t.sightings[first].mask, t.sightings[second].mask) for t in in_both
        ]
        whole = float(np.abs(images[0].astype(np.float32) - images[1]).mean())
        scores = {
            "displacement": max(displacement, default=0.0),
            "image_change": whole,
            "change": max([*displacement, min(1.0, len(in_one)), whole / 64], default=0.0),
            "background_change": _background_change(tracked, images, first, second),
        }
        if in_both:
            alike = [float(embeddings[t.id, first] @ embeddings[t.id, second]) for t in in_both]
            scores |= {"identity": min(alike), "identity_max": max(alike)}
        return {name: round(value, 4) for name, value in scores.items()}

    def _fault(self, scores: dict[str, float]) -> str:
        if "identity" not in scores:
            return "no instance is in both frames"
        if scores["change"] < self.settings.min_change:
            return "too little change"
        low, high = self.settings.identity or self.identity.bounds
        if scores["identity"] < low:
            return "the instance is another one"
        # A copy is fine where something else changed: that is what shall be learned.
        if scores["identity"] > high and scores["change"] < 2 * self.settings.min_change:
            return "too little change"
        if scores["background_change"] > self.settings.max_background_change:
            return "the background is another one"
        return ""


def _session(tracked: TrackedClip, frames: list[int], scores: list[dict[str, float]]) -> Session:
    tracks: list[Track] = [
        track for track in tracked.tracks if sum(k in track.sightings for k in frames) >= 2
    ]
    return Session(tracked, tuple(frames), tuple(tracks), tuple(scores))


def _background_change(
    tracked: TrackedClip, images: list[np.ndarray], first: int, second: int
) -> float:
    """Mean difference of the backgrounds at 32 pixels, where camera shake is small."""
    parts = []
    for image, key in zip(images, (first, second), strict=True):
        sightings = [t.sightings[key] for t in tracked.tracks if key in t.sightings]
        small = background_crop(image, sightings).resize((32, 32), Image.Resampling.BOX)
        covered = np.zeros(image.shape[:2], bool)
        for sighting in sightings:
            covered |= sighting.mask
        share = Image.fromarray((covered * 255).astype(np.uint8)).resize(
            (32, 32), Image.Resampling.BOX
        )
        parts.append((np.asarray(small, np.float32), np.asarray(share) < 16))
    (a, a_free), (b, b_free) = parts
    free = a_free & b_free
    return float(np.abs(a - b)[free].mean()) if free.any() else 0.0
