"""`wegen eval bench`: a public benchmark on the user's download of its data."""

from __future__ import annotations

from argparse import Namespace
from datetime import date

from ..painting import PaintSettings
from . import commands
from .provenance import versions

PAINTING = ("model", "mllm", "painter", "seed", "images", "size", "steps", "guidance")
JUDGING = ("judge", "detector", "encoder", "clip", "lpips")


def run(args: Namespace) -> None:
    """Run the benchmark, or what is left of it, and print its table."""
    from ..evaluation.benchmarks.judges import load_judges
    from ..evaluation.benchmarks.run import Options, as_text, run
    from ..evaluation.benchmarks.table import BENCHMARKS

    if args.name not in BENCHMARKS:
        raise ValueError(f"there is no benchmark {args.name}; there are: {', '.join(BENCHMARKS)}")
    benchmark = BENCHMARKS[args.name]
    missing = [f"--{need}" for need in benchmark.needs if getattr(args, need) is None]
    if missing and args.painter != "none":
        raise ValueError(f"{benchmark.title} is judged with {' and '.join(missing)}; give them")
    settings = {name: getattr(args, name) for name in (*PAINTING, *JUDGING)}
    if args.size is not None:
        settings["size"] = list(args.size)
    out = args.out / args.name
    results = run(
        benchmark,
        args.data,
        out,
        lambda: commands.load_copilot(args),
        lambda: load_judges(*(settings[name] for name in JUDGING), device=args.device),
        Options(
            args.limit,
            args.images,
            args.seed,
            PaintSettings(args.size, args.steps, args.guidance),
            {name: settings[name] for name in PAINTING},
            {name: settings[name] for name in JUDGING},
            {"data": str(args.data), "versions": versions(), "date": f"{date.today()}"},
            not args.quiet,
        ),
    )
    if args.json:
        commands.print_json(results)
    else:
        print(as_text(results), (out / "index.html").as_posix(), sep="\n")
