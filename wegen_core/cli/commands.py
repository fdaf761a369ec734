"""The commands that run a copilot once."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from ..images.files import free_path, open_image, write_image
from ..painting import PaintSettings
from ..records.hooks import Hooks
from .provenance import save

if TYPE_CHECKING:
    from PIL import Image

    from ..copilot import Copilot


def rewrite(args: Namespace) -> None:
    found = loaded(args).rewrite(args.prompt, args.n, args.seed, args.creativity)
    if args.json:
        print_json([asdict(r) for r in found])
    else:
        for one in found:
            print(" ".join(one.prompt.split()))


def generate(args: Namespace) -> None:
    copilot = loaded(args)
    settings = PaintSettings(args.size, args.steps, args.guidance)
    with progress_bars(args.quiet) as hooks:
        drawn = copilot.pipeline.generate(args.prompt, args.n, args.seed, settings, hooks)
    _tell(args, [_saved(args, d.image, args.prompt, d.report.data) for d in drawn])


def refine(args: Namespace) -> None:
    picture = open_image(args.picture)
    mask = None if args.mask is None else open_image(args.mask)
    copilot = loaded(args)
    with progress_bars(args.quiet) as hooks:
        done = copilot.refine(picture, args.instruction, mask, args.seed, hooks=hooks)
    made = _saved(args, done.image, args.instruction, done.report.data, [args.picture])
    path = Path(made["picture"])
    if done.change_mask is not None:
        write_image(done.change_mask, path.with_name(f"{path.stem}-mask.png"))
    _tell(args, [made], done.report)


def _opened(places: Sequence[Path], words: str) -> list[Image.Image]:
    if not places:
        raise ValueError(f"there is no picture before {words!r}; give its file, then the words")
    return [open_image(place) for place in places]


def compose(args: Namespace) -> None:
    pictures = _opened(args.pictures, args.instruction)
    copilot = loaded(args)
    with progress_bars(args.quiet) as hooks:
        done = copilot.compose(pictures, args.instruction, args.seed, hooks=hooks)
    made = _saved(args, done.image, args.instruction, done.report.data, args.pictures)
    _tell(args, [made], done.report)


def ask(args: Namespace) -> None:
    pictures = _opened(args.pictures, args.question)
    answer = loaded(args).ask(pictures, args.question, args.seed)
    if args.json:
        print_json({"question": args.question, "answer": answer})
    else:
        print(answer)


def demo(args: Namespace) -> None:
    from .demo import run

    copilot = loaded(args)
    with progress_bars(args.quiet) as hooks:
        page = run(copilot, args.out, args.seed, hooks=hooks, say=tqdm.write)
    print(page)


def loaded(args: Namespace) -> Copilot:
    from ..loading import load

    return load(args.model, device=args.device)


def facts(args: Namespace, said: str, made: dict[str, Any], pictures: Any = ()) -> dict[str, Any]:
    """What a picture's record says, besides versions and date."""
    inputs = {"pictures": [str(p) for p in pictures]} if pictures else {}
    return {"command": args.command, "said": said, **inputs, "model_folder": args.model, **made}


@contextmanager
def progress_bars(quiet: bool) -> Iterator[Hooks]:
    """Hooks that show one bar on stderr for each stage of the work."""
    bars: list[tqdm] = []

    def on_progress(stage: str, step: int, total: int, preview: Any) -> None:
        if not bars or bars[-1].desc != stage or step <= bars[-1].n:
            if bars:
                bars[-1].close()
            bars.append(tqdm(total=total, desc=stage, leave=False, disable=True if quiet else None))
            bars[-1].desc = stage  # a disabled bar does not keep it
        bars[-1].update(step - bars[-1].n)

    try:
        yield Hooks(on_progress=on_progress)
    finally:
        for bar in bars:
            bar.close()


def print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1))


def _saved(args: Namespace, image: Any, said: str, made: Any, pictures: Any = ()) -> dict[str, Any]:
    record = facts(args, said, made, pictures)
    path = free_path(args.out)
    save(image, path, record)
    return {"picture": path.as_posix(), **record}


def _tell(args: Namespace, made: list[dict[str, Any]], report: Any = None) -> None:
    if args.json:
        print_json(made)
        return
    for one in made:
        print(one["picture"])
    if report is not None and not args.quiet:
        print(report)
