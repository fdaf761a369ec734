"""Dynamics: what changed from one frame to the next, in words.

A chat model that sees both frames writes it and a second look confirms it; without a model the
words come from measured motion.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from ..mllm.lenient_json import find_objects
from .ask import ask
from .flow import CameraMotion, camera_between, camera_flow, grey, require_cv2, warp
from .records import Box, DescribedSession, Rejected, Session, Sighting, Stage, Step, Track

if TYPE_CHECKING:
    from ..mllm.chat_model import ChatModel

MAX_WORDS = 30
MAX_SCALE = 1.75  # of a box that is the same thing's
MAX_OVERLAP = 0.5  # share of where a thing stood; if it covers more, it may only bend or turn
_SCHEMA = {
    "type": "object",
    "properties": {
        "changes": {"type": "array", "items": {"type": "string"}},
        "unchanged": {"type": "string"},
    },
    "required": ["changes", "unchanged"],
}
_DESCRIBE = (
    "Picture 1 and picture 2 are two moments of one video. The boxes number the things: {names}. "
    "Reply with JSON: changes: one short clause for each thing that changed (place, pose, size, "
    "state, appearing, leaving) and for the camera or the light if they changed, in {words} words "
    "together at most; unchanged: what stayed the same. Name things by what they are, not by their "
    "number. Write only what you can see in both pictures. If nothing changed, changes is empty."
)
_VERIFY = (
    "Picture 1 is before, picture 2 after. Statement: {statement}. Is this change visible? "
    "Answer with one word: yes, no or unsure."
)


class MotionDynamics(Stage[Session, DescribedSession]):
    """Words from where the masks and the camera move."""

    name = "dynamics"

    def __init__(self, min_shift: float = 0.04, min_scale: float = 1.25) -> None:
        """min_shift: share of the width that counts as moving; min_scale: ratio of sizes."""
        super().__init__({"dynamics": "measured motion"})
        self.min_shift = min_shift
        self.min_scale = min_scale

    def run(self, session: Session) -> Iterator[DescribedSession | Rejected]:
        """The session with its words, or why there are none."""
        self.work["frames"] += len(session.frames)
        frames = [session.frames[0]]
        steps: list[Step] = []
        scores = []
        for number, frame in enumerate(session.frames[1:]):
            clauses = self._step(session, frames[-1], frame)
            if clauses:  # else the next frame may differ enough
                frames.append(frame)
                steps.append(Step(tuple(clauses)))
                scores.append(session.scores[number])
        if not steps:
            yield Rejected(self.name, "no change that words tell", _source(session))
            return
        shorter = replace(session, frames=tuple(frames), scores=tuple(scores))
        yield DescribedSession(shorter, tuple(steps))

    def _step(self, session: Session, first: int, second: int) -> list[str]:
        """What changed between two frames."""
        frames = session.tracked.clip.frames
        camera = camera_between(frames, first, second)
        pans = list(self._camera(camera, frames[0].shape))
        if pans and any(track.only_moving for track in session.tracks):
            return []  # what is near moves by itself, or because the camera moves
        clauses = [
            clause
            for track in session.tracks
            for clause in self._clauses(session, track, first, second, camera)
        ]
        return [*pans, *clauses]

    def _clauses(
        self, session: Session, track: Track, first: int, second: int, camera: CameraMotion
    ) -> Iterator[str]:
        """What one instance did; its motion is that against the background."""
        before, after = (track.sightings.get(k) for k in (first, second))
        shape = session.tracked.clip.frames[0].shape
        name = track.name
        if sum(other.name == name for other in session.tracks) > 1 and before is not None:
            name += f" {place_words(before.box, shape)}"
        if before is None or after is None:
            if track.only_moving:
                return
            verb = "appears" if before is None else "leaves"
            for there in filter(None, (before, after)):
                yield f"{track.name} {verb} {place_words(there.box, shape)}"
            return
        if _cut_off(before.box, shape) or _cut_off(after.box, shape):
            return  # the edge of the image moves its edges and its size
        sides = _sides(after.box) / (_sides(before.box) * camera.zoom)
        if track.only_moving and not (1 / MAX_SCALE < sides.min() <= sides.max() < MAX_SCALE):
            return  # one of them is the box of a part
        moves = []
        x, y = _shift(before, after, shape[1], camera)
        if abs(x) >= self.min_shift:
            moves.append(f"moves to the {'right' if x > 0 else 'left'}")
        if abs(y) >= self.min_shift:
            moves.append(f"moves {'down' if y > 0 else 'up'}")
        ratio = math.sqrt(sides.prod())
        resized = ratio >= self.min_scale or ratio <= 1 / self.min_scale
        if resized and not track.only_moving:
            moves.append("looks larger" if ratio > 1 else "looks smaller")
        if not moves:
            return
        frames = [session.tracked.clip.frames[k] for k in (first, second)]
        if not (track.only_moving and _only_bends(frames, before, after, (x, y), camera)):
            yield f"{name} {' and '.join(moves)}"

    def _camera(self, motion: CameraMotion, shape: tuple[int, ...]) -> Iterator[str]:
        if not 1 / self.min_scale < motion.zoom < self.min_scale:
            yield f"the camera zooms {'in' if motion.zoom > 1 else 'out'}"
            return  # a zoom beside the middle shifts it as well
        middle = np.array([0.5, 0.5 * shape[0] / shape[1]])
        x, y = motion.carry(middle) - middle
        if abs(x) >= self.min_shift:
            yield f"the camera pans {'left' if x > 0 else 'right'}"
        if abs(y) >= self.min_shift:
            yield f"the camera tilts {'up' if y > 0 else 'down'}"


class ModelDynamics(Stage[Session, DescribedSession]):
    """Words of a chat model that sees images.

    Steps whose words are missing, too long or not confirmed end the session there: models explain
    any pair, so that doubtful ones are dropped rather than kept.
    """

    name = "dynamics"

    def __init__(self, model: ChatModel, verify: bool = True) -> None:
        """verify: whether a second question must confirm each step."""
        super().__init__({"dynamics": model.name})
        self.model = model
        self.verify = verify

    def run(self, session: Session) -> Iterator[DescribedSession | Rejected]:
        """The longest run of described steps of the session, or why there is none."""
        self.work["frames"] += len(session.frames)
        runs: list[list[tuple[int, Step]]] = [[]]
        reasons: list[str] = []
        for i, pair in enumerate(zip(session.frames, session.frames[1:], strict=False)):
            images = [_numbered(session, key) for key in pair]
            step, reason = self._describe(session, images)
            if step is None:
                reasons.append(reason)
                runs.append([])
            else:
                runs[-1].append((i, step))
        best = max(runs, key=len)
        if not best:
            yield Rejected(self.name, reasons[0], _source(session))
            return
        start, count = best[0][0], len(best)
        shorter = replace(
            session,
            frames=session.frames[start : start + count + 1],
            scores=session.scores[start : start + count],
        )
        yield DescribedSession(shorter, tuple(step for _, step in best))

    def _describe(self, session: Session, images: list[Image.Image]) -> tuple[Step | None, str]:
        names = "; ".join(f"{track.id} = {track.name}" for track in session.tracks)
        question = _DESCRIBE.format(names=names, words=MAX_WORDS)
        reply = ask(self.model, images, question, self.work, _SCHEMA)
        data = next(find_objects(reply), {})
        changes = data.get("changes")
        if not isinstance(changes, list) or not all(isinstance(c, str) for c in changes):
            return None, "the model's words cannot be read"
        clauses = tuple(c.strip().rstrip(".") for c in changes if c.strip())
        if not clauses:
            return None, "the model sees no change"
        if sum(len(clause.split()) for clause in clauses) > MAX_WORDS:
            return None, "the model's words are too long"
        if not self.verify:
            return Step(clauses, str(data.get("unchanged", ""))), ""
        statement = json.dumps("; ".join(clauses), ensure_ascii=False)
        answer = ask(self.model, images, _VERIFY.format(statement=statement), self.work)
        if not answer.strip().lower().startswith("yes"):
            return None, "the change was not confirmed"
        return Step(clauses, str(data.get("unchanged", "")), True), ""


def place_words(box: Box, shape: tuple[int, ...]) -> str:
    """Where a box is: "on the left", "in the middle", "on the right"."""
    x = (box[0] + box[2]) / 2 / shape[1]
    return "on the left" if x < 0.36 else "on the right" if x > 0.64 else "in the middle"


def _numbered(session: Session, key: int) -> Image.Image:
    """A frame with the numbered boxes of its instances."""
    image = Image.fromarray(session.tracked.clip.frames[key])
    draw = ImageDraw.Draw(image)
    for track in session.tracks:
        if key in track.sightings:
            box = track.sightings[key].box
            draw.rectangle(box, outline=(255, 40, 40), width=max(2, image.width // 300))
            draw.text((box[0] + 3, box[1] + 2), str(track.id), fill=(255, 40, 40))
    return image


def _shift(
    before: Sighting, after: Sighting, width: int, camera: CameraMotion
) -> tuple[float, float]:
    """How far a thing moves to the right and down against the background, in shares of the width.

    Opposite edges of its box and the middle of its mask must move the same way, and the least of
    their shifts counts: a leg that is stretched out moves one edge.
    """
    shifts = [
        b / width - camera.carry(a / width)
        for a, b in zip(_points(before), _points(after), strict=True)
    ]
    x, y = (
        min(values, key=abs) if len(set(np.sign(values))) == 1 else 0.0
        for values in zip(*shifts, strict=True)
    )
    return float(x), float(y)


def _only_bends(
    frames: Sequence[np.ndarray],
    before: Sighting,
    after: Sighting,
    shift: tuple[float, float],
    camera: CameraMotion,
) -> bool:
    """Whether a thing still covers most of where it stood, and looks more alike there.

    shift: to where it seems to have moved against the background, in shares of the width.
    """
    if (before.mask & after.mask).sum() <= MAX_OVERLAP * before.mask.sum():
        return False
    cv2 = require_cv2()
    there, here = (grey(frame) for frame in reversed(frames))
    mask = cv2.resize(before.mask.astype(np.uint8), here.shape[::-1]) > 0
    still = camera_flow(camera, here.shape)
    moved = still + here.shape[1] * np.array(shift, np.float32)
    faults = [
        np.abs(warp(there, flow)[mask].astype(np.float32) - here[mask]).mean()
        for flow in (still, moved)
    ]
    return bool(faults[0] <= faults[1])


def _points(sighting: Sighting) -> list[np.ndarray]:
    """Two opposite corners of the box, and the middle of the mask."""
    ys, xs = np.nonzero(sighting.mask)
    middle = np.array([xs.mean(), ys.mean()]) if len(xs) else np.zeros(2)
    return [np.array(sighting.box[:2]), np.array(sighting.box[2:]), middle]


def _sides(box: Box) -> np.ndarray:
    """Width and height, at least 1."""
    return np.maximum(1, [box[2] - box[0], box[3] - box[1]])


def _cut_off(box: Box, shape: tuple[int, ...]) -> bool:
    return box[0] <= 1 or box[1] <= 1 or box[2] >= shape[1] - 1 or box[3] >= shape[0] - 1


def _source(session: Session) -> str:
    return session.tracked.clip.shot.source
