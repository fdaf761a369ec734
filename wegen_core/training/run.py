"""`wegen train painter | align | instruct`: the paper's three stages on rows of `wegen diic`.

    wegen train painter  --data DATA --out runs/painter
    wegen train align    --data DATA --init runs/painter/model --out runs/align
    wegen train instruct --data DATA --init runs/align/model --out runs/instruct

Several GPUs or processes: `accelerate launch -m wegen_core train ...` with the same options, and
--shard where the stage does not fit each of them. `wegen_core/training/configs` has files for
`--config_file`.
"""

from __future__ import annotations

import argparse
import ast
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from .settings import PRESETS, STAGES, stage_settings


def main(stage: str, arguments: Sequence[str] | None = None) -> None:
    """Run a stage from the command line.

    Raises
    ------
    ValueError
        An option is wrong; the text names it.
    """
    options = _parser(stage).parse_args(arguments)
    settings = stage_settings(stage, options.preset, **_changes(stage, options.set))

    from .data import read_data
    from .dry_run import print_published, print_trial
    from .networks import existing_network, new_network

    if options.init is not None and options.size is not None:
        raise ValueError("--size is of a new network; one that begins with --init has its size")
    if options.preset == "official" and options.init is None and options.dry_run:
        print_published(stage, settings, options.lora)
        return
    if not options.data:
        raise ValueError("--data is missing: give a folder of rows made by `wegen diic run`")
    accelerator = _accelerator(options.device)
    if options.init is None:
        net = new_network(options.preset, options.size, options.seed)
    else:
        net = existing_network(options.init, stage)
    data = read_data(_weighted(options.data), settings, net.tokenizer, net.context_length)
    for reason, count in data.left_out.items():
        accelerator.print(f"left out: {count} rows with {reason}")
    accelerator.print(f"{len(data.train)} rows to learn from, {len(data.held_out)} to measure with")
    if options.dry_run:
        print_trial(stage, net, settings, data, accelerator, lora=options.lora)
        return

    from .stage import train_stage

    folder = train_stage(
        stage,
        net,
        settings,
        data,
        options.out,
        accelerator,
        seed=options.seed,
        save_every=options.save_every,
        log_every=options.log_every,
        keep=options.keep,
        lora=options.lora,
        shard=options.shard,
        pictures=not options.no_pictures,
    )
    accelerator.print(folder)
    if accelerator.num_processes > 1:
        accelerator.end_training()


def _parser(stage: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"wegen train {stage}",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--data",
        action="append",
        default=[],
        metavar="DATA[=WEIGHT]",
        help="a folder of rows; several, with how often their rows count (default: 1)",
    )
    parser.add_argument("--out", type=Path, default=Path("runs") / stage, help="run folder")
    parser.add_argument("--init", type=Path, metavar="FOLDER", help="a network to begin with")
    parser.add_argument("--preset", choices=list(PRESETS), default="mini")
    parser.add_argument(
        "--size", type=int, help="layers of a new network (even; mini: 4, small: 8)"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change a setting: " + ", ".join(f.name for f in fields(STAGES[stage])),
    )
    parser.add_argument("--lora", type=int, metavar="RANK", help="train low-rank adapters instead")
    parser.add_argument(
        "--shard",
        action="store_true",
        help="share weights, gradients and optimiser state between the processes (FSDP2)",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save-every", type=int, default=500, metavar="STEPS")
    parser.add_argument("--log-every", type=int, default=10, metavar="STEPS")
    parser.add_argument("--keep", type=int, default=2, help="last checkpoints that stay")
    parser.add_argument("--device", choices=["cpu"], help="cpu: leave the GPU alone")
    parser.add_argument("--no-pictures", action="store_true", help="paint nothing for the page")
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="print parameters, memory and time from a few real steps, and stop",
    )
    return parser


def _changes(stage: str, texts: Sequence[str]) -> dict[str, Any]:
    """NAME=VALUE -> settings."""
    names = [f.name for f in fields(STAGES[stage])]
    changes: dict[str, Any] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if name not in names:
            raise ValueError(f"--set {text}: stage {stage!r} has the settings {', '.join(names)}")
        try:
            changes[name] = ast.literal_eval(value)
        except (SyntaxError, ValueError) as error:
            raise ValueError(f"--set {text}: {value!r} is not a value such as 1e-4") from error
    return changes


def _weighted(texts: Sequence[str]) -> dict[Path, float]:
    """DATA[=WEIGHT] -> weights of folders."""
    sources = {}
    for text in texts:
        folder, _, weight = text.rpartition("=")
        if not folder or Path(text).exists():
            folder, weight = text, "1"
        try:
            sources[Path(folder)] = float(weight)
        except ValueError as error:
            raise ValueError(f"--data {text}: the weight {weight!r} is not a number") from error
    return sources


def _accelerator(device: str | None) -> Any:
    try:
        from accelerate import Accelerator
    except ImportError as error:
        raise ImportError("training needs accelerate: pip install comfyui-wegen[train]") from error
    return Accelerator(cpu=device == "cpu")
