"""Instances by models: noun phrases of a clip, boxes for them, tracks with masks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from PIL import Image

from ..mllm.lenient_json import find_objects
from .ask import ask
from .masks import area, box_iou, box_of, mask_iou
from .records import Box, Clip, Rejected, Sighting, Stage, Track, TrackedClip

if TYPE_CHECKING:
    from ..mllm.chat_model import ChatModel

_SCHEMA = {
    "type": "object",
    "properties": {
        "caption": {"type": "string"},
        "things": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["caption", "things"],
}
_CAPTION = (
    "This is a frame of a video. Reply with JSON: caption: one sentence that describes it; things: "
    "noun phrases of at most five words for the things that could move or be moved, such as "
    '"a brown dog", each thing once, nothing of the background. If there are none, things is empty.'
)
_RECHECK = "Does this picture show {phrase}, complete and alone? Answer with one word: yes or no."
PEOPLE = re.compile(
    r"\b(?:person|people|(?:police|sports|fire|fisher)?(?:man|men|woman|women)|boy|girl|child|"
    r"children|kid|baby|babies|toddler|teenager|adult|human|lady|ladies|guy|mother|father|couple|"
    r"player|rider|driver|worker|runner|dancer|singer|skater|skateboarder|surfer|skier|climber|"
    r"cyclist|athlete|student|teacher|soldier|officer|pedestrian|passenger|crowd|face|hand)s?\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Detection:
    """A box for one of the phrases, with the detector's score (0 to 1)."""

    phrase: str
    box: Box
    score: float


class Detector(Protocol):
    """Finds the things that phrases name."""

    name: str

    def detect(self, frame: np.ndarray, phrases: Sequence[str]) -> list[Detection]:
        """Boxes in a frame uint8 [H, W, 3], the surest first."""
        ...


class Tracker(Protocol):
    """Follows things through frames, forward and backward from where their boxes are."""

    name: str

    def follow(
        self, frames: Sequence[np.ndarray], start: int, boxes: Sequence[Box]
    ) -> list[dict[int, np.ndarray]]:
        """For each box in frame `start` its masks, bool [H, W], by frame."""
        ...


class PhraseTracker(Protocol):
    """Finds and follows things that phrases name, in one model."""

    name: str

    def find(
        self, frames: Sequence[np.ndarray], phrases: Sequence[str]
    ) -> list[tuple[str, dict[int, Sighting]]]:
        """The phrase and the sightings by frame of each thing."""
        ...


class DetectAndTrack:
    """A detector and a tracker as one `PhraseTracker`: boxes of the middle frame are followed."""

    def __init__(
        self, detector: Detector, tracker: Tracker, overlap: float = 0.8, agreement: float = 0.5
    ) -> None:
        """Bounds of intersection over union.

        Parameters
        ----------
        overlap
            Of two boxes that overlap more the surer one stays.
        agreement
            Least for a detected box and the box of its mask: else they are not the same thing.
        """
        self.detector = detector
        self.tracker = tracker
        self.overlap = overlap
        self.agreement = agreement
        self.name = f"{detector.name} + {tracker.name}"

    def find(
        self, frames: Sequence[np.ndarray], phrases: Sequence[str]
    ) -> list[tuple[str, dict[int, Sighting]]]:
        """The phrase and the sightings by frame of each thing."""
        start = len(frames) // 2
        detections: list[Detection] = []
        for detection in self.detector.detect(frames[start], phrases):
            if all(box_iou(detection.box, other.box) <= self.overlap for other in detections):
                detections.append(detection)
        if not detections:
            return []
        boxes = [detection.box for detection in detections]
        things = []
        for detection, masks in zip(
            detections, self.tracker.follow(frames, start, boxes), strict=True
        ):
            sightings = {}
            for k, mask in masks.items():
                box = box_of(mask)
                if box is not None:
                    sightings[k] = Sighting(box, mask, detection.score)
            if start not in sightings or (
                box_iou(sightings[start].box, detection.box) < self.agreement
            ):
                sightings = {}
            things.append((detection.phrase, sightings))
        return things


@dataclass(frozen=True)
class InstanceSettings:
    """Which instances are kept.

    Parameters
    ----------
    min_area, max_area
        Share of the frame that a box covers (Phantom-Data: .04 and .9).
    min_side
        Pixels of a box's shorter side.
    min_fill
        Share of its box that a mask covers.
    overlap
        Of two instances whose masks overlap more (intersection over union), the surer one stays.
    min_keys
        Key frames in which an instance is seen.
    """

    min_area: float = 0.04
    max_area: float = 0.9
    min_side: int = 128
    min_fill: float = 0.3
    overlap: float = 0.8
    min_keys: int = 3


class Instances(Stage[Clip, TrackedClip]):
    """The things of a clip that phrases name.

    Parameters
    ----------
    tracker
        Finds and follows what phrases name.
    captioner
        A chat model that sees images and names the things of a clip.
    phrases
        What to look for where there is no captioner.
    recheck
        A chat model that must confirm each crop.
    skip_people
        Drop instances whose phrase names people.
    settings
        Filters.
    """

    name = "instances"

    def __init__(
        self,
        tracker: PhraseTracker,
        captioner: ChatModel | None = None,
        phrases: Sequence[str] = (),
        recheck: ChatModel | None = None,
        skip_people: bool = False,
        settings: InstanceSettings | None = None,
    ) -> None:
        if captioner is None and not phrases:
            raise ValueError("instances need a captioner, or phrases to look for")
        self.tracker = tracker
        self.captioner = captioner
        self.phrases = tuple(phrases)
        self.recheck = recheck
        self.skip_people = skip_people
        self.settings = settings or InstanceSettings()
        super().__init__({"instances": tracker.name})
        if captioner is not None:
            self.models["captions"] = captioner.name
        if recheck is not None:
            self.models["recheck"] = recheck.name

    def run(self, clip: Clip) -> Iterator[TrackedClip | Rejected]:
        """The clip with its instances, or why there are none; each dropped instance by itself."""
        captions: dict[int, str] = {}
        phrases = self.phrases
        if self.captioner is not None and not phrases:
            middle = clip.keys[len(clip.keys) // 2]
            caption, phrases = self._name(self.captioner, clip.frames[middle])
            if caption:
                captions[middle] = caption
        if not phrases:
            yield Rejected(self.name, "no things were named", clip.shot.source)
            return
        self.work["frames"] += len(clip.frames)
        tracks: list[Track] = []
        for phrase, sightings in self.tracker.find(clip.frames, phrases):
            fitting = {k: s for k, s in sightings.items() if k in clip.keys and self._fits(s)}
            track = Track(len(tracks) + 1, phrase, fitting, bool(PEOPLE.search(phrase)))
            reason = self._fault(track, tracks, clip)
            if reason:
                yield Rejected(self.name, reason, clip.shot.source)
            else:
                tracks.append(track)
        if tracks:
            yield TrackedClip(clip, tuple(tracks), captions)
        else:
            yield Rejected(self.name, "no instances", clip.shot.source)

    def _name(self, captioner: ChatModel, frame: np.ndarray) -> tuple[str, tuple[str, ...]]:
        """A caption and noun phrases, empty where the reply cannot be read."""
        reply = ask(captioner, [Image.fromarray(frame)], _CAPTION, self.work, _SCHEMA)
        data = next(find_objects(reply), {})
        things = data.get("things")
        caption = data.get("caption")
        if not isinstance(things, list):
            return "", ()
        phrases = [t.strip().lower() for t in things if isinstance(t, str) and t.strip()]
        short = [phrase for phrase in phrases if len(phrase.split()) <= 6]
        return caption.strip() if isinstance(caption, str) else "", tuple(dict.fromkeys(short))

    def _fits(self, sighting: Sighting) -> bool:
        limits, box = self.settings, sighting.box
        height, width = sighting.mask.shape
        share = area(box) / (height * width)
        return (
            limits.min_area <= share <= limits.max_area
            and min(box[2] - box[0], box[3] - box[1]) >= limits.min_side
            and sighting.mask.sum() >= limits.min_fill * area(box)
        )

    def _fault(self, track: Track, others: Sequence[Track], clip: Clip) -> str:
        """Why an instance is dropped, "" where it is not."""
        if self.skip_people and track.person:
            return "a person"
        if len(track.sightings) < self.settings.min_keys:
            return "in too few frames, of an unfit size, or unlike its box"
        for other in others:
            both = track.sightings.keys() & other.sightings.keys()
            overlaps = [mask_iou(track.sightings[k].mask, other.sightings[k].mask) for k in both]
            if overlaps and np.mean(overlaps) > self.settings.overlap:
                return "covered by another instance"
        if self.recheck is not None:
            key = max(track.sightings, key=lambda k: area(track.sightings[k].box))
            crop = Image.fromarray(clip.frames[key]).crop(track.sightings[key].box)
            question = _RECHECK.format(phrase=track.name)
            answer = ask(self.recheck, [crop], question, self.work)
            if not answer.strip().lower().startswith("yes"):
                return "not confirmed by the second model"
        return ""
