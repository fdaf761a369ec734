"""Running the pipeline over many sources: which are left, in processes, resumable after any end."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import re
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ..images.atomic_write import write_atomically
from .pipeline import (
    Funnel,
    PipelineSettings,
    build_stages,
    check_settings,
    is_playground,
    process_video,
)
from .records import Stage, Video
from .truth import playground_videos
from .video import SUFFIXES

RUN_FILE = "run.json"


def find_videos(source: str) -> list[Video]:
    """The sources that the command line names.

    Parameters
    ----------
    source
        A video, a folder that is searched for videos, or "playground:COUNT" or
        "playground:COUNT:SEED" for drawn clips.

    Raises
    ------
    ValueError
        There is nothing; the text names it.
    """
    if source.startswith("playground:"):
        numbers = source.split(":")[1:]
        if not 1 <= len(numbers) <= 2 or not all(n.isdecimal() for n in numbers):
            raise ValueError(f"{source!r} is not playground:COUNT or playground:COUNT:SEED")
        return playground_videos(*map(int, numbers))
    root = Path(source)
    if root.is_file():
        return [_video(root, root.name)]
    if not root.exists():
        raise ValueError(f"{source} does not exist; name a video or a folder of videos")
    files = sorted(p for p in root.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not files:
        raise ValueError(f"{source} holds no videos; these are read: {' '.join(sorted(SUFFIXES))}")
    return [_video(path, path.relative_to(root).as_posix()) for path in files]


def shard_of(videos: Sequence[Video], shard: str) -> list[Video]:
    """Part "i/n" (counted from 1) of the sources, for several machines; ValueError otherwise."""
    match = re.fullmatch(r"(\d+)/(\d+)", shard)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise ValueError(f"shard {shard!r} is not i/n with i from 1 to n, for example 1/8")
    return list(videos[int(match[1]) - 1 :: int(match[2])])


def plan(videos: Sequence[Video], out: Path, settings: PipelineSettings) -> list[str]:
    """What a run would do and which models it needs, one line each; loads nothing.

    ValueError: see `pipeline.check_settings`.
    """
    check_settings(settings)
    left = [video for video in videos if not (out / f"{video.key}.json").is_file()]
    lines = [f"{len(left)} of {len(videos)} videos are left; rows go to {out}"]
    if is_playground(videos):
        return [*lines, "playground: truth stands in for every model"]
    cuts = "TransNetV2" if settings.cuts == "transnet" else "PySceneDetect's adaptive detector"
    words = settings.mllm or "measured motion"
    identity = _weights(settings.identity) if settings.identity else "colours and edges"
    if settings.sam3:
        instances = f"SAM 3 {_weights(settings.sam3)}"
    elif settings.detector:
        instances = (
            f"Grounding DINO {_weights(settings.detector)}; SAM 2 {_weights(settings.tracker)}"
        )
    else:
        instances = "what moves, comes or goes (optical flow)"
    if settings.sam3 or settings.detector:
        instances += f"; named by {', '.join(settings.things) or settings.mllm}"
        if settings.recheck:
            instances += f"; confirmed by {settings.recheck}"
    return [
        *lines,
        f"shots: cuts by {cuts}",
        f"frames: at most {settings.side} px",
        f"instances: {instances}",
        f"sessions: identity by {identity}",
        f"dynamics: {words}",
        f"models run on {settings.device}",
    ]


def _weights(folder: str) -> str:
    """A model folder and what its weights weigh."""
    files = [p for p in Path(folder).rglob("*") if p.suffix in (".safetensors", ".bin")]
    size = sum(p.stat().st_size for p in files) / 1e6
    return f"{folder} ({f'{size:.0f} MB' if files else 'no weights: the run would fail'})"


@dataclass(frozen=True)
class RunResult:
    """What a run did.

    Parameters
    ----------
    rows
        Written now.
    skipped
        Sources that were finished before.
    failed
        Why by source; the next run tries these again.
    dropped
        How many records by stage and reason.
    """

    rows: int
    skipped: int
    failed: dict[str, str] = field(default_factory=dict)
    dropped: dict[tuple[str, str], int] = field(default_factory=dict)


def run_local(
    videos: Sequence[Video], out: Path, settings: PipelineSettings, workers: int = 1
) -> RunResult:
    """Process videos in `workers` processes.

    A source is finished once its .json is in `out`; finished ones are skipped, so that a run that
    ended at any moment continues where it was. A source whose process dies is tried once more by
    itself, then reported as failed; it is tried again by the next run.

    Raises
    ------
    ValueError
        The settings contradict each other, or `out` holds rows that were made with others.
    SetupError
        A model cannot be loaded.
    """
    left = prepare(videos, out, settings)
    failed: dict[str, str] = {}
    rows = 0
    funnel = Funnel()
    with tqdm(total=len(left), unit="video", disable=None) as bar:
        for video, result in _results(left, out, settings, workers):
            if isinstance(result, str):
                failed[video.path] = result
            else:
                rows += result["rows"]
                funnel.add(result["funnel"])
            bar.update()
            bar.set_postfix_str(funnel.summary())
    return RunResult(rows, len(videos) - len(left), failed, dict(funnel.rejected.most_common()))


def prepare(videos: Sequence[Video], out: Path, settings: PipelineSettings) -> list[Video]:
    """Create `out`, note the settings, remove half-written files; the videos that are left."""
    check_settings(settings)
    out.mkdir(parents=True, exist_ok=True)
    current = json.loads(json.dumps(asdict(settings)))
    path = out / RUN_FILE
    if path.is_file():
        before = json.loads(path.read_text("utf-8"))["settings"]
        changed = [name for name in current if before.get(name) != current[name]]
        if changed:
            raise ValueError(
                f"{out} was made with other settings ({', '.join(changed)}); name another folder"
            )
    else:
        write_atomically(path, json.dumps({"settings": current}, indent=1).encode())
    return [video for video in videos if not (out / f"{video.key}.json").is_file()]


def _results(
    videos: Sequence[Video], out: Path, settings: PipelineSettings, workers: int
) -> Iterator[tuple[Video, dict[str, Any] | str]]:
    """Each video with its record, or with why it failed, as they finish."""
    playground = is_playground(videos)
    image_format = "png" if playground else settings.image_format
    setup = (settings, playground)
    alone: list[Video] = []
    with _pool(workers, setup) as pool:
        queue: dict[Future[dict[str, Any]], Video] = {}
        rest = iter(videos)
        while True:
            for video in rest:
                try:
                    queue[pool.submit(_work, video, out, image_format)] = video
                except BrokenProcessPool:
                    alone.append(video)
                if len(queue) >= 2 * workers:
                    break
            if not queue:
                break
            done, _ = wait(queue, return_when=FIRST_COMPLETED)
            for future in done:
                video = queue.pop(future)
                try:
                    yield video, future.result()
                except BrokenProcessPool:
                    alone.append(video)
                except SetupError:
                    raise
                except Exception as error:
                    yield video, f"{type(error).__name__}: {error}"
    for video in alone:  # a process died: each of these was under way or waiting
        with _pool(1, setup) as pool:
            try:
                yield video, pool.submit(_work, video, out, image_format).result()
            except BrokenProcessPool:
                yield video, "the process that read it died"
            except Exception as error:
                yield video, f"{type(error).__name__}: {error}"


@contextmanager
def _pool(workers: int, setup: tuple[PipelineSettings, bool]) -> Iterator[ProcessPoolExecutor]:
    """Processes with the stages built; whatever ends the run early ends them at once."""
    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=setup)
    try:
        yield pool
    except BaseException:
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


_stages: list[Stage[Any, Any]] = []
_faults: list[Exception] = []


class SetupError(RuntimeError):
    """A worker could not build its stages."""


def _start_worker(settings: PipelineSettings, playground: bool) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    try:
        _stages[:] = build_stages(settings, playground)
    except Exception as error:
        _faults.append(error)


def _work(video: Video, out: Path, image_format: Any) -> dict[str, Any]:
    if _faults:
        raise SetupError(f"the stages cannot be built: {_faults[0]}")
    return process_video(_stages, video, out, image_format)


def _video(path: Path, name: str) -> Video:
    """A source with a key made of its name, readable and unique."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:10]
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(name).stem)[:40].strip("-")
    return Video(str(path), f"{readable or 'video'}-{digest}")
