"""The commands that run a copilot once."""

from __future__ import annotations

import json
import sys
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
    """`wegen rewrite`: print several full prompts, one a line."""
    copilot = load_copilot(args, paints=False)
    rewrites = copilot.rewrite(args.prompt, args.n, args.seed, args.creativity)
    if args.json:
        print_json([asdict(r) for r in rewrites])
    else:
        for variant in rewrites:
            print(" ".join(variant.prompt.split()))
        for note in dict.fromkeys(variant.note for variant in rewrites if variant.note):
            print(note, file=sys.stderr)


def generate(args: Namespace) -> None:
    """`wegen generate`: draw images from a prompt."""
    copilot = load_copilot(args)
    settings = PaintSettings(args.size, args.steps, args.guidance)
    with progress_bars(args.quiet) as hooks:
        results = copilot.pipeline.generate(args.prompt, args.n, args.seed, settings, hooks)
    _print_saved(args, [_save(args, r.image, args.prompt, r.report.data) for r in results])


def refine(args: Namespace) -> None:
    """`wegen refine`: change an image; the change mask is written beside it."""
    image = open_image(args.picture)
    mask = None if args.mask is None else open_image(args.mask)
    copilot = load_copilot(args)
    with progress_bars(args.quiet) as hooks:
        result = copilot.refine(image, args.instruction, mask, args.seed, hooks=hooks)
    saved = _save(args, result.image, args.instruction, result.report.data, [args.picture])
    path = Path(saved["picture"])
    if result.change_mask is not None:
        write_image(result.change_mask, path.with_name(f"{path.stem}-mask.png"))
    _print_saved(args, [saved], result.report)


def compose(args: Namespace) -> None:
    """`wegen compose`: make one image out of several."""
    images = _open_images(args.pictures, args.instruction)
    copilot = load_copilot(args)
    with progress_bars(args.quiet) as hooks:
        result = copilot.compose(images, args.instruction, args.seed, hooks=hooks)
    saved = _save(args, result.image, args.instruction, result.report.data, args.pictures)
    _print_saved(args, [saved], result.report)


def ask(args: Namespace) -> None:
    """`wegen ask`: print the answer to a question about images."""
    images = _open_images(args.pictures, args.question)
    answer = load_copilot(args, paints=False).ask(images, args.question, args.seed)
    if args.json:
        print_json({"question": args.question, "answer": answer})
    else:
        print(answer)


def demo(args: Namespace) -> None:
    """`wegen demo`: run everything once and write a page about it."""
    from .demo import run

    copilot = load_copilot(args)
    with progress_bars(args.quiet) as hooks:
        print(run(copilot, args.out, args.seed, hooks=hooks, log=tqdm.write))


def load_copilot(args: Namespace, *, paints: bool = True) -> Copilot:
    """The copilot that the options of a command name.

    paints: False for commands that draw nothing, so that no painter need be loaded.
    """
    from .. import loading

    options: dict[str, Any] = {"device": args.device}
    if paints:
        options["check"] = args.check or ("report" if args.expert else "off")
        options["experts"] = args.expert
    if args.mllm is None and args.painter is None:
        return loading.load(args.model, **options)
    painter = (args.painter or args.model) if paints else "none"
    return loading.load_models(args.mllm or args.model, painter, **options)


def image_record(
    args: Namespace, request: str, report: dict[str, Any], inputs: Sequence[Path] = ()
) -> dict[str, Any]:
    """What the JSON file beside an image says, without versions and date.

    Parameters
    ----------
    request
        What the user asked for.
    report
        `Report.data` of the result.
    inputs
        The image files that the command read.
    """
    files = {"pictures": [str(path) for path in inputs]} if inputs else {}
    named = {"model_folder": args.model, "mllm": args.mllm, "painter_folder": args.painter}
    models = {name: value for name, value in named.items() if value is not None}
    return {"command": args.command, "said": request, **files, **models, **report}


@contextmanager
def progress_bars(quiet: bool) -> Iterator[Hooks]:
    """Hooks that show a progress bar on stderr for each stage of the work."""
    bars: list[tqdm] = []

    def on_progress(stage: str, step: int, total: int, _preview: Any) -> None:
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
    """Print `value` as JSON for people: indented, and escaped only where stdout needs it."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=1)
    print(text)


def _open_images(paths: Sequence[Path], words: str) -> list[Image.Image]:
    if not paths:
        raise ValueError(f"there is no image before {words!r}; give its file, then the words")
    return [open_image(path) for path in paths]


def _save(
    args: Namespace,
    image: Image.Image,
    request: str,
    report: dict[str, Any],
    inputs: Sequence[Path] = (),
) -> dict[str, Any]:
    record = image_record(args, request, report, inputs)
    path = free_path(args.out)
    save(image, path, record)
    return {"picture": path.as_posix(), **record}


def _print_saved(args: Namespace, saved: list[dict[str, Any]], report: Any = None) -> None:
    if args.json:
        print_json(saved)
        return
    for image in saved:
        print(image["picture"])
    if report is not None and not args.quiet:
        print(report)
