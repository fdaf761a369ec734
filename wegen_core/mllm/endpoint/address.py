"""Which model on which server, and the user's key for that server.

Keys come from the environment variable WEGEN_API_KEYS: one `host=key` or `host:port=key` for each
server, separated by spaces. A key is sent to its own host only, so a workflow from elsewhere that
names another server gets none. Keys are never stored, and never part of an error or a widget.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

KEYS = "WEGEN_API_KEYS"


@dataclass(frozen=True)
class ModelAddress:
    """A model on a server.

    Parameters
    ----------
    url
        The server's base address without a slash at its end, such as http://localhost:11434/v1.
    model
        The model's name on the server.
    """

    url: str
    model: str

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
        return keys.get(self.host.lower()) or keys.get(hostname) or ""


def parse_address(url: str, model: str) -> ModelAddress:
    """Check what a user typed.

    Parameters
    ----------
    url
        http or https; without a path, /v1 is added.
    model
        The model's name on the server.

    Raises
    ------
    ValueError
        `url` cannot be used, or `model` is empty. The text does not repeat a key in `url`.
    """
    parts = urlsplit(url.strip())
    if "@" in parts.netloc or parts.query:
        raise ValueError(f"url holds a key or password; put it into {KEYS} instead")
    try:
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:  # the port is not a number
        usable = False
    if not usable:
        raise ValueError(f"url is {url!r}; give one such as http://localhost:11434/v1")
    if not model.strip():
        raise ValueError("model is empty; give the model's name on the server")
    path = parts.path.rstrip("/").removesuffix("/chat/completions") or "/v1"
    return ModelAddress(f"{parts.scheme}://{parts.netloc}{path}", model.strip())
