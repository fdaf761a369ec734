"""Any OpenAI-compatible server as the chat model."""

from .client import EndpointError, EndpointMLLM

__all__ = ["EndpointError", "EndpointMLLM"]
