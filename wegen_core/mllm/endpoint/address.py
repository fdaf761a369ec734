"""Which model on which server, and the user's key for that server.

Keys come from the environment variable WEGEN_API_KEYS: one `host=key` or `host:port=key` for each
server, separated by spaces. A key is sent to its own host only, so a workflow from elsewhere that
names another server gets none. Keys are never stored, and never part of an error or a widget.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

KEYS = "WEGEN_API_KEYS"

_SECRET_NAME = re.compile(r"key|token|secret|pass|sig|auth|code|cred", re.IGNORECASE)
_MAX_QUERY_VALUE = 20
"""A longer value may be a key."""
_USER = re.compile(r"(?<=//)[^/?#\s]*@")
_QUERY_VALUE = re.compile(r"(?<=[?&])([^=&#\s]+)=([^&#\s]+)")
_KEY = re.compile(r"\b(?:(?:sk|gsk|hf|xai|nvapi|ghp|r8|tgp)[-_][\w-]{8,}|AIza[\w-]{20,})")

# What users copy from examples of a request, behind the base address.
_REQUEST_PATH = re.compile(r"/(?:(?:chat/)?completions?|chat|models|responses|embeddings)$")
_OLLAMA_PATH = re.compile(r"/api(?:/(?:chat|generate|tags|show|version|ps))?$")
_SAFE = "/%:@!$&'()*+,;=-._~"


@dataclass(frozen=True)
class ModelAddress:
    """A model on a server.

    Parameters
    ----------
    url
        The server's base address without a slash at its end, such as http://localhost:11434/v1.
    model
        The model's name on the server.
    query
        What follows the path of every request: "", or such as "api-version=2024-10-21".
    """

    url: str
    model: str
    query: str = ""

    @property
    def host(self) -> str:
        """Host, and port if one is given."""
        return urlsplit(self.url).netloc

    @property
    def name(self) -> str:
        """What errors call the model."""
        return f"{self.model} at {self.host}"

    @property
    def key(self) -> str:
        """The user's key for this very host; "" if there is none."""
        pairs = [pair.partition("=") for pair in os.environ.get(KEYS, "").split()]
        keys = {host.lower(): key for host, _, key in pairs}
        hostname = urlsplit(self.url).hostname or ""
        key = keys.get(self.host.lower()) or keys.get(hostname) or ""
        if not key.isascii():
            raise ValueError(f"the key for {self.host} in {KEYS} has other characters than ASCII")
        return key

    @property
    def headers(self) -> dict[str, str]:
        """The key as servers expect it."""
        if not (key := self.key):
            return {}
        azure = {"api-key": key} if "api-version=" in self.query else {}
        return {"Authorization": f"Bearer {key}", **azure}

    def request_url(self, path: str) -> str:
        """The address of a request, such as /chat/completions."""
        return self.url + path + (f"?{self.query}" if self.query else "")


def without_keys(text: str) -> str:
    """What a user typed as url or model, with *** in place of keys and passwords."""

    def hide(value: re.Match[str]) -> str:
        is_secret = _SECRET_NAME.search(value[1]) or len(value[2]) > _MAX_QUERY_VALUE
        return f"{value[1]}=***" if is_secret else value[0]

    return _KEY.sub("***", _QUERY_VALUE.sub(hide, _USER.sub("***@", text)))


def parse_address(url: str, model: str) -> ModelAddress:
    """Check what a user typed.

    Parameters
    ----------
    url
        http or https; without a path, /v1 is added. The addresses of single requests, and those of
        Ollama's own API, are turned into the base address.
    model
        The model's name on the server.

    Raises
    ------
    ValueError
        `url` cannot be used, `model` is empty, or one of them holds a key, which the text does not
        repeat.
    """
    url = url.strip(" \t\r\n\"'")
    for name, text in (("url", url), ("model", model)):
        if without_keys(text) != text or "***" in text:
            raise ValueError(f"{name} holds a key or password; put it into {KEYS} instead")
    parts = urlsplit(url)
    try:
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
        host = parts.netloc.encode("idna").decode() if not parts.netloc.isascii() else parts.netloc
    except ValueError:  # the port is not a number, or the host cannot be a name
        usable = False
    if not usable:
        raise ValueError(f"url is {url!r}; give one such as http://localhost:11434/v1")
    if not model.strip():
        raise ValueError("model is empty; give the model's name on the server")
    path = parts.path.rstrip("/")
    if path.endswith("/chat/completions"):
        path = path.removesuffix("/chat/completions")
    elif own_api := _OLLAMA_PATH.search(path):
        # Without a port it is a service such as OpenRouter, with /v1 behind /api.
        is_service = own_api[0] == "/api" and not parts.port
        path = f"{path if is_service else path[: own_api.start()]}/v1"
    else:
        path = _REQUEST_PATH.sub("", path)
    path = quote(path, safe=_SAFE) or "/v1"
    return ModelAddress(
        f"{parts.scheme}://{host}{path}", model.strip(), quote(parts.query, safe=_SAFE + "?")
    )
