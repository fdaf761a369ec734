"""`wegen chat`: a conversation on the terminal, or one turn of it."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from PIL import Image

from ..images.files import free_path, open_image
from ..records.conversation import Conversation
from ..records.conversation_files import FILE
from ..records.hooks import Stopped
from . import commands, provenance

if TYPE_CHECKING:
    from ..copilot import Copilot

HELP = """/image FILE    send an image with your next message
/back          take back the last turn ("undo that" takes back the last image)
/new           start a new conversation
/pictures      list the images of this conversation
/save FOLDER   save the conversation
/quit          end"""


def run(args: Namespace) -> None:
    """`wegen chat`: continue or start a conversation; with --say, one turn of it."""
    images = [open_image(path) for path in args.image]
    if args.talk is not None:  # fail before the work, not after it
        args.talk.mkdir(parents=True, exist_ok=True)
    exists = args.talk is not None and (args.talk / FILE).exists()
    conversation = Conversation.load(args.talk) if exists else Conversation()
    chat = TerminalChat(args, commands.load_copilot(args), conversation, images)
    if args.say is not None:
        chat.send(args.say)
    else:
        chat.interactive()


class TerminalChat:
    """A conversation on the terminal.

    Parameters
    ----------
    args
        The options of `wegen chat`.
    copilot
        Answers the messages.
    conversation
        Is continued.
    images
        Are sent with the next message.
    """

    def __init__(
        self,
        args: Namespace,
        copilot: Copilot,
        conversation: Conversation,
        images: list[Image.Image],
    ) -> None:
        self.args = args
        self.copilot = copilot
        self.conversation = conversation
        self.images = images

    def interactive(self) -> None:
        """Read lines until /quit or the end of input. Ctrl-C stops a reply, or ends the program."""
        with contextlib.suppress(ImportError):  # Windows has its own
            importlib.import_module("readline")  # line editing and history for input()
        if not self.args.quiet:
            print("Say what to draw, or what to change. /help lists the commands.")
        while True:
            try:
                line = input("you: " if sys.stdin.isatty() else "").strip("\ufeff \t\r\n")
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
        """Handle one line of input: a command, or a message for the copilot."""
        command, _, argument = line.partition(" ")
        argument = argument.strip()
        match command:
            case "":
                pass
            case "/help":
                print(HELP)
            case "/new":
                self.conversation, self.images = Conversation(), []
            case "/back":
                self.back()
            case "/pictures":
                for number, part in enumerate(self.conversation.images, 1):
                    print(f"picture {number}: {part.image.width}x{part.image.height}")
                if not self.conversation.images:
                    print("no image yet")
            case "/save":
                self.save(argument)
            case "/image" if not argument:
                raise ValueError("name a file: /image FILE")
            case "/image":
                self.images.append(open_image(typed_path(argument)))
            case _ if command.startswith("/"):
                raise ValueError(f"there is no command {command}; /help lists them")
            case _:
                self.send(line)

    def send(self, message: str) -> None:
        """Run one turn: write its images, save the conversation to --talk, print the reply."""
        args = self.args
        with commands.progress_bars(args.quiet) as hooks:
            reply = self.copilot.chat(
                self.conversation, message, self.images, seed=args.seed, hooks=hooks
            )
        self.images = []
        record = commands.image_record(args, message, reply.report.data)
        paths = []
        try:
            # An answer draws nothing: after an undo it shows an image that has a file already.
            for image in reply.images if reply.plan.intent != "answer" else ():
                path = free_path(args.out)
                provenance.save(image, path, record)
                paths.append(path.as_posix())
            if args.talk is not None:
                self.conversation.save(args.talk)
        finally:  # also if the disk is full
            if args.json:
                commands.print_json({"text": reply.text, "pictures": paths, **record})
            else:
                print("\n".join([reply.text, *paths]), flush=True)

    def back(self) -> None:
        """Go back to before the last user turn; what follows it stays in the tree as a branch."""
        user_turns = [turn for turn in self.conversation.turns if turn.role == "user"]
        if not user_turns:
            raise ValueError("there is nothing to take back")
        self.conversation.head = user_turns[-1].parent

    def save(self, folder: str) -> None:
        """Save the conversation to `folder`, or to --talk if that is empty."""
        target = typed_path(folder) if folder else self.args.talk
        if target is None:
            raise ValueError("name a folder: /save FOLDER")
        self.conversation.save(target)
        print(f"saved to {target}")


def typed_path(text: str) -> Path:
    """A path as it is typed, or dropped on a terminal: quoted, escaped, or as a file URL."""
    text = text.strip().removeprefix("& ")  # PowerShell's
    if Path(text).exists():
        return Path(text)
    if text.startswith("file://"):
        return Path(url2pathname(urlsplit(text).path))
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    elif os.name != "nt":
        text = re.sub(r"\\(.)", r"\1", text)
    return Path(text).expanduser()
