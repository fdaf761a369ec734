"""What the stages pass on. Boxes are (left, top, right, bottom) in pixels of a clip's frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    import numpy as np

    from ..records.conversation import Conversation

Box = tuple[int, int, int, int]
Input = TypeVar("Input")
Output = TypeVar("Output")


@dataclass(frozen=True)
class Video:
    """One source.

    Parameters
    ----------
    path
        A file, or what another source calls its item ("playground/7").
    key
        Short name, unique within a run, that is a valid file name.
    """

    path: str
    key: str


@dataclass(frozen=True)
class Rejected:
    """Something that a stage dropped, and why."""

    stage: str
    reason: str
    source: str


@dataclass(frozen=True)
class Shot:
    """One camera take of a video.

    Parameters
    ----------
    start, end
        Seconds from the beginning of the video.
    crop
        The picture without black borders: left, top, right, bottom as fractions of the frame.
    scores
        "motion" (see `shots.ShotSettings.min_motion`), "brightness" (0 to 255), "contrast".
    hash
        Perceptual hash of its middle frame, 16 hexadecimal digits.
    """

    video: Video
    start: float
    end: float
    crop: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    scores: dict[str, float] = field(default_factory=dict)
    hash: str = ""

    @property
    def source(self) -> str:
        """Video and time, for reports."""
        return f"{self.video.path} {self.start:.1f}-{self.end:.1f} s"


@dataclass(frozen=True)
class Clip:
    """The frames of a shot.

    Parameters
    ----------
    times
        Seconds from the beginning of the video, one per frame.
    frames
        uint8 [H, W, 3] each, all of one size, evenly spaced: trackers follow things through them.
    keys
        Indices of the frames that samples are made of, 3 to 20.
    """

    shot: Shot
    times: tuple[float, ...]
    frames: tuple[np.ndarray, ...]
    keys: tuple[int, ...]


@dataclass(frozen=True)
class Sighting:
    """An instance in one frame: box, mask (bool [H, W]) and the detector's score (0 to 1)."""

    box: Box
    mask: np.ndarray
    score: float = 1.0


@dataclass(frozen=True)
class Track:
    """One instance through a clip.

    Parameters
    ----------
    id
        Counts from 1 within the clip.
    name
        Noun phrase: "a red cat", "the moving thing".
    sightings
        By index of the frame.
    person
        Whether it is a person; None: nothing could tell.
    only_moving
        Whether it is sighted only while it moves: without a sighting it may still be there, and
        its box may be that of a part.
    """

    id: int
    name: str
    sightings: dict[int, Sighting]
    person: bool | None = None
    only_moving: bool = False


@dataclass(frozen=True)
class TrackedClip:
    """A clip and the instances in it. `captions` describes frames by their index, where known."""

    clip: Clip
    tracks: tuple[Track, ...]
    captions: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Session:
    """Frames of one clip between which something changes while the instances stay themselves.

    Parameters
    ----------
    frames
        Indices of two to eight frames, in order of time.
    tracks
        The instances that are in at least two of these frames.
    scores
        For each step: "change", "identity", "background" and the parts they are made of.
    """

    tracked: TrackedClip
    frames: tuple[int, ...]
    tracks: tuple[Track, ...]
    scores: tuple[dict[str, float], ...]


@dataclass(frozen=True)
class Step:
    """What changed from one frame of a session to the next, in words.

    Parameters
    ----------
    changes
        One clause each, at most 30 words together: "the cat moves to the left".
    unchanged
        What stayed, "" where nobody said.
    verified
        Whether a second look confirmed the change; None: nothing looked.
    """

    changes: tuple[str, ...]
    unchanged: str = ""
    verified: bool | None = None


@dataclass(frozen=True)
class DescribedSession:
    """A session and the words for each of its steps."""

    session: Session
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class ImageRecord:
    """Where an image of a sample comes from; one per image of its conversation, in order."""

    time: float | None = None
    track_id: int | None = None
    box: Box | None = None
    mask: np.ndarray | None = None


@dataclass(frozen=True)
class Sample:
    """One row of the data: an interleaved conversation and everything known about it.

    Parameters
    ----------
    id
        Unique in a data set, the same in every run.
    kind
        "session", "composition", "question", "caption" or "rewrite".
    learn
        For each part of each turn, whether a model should learn to produce it.
    scores
        Every score, so that filters can be changed when reading.
    sources, versions
        Video, times and licence note; stages, models and library versions.
    """

    id: str
    kind: str
    conversation: Conversation
    learn: tuple[tuple[bool, ...], ...]
    images: tuple[ImageRecord, ...]
    scores: dict[str, float] = field(default_factory=dict)
    sources: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)


class Stage(Generic[Input, Output]):
    """One step of the pipeline: a record becomes records of the next kind.

    Attributes
    ----------
    name
        What reports call it.
    models
        What it has loaded, for the rows.
    work
        What it has done so far: "frames" that it looked at, "tokens" that its chat model wrote.
    """

    name: str

    def __init__(self, models: dict[str, str] | None = None) -> None:
        self.models = models or {}
        self.work: Counter[str] = Counter()

    def run(self, record: Input, /) -> Iterator[Output | Rejected]:
        """The outputs of one input, in order; what is dropped comes out as `Rejected`."""
        raise NotImplementedError
