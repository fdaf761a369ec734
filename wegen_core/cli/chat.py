"""`wegen chat`: a talk on the terminal, or one turn of it."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from ..images.files import free_path, open_image
from ..records.conversation import FILE, Conversation
from ..records.hooks import Stopped
from . import commands, provenance

if TYPE_CHECKING:
    from ..copilot import Copilot

HELP = """/image FILE    show a picture with your next words
/back          take back the last turn ("undo that": the last picture)
/new           start over
/pictures      list the pictures of this talk
/save FOLDER   save the talk
/quit          end"""


def run(args: Namespace) -> None:
    images = [open_image(p) for p in args.image]
    if args.talk is not None:  # said now, not after the work
        args.talk.mkdir(parents=True, exist_ok=True)
    resumed = args.talk is not None and (args.talk / FILE).exists()
    talk = Conversation.load(args.talk) if resumed else Conversation()
    session = Session(args, commands.loaded(args), talk, images)
    if args.say is not None:
        session.say(args.say)
    else:
        session.interactive()


class Session:
    """A talk, the pictures to show with the next words, and where things are written."""

    def __init__(
        self, args: Namespace, copilot: Copilot, talk: Conversation, images: list[Image.Image]
    ) -> None:
        self.args = args
        self.copilot = copilot
        self.talk = talk
        self.images = images

    def interactive(self) -> None:
        """Read lines until /quit or the end of input. Ctrl-C stops a reply, or ends the talk."""
        try:
            import readline  # noqa: F401  line editing and history for input()
        except ImportError:
            pass  # Windows has its own
        if not self.args.quiet:
            print("Say what to draw, or what to change. /help lists the commands.")
        while True:
            try:
                line = input("you: " if sys.stdin.isatty() else "").strip()
            except EOFError:
                return
            if line == "/quit":
                return
            try:
                self.answer(line)
            except (KeyboardInterrupt, Stopped):
                print("stopped")
            except (ValueError, OSError, RuntimeError) as error:
                print(f"error: {error}")

    def answer(self, line: str) -> None:
        """One line of input: a command, or words for the copilot."""
        word, _, rest = line.partition(" ")
        match word:
            case "":
                pass
            case "/help":
                print(HELP)
            case "/new":
                self.talk, self.images = Conversation(), []
            case "/back":
                self.back()
            case "/pictures":
                for number, picture in enumerate(self.talk.images, 1):
                    print(f"picture {number}: {picture.image.width}x{picture.image.height}")
                if not self.talk.images:
                    print("no picture yet")
            case "/save":
                self.save(rest.strip())
            case "/image" if not rest.strip():
                raise ValueError("name a file: /image FILE")
            case "/image":
                self.images.append(open_image(Path(rest.strip())))
            case _ if word.startswith("/"):
                raise ValueError(f"there is no command {word}; /help lists them")
            case _:
                self.say(line)

    def say(self, message: str) -> None:
        """One turn: print the reply, write its pictures, keep the talk if it has a folder."""
        args = self.args
        with commands.progress_bars(args.quiet) as hooks:
            reply = self.copilot.chat(self.talk, message, self.images, seed=args.seed, hooks=hooks)
        self.images = []
        record = commands.facts(args, message, reply.report.data)
        paths = []
        for image in reply.images:
            path = free_path(args.out)
            provenance.save(image, path, record)
            paths.append(path.as_posix())
        if args.json:
            commands.print_json({"text": reply.text, "pictures": paths, **record})
        else:
            print("\n".join([reply.text, *paths]))
        if args.talk is not None:
            self.talk.save(args.talk)

    def back(self) -> None:
        """Stand before the last user turn; what was said since stays in the tree, as a branch."""
        asked = [turn for turn in self.talk.turns if turn.role == "user"]
        if not asked:
            raise ValueError("there is nothing to take back")
        self.talk.head = asked[-1].parent

    def save(self, folder: str) -> None:
        target = Path(folder) if folder else self.args.talk
        if target is None:
            raise ValueError("name a folder: /save FOLDER")
        self.talk.save(target)
        print(f"saved to {target}")
