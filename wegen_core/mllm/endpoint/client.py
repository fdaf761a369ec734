"""A chat model behind chat completions over HTTP: what is sent, and how the reply is read."""

from __future__ import annotations

import base64
import io
import json
import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from PIL import Image

from ...records.hooks import GREEDY, NO_HOOKS, Hooks, Sampling
from ..chat_model import Capabilities
from ..messages import Message, StreamedReply, to_messages
from .address import parse_address
from .errors import (
    CONNECTION_FAILURES,
    EndpointError,
    connection_failed,
    not_a_completion,
    quote,
    request_refused,
)
from .http_stream import StreamingRequest

if TYPE_CHECKING:
    from ...records.conversation import Conversation

MAX_ATTEMPTS = 4
MAX_NEW_TOKENS = 2048
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
"""Seconds before the second attempt, and between attempts at most."""

_MAX_LOSSLESS_PIXELS = 512 * 512
# Fields that some servers refuse, and the words in their errors that say so.
_OPTIONAL_FIELDS = {
    "response_format": ("response_format", "schema", "grammar"),
    "seed": ("seed",),
    "top_p": ("top_p",),
    "temperature": ("temperature",),
    "max_tokens": ("max_tokens",),
    "max_completion_tokens": ("max_completion_tokens",),
}
_TOO_LONG = re.compile(
    r"context|too (?:long|large|many tokens)|maximum.{0,20}(?:length|tokens)", re.I
)


class EndpointMLLM:
    """Implements `ChatModel` with the chat completions of an OpenAI-compatible server.

    Parameters
    ----------
    url
        The server's base address, such as http://localhost:11434/v1. Keys do not belong in it:
        they come from the environment variable WEGEN_API_KEYS, see `address`.
    model
        The model's name on the server.
    max_images
        How many of a conversation's newest images are sent; None: all.
    timeout
        Seconds of silence to wait for. The first reply may have to wait for the model to load.

    Raises
    ------
    ValueError
        `url` cannot be used, or `model` is empty.
    """

    def __init__(
        self, url: str, model: str, *, max_images: int | None = None, timeout: float = 300.0
    ) -> None:
        self.address = parse_address(url, model)
        self.name = self.address.name
        self.timeout = timeout
        self.capabilities = Capabilities(max_images=max_images)
        self._refused_fields: set[str] = set()

    def chat(
        self,
        conversation: Conversation,
        *,
        schema: dict[str, Any] | None = None,
        sampling: Sampling = GREEDY,
        hooks: Hooks = NO_HOOKS,
    ) -> str:
        """The reply to the last turn; see `ChatModel.chat`.

        A field that the server refuses, such as the schema, is left out from then on. Temporary
        failures are retried, unless part of the reply was passed on already.

        Raises
        ------
        EndpointError
            The server gave no usable reply.
        ValueError
            The conversation is too long for the model, or its last turn is not the user's.
        Stopped
            `hooks.should_stop` returned True.
        """
        messages = to_messages(conversation, max_images=self.capabilities.max_images)
        request: dict[str, Any] = {
            "model": self.address.model,
            "messages": [_to_json(message) for message in messages],
            "stream": True,
            "temperature": sampling.temperature or 0.0,
            "top_p": 1.0 if sampling.top_p is None else sampling.top_p,
            "seed": sampling.seed % 2**31,
            "max_tokens": sampling.max_new_tokens or MAX_NEW_TOKENS,
        }
        if schema is not None:
            schema_field = {"name": "reply", "strict": True, "schema": schema}
            request["response_format"] = {"type": "json_schema", "json_schema": schema_field}
        attempts = 0
        while True:
            body = self._without_refused_fields(request)
            reply = StreamedReply(hooks.on_text)
            try:
                try:
                    with self._request("POST", "/chat/completions", body, hooks) as response:
                        self._read_reply(response, reply, body, hooks)
                    return reply.text
                except CONNECTION_FAILURES as error:
                    raise connection_failed(error, self.address, self.timeout) from None
            except EndpointError as error:
                if self._refuses_field(error, body):
                    continue
                if error.status in (400, 413, 422) and _TOO_LONG.search(str(error)):
                    raise ValueError(f"the conversation is too long: {error}") from None
                attempts += 1
                if not error.temporary or attempts >= MAX_ATTEMPTS or reply.begun:
                    raise
                _wait(error.retry_after, attempts, hooks)

    def models(self, hooks: Hooks = NO_HOOKS) -> list[str]:
        """Names of the models that the server offers; raises `EndpointError` and `Stopped`."""
        try:
            with self._request("GET", "/models", None, hooks) as response:
                data = self._parse(response.read(), response.headers.get_content_type())
        except CONNECTION_FAILURES as error:
            raise connection_failed(error, self.address, self.timeout) from None
        items = data.get("data")
        names = [item.get("id") for item in items if isinstance(item, dict)] if items else []
        return [name for name in names if isinstance(name, str)]

    def _request(
        self, method: str, path: str, body: dict[str, Any] | None, hooks: Hooks
    ) -> StreamingRequest:
        """The request, which is sent once it is entered."""
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream, */*"}
        if key := self.address.key:
            headers["Authorization"] = f"Bearer {key}"
        return StreamingRequest(
            method,
            self.address.url + path,
            headers,
            None if body is None else json.dumps(body).encode(),
            timeout=self.timeout,
            hooks=hooks,
        )

    def _without_refused_fields(self, request: dict[str, Any]) -> dict[str, Any]:
        body = dict(request)
        if "max_tokens" in self._refused_fields:  # OpenAI's newer models have another name for it
            body["max_completion_tokens"] = body["max_tokens"]
        return {name: value for name, value in body.items() if name not in self._refused_fields}

    def _refuses_field(self, error: EndpointError, body: dict[str, Any]) -> bool:
        """Whether the server refused an optional field of `body`, which is then noted."""
        if error.status not in (400, 422, 501):
            return False
        for field, words in _OPTIONAL_FIELDS.items():
            if field in body and any(word in str(error) for word in words):
                self._refused_fields.add(field)
                return True
        return False

    def _read_reply(
        self, response: StreamingRequest, reply: StreamedReply, body: dict[str, Any], hooks: Hooks
    ) -> None:
        """Add what the model writes to `reply`; raises `EndpointError` for anything else."""
        kind = response.headers.get_content_type()
        if response.status != 200:
            raise self._refusal(response, hooks)
        finish_reason = ""
        if kind != "text/event-stream":
            finish_reason = self._add_choice(self._parse(response.read(), kind), "message", reply)
        else:
            for data in response.iter_events():
                if data == b"[DONE]":
                    finish_reason = finish_reason or "stop"
                    break
                piece = self._parse(data, "event stream")
                finish_reason = self._add_choice(piece, "delta", reply) or finish_reason
            if not finish_reason:
                raise EndpointError(
                    f"{self.name} broke off in the middle of its reply; try again", temporary=True
                )
        if finish_reason == "length" and not reply.text:
            limit = body.get("max_tokens") or body.get("max_completion_tokens") or "of its"
            raise EndpointError(
                f"{self.name} used up all {limit} tokens before it began its reply; turn its "
                "thinking off, or choose a model that does not think"
            )

    def _add_choice(self, data: dict[str, Any], part: str, reply: StreamedReply) -> str:
        """Add the text in a completion, or in a piece of one; returns why it ended, if it did."""
        if "error" in data:
            reason = quote(data["error"], self.address)
            raise EndpointError(f"{self.name} failed: {reason}", temporary=True)
        choices = data.get("choices")
        if not isinstance(choices, list):
            raise not_a_completion(json.dumps(data), "JSON without choices", self.address)
        if not choices:
            return ""  # the number of tokens used
        choice = choices[0] if isinstance(choices[0], dict) else {}
        message = choice.get(part)
        text = message.get("content") if isinstance(message, dict) else None
        if isinstance(text, str) and text:
            reply.add(text)
        return str(choice.get("finish_reason") or ("stop" if part == "message" else ""))

    def _parse(self, data: bytes, kind: str) -> dict[str, Any]:
        """The JSON object in `data`; `kind` is what errors call it."""
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise not_a_completion(data.decode("utf-8", "replace"), kind, self.address)
        return value

    def _refusal(self, response: StreamingRequest, hooks: Hooks) -> EndpointError:
        """The error for a response other than 200."""
        body, models = response.read(), []
        if response.status == 404:
            with suppress(EndpointError):  # the error then names none
                models = self.models(hooks)
        retry_after = response.headers.get("Retry-After")
        return request_refused(response.status, body, retry_after, self.address, models)


def _to_json(message: Message) -> dict[str, Any]:
    """A message as the API takes it."""
    if not message.images:
        return {"role": message.role, "content": message.text}
    content: list[dict[str, Any]] = []
    for part in message.parts:
        if isinstance(part, str):
            content.append({"type": "text", "text": part})
        else:
            content.append({"type": "image_url", "image_url": {"url": _data_url(part)}})
    return {"role": message.role, "content": content}


def _data_url(image: Image.Image) -> str:
    form = "PNG" if image.width * image.height <= _MAX_LOSSLESS_PIXELS else "JPEG"
    buffer = io.BytesIO()
    image.save(buffer, form, quality=92)
    return f"data:image/{form.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _wait(retry_after: float | None, attempts: int, hooks: Hooks) -> None:
    """Wait as long as the server says, or twice as long each time."""
    seconds = FIRST_WAIT * 2 ** (attempts - 1) if retry_after is None else retry_after
    end = time.monotonic() + min(seconds, LONGEST_WAIT)
    while (left := end - time.monotonic()) > 0:
        hooks.check_stop()
        time.sleep(min(0.05, left))
