"""What a model of a small world, such as the embedded network, must not touch.

It would redraw a photograph as one of the scenes that it knows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..mllm.chat_model import SmallWorld
from ..mllm.vocabulary import names_nothing_known
from ..records.plan import Plan
from .words import plan_from_words

if TYPE_CHECKING:
    from ..records.conversation import Conversation, ImagePart
    from ..records.plan import Intent

NO_IMAGE = "There is no picture yet. Say what to draw, or send a picture."
REFUSAL = (
    "Left as it is: {name} does not know {what}. Connect WeGen Painter (SDXL, FLUX, ...) and WeGen "
    "MLLM Loader. It knows {world}. On the command line: --painter FOLDER and --mllm."
)
"""The first two sentences are all that a node on screen has room for."""


def refuse_unknown(
    plan: Plan, intent: Intent | None, conversation: Conversation, *models: object
) -> Plan:
    """`plan`, or what replaces it if one of `models` does not know its images or its words.

    Where an image was asked for, that is `plan` with a `refusal`; elsewhere an answer. A request
    for a new image that the plan mistook for another one is planned by its words.
    """
    worlds = [model for model in models if isinstance(model, SmallWorld) and model.world]
    if not worlds:
        return plan
    by_words = plan_from_words(conversation, intent)
    refusal = next(filter(None, (_refusal(plan, by_words, conversation, m) for m in worlds)), "")
    if not refusal:
        return plan
    if intent in ("refine", "compose"):
        return replace(
            plan,
            prompt=by_words.prompt,
            changes=by_words.changes,
            text="",
            draft=None,
            refusal=refusal,
        )
    if by_words.intent == "generate" and conversation.images:
        return replace(by_words, unknown=plan.unknown)
    return Plan("answer", text=refusal, unknown=plan.unknown)


def _refusal(plan: Plan, by_words: Plan, conversation: Conversation, model: SmallWorld) -> str:
    words, vocabulary = conversation.turns[-1].text, model.vocabulary
    is_answer, is_new = plan.intent == "answer", plan.intent == "generate"
    if vocabulary is not None and not conversation.images:
        return NO_IMAGE if is_answer or by_words.intent == "answer" else ""
    what = ""
    reads_images = not is_new and not (is_answer and vocabulary is None)  # a painter never answers
    if reads_images and not all(map(model.knows, _images_of(plan, conversation))):
        what = "such pictures"
    elif vocabulary is not None and by_words.intent != "generate":
        what = ", ".join(plan.unknown) if names_nothing_known(words, vocabulary) else ""
    return REFUSAL.format(name=model.name, what=what, world=model.world) if what else ""


def _images_of(plan: Plan, conversation: Conversation) -> list[ImagePart]:
    """The images that a plan reads: those it names, else those of the last turn, else the last."""
    images = conversation.images
    named = [images[reference.image - 1] for reference in plan.references]
    return named or conversation.turns[-1].images or images[-1:]
