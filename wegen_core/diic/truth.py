"""The stages for the playground, where the truth stands in for every model.

A source item "playground/SEED" is one clip. Its frames are drawn, its tracks are the things that
are drawn, and its dynamics are the events: the same records as from a real video.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from PIL import Image

from ..playground import clips, world
from ..playground.things import Instance
from .records import (
    Clip,
    DescribedSession,
    Rejected,
    Session,
    Shot,
    Sighting,
    Stage,
    Step,
    Track,
    TrackedClip,
    Video,
)

PREFIX = "playground/"


def playground_videos(count: int, seed: int = 0) -> list[Video]:
    """Sources for `count` clips of the playground, beginning with `seed`."""
    return [Video(f"{PREFIX}{n}", f"playground-{n:08d}") for n in range(seed, seed + count)]


@lru_cache(maxsize=4)
def clip_of(path: str) -> clips.Clip:
    """The clip of a source item."""
    return clips.sample_clip(np.random.default_rng([7, int(path.removeprefix(PREFIX))]))


def first_looks(scenes: Sequence[world.Scene]) -> dict[Instance, Instance]:
    """What each thing of a clip looked like when it was first there, whatever it looks like now."""
    looks = {thing.instance: thing.instance for thing in scenes[0].things}
    for before, after in itertools.pairwise(scenes):
        for old, new in world.match(before, after):
            if new is not None:
                first = new.instance if old is None else looks[old.instance]
                looks.setdefault(new.instance, first)
    return looks


class PlaygroundShots(Stage[Video, Shot]):
    """A clip is one shot."""

    name = "shots"

    def __init__(self) -> None:
        super().__init__({"shots": "playground"})

    def run(self, video: Video) -> Iterator[Shot | Rejected]:
        """The whole clip."""
        yield Shot(video, 0.0, clip_of(video.path).seconds)


class PlaygroundFrames(Stage[Shot, Clip]):
    """One frame in the middle of each rest, one in the middle of a jump."""

    name = "frames"

    def __init__(self, size: int = 128) -> None:
        """size: pixels along one side."""
        super().__init__()
        self.size = size

    def run(self, shot: Shot) -> Iterator[Clip | Rejected]:
        """The frames of the clip, all of them key frames."""
        clip = clip_of(shot.video.path)
        times = tuple(clip.rest_times())
        self.work["frames"] += len(times)
        frames = tuple(clips.frame_at(clip, seconds, self.size).image for seconds in times)
        yield Clip(shot, times, frames, tuple(range(len(frames))))


class PlaygroundInstances(Stage[Clip, TrackedClip]):
    """What is drawn, with its visible pixels."""

    name = "instances"

    def __init__(self) -> None:
        super().__init__({"instances": "playground"})

    def run(self, clip: Clip) -> Iterator[TrackedClip | Rejected]:
        """Every thing of the clip as a track, and the description of every frame."""
        self.work["frames"] += len(clip.frames)
        scenes = clip_of(clip.shot.video.path).scenes
        size = clip.frames[0].shape[0]
        looks = first_looks(scenes)
        sightings: dict[Instance, dict[int, Sighting]] = {}
        for k, scene in enumerate(scenes):
            frame = clips.render(scene, size)
            for instance, box, cover in zip(
                frame.instances, frame.boxes(), frame.coverage, strict=True
            ):
                if box is not None:
                    sightings.setdefault(looks[instance], {})[k] = Sighting(box, cover > 0.5)
        tracks = tuple(
            Track(n, world.describe_instance(instance), where, person=False)
            for n, (instance, where) in enumerate(sightings.items(), 1)
        )
        yield TrackedClip(clip, tracks, {k: world.describe(s) for k, s in enumerate(scenes)})


class PlaygroundDynamics(Stage[Session, DescribedSession]):
    """The events between its frames."""

    name = "dynamics"

    def __init__(self) -> None:
        super().__init__({"dynamics": "playground"})

    def run(self, session: Session) -> Iterator[DescribedSession | Rejected]:
        """The session with what happened."""
        self.work["frames"] += len(session.frames)
        scenes = clip_of(session.tracked.clip.shot.video.path).scenes
        steps = [
            Step(tuple(world.changes(scenes[a], scenes[b])), verified=True)
            for a, b in zip(session.frames, session.frames[1:], strict=False)
        ]
        if all(step.changes for step in steps):
            yield DescribedSession(session, tuple(steps))
        else:
            yield Rejected(self.name, "nothing changed", session.tracked.clip.shot.source)


class PlaygroundIdentity:
    """Stands in for an identity model: tracks of the playground are what they are."""

    name = "playground"
    bounds = (0.5, 1.0)

    def embed(self, crops: Sequence[Image.Image]) -> np.ndarray:
        """float32 [crops, 1] of ones: within one track the instance is the same."""
        return np.ones((len(crops), 1), np.float32)
