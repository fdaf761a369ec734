"""The protocol of the models that understand: chat models, most of which take images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from ..records.hooks import GREEDY, NO_HOOKS, Hooks, Sampling

if TYPE_CHECKING:
    from ..records.conversation import Conversation, ImagePart


@dataclass(frozen=True)
class Capabilities:
    """What a chat model can do; its callers ask for nothing else.

    Parameters
    ----------
    max_images
        How many of a conversation's newest images it takes. 0: it reads text only; None: all.
    streams
        Whether `Hooks.on_text` gets the reply in pieces. If not, stopping early saves nothing.
    json_schema
        Whether `chat` takes a schema.
    marks_thoughts
        Whether thoughts are known to be kept out of what `Hooks.on_text` gets. A server may leave
        out the mark that opens a thought; its first whole reply shows that.
    vocabulary
        The words it was trained on, lower case; None: any.
    """

    max_images: int | None = None
    streams: bool = True
    json_schema: bool = True
    marks_thoughts: bool = True
    vocabulary: frozenset[str] | None = None

    @property
    def sees(self) -> bool:
        """Whether it takes images."""
        return self.max_images != 0


class EmptyReplyError(RuntimeError):
    """The model wrote nothing for the user; the text says why."""


@runtime_checkable
class ChatModel(Protocol):
    """Reads a conversation of text and images and replies with text."""

    name: str
    capabilities: Capabilities

    def chat(
        self,
        conversation: Conversation,
        *,
        schema: dict[str, Any] | None = None,
        sampling: Sampling = GREEDY,
        hooks: Hooks = NO_HOOKS,
    ) -> str:
        """The reply to the last turn, which is the user's; never "", and without thinking.

        Parameters
        ----------
        conversation
            Its last turn is the user's.
        schema
            A JSON Schema that the reply should fit. Callers still parse the reply leniently:
            few models guarantee it.
        sampling, hooks
            See `wegen_core.records.hooks`.

        Raises
        ------
        ValueError
            The conversation does not fit the model (the text names the limit), or `schema` is
            given to a model whose capabilities exclude it.
        EmptyReplyError
            The model wrote no words besides its thinking, or refused.
        Stopped
            `hooks.should_stop` returned True.
        """
        ...


def require_chat_model(model: object, name: str = "mllm") -> None:
    """TypeError that calls the argument `name`, unless `model` implements `ChatModel`."""
    if not isinstance(model, ChatModel):
        raise TypeError(
            f"{name} is a {type(model).__name__}, which is not a chat model; it needs name, "
            "capabilities and chat (see wegen_core.mllm.ChatModel)"
        )


@runtime_checkable
class FirstTokenModel(Protocol):
    """A chat model that knows how likely its reply begins with which token."""

    def chat_with_first_token(
        self, conversation: Conversation, *, sampling: Sampling = GREEDY, hooks: Hooks = NO_HOOKS
    ) -> tuple[str, dict[str, float]]:
        """The reply as `ChatModel.chat` gives it, and the likeliest first tokens.

        Each token as text with its probability (0 to 1); {} where they are not known, as with
        servers that give no logprobs.
        """
        ...


@runtime_checkable
class PromptRewriter(Protocol):
    """A chat model that was trained to rewrite prompts, so that it needs no instruction."""

    def rewrite(
        self, prompt: str, *, n: int, sampling: Sampling, hooks: Hooks = NO_HOOKS
    ) -> list[str]:
        """`n` full descriptions of what `prompt` asks for; raises `Stopped`."""
        ...


@runtime_checkable
class SmallWorld(Protocol):
    """A chat model or painter that may have been trained on few kinds of images and words."""

    @property
    def name(self) -> str:
        """What reports call it."""
        ...

    @property
    def world(self) -> str:
        """What it was trained on, in words; "": on images of all kinds."""
        ...

    @property
    def vocabulary(self) -> frozenset[str] | None:
        """The words that it was trained on, lower case; None: any, or it reads none."""
        ...

    def knows(self, part: ImagePart) -> bool:
        """Whether an image is of the kind that it was trained on."""
        ...
