"""Every task of the copilot on one page: rewrite, generate, refine, compose, ask, chat."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..images.atomic_write import write_atomically
from ..records.conversation import Conversation
from ..records.conversation_files import FILE
from ..records.hooks import NO_HOOKS, Hooks
from . import demo_page as page
from .provenance import save

if TYPE_CHECKING:
    from PIL.Image import Image

    from ..copilot import Copilot
    from ..records.results import Report

PROMPT = "a boat"
SCENE = "a blue boat on the left and a green tree on the right, by the sea"
REFINEMENTS = ("remove the tree", "make the boat red", "move the boat to the middle")
REFERENCE = "draw an orange cat on the left, on the green grass"
COMPOSITION = "put the cat from picture 1 into picture 2"
QUESTION = "what is in the picture?"
CONVERSATION = (
    "draw a purple fish on the left, by the sea",
    "make it yellow",
    "what colour is the fish?",
)


def run(
    copilot: Copilot,
    folder: Path,
    seed: int = 0,
    *,
    hooks: Hooks = NO_HOOKS,
    log: Callable[[str], None] = print,
) -> Path:
    """Run every task once; write the images, their records and `index.html` into `folder`.

    Parameters
    ----------
    copilot
        Needs a painter. The prompts are written for the embedded network.
    folder
        Existing files of the same names are replaced.
    seed
        Of every task.
    hooks
        Passed on to every task.
    log
        Called with one line for each step.

    Returns
    -------
    The path of the page.
    """
    demo = _Demo(copilot, folder, seed, hooks, log)
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
    """The steps of the demo; each adds a section to the page."""

    def __init__(
        self,
        copilot: Copilot,
        folder: Path,
        seed: int,
        hooks: Hooks,
        log: Callable[[str], None],
    ) -> None:
        self.copilot = copilot
        self.folder = folder
        self.seed = seed
        self.hooks = hooks
        self.log = log
        painter = copilot.painter.name if copilot.painter else "nothing"
        self.page = page.Page(
            "WeGen, from request to image",
            f"{copilot.pipeline.planner.name} understood the requests, and {painter} painted the "
            "images. Pink lines surround what a step has changed; everything outside them equals "
            "the image before, bit for bit.",
        )

    def save(self, name: str, request: str, image: Image, report: Report) -> None:
        save(image, self.folder / f"{name}.png", {"said": request, **report.data})

    def rewrite(self) -> None:
        self.log(f"rewrite: {PROMPT}")
        prompts = [r.prompt for r in self.copilot.rewrite(PROMPT, n=4, seed=self.seed)]
        self.page.step("rewrite", PROMPT, page.numbered(prompts))

    def generate(self) -> None:
        self.log(f"generate: {PROMPT}, four times")
        results = self.copilot.pipeline.generate(PROMPT, n=4, seed=self.seed, hooks=self.hooks)
        for number, result in enumerate(results, 1):
            self.save(f"generate-{number}", PROMPT, result.image, result.report)
        figures = [page.figure(result.image, result.plan.prompt) for result in results]
        self.page.step("generate", PROMPT, page.row(*figures))

    def draw(self, prompt: str, name: str) -> Image:
        self.log(f"generate: {prompt}")
        (result,) = self.copilot.pipeline.generate(prompt, seed=self.seed, hooks=self.hooks)
        self.save(name, prompt, result.image, result.report)
        self.page.step("generate", prompt, page.row(page.figure(result.image, result.plan.prompt)))
        return result.image

    def refine(self, image: Image) -> Image:
        for number, instruction in enumerate(REFINEMENTS, 1):
            self.log(f"refine: {instruction}")
            result = self.copilot.refine(image, instruction, seed=self.seed, hooks=self.hooks)
            self.save(f"refine-{number}", instruction, result.image, result.report)
            figures = page.row(
                page.figure(image, "before"),
                page.figure(result.image, "what changed", result.change_mask),
                page.figure(result.image, "after"),
            )
            self.page.step("refine", instruction, figures, page.report(str(result.report)))
            image = result.image
        return image

    def compose(self, first: Image, second: Image) -> Image:
        self.log(f"compose: {COMPOSITION}")
        images = [first, second]
        result = self.copilot.compose(images, COMPOSITION, seed=self.seed, hooks=self.hooks)
        self.save("compose", COMPOSITION, result.image, result.report)
        figures = page.row(
            page.figure(first, "picture 1"),
            page.figure(second, "picture 2"),
            page.figure(result.image, "composed"),
        )
        self.page.step("compose", COMPOSITION, figures, page.report(str(result.report)))
        return result.image

    def ask(self, image: Image) -> None:
        self.log(f"ask: {QUESTION}")
        answer = self.copilot.ask(image, QUESTION, seed=self.seed)
        self.page.step("ask", QUESTION, page.row(page.figure(image, f"“{answer}”")))

    def chat(self) -> None:
        conversation = Conversation()
        for number, message in enumerate(CONVERSATION, 1):
            self.log(f"chat: {message}")
            reply = self.copilot.chat(conversation, message, seed=self.seed, hooks=self.hooks)
            for image in reply.images:
                self.save(f"chat-{number}", message, image, reply.report)
            figures = [page.figure(i, reply.text, reply.change_mask) for i in reply.images]
            content = page.row(*figures) if figures else page.report(reply.text)
            self.page.step(f"chat, turn {number}", message, content)
        (self.folder / "talk" / FILE).unlink(missing_ok=True)  # of an earlier demo
        conversation.save(self.folder / "talk")
