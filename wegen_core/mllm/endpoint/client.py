"""A chat model behind chat completions over HTTP: what is sent, and how the reply is read."""

from __future__ import annotations

import base64
import io
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from PIL import Image

from ...records.hooks import GREEDY, NO_HOOKS, Hooks, Sampling, Stopped
from ..chat_model import Capabilities
from ..messages import Message, to_messages
from ..reply import StreamedReply
from .address import parse_address
from .completion import read_piece, stated_error
from .errors import (
    CONNECTION_FAILURES,
    EmptyEndpointReplyError,
    EndpointError,
    connection_failed,
    not_a_completion,
    quote,
    reply_failed,
    request_refused,
)
from .events import DONE, read_events
from .http_stream import ENCODINGS, StreamingRequest
from .structured_output import Accepted

if TYPE_CHECKING:
    from ...records.conversation import Conversation

MAX_ATTEMPTS = 4
MAX_NEW_TOKENS = 2048
TOP_LOGPROBS = 5
"""Some servers refuse more."""
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
"""Seconds before the second attempt, and between attempts at most."""

_MAX_LOSSLESS_PIXELS = 512 * 512
_BROKEN_OFF = frozenset("error abort network_error insufficient_system_resource".split())
_FILTERED = frozenset("content_filter safety sensitive recitation blocklist".split())


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
        self.capabilities = Capabilities(max_images=max_images, marks_thoughts=False)
        self._accepted = Accepted()
        self._template_opens_thought = False

    def chat(
        self,
        conversation: Conversation,
        *,
        schema: dict[str, Any] | None = None,
        sampling: Sampling = GREEDY,
        hooks: Hooks = NO_HOOKS,
    ) -> str:
        """The reply to the last turn; see `ChatModel.chat`.

        A field that the server refuses is left out from then on, and a schema is given in the form
        that the server takes. Temporary
        failures are retried, unless part of the reply was passed on already.

        Raises
        ------
        EndpointError
            The server gave no usable reply; EmptyEndpointReplyError: it replied without words.
        ValueError
            The conversation is too long for the model, or its last turn is not the user's.
        Stopped
            `hooks.should_stop` returned True.
        """
        return self._complete(conversation, schema, sampling, hooks)[0]

    def chat_with_first_token(
        self, conversation: Conversation, *, sampling: Sampling = GREEDY, hooks: Hooks = NO_HOOKS
    ) -> tuple[str, dict[str, float]]:
        """See `FirstTokenModel`; raises what `chat` raises."""
        fields = {"logprobs": True, "top_logprobs": TOP_LOGPROBS}
        return self._complete(conversation, None, sampling, hooks, fields)

    def _complete(
        self,
        conversation: Conversation,
        schema: dict[str, Any] | None,
        sampling: Sampling,
        hooks: Hooks,
        fields: Mapping[str, Any] = MappingProxyType({}),
    ) -> tuple[str, dict[str, float]]:
        """The reply and its first token (see `FirstTokenModel`); fields: more of the request."""
        messages = to_messages(conversation, max_images=self.capabilities.max_images)
        request: dict[str, Any] = {
            "model": self.address.model,
            "messages": [_to_json(message) for message in messages],
            "stream": True,
            "temperature": sampling.temperature or 0.0,
            "top_p": 1.0 if sampling.top_p is None else sampling.top_p,
            "seed": sampling.seed % 2**31,
            "max_tokens": sampling.max_new_tokens or MAX_NEW_TOKENS,
            **fields,
        }
        accepted, attempts, streams = self._accepted, 0, True
        while True:
            body = accepted.body(request if streams else request | {"stream": False}, schema)
            reply = StreamedReply(hooks.on_text, thinking=self._template_opens_thought)
            try:
                try:
                    with self._request("POST", "/chat/completions", body, hooks) as response:
                        text, first_token = self._read_reply(response, reply, body, hooks)
                except CONNECTION_FAILURES as error:
                    raise connection_failed(error, self.address, self.timeout) from None
            except EndpointError as error:
                refusal = accepted.after_refusal(error.status, error.reasons, body, schema)
                if refusal and not reply.begun:
                    accepted = refusal
                    continue
                if error.says_too_long:
                    raise ValueError(f"the conversation is too long: {error}") from None
                attempts += 1
                if not error.temporary or attempts >= MAX_ATTEMPTS or reply.begun:
                    raise
                # Some servers state an error only where they do not stream (llama-cpp-python).
                streams = streams and bool(error.status)
                _wait(error.retry_after, attempts, hooks)
            except Stopped:
                if reply.begun:
                    self._accepted = accepted
                raise
            else:
                self._accepted = accepted
                self._template_opens_thought = reply.opened_by_template
                self.capabilities = replace(
                    self.capabilities,
                    marks_thoughts=True,
                    streams="stream" not in accepted.refused,
                )
                return text, first_token

    def models(self, hooks: Hooks = NO_HOOKS) -> list[str]:
        """Names of the models that the server offers; raises `EndpointError` and `Stopped`."""
        try:
            with self._request("GET", "/models", None, hooks) as response:
                kind = response.headers.get_content_type()
                events = list(read_events(response.iter_bytes()))
        except CONNECTION_FAILURES as error:
            raise connection_failed(error, self.address, self.timeout) from None
        if not events or not isinstance(events[0].value, dict):
            raise not_a_completion(events[0].value if events else "", kind, self.address)
        items = events[0].value.get("data")
        names = [item.get("id") for item in items or () if isinstance(item, dict)]
        return [name for name in names if isinstance(name, str)]

    def _request(
        self, method: str, path: str, body: dict[str, Any] | None, hooks: Hooks
    ) -> StreamingRequest:
        """The request, which is sent once it is entered."""
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream, */*"}
        return StreamingRequest(
            method,
            self.address.request_url(path),
            headers | self.address.headers,
            None if body is None else json.dumps(body).encode(),
            timeout=self.timeout,
            hooks=hooks,
        )

    def _read_reply(
        self, response: StreamingRequest, reply: StreamedReply, body: dict[str, Any], hooks: Hooks
    ) -> tuple[str, dict[str, float]]:
        """Add what the model writes to `reply`; raises `EndpointError` for anything else."""
        encoding = response.headers.get("Content-Encoding") or "identity"
        if encoding.lower() not in ENCODINGS:
            raise EndpointError(
                f"{self.name} packs its reply as {encoding!r}, which cannot be read; turn this "
                "compression off in the server, or in the proxy before it"
            )
        if not 200 <= response.status < 300:
            raise self._refusal(response, hooks)
        kind = response.headers.get_content_type()
        finish_reason, refusal, thought, ping = "", "", False, None
        first_token: dict[str, float] = {}
        for name, value, streamed in read_events(response.iter_bytes()):
            if value == DONE.decode():
                finish_reason = finish_reason or "stop"
                break
            if stated := stated_error(value, name):
                raise reply_failed(stated, self.address)
            piece = read_piece(value) if isinstance(value, dict) else None
            if piece is None:
                if not streamed or _is_garbage(value):
                    kind = "JSON without choices" if isinstance(value, dict) else kind
                    raise not_a_completion(
                        value, "event stream" if streamed else kind, self.address
                    )
                ping = value  # or the head of a stream
                continue
            reply.add(piece.text)
            refusal += piece.refusal
            thought |= piece.thought
            first_token = first_token or dict(piece.first_token)
            finish_reason = piece.finish_reason or finish_reason or ("" if streamed else "stop")
        text = reply.finish(cut_off=finish_reason == "length")
        thought |= bool(reply.raw.strip())
        if isinstance(ping, dict) and not ("choices" in ping or finish_reason or thought):
            raise not_a_completion(ping, "JSON without choices", self.address)
        self._check_end(text, finish_reason, refusal, thought, body)
        return text, first_token

    def _check_end(
        self, text: str, finish_reason: str, refusal: str, thought: bool, body: dict[str, Any]
    ) -> None:
        """Raise `EndpointError` unless the reply is whole and holds words for the user."""
        if not finish_reason or finish_reason.lower() in _BROKEN_OFF:
            where = "in the middle of" if thought else "before"
            why = f" ({finish_reason})" if finish_reason else ""
            raise EndpointError(
                f"{self.name} broke off {where} its reply{why}; try again", temporary=True
            )
        if any(word in finish_reason.lower() for word in _FILTERED):
            raise EmptyEndpointReplyError(
                f"the content filter of {self.name} stopped the reply ({finish_reason}); "
                "say it in other words"
            )
        if text:
            return
        if refusal:
            raise EmptyEndpointReplyError(
                f"{self.name} refused to answer: {quote(refusal, self.address)}"
            )
        thinking = "turn its thinking off, or choose a model that does not think"
        if finish_reason == "length":
            limit = body.get("max_tokens") or body.get("max_completion_tokens") or "of its"
            raise EmptyEndpointReplyError(
                f"{self.name} used up all {limit} tokens before it began its reply; {thinking}"
            )
        if thought:
            raise EmptyEndpointReplyError(
                f"{self.name} wrote thoughts and no reply; if it does not think, turn the "
                f"server's reasoning parser off, else {thinking}"
            )
        raise EmptyEndpointReplyError(
            f"{self.name} sent an empty reply ({finish_reason}); ask again"
        )

    def _refusal(self, response: StreamingRequest, hooks: Hooks) -> EndpointError:
        """The error for a response without success."""
        body, models = response.read(), []
        if response.status == 404:
            with suppress(EndpointError):  # the error then names none
                models = self.models(hooks)
        return request_refused(response.status, body, response.headers, self.address, models)


def _is_garbage(value: Any) -> bool:
    """Whether an event is neither JSON nor a word such as "ping"."""
    return isinstance(value, str) and not value.replace("-", "").isalnum()


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
