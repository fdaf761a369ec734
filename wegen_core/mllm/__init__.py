"""What understands: the chat model protocol and its adapters."""

from .chat_model import Capabilities, ChatModel, PromptRewriter

__all__ = ["Capabilities", "ChatModel", "PromptRewriter"]
