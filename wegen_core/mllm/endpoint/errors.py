"""What can go wrong with a server, and the error texts for it."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Sequence
from typing import Any

from .address import KEYS, ModelAddress
from .http_stream import ResponseTooLarge

CONNECTION_FAILURES = (OSError, http.client.HTTPException, ResponseTooLarge)
"""What `StreamingRequest` raises besides `Stopped`; see `connection_failed`."""

_TEMPORARY = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_MAX_QUOTE = 300


class EndpointError(RuntimeError):
    """The endpoint gave no usable reply; the text names it, what it sent, and the remedy.

    Parameters
    ----------
    text
        For the user.
    status
        HTTP status; 0 if there is none.
    temporary
        Whether another attempt may succeed.
    retry_after
        Seconds to wait before it, if the server says so.
    """

    def __init__(
        self,
        text: str,
        status: int = 0,
        temporary: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(text)
        self.status, self.temporary, self.retry_after = status, temporary, retry_after


def connection_failed(error: Exception, address: ModelAddress, timeout: float) -> EndpointError:
    """What one of `CONNECTION_FAILURES` means."""
    if isinstance(error, ConnectionRefusedError):
        return EndpointError(f"nothing answers at {address.url}; is the server running?")
    if isinstance(error, socket.gaierror):
        return EndpointError(f"the host of {address.url} is not known; is it spelt right?")
    if isinstance(error, ssl.SSLError):
        reason = quote(str(error), address)
        return EndpointError(f"no secure connection to {address.url}: {reason}")
    if isinstance(error, TimeoutError):
        return EndpointError(
            f"{address.name} did not answer within {timeout:g} seconds; "
            "is it still loading? Try again, or allow more time"
        )
    if isinstance(error, ResponseTooLarge):
        return EndpointError(
            f"{address.name} sent {error}, which is too much for a reply; the connection was closed"
        )
    reason = quote(f"{type(error).__name__}: {error}", address)
    return EndpointError(
        f"the connection to {address.url} broke ({reason}); try again", temporary=True
    )


def request_refused(
    status: int,
    body: bytes,
    retry_after: str | None,
    address: ModelAddress,
    models: Sequence[str] = (),
) -> EndpointError:
    """What a response other than 200 means.

    Parameters
    ----------
    status, body, retry_after
        Of the response; retry_after is the header.
    address
        The model that was asked.
    models
        Names of the models that the server offers, for an unknown one.
    """
    reason = quote(_stated_reason(body), address)
    if status in (401, 403):
        fault = "was not accepted" if address.key else "is missing"
        remedy = f"set the environment variable {KEYS} to '{address.host}=KEY'"
        return EndpointError(
            f"{address.host} refused access ({status}): {reason}; the key {fault}; {remedy}", status
        )
    if status == 404:
        hint = f"it offers {', '.join(models[:20])}" if models else f"is {address.url} right?"
        return EndpointError(
            f"{address.host} has no model {address.model!r} (404): {reason}; {hint}", status
        )
    if status in _TEMPORARY:
        fault = "received too many requests" if status == 429 else "failed"
        return EndpointError(
            f"{address.name} {fault} ({status}): {reason}; try again later",
            status,
            temporary=True,
            retry_after=float(retry_after) if retry_after and retry_after.isdecimal() else None,
        )
    return EndpointError(f"{address.name} refused the request ({status}): {reason}", status)


def not_a_completion(text: str, kind: str, address: ModelAddress) -> EndpointError:
    """The server sent `text`, which is of another `kind` than a chat completion."""
    return EndpointError(
        f"{address.url} answered with {kind}, which is not a chat completion: "
        f"{quote(text, address)!r}; give the base address of an OpenAI-compatible server, "
        "which usually ends in /v1"
    )


def quote(content: Any, address: ModelAddress) -> str:
    """`content` on one line, short, and without the user's key, which some servers repeat."""
    if isinstance(content, dict):
        content = content.get("message") or content
    text = " ".join("".join(c if c.isprintable() else " " for c in str(content)).split())
    if key := address.key:
        text = text.replace(key, "***")
    return text if len(text) <= _MAX_QUOTE else text[:_MAX_QUOTE] + "..."


def _stated_reason(body: bytes) -> Any:
    """The reason in an error's body, which servers write in several forms."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")
    for name in ("error", "detail", "message"):
        if isinstance(data, dict) and data.get(name):
            return data[name]
    return data
