"""Chat models: the protocol, and the adapters that implement it."""

from .chat_model import (
    Capabilities,
    ChatModel,
    EmptyReplyError,
    FirstTokenModel,
    PromptRewriter,
    SmallWorld,
    require_chat_model,
)

__all__ = [
    "Capabilities",
    "ChatModel",
    "EmptyReplyError",
    "FirstTokenModel",
    "PromptRewriter",
    "SmallWorld",
    "require_chat_model",
]
