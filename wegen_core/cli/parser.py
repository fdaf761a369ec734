"""The commands and their options. Each command names the function that runs it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from .. import __version__
from . import bench, chat, commands, diic, tools


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors take one line."""

    def error(self, message: str) -> NoReturn:
        """Print the error and end the program with exit code 2."""
        self.exit(2, f"error: {message} (see {self.prog} --help)\n")


def build_parser() -> argparse.ArgumentParser:
    """The parser of `wegen` with all its commands."""
    parser = Parser(prog="wegen", description="A design copilot: you describe it, it draws it.")
    parser.add_argument("--version", action="version", version=__version__)
    adder = parser.add_subparsers(dest="command", required=True, metavar="command")

    def command(name: str, run: Callable[[argparse.Namespace], None], text: str) -> Parser:
        subparser = adder.add_parser(name, help=text, description=text)
        subparser.set_defaults(run=run)
        return subparser

    _rewrite(
        command("rewrite", commands.rewrite, "turn one short request into several full prompts")
    )
    _generate(command("generate", commands.generate, "draw images from a prompt"))
    _refine(command("refine", commands.refine, "change an image by one sentence"))
    _compose(command("compose", commands.compose, "make one image out of several"))
    _ask(command("ask", commands.ask, "ask a question about images"))
    _chat(command("chat", chat.run, "draw, change and ask, turn by turn"))
    _preserve(command("preserve", tools.preserve, "restore what an edit should not have changed"))
    _convert(command("convert", tools.convert, "write the official checkpoint as one small folder"))
    _diic(adder.add_parser("diic", help="make training sequences from videos"))
    stages = ["painter", "align", "instruct", "mini", "mini128"]
    _rest(command("train", tools.train, "train a stage on rows, or the embedded network"), stages)
    _eval(adder.add_parser("eval", help="measure a model"))
    _common(
        command("info", tools.info, "print versions, the model's size and the devices"),
        models=False,
        seed=False,
    )
    _demo(command("demo", commands.demo, "run every task once and write a page about it"))
    return parser


def _common(
    parser: argparse.ArgumentParser,
    *,
    models: bool = True,
    seed: bool = True,
    out: str | None = None,
) -> None:
    parser.add_argument(
        "--model",
        default="mini",
        metavar="FOLDER",
        help="a WeGen network that understands and paints (default: mini, the embedded one)",
    )
    if models:
        parser.add_argument(
            "--mllm",
            metavar="mini|FOLDER|URL#MODEL|none",
            help="understands instead: a WeGen network or a transformers model in a folder, a "
            "server's model such as http://localhost:11434/v1#qwen3-vl, or none: words are read "
            "without a model",
        )
        parser.add_argument(
            "--painter",
            metavar="mini|FOLDER",
            help="paints instead: a WeGen network or a diffusers pipeline in a folder",
        )
    parser.add_argument("--device", help="cpu, cuda, mps, ... (default: the fastest available)")
    if seed:
        parser.add_argument(
            "--seed", type=int, default=0, help="the same seed gives the same result (default: 0)"
        )
    if out and models:
        parser.add_argument(
            "--check",
            choices=["off", "report", "repaint"],
            help="report: check item by item whether each image shows what you asked for; repaint: "
            "paint an image that fails once more (default: off; with --expert: report)",
        )
        parser.add_argument(
            "--expert",
            action="append",
            default=[],
            metavar="ocr|FOLDER",
            help="checks without a language model, and before it; may be repeated. ocr: reads text "
            "(pip install rapidocr onnxruntime). A folder of transformers: an object detector for "
            "things, numbers, colours and places, or a vision encoder for references",
        )
    if out:
        parser.add_argument(
            "--out",
            type=Path,
            default=Path(out),
            metavar="FOLDER",
            help=f"where images are written; nothing is overwritten (default: {out})",
        )
    parser.add_argument("--json", action="store_true", help="print all results as JSON")
    parser.add_argument("--quiet", action="store_true", help="show no progress bars")


def _rewrite(parser: Parser) -> None:
    parser.add_argument("prompt", help="your request, as short as you like")
    parser.add_argument("-n", type=int, default=4, help="how many (default: 4)")
    parser.add_argument(
        "--creativity", type=float, default=0.7, help="0 adds little, 1 adds a lot (default: 0.7)"
    )
    _common(parser)


def _generate(parser: Parser) -> None:
    parser.add_argument("prompt", help="what to draw")
    parser.add_argument("-n", type=int, default=1, help="how many (default: 1)")
    _painting(parser)
    _common(parser, out="out")


def _painting(parser: argparse.ArgumentParser) -> None:
    default = "(default: the model's own)"
    parser.add_argument("--size", type=_size, metavar="WxH", help=f"in pixels {default}")
    parser.add_argument("--steps", type=int, help=f"painting steps {default}")
    parser.add_argument(
        "--guidance", type=float, help=f"how closely the painter follows the plan {default}"
    )


def _refine(parser: Parser) -> None:
    parser.add_argument("picture", type=Path, help="the image to change")
    parser.add_argument("instruction", help="what to change, in one sentence")
    parser.add_argument("--mask", type=Path, help="image, white where changes are allowed")
    _common(parser, out="out")


def _compose(parser: Parser) -> None:
    parser.add_argument(
        "pictures",
        type=Path,
        nargs="*",
        metavar="picture",
        help="image files: picture 1, picture 2, ...",
    )
    parser.add_argument("instruction", help='such as "put the cat from picture 1 into picture 2"')
    _common(parser, out="out")


def _ask(parser: Parser) -> None:
    parser.add_argument(
        "pictures",
        type=Path,
        nargs="*",
        metavar="picture",
        help="image files: picture 1, picture 2, ...",
    )
    parser.add_argument("question", help="the question, after the images")
    _common(parser)


def _chat(parser: Parser) -> None:
    parser.add_argument("--say", metavar="TEXT", help="send one message and end")
    parser.add_argument(
        "--talk",
        type=Path,
        metavar="FOLDER",
        help="continue the conversation in this folder, and save it there",
    )
    parser.add_argument(
        "--image",
        type=Path,
        action="append",
        default=[],
        help="send an image with the first message",
    )
    _common(parser, out="out")


def _preserve(parser: Parser) -> None:
    parser.add_argument("source", type=Path, help="the image before the edit")
    parser.add_argument("edited", type=Path, help="the image after the edit")
    parser.add_argument("--mask", type=Path, help="image, white where changes are allowed")
    parser.add_argument(
        "--mask-mode",
        choices=["limit", "replace"],
        default="limit",
        help="limit: search changes inside the mask; replace: the mask is the change "
        "(default: limit)",
    )
    parser.add_argument(
        "--scope",
        choices=["auto", "local", "global"],
        default="auto",
        help="whether an edit of the whole image is passed on unchanged: auto: decide; "
        "local: never; global: always (default: auto)",
    )
    parser.add_argument(
        "--align",
        choices=["warp", "affine", "none"],
        default="warp",
        help="what the editor may have moved: warp: anything, by a little; affine: shift, zoom, "
        "rotation; none: nothing (default: warp)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("preserved.png"),
        metavar="FILE",
        help="a PNG file; an existing file is overwritten (default: preserved.png)",
    )
    parser.add_argument(
        "--change-mask", type=Path, metavar="FILE", help="also write the change mask"
    )
    parser.add_argument(
        "--picture",
        type=Path,
        metavar="FILE",
        help="also write a map of the drift with the outline of the change",
    )
    parser.add_argument("--report", action="store_true", help="print what was found and done")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def _convert(parser: Parser) -> None:
    parser.add_argument("official", type=Path, help="the folder of the official checkpoint")
    parser.add_argument("out", type=Path, help="the folder to write")
    parser.add_argument(
        "--dtype",
        choices=["float32", "bfloat16", "float16"],
        help="number format (default: as it is stored)",
    )


def _rest(parser: Parser, choices: list[str]) -> None:
    parser.add_argument("what", choices=choices)
    parser.add_argument("rest", nargs="...", metavar="options", help="see `... WHAT --help`")


def _eval(parser: argparse.ArgumentParser) -> None:
    adder = parser.add_subparsers(dest="what", required=True, metavar="what")
    # Its options are read by the evaluation itself: none begins with this character.
    mini = adder.add_parser("mini", help="the embedded network", prefix_chars="\0", add_help=False)
    mini.set_defaults(run=tools.evaluate)
    mini.add_argument("rest", nargs="...")
    public = adder.add_parser("bench", help="a public benchmark, on your download of its data")
    public.set_defaults(run=bench.run, check="off", expert=[])
    public.add_argument(
        "name", metavar="NAME", help="geneval, imgedit, mse, ... (a wrong name lists all)"
    )
    public.add_argument(
        "--data", type=Path, required=True, metavar="FOLDER", help="the data as it is published"
    )
    for name, metavar, what in (
        ("judge", "URL#MODEL|FOLDER", "a chat model that takes images answers the questions"),
        ("detector", "FOLDER", "an object detector of transformers with COCO's kinds"),
        ("encoder", "FOLDER", "a vision encoder of transformers, such as DINOv2"),
        ("clip", "FOLDER", "a CLIP model of transformers"),
        ("lpips", "FOLDER", "weights of LPIPS: of torchvision's network and of the package lpips"),
    ):
        public.add_argument(f"--{name}", metavar=metavar, help=what)
    public.add_argument("--limit", type=int, metavar="N", help="only N cases, evenly spread")
    public.add_argument("--images", type=int, metavar="N", help="per prompt (default: published)")
    _painting(public)
    _common(public)
    public.add_argument(
        "--out",
        type=Path,
        default=Path("bench"),
        metavar="FOLDER",
        help="a folder for each benchmark is written there, and continued (default: bench)",
    )


def _diic(parser: argparse.ArgumentParser) -> None:
    adder = parser.add_subparsers(dest="step", required=True, metavar="step")
    run = adder.add_parser("run", help="turn videos into rows")
    run.set_defaults(run=diic.run)
    run.add_argument(
        "videos", help="a folder of videos, a video, or playground:COUNT[:SEED] for drawn clips"
    )
    run.add_argument("--out", type=Path, required=True, metavar="DATA", help="folder for the rows")
    run.add_argument(
        "--cuts",
        choices=["adaptive", "transnet"],
        default="adaptive",
        help="adaptive: PySceneDetect; transnet: TransNetV2, where it is installed",
    )
    run.add_argument(
        "--mllm",
        default="",
        metavar="URL#MODEL",
        help="a chat model that sees images writes the words (default: measured motion)",
    )
    for name, what in (
        ("detector", "Grounding DINO finds the things (default: what moves is a thing)"),
        ("tracker", "SAM 2 video follows what the detector finds"),
        ("sam3", "SAM 3 video, instead of these two"),
        ("identity", "a vision encoder compares instances (default: colours and edges)"),
    ):
        run.add_argument(f"--{name}", default="", metavar="FOLDER", help=what)
    run.add_argument(
        "--things",
        default="",
        metavar="LIST",
        help='what to look for, such as "a dog, a cup" (default: the chat model names things)',
    )
    run.add_argument(
        "--recheck",
        default="",
        metavar="URL#MODEL",
        help="a second chat model that must confirm each thing",
    )
    run.add_argument("--side", type=int, default=768, help="longer side of a frame (default: 768)")
    run.add_argument("--device", default="cpu", help="where models run (default: cpu)")
    run.add_argument("--skip-people", action="store_true", help="drop instances of people")
    run.add_argument("--engine", choices=["local", "ray"], default="local")
    run.add_argument("--address", help="address of a Ray cluster (default: one of your own)")
    run.add_argument("--workers", type=int, default=1, help="processes (default: 1)")
    run.add_argument("--shard", default="1/1", metavar="I/N", help="only part I of N")
    run.add_argument("--dry-run", action="store_true", help="print what would be done")
    report = adder.add_parser("report", help="write a page about rows")
    report.set_defaults(run=diic.report)
    report.add_argument("data", type=Path, metavar="DATA")
    report.add_argument("--out", type=Path, metavar="FILE", help="default: DATA/report.html")
    report.add_argument("--samples", type=int, default=40, help="rows to show (default: 40)")
    export = adder.add_parser("export", help="write rows as WebDataset tar files")
    export.set_defaults(run=diic.export)
    export.add_argument("data", type=Path, metavar="DATA")
    export.add_argument("--out", type=Path, required=True, metavar="FOLDER")


def _demo(parser: Parser) -> None:
    _common(parser, out="demo")


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size; give it as 512x512")
    return int(width), int(height)
