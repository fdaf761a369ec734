"""What can go wrong with a server, and the error texts for it."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from ..chat_model import EmptyReplyError
from .address import KEYS, ModelAddress
from .completion import stated_error
from .connection import find_proxy
from .http_stream import ResponseTooLarge

CONNECTION_FAILURES = (OSError, http.client.HTTPException, zlib.error, ResponseTooLarge)
"""What `StreamingRequest` raises besides `Stopped`; see `connection_failed`."""

_TEMPORARY = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_MAX_QUOTE, _END_OF_QUOTE = 300, 120
_TITLE = re.compile(r"\s*<.*?<title>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_TOO_LONG = re.compile(
    r"context[_ ](?:length|window|size|limit)|maximum model length|too many (?:input )?tokens"
    r"|(?:prompt|conversation|input) (?:is )?too long|input length|token count"
    r"|tokens?\b.{0,60}(?:exceed|must be|less than|at most|maximum)"
    r"|(?:exceed|longer than|reduce).{0,60}(?:tokens|length of the messages)",
    re.IGNORECASE,
)
_NOT_LOADED = re.compile(r"load|alloc|out of memory", re.IGNORECASE)


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
    reasons
        All that the server says, the name of the field that it refuses first.
    """

    def __init__(
        self,
        text: str,
        status: int = 0,
        temporary: bool = False,
        retry_after: float | None = None,
        reasons: Sequence[str] = (),
    ) -> None:
        super().__init__(text)
        self.status, self.temporary, self.retry_after = status, temporary, retry_after
        self.reasons = reasons

    @property
    def says_too_long(self) -> bool:
        """Whether the server says that the conversation is too long for the model."""
        words = " ".join(self.reasons)
        return (
            self.status in (400, 413, 422, 500)
            and _TOO_LONG.search(words) is not None
            and _NOT_LOADED.search(words) is None
        )


class EmptyEndpointReplyError(EndpointError, EmptyReplyError):
    """The endpoint replied, but with no words for the user; the text says why."""


def connection_failed(error: Exception, address: ModelAddress, timeout: float) -> EndpointError:
    """What one of `CONNECTION_FAILURES` means."""
    proxy = find_proxy(address.url)
    via = f" through the proxy {proxy.hostname}" if proxy else ""
    no_proxy = "; is the proxy right? Without it: add the host to NO_PROXY" if proxy else ""
    if isinstance(error, ConnectionRefusedError):
        return EndpointError(
            f"nothing answers at {address.url}{via}; is the server running?{no_proxy[1:]}"
        )
    if isinstance(error, socket.gaierror):
        return EndpointError(
            f"the host of {address.url} is not known{via}; is it spelt right?{no_proxy[1:]}"
        )
    reason = quote(f"{type(error).__name__}: {error}", address)
    if isinstance(error, ssl.SSLCertVerificationError):
        return EndpointError(
            f"the certificate of {address.host} is not trusted: {quote(str(error), address)}. If "
            "the server is yours, save its certificate as a .pem file and set SSL_CERT_FILE (or "
            "REQUESTS_CA_BUNDLE) to that file"
        )
    if isinstance(error, ssl.SSLError):
        return EndpointError(
            f"no secure connection to {address.url}{via}: {quote(str(error), address)}; "
            "a server without TLS has an address that begins with http://"
        )
    if isinstance(error, TimeoutError):
        return EndpointError(
            f"{address.name} did not answer within {timeout:g} seconds; "
            "is it still loading? Try again, or allow more time"
        )
    if isinstance(error, ResponseTooLarge):
        return EndpointError(
            f"{address.name} sent {error}, which is too much for a reply; the connection was closed"
        )
    if proxy and "Tunnel" in str(error):
        return EndpointError(f"no connection to {address.url}{via}: {reason}{no_proxy}")
    return EndpointError(
        f"the connection to {address.url}{via} broke ({reason}); try again", temporary=True
    )


def request_refused(
    status: int,
    body: bytes,
    headers: Any,
    address: ModelAddress,
    models: Sequence[str] = (),
) -> EndpointError:
    """What a response without success means.

    Parameters
    ----------
    status, body, headers
        Of the response.
    address
        The model that was asked.
    models
        Names of the models that the server offers, for an unknown one.
    """
    stated = _stated_reason(body)
    reason, reasons = quote(stated, address), list(_all_reasons(stated))
    if status in (401, 403):
        fault = "was not accepted" if address.key else "is missing"
        remedy = f"set the environment variable {KEYS} to '{address.host}=KEY'"
        return EndpointError(
            f"{address.host} refused access ({status}): {reason}; the key {fault}; {remedy}", status
        )
    if address.model in models and "model" not in reason:
        return EndpointError(
            f"{address.host} has the model, but no chat completions at {address.url} ({status}): "
            f"{reason}; give the server's base address, which usually ends in /v1",
            status,
        )
    if status == 404:
        hint = f"it offers {', '.join(models[:20])}" if models else f"is {address.url} right?"
        return EndpointError(
            f"{address.host} has no model {address.model!r} (404): {reason}; {hint}",
            status,
            reasons=reasons,
        )
    if status in (301, 302, 303, 307, 308):
        place = quote(headers.get("Location", "another address").partition("?")[0], address)
        return EndpointError(
            f"{address.name} refused the request ({status}): it moved to {place}; give that address"
        )
    if status == 413:
        reason += "; send fewer or smaller pictures"
    if status in _TEMPORARY:
        retry_after = headers.get("Retry-After") or ""
        fault = "received too many requests" if status == 429 else "failed"
        return EndpointError(
            f"{address.name} {fault} ({status}): {reason}; try again later",
            status,
            temporary=True,
            retry_after=float(retry_after) if retry_after.isdecimal() else None,
            reasons=reasons,
        )
    return EndpointError(
        f"{address.name} refused the request ({status}): {reason}", status, reasons=reasons
    )


def reply_failed(stated: Any, address: ModelAddress) -> EndpointError:
    """An error came in place of the reply, or in the middle of it."""
    return EndpointError(
        f"{address.name} failed: {quote(stated, address)}",
        temporary=True,
        reasons=list(_all_reasons(stated)),
    )


def not_a_completion(value: Any, kind: str, address: ModelAddress) -> EndpointError:
    """The server sent `value`, which is of another `kind` than a chat completion."""
    text = value if isinstance(value, str) else json.dumps(value)
    return EndpointError(
        f"{address.url} answered with {kind}, which is not a chat completion: "
        f"{quote(text, address)!r}; give the base address of an OpenAI-compatible server, "
        "which usually ends in /v1"
    )


def quote(content: Any, address: ModelAddress) -> str:
    """`content` on one line, short, and without the user's key, which some servers repeat."""
    if isinstance(content, dict):
        content = content.get("message") or content
    if isinstance(content, list):  # FastAPI
        content = "; ".join(_all_reasons(content)) or content
    text = " ".join("".join(c if c.isprintable() else " " for c in str(content)).split())
    if key := address.key:
        text = text.replace(key, "***")
    if len(text) <= _MAX_QUOTE + _END_OF_QUOTE:
        return text
    return f"{text[:_MAX_QUOTE]} ... {text[-_END_OF_QUOTE:]}"


def _stated_reason(body: bytes) -> Any:
    """The reason in an error's body, which servers write in several forms."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        text = body.decode("utf-8", "replace")
        page = _TITLE.match(text)
        return page[1] if page else text
    return stated_error(data) or data


def _all_reasons(stated: Any) -> Iterator[str]:
    """Names of refused fields first, then all words; not the request, which some servers repeat."""
    if isinstance(stated, list):
        for item in stated:
            yield from _all_reasons(item)
    elif isinstance(stated, dict):
        place = stated.get("loc")
        named = ".".join(map(str, place)) if isinstance(place, list) else stated.get("param")
        if named:
            yield str(named)
        words = [stated[k] for k in ("msg", "message", "code", "type") if stated.get(k)]
        for nested in (stated.get("error"), stated.get("detail"), stated.get("metadata")):
            if isinstance(nested, (dict, list)):
                yield from _all_reasons(nested)
            elif nested:
                words.append(nested)
        raw = stated.get("raw")  # OpenRouter: what the provider behind it said
        yield " ".join(map(str, [*words, *([raw] if raw else [])]))
    elif stated:
        yield str(stated)
