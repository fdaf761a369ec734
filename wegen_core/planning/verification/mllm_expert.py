"""A chat model that sees answers yes or no, with the probability of its first token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ...mllm.chat_model import ChatModel, EmptyReplyError, FirstTokenModel
from ...records.conversation import Conversation
from ...records.hooks import NO_HOOKS, Hooks, Sampling
from .atoms import Atom
from .expert import Answer

if TYPE_CHECKING:
    from PIL.Image import Image

_ANSWERS = {"yes": 1.0, "true": 1.0, "是": 1.0, "no": 0.0, "false": 0.0, "否": 0.0, "不": 0.0}
_MARKS = " \n\t.,:;!*\"'`#▁Ġ。，"
MIN_MASS = 0.5
"""Yes and no must take this share of the first token's probability; else the words are read."""


class MLLMExpert:
    """Asks a chat model one question at a time: the soft score of GenEval 2.

    Where the model gives no probabilities, the score is 1 or 0.

    Parameters
    ----------
    model
        It takes images.
    seed
        Of its replies.
    """

    def __init__(self, model: ChatModel, seed: int = 0) -> None:
        self._model = model
        self._sampling = Sampling(temperature=0.0, seed=seed)
        self.name = model.name

    def covers(self, atom: Atom) -> bool:
        """Whether it is not asked by a change already, and the model takes enough images."""
        limit = self._model.capabilities.max_images
        return not atom.in_change and (atom.reference is None or limit is None or limit > 1)

    def answer(
        self, image: Image, atoms: Sequence[Atom], *, hooks: Hooks = NO_HOOKS
    ) -> list[Answer]:
        """One question for each atom; a reply that is neither yes nor no cannot tell."""
        return [self._ask(image, atom, replace(hooks, on_text=None)) for atom in atoms]

    def _ask(self, image: Image, atom: Atom, hooks: Hooks) -> Answer:
        # The image comes first: servers and models keep what they computed of it.
        references = [] if atom.reference is None else [atom.reference.image]
        question = f"{atom.question} Answer with one word: yes or no."
        conversation = Conversation()
        conversation.add("user", image, *references, question)
        tokens: Mapping[str, float] = {}
        try:
            if isinstance(self._model, FirstTokenModel):
                reply, tokens = self._model.chat_with_first_token(
                    conversation, sampling=self._sampling, hooks=hooks
                )
            else:
                reply = self._model.chat(conversation, sampling=self._sampling, hooks=hooks)
        except EmptyReplyError as error:
            return Answer(None, str(error))
        yes = sum(p for token, p in tokens.items() if _read(token) == 1.0)
        no = sum(p for token, p in tokens.items() if _read(token) == 0.0)
        if yes + no >= MIN_MASS:
            return Answer(yes / (yes + no))
        score = _read((reply.split() or [""])[0])
        return Answer(score, "" if score is not None else f'replied "{reply[:60]}"')


def _read(word: str) -> float | None:
    """1 for yes, 0 for no in English and Chinese, None for all else."""
    return _ANSWERS.get(word.strip(_MARKS).lower())
