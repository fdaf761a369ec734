"""Words from measured motion: what is worth telling of a thing that only its motion shows."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from wegen_core.diic.dynamics import MotionDynamics
from wegen_core.diic.records import (
    Clip,
    DescribedSession,
    Rejected,
    Session,
    Shot,
    Sighting,
    Track,
    TrackedClip,
    Video,
)

SIDE = 128


def described(frames: list[np.ndarray], lefts: list[int]) -> DescribedSession | Rejected:
    """Two frames with a moving thing that masks of 32 x 32 pixels show at these columns."""
    sightings = {}
    for k, left in enumerate(lefts):
        mask = np.zeros((SIDE, SIDE), bool)
        mask[48:80, left : left + 32] = True
        sightings[k] = Sighting((left, 48, left + 32, 80), mask)
    track = Track(1, "the moving thing", sightings, only_moving=True)
    shot = Shot(Video("walk.mp4", "walk"), 0.0, 2.0)
    tracked = TrackedClip(Clip(shot, (0.0, 1.0), tuple(frames), (0, 1)), (track,))
    (output,) = MotionDynamics().run(Session(tracked, (0, 1), (track,), ({},)))
    return output


@pytest.fixture
def meadow() -> np.ndarray:
    noise = np.random.default_rng(0).integers(0, 120, (20, 20, 3), np.uint8)
    return np.asarray(Image.fromarray(noise).resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def with_thing(meadow: np.ndarray, left: int) -> np.ndarray:
    frame = meadow.copy()
    frame[48:80, left : left + 32] = 255 - frame[:32, :32]
    return frame


def test_a_thing_that_is_somewhere_else_moves(meadow: np.ndarray) -> None:
    output = described([with_thing(meadow, 30), with_thing(meadow, 42)], [30, 42])
    assert isinstance(output, DescribedSession)
    assert output.steps[0].changes == ("the moving thing moves to the right",)


def test_a_thing_that_stands_where_it_was_does_not_move(meadow: np.ndarray) -> None:
    frame = with_thing(meadow, 30)
    assert isinstance(described([frame, frame], [30, 42]), Rejected)


def test_things_have_no_words_while_the_camera_moves(meadow: np.ndarray) -> None:
    frames = [with_thing(meadow, 30), np.roll(with_thing(meadow, 42), 8, axis=1)]
    assert isinstance(described(frames, [30, 50]), Rejected)
