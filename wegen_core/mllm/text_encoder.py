"""The text encoder that an image model already has in memory, as the model that understands.

Those of newer image models are whole language models (Qwen, Gemma). The encoder comes in as one
plain function, `Write`; how its family marks up a conversation is a row of `FAMILIES`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ..records.hooks import GREEDY, NO_HOOKS, Hooks, Sampling
from .chat_model import Capabilities
from .messages import StreamedReply, to_messages

if TYPE_CHECKING:
    from PIL.Image import Image

    from ..records.conversation import Conversation


@dataclass(frozen=True)
class Markup:
    """How a family of models writes a conversation down; "{}" stands for the words.

    reply: what opens the model's own turn. picture: stands for one picture. pictures: how many the
    encoder takes at once.
    """

    user: str
    assistant: str
    reply: str
    picture: str = ""
    pictures: int = 0


_CHATML = ("<|im_start|>user\n{}<|im_end|>\n", "<|im_start|>assistant\n{}<|im_end|>\n")
_ANSWER = "<|im_start|>assistant\n"
_UNTHINKING = "<|im_start|>assistant\n<think>\n\n</think>\n\n"
_QWEN_PICTURE = "<|vision_start|><|image_pad|><|vision_end|>"
_GEMMA = ("<start_of_turn>user\n{}<end_of_turn>\n", "<start_of_turn>model\n{}<end_of_turn>\n")

# By the beginning of ComfyUI's name for the encoder, the longest first.
FAMILIES: dict[str, Markup] = {
    "qwen3vl": Markup(*_CHATML, _UNTHINKING, _QWEN_PICTURE, 9),
    "qwen35": Markup(*_CHATML, _UNTHINKING, _QWEN_PICTURE, 9),
    "qwen25": Markup(*_CHATML, _ANSWER, _QWEN_PICTURE, 9),
    "gemma3": Markup(*_GEMMA, "<start_of_turn>model\n", "<image_soft_token>", 1),
    "gemma2": Markup(*_GEMMA, "<start_of_turn>model\n"),
    "gemma4": Markup(
        "<|turn>user\n{}<turn|>\n",
        "<|turn>model\n{}<turn|>\n",
        "<|turn>model\n<|channel>thought\n<channel|>",
        "<|image><|image|><image|>",
        1,
    ),
    "qwen3": Markup(*_CHATML, _UNTHINKING),
}


MAX_NEW_TOKENS = 512


class Write(Protocol):
    """The encoder: text with a mark for each of `pictures` -> the words that follow it.

    temperature 0: the likeliest words. Hears the user's Stop by itself.
    """

    def __call__(
        self,
        text: str,
        pictures: Sequence[Image],
        *,
        temperature: float,
        top_p: float,
        seed: int,
        max_new_tokens: int,
    ) -> str: ...


class TextEncoderMLLM:
    """Implements `ChatModel` with a text encoder.

    family: the encoder's name, which begins as one of FAMILIES. sees: whether it has eyes at all.
    The whole reply is said at once. Raises ValueError for a family that is not known.
    """

    def __init__(self, write: Write, family: str, *, sees: bool) -> None:
        found = next((markup for name, markup in FAMILIES.items() if family.startswith(name)), None)
        if found is None:
            raise ValueError(
                f"the text encoder is {family or 'of no known kind'!r}; it cannot chat. Use one "
                f"of {', '.join(FAMILIES)}"
            )
        self._write, self._markup = write, found
        self.name = f"the text encoder {family}"
        # The encoder writes its whole reply before it returns.
        self.capabilities = Capabilities(max_images=found.pictures if sees else 0, streams=False)

    def chat(
        self,
        conversation: Conversation,
        *,
        schema: dict[str, Any] | None = None,
        sampling: Sampling = GREEDY,
        hooks: Hooks = NO_HOOKS,
    ) -> str:
        """See `ChatModel.chat`. The schema is not enforced: ask for its fields in words."""
        hooks.check_stop()
        text, pictures = self._marked_up(conversation)
        speech = StreamedReply(hooks.on_text)
        speech.add(
            self._write(
                text,
                pictures,
                temperature=sampling.temperature or 0.0,
                top_p=1.0 if sampling.top_p is None else sampling.top_p,
                seed=sampling.seed,
                max_new_tokens=sampling.max_new_tokens or MAX_NEW_TOKENS,
            )
        )
        return speech.text

    def _marked_up(self, conversation: Conversation) -> tuple[str, list[Image]]:
        """The conversation as the encoder reads it, and the pictures marked in it, in order."""
        pictures: list[Image] = []
        turns = []
        for message in to_messages(conversation, max_images=self.capabilities.max_images):
            words = []
            for part in message.parts:
                if not isinstance(part, str):
                    pictures.append(part)
                words.append(part if isinstance(part, str) else self._markup.picture)
            form = self._markup.user if message.role == "user" else self._markup.assistant
            turns.append(form.format("\n".join(words)))
        return "".join(turns) + self._markup.reply, pictures
