"""What can be typed. Each command names the function that runs it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from .. import __version__
from . import chat, commands, tools


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message} (see {self.prog} --help)\n")


def build_parser() -> argparse.ArgumentParser:
    parser = Parser(prog="wegen", description="A design copilot: you say it, it draws.")
    parser.add_argument("--version", action="version", version=__version__)
    adder = parser.add_subparsers(dest="command", required=True, metavar="command")

    def command(name: str, run: Callable[[argparse.Namespace], None], text: str) -> Parser:
        made = adder.add_parser(name, help=text, description=text)
        made.set_defaults(run=run)
        return made

    _rewrite(command("rewrite", commands.rewrite, "one vague wish -> several full prompts"))
    _generate(command("generate", commands.generate, "draw pictures from a prompt"))
    _refine(command("refine", commands.refine, "change a picture by a sentence"))
    _compose(command("compose", commands.compose, "one picture out of several"))
    _ask(command("ask", commands.ask, "ask something about pictures"))
    _chat(command("chat", chat.run, "talk, draw and change, turn by turn"))
    _preserve(command("preserve", tools.preserve, "put back what an edit should not have changed"))
    _convert(command("convert", tools.convert, "the official checkpoint -> one small folder"))
    _rest(command("train", tools.train, "train the embedded default"))
    _rest(command("eval", tools.evaluate, "measure a model"))
    _common(command("info", tools.info, "versions, the model's size, devices"), seed=False)
    _demo(command("demo", commands.demo, "the whole chain on one page"))
    return parser


def _common(parser: Parser, *, seed: bool = True, out: str | None = None) -> None:
    parser.add_argument(
        "--model", default="mini", metavar="FOLDER", help="model folder (default: the embedded one)"
    )
    parser.add_argument("--device", help="cpu, cuda, mps, ... (default: the best there is)")
    if seed:
        parser.add_argument(
            "--seed", type=int, default=0, help="same seed, same result (default: 0)"
        )
    if out:
        parser.add_argument(
            "--out",
            type=Path,
            default=Path(out),
            metavar="FOLDER",
            help=f"where pictures go; nothing there is overwritten (default: {out})",
        )
    parser.add_argument("--json", action="store_true", help="print everything known, as JSON")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")


def _rewrite(parser: Parser) -> None:
    parser.add_argument("prompt", help="your wish, as short as you like")
    parser.add_argument("-n", type=int, default=4, help="how many (default: 4)")
    parser.add_argument(
        "--creativity", type=float, default=0.7, help="0 adds little, 1 a lot (default: 0.7)"
    )
    _common(parser)


def _generate(parser: Parser) -> None:
    parser.add_argument("prompt", help="what to draw")
    parser.add_argument("-n", type=int, default=1, help="how many (default: 1)")
    own = "(default: the model's own)"
    parser.add_argument("--size", type=_size, metavar="WxH", help=f"pixels {own}")
    parser.add_argument("--steps", type=int, help=f"painting steps {own}")
    parser.add_argument(
        "--guidance", type=float, help=f"how firmly the painter follows the plan {own}"
    )
    _common(parser, out="out")


def _refine(parser: Parser) -> None:
    parser.add_argument("picture", type=Path, help="the picture to change")
    parser.add_argument("instruction", help="one sentence: what to change")
    parser.add_argument("--mask", type=Path, help="picture, white where changes are allowed")
    _common(parser, out="out")


def _compose(parser: Parser) -> None:
    parser.add_argument(
        "pictures", type=Path, nargs="*", metavar="picture", help="picture 1, picture 2, ..."
    )
    parser.add_argument("instruction", help='such as "put the cat from picture 1 into picture 2"')
    _common(parser, out="out")


def _ask(parser: Parser) -> None:
    parser.add_argument(
        "pictures", type=Path, nargs="*", metavar="picture", help="picture 1, picture 2, ..."
    )
    parser.add_argument("question", help="in words, after the pictures")
    _common(parser)


def _chat(parser: Parser) -> None:
    parser.add_argument("--say", metavar="TEXT", help="one turn, then end")
    parser.add_argument("--talk", type=Path, metavar="FOLDER", help="continue, and save, this talk")
    parser.add_argument(
        "--image", type=Path, action="append", default=[], help="show a picture with the first turn"
    )
    _common(parser, out="out")


def _preserve(parser: Parser) -> None:
    parser.add_argument("source", type=Path, help="the picture before the edit")
    parser.add_argument("edited", type=Path, help="the picture after it")
    parser.add_argument("--mask", type=Path, help="picture, white where changes are allowed")
    parser.add_argument(
        "--mask-mode",
        choices=["limit", "replace"],
        default="limit",
        help="changes are found inside the mask, or the mask is the change (default: limit)",
    )
    parser.add_argument(
        "--scope",
        choices=["auto", "local", "global"],
        default="auto",
        help="edits of the whole picture pass untouched (default), never do, or all edits do",
    )
    parser.add_argument(
        "--align",
        choices=["warp", "affine", "none"],
        default="warp",
        help="what the editor may have moved (default: warp, anything by a little)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("preserved.png"),
        metavar="FILE",
        help="a .png file, overwritten if it is there (default: preserved.png)",
    )
    parser.add_argument(
        "--change-mask", type=Path, metavar="FILE", help="write the change mask too"
    )
    parser.add_argument(
        "--picture",
        type=Path,
        metavar="FILE",
        help="write a heat map of the drift with the outline of the change",
    )
    parser.add_argument("--report", action="store_true", help="say what was found and done")
    parser.add_argument("--json", action="store_true", help="the report as JSON")


def _convert(parser: Parser) -> None:
    parser.add_argument("official", type=Path, help="folder of the official checkpoint")
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument(
        "--dtype", choices=["float32", "bfloat16", "float16"], help="default: as it is stored"
    )


def _rest(parser: Parser) -> None:
    parser.add_argument("what", choices=["mini"])
    parser.add_argument("rest", nargs="...", metavar="options", help="see `... mini --help`")


def _demo(parser: Parser) -> None:
    _common(parser, out="demo")


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise argparse.ArgumentTypeError(f"{text!r} is no size; give it as 512x512")
    return int(width), int(height)
