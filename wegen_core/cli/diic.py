"""`wegen diic run | report | export`: training sequences from videos."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path


def run(args: Namespace) -> None:
    """Turn videos into rows."""
    from ..diic.pipeline import PipelineSettings
    from ..diic.run import find_videos, plan, run_local, shard_of

    settings = PipelineSettings(
        cuts=args.cuts,
        mllm=args.mllm,
        detector=args.detector,
        tracker=args.tracker,
        sam3=args.sam3,
        things=tuple(thing.strip() for thing in args.things.split(",") if thing.strip()),
        recheck=args.recheck,
        identity=args.identity,
        side=args.side,
        device=args.device,
        skip_people=args.skip_people,
    )
    videos = shard_of(find_videos(args.videos), args.shard)
    if args.dry_run:
        print("\n".join(plan(videos, args.out, settings)))
        return
    if args.engine == "ray":
        from ..diic.ray_engine import run_ray

        result = run_ray(videos, args.out, settings, args.workers, args.address)
    else:
        result = run_local(videos, args.out, settings, args.workers)
    for video, reason in result.failed.items():
        print(f"failed, and tried again by the next run: {video}: {reason}", file=sys.stderr)
    for (stage, reason), count in result.dropped.items():
        print(f"dropped by {stage}: {reason} ({count})")
    finished = f", {result.skipped} videos were finished before" if result.skipped else ""
    print(f"{result.rows} rows in {args.out}{finished}")


def report(args: Namespace) -> None:
    """Write a page about rows."""
    from ..diic.report import write_report

    path: Path = args.out or args.data / "report.html"
    write_report(args.data, path, args.samples)
    print(path)


def export(args: Namespace) -> None:
    """Write rows as WebDataset tar files."""
    from ..diic.rows import write_webdataset

    print(f"{write_webdataset(args.data, args.out)} samples in {args.out}")
