"""The pipeline on Ray Data: clips on CPU actors, models on actors of their own, rows by the driver.

The rows are those of `run.run_local`, and a run may begin with one engine and end with the other.
"""

from __future__ import annotations

import pickle
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from .pipeline import (
    Funnel,
    PipelineSettings,
    cutting_stages,
    describing_stages,
    is_playground,
    run_stages,
)
from .pipeline import write_video_rows as write
from .records import Rejected, Sample, Video
from .run import RunResult, prepare


def run_ray(
    videos: Sequence[Video],
    out: Path,
    settings: PipelineSettings,
    workers: int = 1,
    address: str | None = None,
    batch: int = 4,
) -> RunResult:
    """Process videos on a Ray cluster.

    Parameters
    ----------
    workers
        Actors that cut videos, and as many that run models.
    address
        Of a running cluster; None starts one on this machine.
    batch
        Clips that a model actor takes at once.

    Raises
    ------
    ValueError
        `out` holds rows that were made with other settings.
    """
    try:
        import ray
    except ImportError as error:
        raise ImportError("the ray engine needs Ray: pip install comfyui-wegen[ray]") from error

    left = prepare(videos, out, settings)
    if not left:
        return RunResult(0, len(videos))
    ray.init(address=address, ignore_reinit_error=True, log_to_driver=False)
    playground = is_playground(left)
    gpus = 1 if settings.device.startswith("cuda") else 0
    pool = ray.data.ActorPoolStrategy(size=workers)
    setup = {"settings": settings, "playground": playground}
    rows = (
        ray.data.from_items([{"video": pickle.dumps(video)} for video in left])
        .map_batches(_Cutter, batch_size=1, compute=pool, fn_constructor_kwargs=setup)
        .map_batches(
            _Describer, batch_size=batch, compute=pool, num_gpus=gpus, fn_constructor_kwargs=setup
        )
    )
    image_format = "png" if playground else settings.image_format
    waiting: dict[str, _Waiting] = defaultdict(_Waiting)
    written, funnel = 0, Funnel()
    failed: dict[str, str] = {}
    with tqdm(total=len(left), unit="video", disable=None) as bar:
        for row in rows.iter_rows():
            part: _Part = pickle.loads(row["part"])  # noqa: S301 - written by our own actors
            video = waiting[part.video.key]
            video.parts.append(part)
            if not video.complete():
                continue
            del waiting[part.video.key]
            bar.update()
            if video.error:
                failed[part.video.path] = video.error
                continue
            record = write(
                part.video, video.outputs(), video.funnel(), video.start, out, image_format
            )
            written += record["rows"]
            funnel.add(record["funnel"])
            bar.set_postfix_str(funnel.summary())
    return RunResult(written, len(videos) - len(left), failed, dict(funnel.rejected.most_common()))


@dataclass
class _Part:
    """What one clip of a video became; the last part has no clip and says how many there were."""

    video: Video
    number: int
    outputs: list[Sample | Rejected] = field(default_factory=list)
    funnel: Funnel = field(default_factory=Funnel)
    last: bool = False
    error: str = ""


@dataclass
class _Waiting:
    """The parts of one video that have arrived."""

    parts: list[_Part] = field(default_factory=list)
    start: float = field(default_factory=time.perf_counter)

    def complete(self) -> bool:
        return any(part.last and part.number == len(self.parts) - 1 for part in self.parts)

    @property
    def error(self) -> str:
        return next((part.error for part in self.parts if part.error), "")

    def outputs(self) -> list[Sample | Rejected]:
        ordered = sorted(self.parts, key=lambda part: part.number)
        return [output for part in ordered for output in part.outputs]

    def funnel(self) -> Funnel:
        total = Funnel()
        for part in self.parts:
            total.add(part.funnel.to_dict())
        return total


class _Cutter:
    """Videos become clips, one row each."""

    def __init__(self, settings: PipelineSettings, playground: bool) -> None:
        self.stages = cutting_stages(settings, playground)

    def __call__(self, batch: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for data in batch["video"]:
            video: Video = pickle.loads(data)  # noqa: S301 - written by our own driver
            number, funnel, error = 0, Funnel(), ""
            rejected: list[Any] = []
            try:
                for output in run_stages(self.stages, video, funnel):
                    if isinstance(output, Rejected):
                        rejected.append(output)
                        continue
                    yield _row(_Part(video, number), clip=output)
                    number += 1
            except Exception as fault:
                error = f"{type(fault).__name__}: {fault}"
            yield _row(_Part(video, number, rejected, funnel, last=True, error=error))


class _Describer:
    """Clips become samples."""

    def __init__(self, settings: PipelineSettings, playground: bool) -> None:
        self.stages = describing_stages(settings, playground)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        parts = []
        for data, clip in zip(batch["part"], batch["clip"], strict=True):
            part: _Part = pickle.loads(data)  # noqa: S301 - written by our own actors
            if not part.last:
                try:
                    record = pickle.loads(clip)  # noqa: S301 - written by our own actors
                    part.outputs += run_stages(self.stages, record, part.funnel)
                except Exception as fault:
                    part.error = f"{type(fault).__name__}: {fault}"
            parts.append(pickle.dumps(part))
        return {"part": parts}


def _row(part: _Part, clip: Any = None) -> dict[str, Any]:
    return {"part": [pickle.dumps(part)], "clip": [pickle.dumps(clip)]}
