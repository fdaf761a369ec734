"""The command line: `python -m wegen_core --help`."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

from .parser import build_parser

WRONG_INPUT = 2
INTERRUPTED = 130  # what a shell expects after Ctrl-C


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv
        The arguments; None takes those of the process.

    Returns
    -------
    The exit code: 0, 2 for wrong input (one line on stderr names it), 130 after Ctrl-C.
    """
    from ..records.hooks import Stopped

    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a code page lacks most characters
            stream.reconfigure(errors="replace")
    args = build_parser().parse_args(argv)
    try:
        args.run(args)
    except (KeyboardInterrupt, Stopped):
        print("stopped", file=sys.stderr)
        return INTERRUPTED
    except ModuleNotFoundError as error:
        print(
            f"error: this needs the package {error.name}: pip install {error.name}", file=sys.stderr
        )
        return WRONG_INPUT
    except (ValueError, OSError, RuntimeError, ImportError, ArithmeticError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return WRONG_INPUT
    return 0
