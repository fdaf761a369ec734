"""Questions about images to a chat model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from PIL import Image

from ..mllm.chat_model import ChatModel, EmptyReplyError
from ..records.conversation import Conversation
from ..records.hooks import Hooks, Sampling

SAMPLING = Sampling(temperature=0.0, max_new_tokens=1024)  # thoughts included


def ask(
    model: ChatModel,
    images: Sequence[Image.Image],
    text: str,
    work: Counter[str],
    schema: dict[str, Any] | None = None,
) -> str:
    """The model's reply, "" where it refuses.

    Parameters
    ----------
    work
        The pieces of the reply are added to "tokens": servers stream each token by itself.
    schema
        A JSON schema for the reply, which a model that takes none is not sent.
    """
    conversation = Conversation()
    conversation.add("user", *images, text)
    pieces: list[str] = []
    try:
        reply = model.chat(
            conversation,
            schema=schema if model.capabilities.json_schema else None,
            sampling=SAMPLING,
            hooks=Hooks(on_text=pieces.append),
        )
    except EmptyReplyError:
        reply = ""
    work["tokens"] += max(len(pieces), len(reply.split()))  # not every server streams
    return reply
