"""The model that understands: what the copilot asks of a multimodal language model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from ..records.conversation import Conversation
    from ..records.hooks import OnText, Progress, ShouldStop
    from ..records.plan import Intent, Plan


@runtime_checkable
class MLLM(Protocol):
    """Reads a conversation of text and pictures; answers in words, or plans the next picture.

    An MLLM that can be asked about any picture has an attribute `pictures`: how many of the newest
    in a conversation it is shown, 0: none, None: all. The copilot lets it check what was painted
    unless that is 0. None takes video: give frames as pictures. One that was taught few words has
    a method `unknown(text)`, the words of `text` it does not know: the user is told.

    Both methods raise `Stopped` when `should_stop()` said True, and ValueError, naming the limit,
    for a conversation that does not fit the model.
    """

    name: str

    def chat(
        self,
        conversation: Conversation,
        *,
        schema: dict[str, Any] | None = None,
        temperature: float = 0.0,
        top_p: float = 1.0,
        seed: int = 0,
        max_new_tokens: int = 512,
        on_text: OnText | None = None,
        should_stop: ShouldStop | None = None,
    ) -> str:
        """The reply to the last user turn, in words; JSON that fits the JSON Schema `schema`."""
        ...

    def plan(
        self,
        conversation: Conversation,
        *,
        n: int = 1,
        intent: Intent | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        seed: int = 0,
        guidance: float | None = None,
        on_text: OnText | None = None,
        on_progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> list[Plan]:
        """`n` plans for the last user turn; `intent` forces their kind (None: find it out).

        temperature, top_p, guidance None: the model's own values.
        """
        ...
