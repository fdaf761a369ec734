"""Any OpenAI-compatible server as the model that understands: vLLM, SGLang, Ollama, LM Studio, ...

Keys come from the environment variable WEGEN_API_KEYS, one `host=key` or `host:port=key` for each
server, separated by spaces. A key goes to its own host alone: a workflow from elsewhere that names
another server gets none. Keys are in no record, no error text and no widget.
"""

from __future__ import annotations

import base64
import http.client
import io
import json
import os
import re
import socket
import ssl
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from PIL import Image

from ...records.hooks import GREEDY, NO_HOOKS, Hooks, Sampling
from ..chat_model import Capabilities
from ..messages import Message, StreamedReply, to_messages
from .http_stream import Exchange, TooMuch

if TYPE_CHECKING:
    from ...records.conversation import Conversation

KEYS = "WEGEN_API_KEYS"
TRIES = 4
MAX_NEW_TOKENS = 2048
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0

_TEMPORARY = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_LOSSLESS_PIXELS = 512 * 512
# What a server may not know or want, and the words by which it says so. The field is then left out.
_OPTIONAL = {
    "response_format": ("response_format", "schema", "grammar"),
    "seed": ("seed",),
    "top_p": ("top_p",),
    "temperature": ("temperature",),
    "max_tokens": ("max_tokens",),
    "max_completion_tokens": ("max_completion_tokens",),
}
_NO_ROOM = re.compile(
    r"context|too (?:long|large|many tokens)|maximum.{0,20}(?:length|tokens)", re.I
)


class EndpointError(RuntimeError):
    """The endpoint gave no usable reply; the text names it, what came, and the remedy.

    status: of HTTP, 0 where there was none. temporary: trying again may help, after `wait` seconds.
    """

    def __init__(
        self, text: str, status: int = 0, temporary: bool = False, wait: float | None = None
    ) -> None:
        super().__init__(text)
        self.status, self.temporary, self.wait = status, temporary, wait


class EndpointMLLM:
    """Implements `ChatModel` with chat completions over HTTP.

    url: the server's base, such as http://localhost:11434/v1. model: its name there. max_images:
    how many of the newest are sent, None: all. timeout: seconds of silence to wait for; loading a
    model counts. Raises ValueError for a url that is none. `chat` raises EndpointError,
    ValueError for a conversation too long for the model, and `Stopped` within a fraction of a
    second.
    """

    def __init__(
        self, url: str, model: str, *, max_images: int | None = None, timeout: float = 300.0
    ) -> None:
        place = _checked(url)
        if not model.strip():
            raise ValueError("model is empty; give the name the server knows it by")
        path = place.path.rstrip("/").removesuffix("/chat/completions") or "/v1"
        self.url = f"{place.scheme}://{place.netloc}{path}"
        self.model, self.timeout = model.strip(), timeout
        self.capabilities = Capabilities(max_images=max_images)
        self.name = f"{self.model} at {place.netloc}"
        self._left_out: set[str] = set()

    def chat(
        self,
        conversation: Conversation,
        *,
        schema: dict[str, Any] | None = None,
        sampling: Sampling = GREEDY,
        hooks: Hooks = NO_HOOKS,
    ) -> str:
        """The reply; see `ChatModel.chat`. A server that takes no schema is asked without it."""
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [
                _message(m)
                for m in to_messages(conversation, max_images=self.capabilities.max_images)
            ],
            "stream": True,
            "temperature": sampling.temperature or 0.0,
            "top_p": 1.0 if sampling.top_p is None else sampling.top_p,
            "seed": sampling.seed % 2**31,
            "max_tokens": sampling.max_new_tokens or MAX_NEW_TOKENS,
        }
        if schema is not None:
            form = {"name": "reply", "strict": True, "schema": schema}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        tries = 0
        while True:
            speech = StreamedReply(hooks.on_text)
            try:
                self._speak(self._accepted(body), speech, hooks)
                return speech.text
            except EndpointError as error:
                if self._leave_out(error, body):
                    continue
                if error.status in (400, 413, 422) and _NO_ROOM.search(str(error)):
                    raise ValueError(f"the conversation is too long: {error}") from None
                tries += 1
                if not error.temporary or tries >= TRIES or speech.begun:
                    raise
                _pause(error.wait, tries, hooks)

    def models(self, hooks: Hooks = NO_HOOKS) -> list[str]:
        """Names of the models the server offers."""
        try:
            with self._exchange("GET", "/models", None, hooks) as reply:
                found = self._json(reply)
        except _BROKEN as error:
            raise self._broken(error) from None
        items = found.get("data")
        names = [m.get("id") for m in items if isinstance(m, dict)] if items else []
        return [name for name in names if isinstance(name, str)]

    def _accepted(self, body: dict[str, Any]) -> dict[str, Any]:
        """`body` as this server wants it."""
        if "max_tokens" in self._left_out:  # OpenAI's newer models call it otherwise
            body = {**body, "max_completion_tokens": body["max_tokens"]}
        return {k: v for k, v in body.items() if k not in self._left_out}

    def _leave_out(self, error: EndpointError, body: dict[str, Any]) -> bool:
        """Whether the server refused an optional field by name, which is now left out."""
        if error.status not in (400, 422, 501):
            return False
        for field, words in _OPTIONAL.items():
            if field in self._accepted(body) and any(word in str(error) for word in words):
                self._left_out.add(field)
                return True
        return False

    def _speak(self, body: dict[str, Any], speech: StreamedReply, hooks: Hooks) -> None:
        """One try: the model's words go into `speech`."""
        try:
            with self._exchange("POST", "/chat/completions", body, hooks) as reply:
                if reply.status != 200:
                    raise self._refused(reply, hooks)
                kind = reply.headers.get_content_type()
                if kind == "text/event-stream":
                    why = self._stream(reply, speech)
                else:
                    why = self._choice(self._json(reply), "message", speech)
        except _BROKEN as error:
            raise self._broken(error) from None
        if why == "length" and not speech.text:
            raise EndpointError(
                f"{self.name} used up all {body.get('max_tokens', '')} tokens before it said "
                "anything; turn its thinking off, or choose a model that does not think"
            )

    def _exchange(
        self, method: str, path: str, body: dict[str, Any] | None, hooks: Hooks
    ) -> Exchange:
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream, */*"}
        if key := self._key():
            headers["Authorization"] = f"Bearer {key}"
        data = None if body is None else json.dumps(body).encode()
        return Exchange(
            method,
            self.url + path,
            headers,
            data,
            timeout=self.timeout,
            hooks=hooks,
        )

    def _stream(self, reply: Exchange, speech: StreamedReply) -> str:
        """Read server-sent events; returns why the model stopped."""
        why = ""
        for line in reply.lines():
            if not line.startswith(b"data:"):
                continue  # blank lines, and comments that keep the connection open
            data = line[5:].strip()
            if data == b"[DONE]":
                return why or "stop"
            why = self._choice(self._parsed(data), "delta", speech) or why
        if not why:
            raise EndpointError(
                f"{self.name} broke off in the middle of its reply; try again", temporary=True
            )
        return why

    def _choice(self, data: dict[str, Any], part: str, speech: StreamedReply) -> str:
        """Add the words in a completion or a piece of one; returns why it ended, if it did."""
        if "error" in data:
            raise EndpointError(f"{self.name} failed: {self._quote(data['error'])}", temporary=True)
        choices = data.get("choices")
        if not isinstance(choices, list):
            raise self._garbage(json.dumps(data), "JSON without choices")
        if not choices:
            return ""  # what the reply cost
        first = choices[0] if isinstance(choices[0], dict) else {}
        said = first.get(part)
        words = said.get("content") if isinstance(said, dict) else None
        if isinstance(words, str) and words:
            speech.add(words)
        return str(first.get("finish_reason") or ("stop" if part == "message" else ""))

    def _json(self, reply: Exchange) -> dict[str, Any]:
        return self._parsed(reply.read(), reply.headers.get_content_type())

    def _parsed(self, data: bytes, kind: str = "event stream") -> dict[str, Any]:
        try:
            found = json.loads(data)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise self._garbage(data.decode("utf-8", "replace"), kind)
        return found

    def _garbage(self, text: str, kind: str) -> EndpointError:
        return EndpointError(
            f"{self.url} answered with {kind} that is no chat completion: {self._quote(text)!r}; "
            "give the base address of an OpenAI-compatible server, which mostly ends in /v1"
        )

    def _refused(self, reply: Exchange, hooks: Hooks) -> EndpointError:
        """What a reply that is not 200 means."""
        status, said = reply.status, self._quote(_reason(reply.read()))
        host = urlsplit(self.url).netloc
        if status in (401, 403):
            known = "was not accepted" if self._key() else "is missing"
            remedy = f"the key {known}; set the environment variable {KEYS} to '{host}=KEY'"
            return EndpointError(f"{host} refused access ({status}): {said}; {remedy}", status)
        if status == 404:
            try:
                names = self.models(hooks)
            except EndpointError:
                names = []
            offered = f"it offers {', '.join(names[:20])}" if names else f"is {self.url} right?"
            return EndpointError(f"{host} knows no {self.model!r} (404): {said}; {offered}", 404)
        if status in _TEMPORARY:
            busy = "is asked too often" if status == 429 else "failed"
            text = f"{self.name} {busy} ({status}): {said}; try again later"
            return EndpointError(text, status, True, _seconds(reply.headers.get("Retry-After")))
        return EndpointError(f"{self.name} refused the request ({status}): {said}", status)

    def _broken(self, error: Exception) -> EndpointError:
        """What a connection that failed means."""
        if isinstance(error, ConnectionRefusedError):
            return EndpointError(f"nothing answers at {self.url}; is the server running?")
        if isinstance(error, socket.gaierror):
            return EndpointError(f"the host of {self.url} is not known; is it spelt right?")
        if isinstance(error, ssl.SSLError):
            return EndpointError(f"no secure connection to {self.url}: {self._quote(str(error))}")
        if isinstance(error, TimeoutError):
            return EndpointError(
                f"{self.name} did not answer within {self.timeout:g} seconds; "
                "is it still loading? Try again, or allow more time"
            )
        if isinstance(error, TooMuch):
            return EndpointError(f"{self.name} sent {error}, which is no reply; it was cut off")
        why = self._quote(f"{type(error).__name__}: {error}")
        return EndpointError(f"the connection to {self.url} broke ({why}); try again", 0, True)

    def _key(self) -> str:
        """The user's key for this very host, or ""."""
        place = urlsplit(self.url)
        pairs = [p.partition("=") for p in os.environ.get(KEYS, "").split()]
        keys = {host.lower(): key for host, _, key in pairs}
        return keys.get(place.netloc.lower()) or keys.get(place.hostname or "") or ""

    def _quote(self, said: Any) -> str:
        """`said` on one line, short, and without the key, which some servers repeat."""
        if isinstance(said, dict):
            said = said.get("message") or said
        text = " ".join("".join(c if c.isprintable() else " " for c in str(said)).split())
        if key := self._key():
            text = text.replace(key, "***")
        return text if len(text) <= 300 else text[:300] + "..."


_BROKEN = (OSError, http.client.HTTPException, TooMuch)


def _checked(url: str) -> SplitResult:
    """The parts of a usable base URL. What is wrong with a key in it is said without it."""
    place = urlsplit(url.strip())
    if "@" in place.netloc or place.query:
        raise ValueError(f"url holds a key or password; put it into {KEYS} instead")
    try:
        good = place.scheme in ("http", "https") and place.hostname and (place.port or 1)
    except ValueError:
        good = False
    if not good:
        raise ValueError(f"url is {url!r}; give one such as http://localhost:11434/v1")
    return place


def _message(message: Message) -> dict[str, Any]:
    if all(isinstance(part, str) for part in message.parts):
        return {"role": message.role, "content": message.text}
    content = [
        {"type": "text", "text": part}
        if isinstance(part, str)
        else {"type": "image_url", "image_url": {"url": _data_url(part)}}
        for part in message.parts
    ]
    return {"role": message.role, "content": content}


def _data_url(image: Image.Image) -> str:
    form = "PNG" if image.width * image.height <= _LOSSLESS_PIXELS else "JPEG"
    buffer = io.BytesIO()
    image.save(buffer, form, quality=92)
    return f"data:image/{form.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _reason(body: bytes) -> Any:
    """What an error reply says, in any of the forms in use."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")
    for name in ("error", "detail", "message"):
        if isinstance(data, dict) and data.get(name):
            return data[name]
    return data


def _seconds(retry_after: str | None) -> float | None:
    return float(retry_after) if retry_after and retry_after.isdecimal() else None


def _pause(wait: float | None, tries: int, hooks: Hooks) -> None:
    """Wait as long as the server says, or twice as long each time; hears Stop."""
    seconds = FIRST_WAIT * 2 ** (tries - 1) if wait is None else wait
    end = time.monotonic() + min(seconds, LONGEST_WAIT)
    while (left := end - time.monotonic()) > 0:
        hooks.check_stop()
        time.sleep(min(0.05, left))
