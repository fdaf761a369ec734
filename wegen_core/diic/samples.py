"""Samples: described sessions as interleaved conversations, the paper's training sequences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

from ..records.conversation import Conversation, ImagePart
from .dynamics import place_words
from .identity import masked_crop
from .records import DescribedSession, ImageRecord, Rejected, Sample, Session, Stage, Track

QUESTION = "What changed from picture 1 to picture 2?"
DESCRIBE = "Describe this picture."
SCENE = "Put these into one picture: {}"


class Samples(Stage[DescribedSession, Sample]):
    """Training samples of a described session.

    Per session: the session itself (frame, words > frame, words > frame ...), a composition
    (instances cut out of one frame > another frame), a question about what changed; where frames
    have captions also a caption and a rewrite (a few words > the whole description).
    """

    name = "samples"

    def __init__(self, versions: dict[str, str] | None = None) -> None:
        """versions: what is written into each row."""
        super().__init__()
        self.versions = versions or {}

    def run(self, described: DescribedSession) -> Iterator[Sample | Rejected]:
        """The samples of one session."""
        self.work["frames"] += len(described.session.frames)
        yield self._session(described)
        for make in (self._composition, self._question, self._caption, self._rewrite):
            sample = make(described)
            if sample is not None:
                yield sample

    def _session(self, described: DescribedSession) -> Sample:
        session = described.session
        build = Builder(session)
        build.user(build.frame(session.frames[0]), _words(described, 0))
        build.assistant(build.frame(session.frames[1]))
        for i in range(1, len(described.steps)):
            build.user(_words(described, i))
            build.assistant(build.frame(session.frames[i + 1]))
        return self._finish("session", described, build)

    def _composition(self, described: DescribedSession) -> Sample | None:
        session = described.session
        target = session.frames[-1]
        chosen = [(t, _other_frame(t, session, target)) for t in session.tracks]
        pairs = [(track, frame) for track, frame in chosen if frame is not None]
        if not pairs:
            return None
        build = Builder(session)
        parts: list[str | ImagePart] = []
        for track, frame in pairs:
            parts += [build.crop(track, frame), track.name]
        scene = session.tracked.captions.get(target)
        if scene is None:
            shape = session.tracked.clip.frames[target].shape
            scene = ", ".join(
                f"{track.name} {place_words(track.sightings[target].box, shape)}"
                for track, _ in pairs
            )
        build.user(*parts, SCENE.format(scene))
        build.assistant(build.frame(target))
        return self._finish("composition", described, build)

    def _question(self, described: DescribedSession) -> Sample | None:
        if not described.steps[0].changes:
            return None
        first, second = described.session.frames[:2]
        build = Builder(described.session)
        build.user(build.frame(first), build.frame(second), QUESTION)
        build.assistant(_words(described, 0))
        return self._finish("question", described, build)

    def _caption(self, described: DescribedSession) -> Sample | None:
        key = described.session.frames[0]
        caption = described.session.tracked.captions.get(key)
        if caption is None:
            return None
        build = Builder(described.session)
        build.user(build.frame(key), DESCRIBE)
        build.assistant(caption)
        return self._finish("caption", described, build)

    def _rewrite(self, described: DescribedSession) -> Sample | None:
        session = described.session
        key = session.frames[-1]
        caption = session.tracked.captions.get(key)
        names = [t.name for t in session.tracks if key in t.sightings]
        if caption is None or not names:
            return None
        build = Builder(session)
        build.user(names[0].split(" with ")[0])
        build.assistant(caption, build.frame(key))
        return self._finish("rewrite", described, build)

    def _finish(self, kind: str, described: DescribedSession, build: Builder) -> Sample:
        session = described.session
        shot = session.tracked.clip.shot
        start = session.tracked.clip.times[session.frames[0]]
        scores = {
            name: min(step.get(name, float("inf")) for step in session.scores)
            for name in ("change", "identity")
            if all(name in step for step in session.scores)
        }
        greatest = ("identity_max", "background_change", "displacement", "image_change")
        for name in greatest:
            scores[name] = max(step.get(name, 0.0) for step in session.scores)
        verdicts = [step.verified for step in described.steps]
        if None not in verdicts:
            scores["verified"] = float(all(verdicts))
        sources = {
            "video": shot.video.path,
            "start": f"{start:.3f}",
            "end": f"{session.tracked.clip.times[session.frames[-1]]:.3f}",
            "hash": shot.hash,
        }
        return Sample(
            f"{shot.video.key}-{round(start * 1000):08d}-{kind}",
            kind,
            build.conversation,
            tuple(build.learn),
            tuple(build.images),
            scores | shot.scores,
            sources,
            self.versions,
        )


class Builder:
    """A conversation under construction, with what is known of its images."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.conversation = Conversation()
        self.learn: list[tuple[bool, ...]] = []
        self.images: list[ImageRecord] = []

    def user(self, *parts: str | ImagePart) -> None:
        """A request."""
        self.conversation.add("user", *parts)
        self.learn.append((False,) * len(parts))

    def assistant(self, *parts: str | ImagePart, learn: tuple[bool, ...] = ()) -> None:
        """A reply; `learn`: which of its parts are learned, all if empty."""
        self.conversation.add("assistant", *parts)
        self.learn.append(learn or (True,) * len(parts))

    def frame(self, key: int) -> ImagePart:
        """A whole frame; its mask is where its instances are."""
        clip = self.session.tracked.clip
        mask = np.zeros(clip.frames[key].shape[:2], bool)
        for track in self.session.tracks:
            if key in track.sightings:
                mask |= track.sightings[key].mask
        self.images.append(ImageRecord(clip.times[key], mask=mask))
        return ImagePart(Image.fromarray(clip.frames[key]))

    def crop(self, track: Track, key: int) -> ImagePart:
        """One instance of a frame on grey."""
        clip, sighting = self.session.tracked.clip, track.sightings[key]
        self.images.append(ImageRecord(clip.times[key], track.id, sighting.box, sighting.mask))
        return ImagePart(masked_crop(clip.frames[key], sighting))


def _words(described: DescribedSession, step: int) -> str:
    return "; ".join(described.steps[step].changes) or "nothing changes"


def _other_frame(track: Track, session: Session, target: int) -> int | None:
    """The earliest other frame of the session with the instance, None where there is none."""
    frames: Sequence[int] = [k for k in session.frames if k in track.sightings and k != target]
    return frames[0] if frames and target in track.sightings else None
