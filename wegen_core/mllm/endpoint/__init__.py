"""Any OpenAI-compatible server as the chat model: vLLM, SGLang, Ollama, LM Studio, ..."""

from .address import KEYS
from .client import FIRST_WAIT, EndpointMLLM
from .errors import EndpointError

__all__ = ["FIRST_WAIT", "KEYS", "EndpointError", "EndpointMLLM"]
