"""The pipeline: which stages a run uses, and one video through all of them."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import __version__
from ..images.atomic_write import write_atomically
from ..loading import load_mllm
from ..mllm.chat_model import ChatModel
from ..vision.encoder import VisionEncoder
from .cuts import AdaptiveCuts, CutDetector, TransNetCuts
from .dynamics import ModelDynamics, MotionDynamics
from .frames import Frames, FrameSettings
from .grounding_dino import GroundingDino
from .identity import IdentityModel
from .instances import DetectAndTrack, Instances, PhraseTracker
from .motion import MotionInstances
from .playground_samples import PlaygroundSamples
from .records import Clip, Rejected, Sample, Stage, TrackedClip, Video
from .rows import ImageFormat, write_rows
from .sam import Sam2Tracker, Sam3Tracker
from .samples import Samples
from .sessions import Sessions, SessionSettings
from .shots import Shots
from .truth import (
    PREFIX,
    PlaygroundDynamics,
    PlaygroundFrames,
    PlaygroundIdentity,
    PlaygroundInstances,
    PlaygroundShots,
)

CUTS: dict[str, Callable[[], CutDetector]] = {"adaptive": AdaptiveCuts, "transnet": TransNetCuts}


@dataclass(frozen=True)
class PipelineSettings:
    """Everything that a worker needs to build its stages.

    Parameters
    ----------
    cuts
        "adaptive" (PySceneDetect) or "transnet" (TransNetV2, where it is installed).
    mllm
        "URL#MODEL" of a chat model that sees images; "": words come from measured motion.
    detector, tracker
        Folders of Grounding DINO and SAM 2 video; "": what moves is an instance.
    sam3
        Folder of SAM 3 video, instead of these two.
    things
        What the detector looks for; without any, `mllm` names the things of each clip.
    recheck
        "URL#MODEL" of a second chat model that must confirm each instance; "": none.
    identity
        Folder of a vision encoder; "": colours and edges.
    side
        Pixels of the longer side of a frame.
    device
        Where models run.
    skip_people
        Drop instances of people; an error where nothing can tell them.
    image_format
        How frames are stored. The playground's are stored as PNG.
    """

    cuts: str = "adaptive"
    mllm: str = ""
    detector: str = ""
    tracker: str = ""
    sam3: str = ""
    things: tuple[str, ...] = ()
    recheck: str = ""
    identity: str = ""
    side: int = 768
    device: str = "cpu"
    skip_people: bool = False
    image_format: ImageFormat = "jpeg"


@dataclass
class Funnel:
    """What each stage took, gave, dropped and did (see `Stage.work`), and how long it worked."""

    taken: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)
    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)
    work: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "in": dict(self.taken),
            "out": dict(self.passed),
            "work": {stage: dict(work) for stage, work in self.work.items()},
            "seconds": {stage: round(value, 3) for stage, value in self.seconds.items()},
            "rejected": [
                {"stage": stage, "reason": reason, "count": count}
                for (stage, reason), count in sorted(self.rejected.items())
            ],
        }

    def summary(self) -> str:
        """What came out of each stage: "shots 3 frames 3 instances 1"."""
        return " ".join(f"{stage} {count}" for stage, count in self.passed.items())

    def add(self, data: dict[str, Any]) -> None:
        """Add the counts of another funnel, as `to_dict` gives them."""
        self.taken.update(data["in"])
        self.passed.update(data["out"])
        for stage, work in data["work"].items():
            self.work[stage].update(work)
        for stage, seconds in data["seconds"].items():
            self.seconds[stage] += seconds
        for entry in data["rejected"]:
            self.rejected[entry["stage"], entry["reason"]] += entry["count"]


def check_settings(settings: PipelineSettings) -> None:
    """ValueError for settings that contradict each other or name a folder that is not there."""
    if bool(settings.detector) != bool(settings.tracker):
        raise ValueError("a detector needs a tracker and the reverse; name both folders")
    detects = bool(settings.detector or settings.sam3)
    if settings.skip_people and not detects:
        raise ValueError(
            "skip_people needs a detector: motion alone cannot tell whether a thing is a person"
        )
    if detects and not (settings.mllm or settings.things):
        raise ValueError("a detector needs mllm, which names things, or a list of things")
    for folder in (settings.detector, settings.tracker, settings.sam3, settings.identity):
        if folder and not Path(folder).is_dir():
            raise ValueError(f"{folder} is not a folder; models are read from local folders")


def cutting_stages(settings: PipelineSettings, playground: bool = False) -> list[Stage[Any, Any]]:
    """The stages from a video to clips; they decode, and run on CPUs."""
    if playground:
        return [PlaygroundShots(), PlaygroundFrames()]
    return [Shots(detector=CUTS[settings.cuts]), Frames(FrameSettings(side=settings.side))]


def describing_stages(
    settings: PipelineSettings, playground: bool = False
) -> list[Stage[Any, Any]]:
    """The stages from a clip to samples, with their models loaded."""
    stages: list[Stage[Any, Any]]
    if playground:
        stages = [
            PlaygroundInstances(),
            # The light and the camera may change: nothing else can be mistaken for it.
            Sessions(PlaygroundIdentity(), SessionSettings(max_background_change=255.0)),
            PlaygroundDynamics(),
        ]
    else:
        identity: IdentityModel | None = None
        if settings.identity:
            identity = VisionEncoder(settings.identity, settings.device)
        model = load_mllm(settings.mllm, settings.device) if settings.mllm else None
        stages = [
            _instances(settings, model),
            Sessions(identity),
            MotionDynamics() if model is None else ModelDynamics(model),
        ]
    versions = {"wegen": __version__}
    for stage in [*cutting_stages(settings, playground), *stages]:
        versions |= stage.models
    return [*stages, PlaygroundSamples(versions) if playground else Samples(versions)]


def build_stages(settings: PipelineSettings, playground: bool = False) -> list[Stage[Any, Any]]:
    """The stages of a run in order, from a video to samples."""
    return [*cutting_stages(settings, playground), *describing_stages(settings, playground)]


def run_stages(
    stages: Sequence[Stage[Any, Any]], record: Any, funnel: Funnel
) -> Iterator[Sample | Rejected]:
    """Send one record through the stages; nothing but the last outputs is kept."""
    stage, rest = stages[0], stages[1:]
    funnel.taken[stage.name] += 1
    outputs = stage.run(record)
    while True:
        before, start = stage.work.copy(), time.perf_counter()
        output = next(outputs, None)
        funnel.seconds[stage.name] += time.perf_counter() - start
        funnel.work[stage.name] += stage.work - before
        if output is None:
            return
        if isinstance(output, Rejected):
            funnel.rejected[output.stage, output.reason] += 1
            yield output
            continue
        funnel.passed[stage.name] += 1
        if rest:
            yield from run_stages(rest, output, funnel)
        else:
            yield output


def process_video(
    stages: Sequence[Stage[Any, Any]], video: Video, out: Path, image_format: ImageFormat
) -> dict[str, Any]:
    """Turn one video into `out`/KEY.parquet and a KEY.json that says how it went.

    Both appear when they are complete, the .json last: a video with a .json is finished.
    """
    funnel = Funnel()
    start = time.perf_counter()
    outputs = run_stages(stages, video, funnel)
    return write_video_rows(video, outputs, funnel, start, out, image_format)


def write_video_rows(
    video: Video,
    outputs: Iterable[Sample | Rejected],
    funnel: Funnel,
    start: float,
    out: Path,
    image_format: ImageFormat,
) -> dict[str, Any]:
    """Write what came out of a video: see `process_video`; `start` is a `time.perf_counter`."""
    rejected: list[Rejected] = []

    def samples() -> Iterator[Sample]:
        for output in outputs:
            if isinstance(output, Rejected):
                rejected.append(output)
            else:
                yield output

    path = out / f"{video.key}.parquet"
    count = write_rows(samples(), path, image_format)
    if not count:
        path.unlink()
    record = {
        "video": video.path,
        "rows": count,
        "seconds": round(time.perf_counter() - start, 3),
        "funnel": funnel.to_dict(),
        "rejected": [[item.stage, item.reason, item.source] for item in rejected],
    }
    text = json.dumps(record, ensure_ascii=False, indent=1)
    write_atomically(out / f"{video.key}.json", text.encode())
    return record


def _instances(settings: PipelineSettings, model: ChatModel | None) -> Stage[Clip, TrackedClip]:
    """The stage that finds instances: models where folders are named, else motion."""
    tracker: PhraseTracker
    if settings.sam3:
        tracker = Sam3Tracker(settings.sam3, settings.device)
    elif settings.detector:
        tracker = DetectAndTrack(
            GroundingDino(settings.detector, settings.device),
            Sam2Tracker(settings.tracker, settings.device),
        )
    else:
        return MotionInstances()
    return Instances(
        tracker,
        model,
        settings.things,
        load_mllm(settings.recheck, settings.device) if settings.recheck else None,
        settings.skip_people,
    )


def is_playground(videos: Sequence[Video]) -> bool:
    """Whether the sources are drawn."""
    return bool(videos) and videos[0].path.startswith(PREFIX)
