"""The whole chain on one page: rewrite, generate, refine three times, compose, ask, chat."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..images.atomic_write import write_atomically
from ..records.conversation import Conversation
from ..records.hooks import NO_HOOKS, Hooks
from . import demo_page as page
from .provenance import save

if TYPE_CHECKING:
    from PIL.Image import Image

    from ..copilot import Copilot
    from ..records.results import Report

WISH = "a boat"
SCENE = "a blue boat on the left and a green tree on the right, by the sea"
REFINEMENTS = ("remove the tree", "make the boat red", "move the boat to the middle")
REFERENCE = "draw an orange cat on the left, on the green grass"
COMPOSITION = "put the cat from picture 1 into picture 2"
QUESTION = "what is in the picture?"
TALK = ("draw a purple fish on the left, by the sea", "make it yellow", "what colour is the fish?")


def run(
    copilot: Copilot,
    folder: Path,
    seed: int = 0,
    *,
    hooks: Hooks = NO_HOOKS,
    say: Callable[[str], None] = print,
) -> Path:
    """Run the chain; write pictures, their records and `index.html` into `folder`.

    say: gets a line for each step. Returns the page's path.
    """
    demo = _Demo(copilot, folder, seed, hooks, say)
    demo.rewrite()
    demo.generate()
    scene = demo.refine(demo.draw(SCENE, "scene"))
    composed = demo.compose(demo.draw(REFERENCE, "reference"), scene)
    demo.ask(composed)
    demo.chat()
    index = folder / "index.html"
    write_atomically(index, demo.page.html().encode())
    return index


class _Demo:
    def __init__(
        self,
        copilot: Copilot,
        folder: Path,
        seed: int,
        hooks: Hooks,
        say: Callable[[str], None],
    ) -> None:
        self.copilot = copilot
        self.folder = folder
        self.seed = seed
        self.hooks = hooks
        self.say = say
        painter = copilot.painter.name if copilot.painter else "nothing"
        self.page = page.Page(
            "WeGen, from wish to picture",
            f"Everything here was understood by {copilot.mllm.name} and painted by "
            f"{painter}. Pink lines surround what a step changed; "
            "everything outside them is bit for bit the picture before.",
        )

    def keep(self, name: str, said: str, image: Image, report: Report) -> None:
        save(image, self.folder / f"{name}.png", {"said": said, **report.data})

    def rewrite(self) -> None:
        self.say(f"rewrite: {WISH}")
        prompts = [r.prompt for r in self.copilot.rewrite(WISH, n=4, seed=self.seed)]
        self.page.step("rewrite", WISH, page.numbered(prompts))

    def generate(self) -> None:
        self.say(f"generate: {WISH}, four times")
        drawn = self.copilot.pipeline.generate(WISH, n=4, seed=self.seed, hooks=self.hooks)
        for number, one in enumerate(drawn, 1):
            self.keep(f"generate-{number}", WISH, one.image, one.report)
        figures = [page.figure(d.image, d.plan.prompt) for d in drawn]
        self.page.step("generate", WISH, page.row(*figures))

    def draw(self, prompt: str, name: str) -> Image:
        self.say(f"generate: {prompt}")
        drawn = self.copilot.pipeline.generate(prompt, seed=self.seed, hooks=self.hooks)[0]
        self.keep(name, prompt, drawn.image, drawn.report)
        self.page.step("generate", prompt, page.row(page.figure(drawn.image, drawn.plan.prompt)))
        return drawn.image

    def refine(self, image: Image) -> Image:
        for number, instruction in enumerate(REFINEMENTS, 1):
            self.say(f"refine: {instruction}")
            done = self.copilot.refine(image, instruction, seed=self.seed, hooks=self.hooks)
            self.keep(f"refine-{number}", instruction, done.image, done.report)
            figures = [
                page.figure(image, "before"),
                page.figure(done.image, "what changed", done.change_mask),
                page.figure(done.image, "after"),
            ]
            self.page.step("refine", instruction, page.row(*figures), page.report(str(done.report)))
            image = done.image
        return image

    def compose(self, first: Image, second: Image) -> Image:
        self.say(f"compose: {COMPOSITION}")
        done = self.copilot.compose([first, second], COMPOSITION, seed=self.seed, hooks=self.hooks)
        self.keep("compose", COMPOSITION, done.image, done.report)
        figures = [
            page.figure(first, "picture 1"),
            page.figure(second, "picture 2"),
            page.figure(done.image, "composed"),
        ]
        self.page.step("compose", COMPOSITION, page.row(*figures), page.report(str(done.report)))
        return done.image

    def ask(self, image: Image) -> None:
        self.say(f"ask: {QUESTION}")
        answer = self.copilot.ask(image, QUESTION, seed=self.seed)
        self.page.step("ask", QUESTION, page.row(page.figure(image, f"“{answer}”")))

    def chat(self) -> None:
        talk = Conversation()
        for number, message in enumerate(TALK, 1):
            self.say(f"chat: {message}")
            reply = self.copilot.chat(talk, message, seed=self.seed, hooks=self.hooks)
            figures = [page.figure(i, reply.text, reply.change_mask) for i in reply.images]
            for image in reply.images:
                self.keep(f"chat-{number}", message, image, reply.report)
            shown = page.row(*figures) if figures else page.report(reply.text)
            self.page.step(f"chat, turn {number}", message, shown)
        talk.save(self.folder / "talk")
