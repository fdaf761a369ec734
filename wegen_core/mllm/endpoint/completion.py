"""What a chat completion says, whole or in pieces, in the forms in which servers write it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, NamedTuple

_THOUGHT_FIELDS = ("reasoning_content", "reasoning", "thinking", "reasoning_details")
_THOUGHT_PARTS = frozenset({"thinking", "reasoning", "redacted_thinking", "thought"})
_MAX_DEPTH = 4


class Piece(NamedTuple):
    """A completion, or a piece of one.

    Parameters
    ----------
    text
        For the user.
    thought
        Whether there are thoughts beside the text.
    refusal
        Why the model will not answer, in its own words.
    finish_reason
        Why the reply ended; "" if it goes on.
    first_token
        The likeliest texts of its first token with their probabilities; {} where not stated.
    """

    text: str = ""
    thought: bool = False
    refusal: str = ""
    finish_reason: str = ""
    first_token: Mapping[str, float] = MappingProxyType({})


def read_piece(data: dict[str, Any]) -> Piece | None:
    """What `data` says; None if it is not a completion or a piece of one.

    Servers send a message where a delta belongs, the text of a plain completion, text in parts, and
    thoughts in fields and parts of their own.
    """
    choices = data.get("choices")
    # Others than the first answer were not asked for.
    listed = choices if isinstance(choices, list) else ()
    first = (c for c in listed if isinstance(c, dict) and c.get("index") in (0, None))
    if (choice := next(first, None)) is None:
        return None
    content = next((choice[k] for k in ("delta", "message", "text") if choice.get(k)), None)
    message = content if isinstance(content, dict) else {"content": content}
    refusal = message.get("refusal")
    return Piece(
        _text(message.get("content")),
        any(message.get(field) for field in _THOUGHT_FIELDS) or _holds(message, _THOUGHT_PARTS),
        refusal if isinstance(refusal, str) else _refusal(message),
        str(choice.get("finish_reason") or ""),
        _first_token(choice.get("logprobs")),
    )


def _first_token(logprobs: Any) -> dict[str, float]:
    """Of the logprobs of a choice: a list of tokens, or the older lists of texts and numbers."""
    if not isinstance(logprobs, dict):
        return {}
    with suppress(AttributeError, IndexError, KeyError, TypeError, ValueError, OverflowError):
        if logprobs.get("content"):
            first = logprobs["content"][0]
            pairs = [(t["token"], t["logprob"]) for t in first.get("top_logprobs") or [first]]
        else:
            pairs = list(logprobs["top_logprobs"][0].items())
        return {str(token): math.exp(min(0.0, float(value))) for token, value in pairs}
    return {}


def stated_error(data: Any, event: str = "") -> Any:
    """The error in a response or a piece of one, in whatever form; None if there is none."""
    if isinstance(data, list) and data:  # Gemini
        data = data[0]
    if not isinstance(data, dict):
        return None
    if data.get("error"):
        return data["error"]
    if event == "error" or data.get("object") == "error" or data.get("type") == "error":
        return data
    choices = data.get("choices")
    if isinstance(choices, list):
        return next((c["error"] for c in choices if isinstance(c, dict) and c.get("error")), None)
    stated = data.get("detail") or data.get("errors")
    return stated or (data if isinstance(data.get("message"), str) else None)


def _text(content: Any, depth: int = 0) -> str:
    """The words in a string, in a part, or in a list of parts."""
    if isinstance(content, str):
        return content
    if depth > _MAX_DEPTH:
        return ""
    if isinstance(content, list):
        return "".join(_text(part, depth + 1) for part in content)
    if not isinstance(content, dict) or content.get("type") in _THOUGHT_PARTS | {"refusal"}:
        return ""
    if content.get("thought"):  # Gemini
        return ""
    fields = ("text", "content", "value", "output_text")
    return _text(next((content[f] for f in fields if content.get(f)), ""), depth + 1)


def _parts(message: dict[str, Any]) -> list[dict[str, Any]]:
    content = message.get("content")
    parts = content if isinstance(content, list) else [content]
    return [part for part in parts if isinstance(part, dict)]


def _holds(message: dict[str, Any], kinds: frozenset[str]) -> bool:
    return any(part.get("type") in kinds or part.get("thought") for part in _parts(message))


def _refusal(message: dict[str, Any]) -> str:
    return "".join(p["refusal"] for p in _parts(message) if isinstance(p.get("refusal"), str))
