"""Adapters of detectors, trackers and encoders on tiny random weights, and what instances keep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support import tiny_detectors
from tests.support.clips import clip_frames
from tests.support.conversations import ScriptedModel
from wegen_core.diic.dynamics import ModelDynamics
from wegen_core.diic.grounding_dino import GroundingDino
from wegen_core.diic.identity import ColourIdentity, masked_crop
from wegen_core.diic.instances import (
    PEOPLE,
    DetectAndTrack,
    Detection,
    Instances,
    InstanceSettings,
)
from wegen_core.diic.masks import box_of
from wegen_core.diic.records import (
    Box,
    Clip,
    DescribedSession,
    Rejected,
    Shot,
    Sighting,
    TrackedClip,
    Video,
)
from wegen_core.diic.sam import Sam2Tracker, Sam3Tracker
from wegen_core.diic.sessions import Sessions
from wegen_core.vision.encoder import VisionEncoder

FRAMES = clip_frames(8, "walk", 128)[::4]
KEYS = (0, 4, 8, 12)
CLIP = Clip(
    Shot(Video("clip", "clip"), 0.0, 5.0),
    tuple(k / 3 for k in range(len(FRAMES))),
    tuple(FRAMES),
    KEYS,
)
ANY_SIZE = InstanceSettings(min_area=0.0, min_side=1)


class Boxes:
    """A detector and tracker that move the same boxes right by one pixel a frame."""

    name = "boxes"

    def __init__(self, *boxes: tuple[str, Box, float]) -> None:
        self.boxes = boxes

    def detect(self, frame: np.ndarray, phrases: Sequence[str]) -> list[Detection]:
        del frame
        found = [Detection(*entry) for entry in self.boxes if entry[0] in phrases]
        return sorted(found, key=lambda detection: -detection.score)

    def follow(
        self, frames: Sequence[np.ndarray], start: int, boxes: Sequence[Box]
    ) -> list[dict[int, np.ndarray]]:
        masks = []
        for left, top, right, bottom in boxes:
            moved = {}
            for k in range(len(frames)):
                mask = np.zeros(frames[0].shape[:2], bool)
                mask[top:bottom, left + k - start : right + k - start] = True
                moved[k] = mask
            masks.append(moved)
        return masks


def instances(*boxes: tuple[str, Box, float], **options) -> list[TrackedClip | Rejected]:
    both = Boxes(*boxes)
    options = {"settings": ANY_SIZE, "phrases": ("a cat", "a man", "a dog")} | options
    return list(Instances(DetectAndTrack(both, both), **options).run(CLIP))


def test_grounding_dino_gives_boxes_inside_the_frame(tmp_path: Path) -> None:
    detector = GroundingDino(
        tiny_detectors.grounding_dino(tmp_path / "gd"), threshold=0.0, side=160
    )
    frame = np.ascontiguousarray(FRAMES[0][:100])
    detections = detector.detect(frame, ["a red cat", "a dog"])
    assert {detection.phrase for detection in detections} == {"a red cat", "a dog"}
    for detection in detections:
        left, top, right, bottom = detection.box
        assert 0 <= left <= right <= 128
        assert 0 <= top <= bottom <= 100
    scores = [detection.score for detection in detections]
    assert scores == sorted(scores, reverse=True)


def test_sam2_follows_each_box_both_ways(tmp_path: Path) -> None:
    tracker = Sam2Tracker(tiny_detectors.sam2_video(tmp_path / "sam2"))
    frames = [frame[:96] for frame in FRAMES[:5]]
    masks = tracker.follow(frames, 2, [(10, 10, 60, 60), (60, 30, 100, 90)])
    assert [sorted(one) for one in masks] == [[0, 1, 2, 3, 4]] * 2
    assert all(mask.shape == (96, 128) for one in masks for mask in one.values())
    assert any(mask.any() for one in masks for mask in one.values())


@pytest.mark.slow
def test_sam3_finds_and_follows_what_is_named(tmp_path: Path) -> None:
    pytest.importorskip("transformers.models.sam3_video", reason="needs transformers 5")
    tracker = Sam3Tracker(tiny_detectors.sam3_video(tmp_path / "sam3"))
    frames = [frame[:96] for frame in FRAMES[:3]]
    things = tracker.find(frames, ["a red cat", "a dog"])
    assert {phrase for phrase, _ in things} == {"a red cat", "a dog"}
    for _, sightings in things:
        assert set(sightings) <= {0, 1, 2}
        assert all(s.mask.shape == (96, 128) and 0 <= s.score <= 1 for s in sightings.values())


@pytest.mark.parametrize("kind", ["dinov2", "clip"])
def test_encoders_embed_crops(tmp_path: Path, kind: str) -> None:
    encoder = VisionEncoder(getattr(tiny_detectors, kind)(tmp_path / kind))
    crops = [Image.fromarray(FRAMES[k]).resize((40 + k, 30)) for k in (0, 3)]
    embedded = encoder.embed(crops)
    assert np.linalg.norm(embedded, axis=1) == pytest.approx(1)
    assert np.abs(encoder.embed(crops[:1]) - embedded[:1]).max() < 1e-4
    assert np.abs(embedded[0] - embedded[1]).max() > 1e-4


def test_colours_tell_one_thing_from_another() -> None:
    def crop(seed: int, action: str) -> Image.Image:
        frame = clip_frames(seed, action, 128)[0]
        return Image.fromarray(frame[60:110, 10:60])

    identity = ColourIdentity()
    a, b, turned = crop(1, "walk"), crop(9, "light"), crop(1, "walk").rotate(5)
    same, other = (identity.embed([a, x]) for x in (turned, b))
    assert same[0] @ same[1] > 0.95 > other[0] @ other[1]


def test_a_crop_shows_the_instance_alone() -> None:
    mask = np.zeros(FRAMES[0].shape[:2], bool)
    mask[20:40, 30:80] = True
    crop = np.asarray(masked_crop(FRAMES[0], Sighting(box_of(mask) or (0, 0, 0, 0), mask)))
    assert crop.shape[0] == crop.shape[1] >= 50
    assert (crop[0] == 128).all()


def test_a_mask_that_is_unlike_its_box_is_no_instance() -> None:
    class Elsewhere(Boxes):
        def follow(self, frames, start, boxes):
            return super().follow(frames, start, [(x + 30, y, z + 30, w) for x, y, z, w in boxes])

    boxes = Boxes(("a cat", (10, 10, 50, 50), 0.9))
    for tracker, kept in ((boxes, True), (Elsewhere(), False)):
        both = DetectAndTrack(boxes, tracker)
        *_, last = Instances(both, phrases=("a cat",), settings=ANY_SIZE).run(CLIP)
        assert isinstance(last, TrackedClip) == kept


@pytest.mark.parametrize(
    ("phrase", "person"),
    [("a young woman", True), ("two policemen", True), ("a surfer", True), ("a manatee", False)],
)
def test_people_are_known_by_their_names(phrase: str, person: bool) -> None:
    assert bool(PEOPLE.search(phrase)) == person


def test_surer_boxes_hide_those_they_cover() -> None:
    (tracked,) = instances(("a cat", (10, 10, 50, 50), 0.9), ("a dog", (11, 10, 50, 50), 0.6))
    assert isinstance(tracked, TrackedClip)
    assert [track.name for track in tracked.tracks] == ["a cat"]
    assert sorted(tracked.tracks[0].sightings) == list(KEYS)


def test_sizes_and_people_are_filtered() -> None:
    boxes = (("a cat", (10, 10, 50, 50), 0.9), ("a man", (60, 10, 100, 120), 0.8))
    *dropped, tracked = instances(*boxes, skip_people=True)
    assert [r.reason for r in dropped if isinstance(r, Rejected)] == ["a person"]
    assert isinstance(tracked, TrackedClip)
    assert [track.name for track in tracked.tracks] == ["a cat"]
    *dropped, last = instances(*boxes, settings=InstanceSettings(min_side=60, min_area=0.0))
    assert len(dropped) == 2 or isinstance(last, Rejected)


def test_a_chat_model_names_the_things_and_a_second_confirms_them() -> None:
    boxes = (("a cat", (10, 10, 50, 50), 0.9), ("a dog", (60, 10, 100, 50), 0.8))
    captioner = ScriptedModel('{"caption": "A cat and a dog.", "things": ["A cat", "a dog"]}')
    recheck = ScriptedModel("Yes.", "no")
    dropped, tracked = instances(*boxes, phrases=(), captioner=captioner, recheck=recheck)
    assert isinstance(dropped, Rejected)
    assert dropped.reason == "not confirmed by the second model"
    assert isinstance(tracked, TrackedClip)
    assert [track.name for track in tracked.tracks] == ["a cat"]
    assert list(tracked.captions.values()) == ["A cat and a dog."]


def test_dynamics_are_rejected_unless_a_second_look_confirms_them() -> None:
    (tracked,) = instances(("a cat", (10, 10, 50, 50), 0.9))
    (session,) = Sessions().run(tracked)
    described = '{"changes": ["the cat moves to the right"], "unchanged": "the meadow"}'
    steps = len(session.frames) - 1
    model = ScriptedModel(*[described, "yes"] * steps)
    (output,) = ModelDynamics(model).run(session)
    assert isinstance(output, DescribedSession)
    assert output.steps[0].changes == ("the cat moves to the right",)
    assert output.steps[0].verified
    for replies in ([described, "cannot tell"], ["no JSON", ""], ['{"changes": []}', ""]):
        (output,) = ModelDynamics(ScriptedModel(*replies * steps)).run(session)
        assert isinstance(output, Rejected)
