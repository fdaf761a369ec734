"""Chat models: the protocol, and the adapters that implement it."""

from .chat_model import Capabilities, ChatModel, PromptRewriter

__all__ = ["Capabilities", "ChatModel", "PromptRewriter"]
