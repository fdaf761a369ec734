"""Samples of the playground: the same kinds of rows, in the words of the embedded network.

Replies say what is seen, what changes and what the new image shows, before they show it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from ..playground import chats, clips, world
from ..records.conversation import ImagePart
from .records import DescribedSession, ImageRecord, Rejected, Sample
from .samples import DESCRIBE, QUESTION, Builder, Samples
from .truth import clip_of


class PlaygroundSamples(Samples):
    """As `Samples`, and one more kind: "words", a chat without images.

    A session begins with an image of the user's or with a drawing, and goes on with changes. A
    composition takes from two drawings; one of them is not of the clip.
    """

    def run(self, described: DescribedSession) -> Iterator[Sample | Rejected]:
        """The samples of one session; equal sessions give equal samples."""
        session = described.session
        self.work["frames"] += len(session.frames)
        shot = session.tracked.clip.shot
        scenes = [clip_of(shot.video.path).scenes[k] for k in session.frames]
        seed = [ord(letter) for letter in shot.video.path]
        rng = np.random.default_rng([13, session.frames[0], *seed])
        for kind, fill in _KINDS.items():
            build = Builder(session)
            fill(build, scenes, rng)
            yield self._finish(kind, described, build)


def _session(build: Builder, scenes: list[world.Scene], rng: np.random.Generator) -> None:
    frames = build.session.frames
    attached: tuple[ImagePart, ...] = ()
    if rng.random() < 0.5:
        attached = (build.frame(frames[0]),)
    else:
        request, reply = chats.generate(scenes[0], rng)
        build.user(request)
        build.assistant(reply, build.frame(frames[0]))
    for before, after, frame in zip(scenes, scenes[1:], frames[1:], strict=False):
        request, reply = chats.refine(before, after, rng)
        build.user(*attached, request)
        build.assistant(reply, build.frame(frame))
        attached = ()


def _composition(build: Builder, scenes: list[world.Scene], rng: np.random.Generator) -> None:
    composition = None
    while composition is None:
        pair = [scenes[0], world.sample(rng)]
        first, second = pair if rng.random() < 0.5 else pair[::-1]
        composition = chats.compose(first, second, rng)
    request, reply = composition.exchange
    build.user(_drawn(build, composition.first), _drawn(build, composition.second), request)
    build.assistant(reply, _drawn(build, composition.result))


def _question(build: Builder, scenes: list[world.Scene], rng: np.random.Generator) -> None:
    first, second = build.session.frames[:2]
    attached = (build.frame(first),)
    for k in range(3):
        request, reply = chats.ask(scenes[0], rng)
        build.user(*(attached if k == 0 else ()), request)
        build.assistant(reply)
    build.user(build.frame(second), QUESTION)
    build.assistant("; ".join(world.changes(*scenes[:2])))


def _caption(build: Builder, scenes: list[world.Scene], _rng: np.random.Generator) -> None:
    build.user(build.frame(build.session.frames[0]), DESCRIBE)
    build.assistant(world.describe(scenes[0]))


def _rewrite(build: Builder, scenes: list[world.Scene], rng: np.random.Generator) -> None:
    request, reply = chats.generate(scenes[-1], rng)
    build.user(request)
    build.assistant(reply, build.frame(build.session.frames[-1]))


def _words(build: Builder, scenes: list[world.Scene], rng: np.random.Generator) -> None:
    """A request whose images are left out: their description in the reply is not learned.

    Half of them name a colour of a kind that no image of training shows. Without these a language
    model learns that rabbits are never green, and takes the first green one for a cactus.
    """
    before, after = scenes[:2]
    if rng.random() < 0.5:
        event = clips.sample_event(world.sample(rng, held_out=True), rng)
        if event is not None:
            before, after = event.before, event.after
    if rng.random() < 0.3 or before == after:
        exchange = chats.rewrite(before, rng)
        build.user(exchange.request)
        build.assistant(exchange.reply)
        return
    request, reply = chats.refine(before, after, rng)
    observation, change = reply.split(". ", 1)
    build.user(request)
    # The empty part at the end is not learned: an image would follow.
    build.assistant(f"{observation}. ", change, "", learn=(False, True, False))


def _drawn(build: Builder, scene: world.Scene) -> ImagePart:
    """Another drawing than the frames of the clip."""
    size = build.session.tracked.clip.frames[0].shape[0]
    frame = clips.render(scene, size)
    build.images.append(ImageRecord(0.0, mask=frame.coverage.max(0) > 0.5))
    return ImagePart(Image.fromarray(frame.image))


_KINDS = {
    "session": _session,
    "composition": _composition,
    "question": _question,
    "caption": _caption,
    "rewrite": _rewrite,
    "words": _words,
}
"""Kind of sample -> what writes it into a builder."""
