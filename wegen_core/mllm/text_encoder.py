"""The text encoder that an image model already holds in memory, as the chat model.

Those of newer image models are whole language models (Qwen, Gemma). The encoder comes in as a plain
function, `Write`; how its family marks up a conversation is a row of `MARKUPS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ..records.hooks import GREEDY, NO_HOOKS, Hooks, Sampling
from .chat_model import Capabilities, EmptyReplyError
from .messages import to_messages
from .reply import StreamedReply

if TYPE_CHECKING:
    from PIL.Image import Image

    from ..records.conversation import Conversation


@dataclass(frozen=True)
class Markup:
    """How a family of models writes a conversation down.

    Parameters
    ----------
    user, assistant
        A message; "{}" stands for its text.
    reply
        What opens the model's own reply.
    image
        Stands for one image.
    max_images
        How many images the encoder takes at once.
    weights
        Its tokenizer reads "(text)" as a weight: parentheses are escaped.
    """

    user: str
    assistant: str
    reply: str
    image: str = ""
    max_images: int = 0
    weights: bool = False


_CHATML = ("<|im_start|>user\n{}<|im_end|>\n", "<|im_start|>assistant\n{}<|im_end|>\n")
_REPLY_WITHOUT_THINKING = "<|im_start|>assistant\n<think>\n\n</think>\n\n"
_QWEN_IMAGE = "<|vision_start|><|image_pad|><|vision_end|>"
_GEMMA = ("<start_of_turn>user\n{}<end_of_turn>\n", "<start_of_turn>model\n{}<end_of_turn>\n")
_GEMMA4 = ("<|turn>user\n{}<turn|>\n", "<|turn>model\n{}<turn|>\n")
_GEMMA4_IMAGE = "<|image><|image|><image|>"

MARKUPS: dict[str, Markup] = {
    "qwen3vl": Markup(*_CHATML, _REPLY_WITHOUT_THINKING, _QWEN_IMAGE, 9),
    "qwen35": Markup(*_CHATML, _REPLY_WITHOUT_THINKING, _QWEN_IMAGE, 9),
    "gemma3": Markup(*_GEMMA, "<start_of_turn>model\n", "<image_soft_token>", 1),
    "gemma2": Markup(*_GEMMA, "<start_of_turn>model\n", weights=True),
    # E2B and E4B, which also take sound, think only where the prompt turns it on.
    "gemma4audio": Markup(*_GEMMA4, "<|turn>model\n", _GEMMA4_IMAGE, 1),
    "gemma4": Markup(*_GEMMA4, "<|turn>model\n<|channel>thought\n<channel|>", _GEMMA4_IMAGE, 1),
    "qwen3_06b": Markup(*_CHATML, _REPLY_WITHOUT_THINKING, weights=True),
    "qwen3": Markup(*_CHATML, _REPLY_WITHOUT_THINKING),
}
"""By how the name of ComfyUI's class begins, in lower case. Longer beginnings come first."""

MAX_NEW_TOKENS = 512


def markup_of(family: str) -> Markup | None:
    """The markup of the class `family` of ComfyUI's; None if that cannot chat."""
    return next((m for start, m in MARKUPS.items() if family.lower().startswith(start)), None)


class Write(Protocol):
    """The encoder as a function; it stops by itself when the user wants to stop.

    Parameters
    ----------
    text
        Contains the family's mark for each of `images`.
    images
        RGB.
    temperature, top_p, seed, max_new_tokens
        See `Sampling`; temperature 0 decodes greedily.

    Returns
    -------
    str
        What follows `text`.
    """

    def __call__(
        self,
        text: str,
        images: Sequence[Image],
        *,
        temperature: float,
        top_p: float,
        seed: int,
        max_new_tokens: int,
    ) -> str:
        """Write a continuation of `text`."""
        ...


class TextEncoderMLLM:
    """Implements `ChatModel` with a text encoder; the whole reply arrives at once.

    Parameters
    ----------
    write
        The encoder.
    family
        Name of ComfyUI's class of the encoder. In lower case it begins with a key of `MARKUPS`.
    sees
        Whether this encoder has its vision part.

    Raises
    ------
    ValueError
        No key of `MARKUPS` fits `family`.
    """

    def __init__(self, write: Write, family: str, *, sees: bool) -> None:
        markup = markup_of(family)
        if markup is None:
            raise ValueError(
                f"the text encoder {family} cannot chat; use Qwen3, Qwen3-VL, Qwen3.5, Gemma 2, "
                "Gemma 3 or Gemma 4"
            )
        self._write, self._markup = write, markup
        self.name = f"the text encoder {family}"
        self.capabilities = Capabilities(max_images=markup.max_images if sees else 0, streams=False)

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
        text = ""
        images: list[Image] = []
        for message in to_messages(conversation, max_images=self.capabilities.max_images):
            images += message.images
            parts = [p if isinstance(p, str) else self._markup.image for p in message.parts]
            form = self._markup.user if message.role == "user" else self._markup.assistant
            words = "\n".join(parts)
            if self._markup.weights:
                words = words.replace("(", r"\(").replace(")", r"\)")
            text += form.format(words)
        reply = StreamedReply(hooks.on_text)
        reply.add(
            self._write(
                text + self._markup.reply,
                images,
                temperature=sampling.temperature or 0.0,
                top_p=1.0 if sampling.top_p is None else sampling.top_p,
                seed=sampling.seed,
                max_new_tokens=sampling.max_new_tokens or MAX_NEW_TOKENS,
            )
        )
        if not (words := reply.finish()):
            raise EmptyReplyError(f"{self.name} wrote nothing besides its thinking; ask again")
        return words
