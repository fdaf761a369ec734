"""Conversations to ask a model with, and a chat model whose replies are written down."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from wegen_core.mllm import Capabilities
from wegen_core.records.conversation import Conversation
from wegen_core.records.hooks import GREEDY, NO_HOOKS, Hooks, Sampling


def user_says(*parts: Any) -> Conversation:
    """A conversation whose only turn is the user's, of these texts and images."""
    conversation = Conversation()
    conversation.add("user", *(parts or ("hello",)))
    return conversation


@dataclass(frozen=True)
class Request:
    """What a chat model was asked."""

    conversation: Conversation
    schema: dict[str, Any] | None
    sampling: Sampling

    @property
    def text(self) -> str:
        """The text of the last turn."""
        return self.conversation.turns[-1].text


class ScriptedModel:
    """A `ChatModel` that gives its `replies` in order, and the last one from then on.

    A reply that is not a string is sent as JSON. pieces: what it streams at once: the whole reply,
    a number of characters, or a word, which counts as one token. requests: what it was asked.
    sent: how many pieces it has sent.
    """

    name = "scripted"

    def __init__(
        self,
        *replies: Any,
        pieces: Literal["reply", "word"] | int = "reply",
        capabilities: Capabilities | None = None,
    ) -> None:
        self.replies = [r if isinstance(r, str) else json.dumps(r) for r in replies]
        self.pieces = pieces
        self.capabilities = capabilities or Capabilities(max_images=0)
        self.requests: list[Request] = []
        self.sent = 0

    def chat(
        self,
        conversation: Conversation,
        *,
        schema: dict[str, Any] | None = None,
        sampling: Sampling = GREEDY,
        hooks: Hooks = NO_HOOKS,
    ) -> str:
        reply = self.replies[min(len(self.requests), len(self.replies) - 1)]
        self.requests.append(Request(conversation, schema, sampling))
        limit = sampling.max_new_tokens if self.pieces == "word" else None
        for piece in list(self._split(reply))[:limit]:
            hooks.check_stop()
            if self.capabilities.streams and hooks.on_text:
                hooks.on_text(piece)
            self.sent += 1
        return reply

    def _split(self, reply: str) -> Iterator[str]:
        if self.pieces == "reply":
            yield reply
        elif self.pieces == "word":
            yield from re.findall(r"\s*\S+\s*", reply)
        else:
            yield from (reply[i : i + self.pieces] for i in range(0, len(reply), self.pieces))
