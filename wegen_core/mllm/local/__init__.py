"""Any transformers vision-language model in a local folder as the chat model."""

from .model import LocalMLLM, load

__all__ = ["LocalMLLM", "load"]
