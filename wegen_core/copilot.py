"""Copilot: plan -> paint -> preserve, over one model that understands and one that paints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .painting.painter import PaintSettings
from .painting.step import paint_step
from .pipeline import Check, Pipeline, require_count
from .planning import requests
from .planning.undo import try_undo
from .records.hooks import NO_HOOKS, Hooks
from .rewriting import rewrite

if TYPE_CHECKING:
    from PIL.Image import Image

    from .mllm import ChatModel
    from .painting import Painter
    from .planning.verification import Expert
    from .records.conversation import Conversation
    from .records.plan import Reference
    from .records.results import ImageResult, Reply
    from .rewriting import Rewrite


class Copilot:
    """Talks, draws, and changes images by a sentence.

    Images may be PIL images, arrays or tensors (see `wegen_core.images.to_pil`). The same seed
    gives the same result. Every method raises ValueError for empty text and unusable images, and
    `Stopped` when `hooks.should_stop` returns True.

    Parameters
    ----------
    mllm
        The model that understands; one that implements `Planner` also plans by itself. None: the
        user's words are read without a model (see `wegen_core.planning.words`), and questions
        are not answered.
    painter
        The model that draws; None for a copilot that only answers and rewrites.
    check
        "off"; "report": `experts` and `mllm` check, one by one, whether every image shows what was
        asked for; "repaint": an image that fails is painted once more with what is missing
        emphasised, and the one with the higher score is kept.
    experts
        What checks before `mllm` does, which gets what they leave open (see
        `wegen_core.planning.verification`). What nobody covers is "cannot tell". With none and an
        `mllm` that does not see images, the check is skipped, and the report says so.
    """

    def __init__(
        self,
        mllm: ChatModel | None,
        painter: Painter | None,
        *,
        check: Check = "off",
        experts: Sequence[Expert] = (),
    ) -> None:
        self.pipeline = Pipeline(mllm, painter, check, experts)

    @property
    def mllm(self) -> ChatModel | None:
        """The model that understands."""
        return self.pipeline.mllm

    @property
    def painter(self) -> Painter | None:
        """The model that draws."""
        return self.pipeline.painter

    def chat(
        self,
        conversation: Conversation,
        message: str,
        images: Any = (),
        *,
        seed: int = 0,
        hooks: Hooks = NO_HOOKS,
    ) -> Reply:
        """Answer `message`, in words or with an image, and add both turns to `conversation`.

        If anything fails or is stopped, `conversation` stays as it was. "Undo that" adds no turn:
        it moves the head back (see `wegen_core.planning.undo`).

        Parameters
        ----------
        images
            Images shown with the message.
        """
        if reply := try_undo(conversation, message):
            return reply
        branch = requests.chat_request(conversation, message, images)
        plan = self.pipeline.plan(branch, None, seed, hooks)
        image = None
        if plan.intent != "answer":
            step = paint_step(plan, branch, seed)
            (image,) = self.pipeline.run([step], hooks)
            plan = image.plan
        reply = self.pipeline.reply(branch, plan, image, seed)
        conversation.adopt(branch)
        return reply

    def rewrite(
        self,
        prompt: str,
        n: int = 4,
        seed: int = 0,
        creativity: float = 0.7,
        *,
        hooks: Hooks = NO_HOOKS,
    ) -> list[Rewrite]:
        """`n` different full prompts for one wish; creativity 0..1 says how much is added."""
        requests.require_text(prompt, "prompt", "say what to draw")
        require_count(n)
        return rewrite(prompt, n, seed, creativity, mllm=self.mllm, hooks=hooks)

    def generate(
        self,
        prompt: str,
        n: int = 1,
        seed: int = 0,
        *,
        size: tuple[int, int] | None = None,
        steps: int | None = None,
        guidance: float | None = None,
        hooks: Hooks = NO_HOOKS,
    ) -> list[Image]:
        """`n` images of `prompt`, painted as one batch.

        A short prompt is rewritten differently for each image. Image k does not depend on n.

        Parameters
        ----------
        size
            (width, height) in pixels. size, steps, guidance None: the painter's own values.
        """
        settings = PaintSettings(size, steps, guidance)
        results = self.pipeline.generate(prompt, n, seed, settings, hooks)
        return [result.image for result in results]

    def refine(
        self,
        image: Any,
        instruction: str,
        mask: Any = None,
        seed: int = 0,
        *,
        hooks: Hooks = NO_HOOKS,
    ) -> ImageResult:
        """Change one image as `instruction` says; the rest comes back bit-exact.

        Parameters
        ----------
        mask
            Where changes are allowed: a PIL image, or an array or tensor [H,W] (float in 0..1,
            bool or uint8), above half; of the image's aspect ratio. None, and a mask that is
            nowhere above half: anywhere.
        """
        conversation = requests.refine_request(image, instruction)
        plan = self.pipeline.plan(conversation, "refine", seed, hooks)
        step = paint_step(plan, conversation, seed, mask)
        return self.pipeline.result(step, self.pipeline.run([step], hooks)[0])

    def compose(
        self,
        images: Any,
        instruction: str,
        seed: int = 0,
        *,
        references: Sequence[Reference] = (),
        hooks: Hooks = NO_HOOKS,
    ) -> ImageResult:
        """One image out of several, numbered from 1 in `instruction`; at most 9.

        If the instruction names the image to put things into, the rest of that one stays as it is,
        bit-exact.

        Parameters
        ----------
        references
            What single images give, where to and how strongly. They override what the model
            reads in the instruction.

        Raises
        ------
        ValueError
            The instruction or a reference names an image that is not there.
        """
        conversation = requests.compose_request(images, instruction, references)
        plan = self.pipeline.plan(conversation, "compose", seed, hooks)
        step = paint_step(plan, conversation, seed)
        return self.pipeline.result(step, self.pipeline.run([step], hooks)[0])

    def ask(self, images: Any, question: str, seed: int = 0, *, hooks: Hooks = NO_HOOKS) -> str:
        """The answer, in words, to a question about one or several images.

        Raises ValueError if this copilot has no model to answer with.
        """
        if self.mllm is None:
            raise ValueError("answering needs a language model; give this copilot an mllm")
        conversation = requests.ask_request(images, question)
        return self.pipeline.plan(conversation, "answer", seed, hooks).text
