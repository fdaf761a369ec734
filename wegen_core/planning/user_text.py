"""What a model says to the user: words, and never JSON or the planner's own instructions."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from ..constraints.lazy_pattern import lazy_pattern
from ..mllm.lenient_json import find_objects

if TYPE_CHECKING:
    from ..records.hooks import OnText

_SPEAKING_FIELDS = ("text", "answer", "reply", "response", "message", "content", "description")
_JSON_START = lazy_pattern(r"```(?:json)?\s*[{\[]|\{\s*[\"'“]?\w+[\"'”]?\s*:|\[\s*\{|```json", re.I)
_MAY_START_JSON = lazy_pattern(r"(?:`{1,3}\w*\s*|[{\[]\s*[\"'“]?\w*[\"'”]?\s*)\Z", re.I)
_REFUSAL = lazy_pattern(
    r"\b(?:sorry|(?:i|we) (?:can['’]?t|cannot|am (?:un|not )able)|i['’]m (?:un|not )able|as an ai|"
    r"please (?:provide|share|upload)|(?:could|can) you (?:please )?(?:provide|clarify|share)|"
    r"prompts?|json|intent)\b|抱歉|对不起|无法|不能(?:帮|为|生成|提供)|请提供|提示词",
    re.IGNORECASE,
)
_MIN_ECHO = 24
"""A line of at least so many characters that stands in the instruction is an echo of it."""


def words_of(reply: str, instruction: str = "") -> str:
    """The words for the user in a reply: without JSON, and without lines of the instruction.

    Where the reply is JSON, its text or answer; "" if there is none.
    """
    start = _JSON_START.search(reply)
    before = reply[: start.start()] if start else reply
    spoken = "" if _is_json(reply) else before
    if not spoken.strip() and start:
        fields = [o.get(f) for o in find_objects(reply) for f in _SPEAKING_FIELDS]
        spoken = next((f for f in fields if isinstance(f, str) and not _JSON_START.search(f)), "")
    lines = spoken.strip().splitlines()
    return "\n".join(line for line in lines if not _is_echo(line, instruction)).strip()


def is_refusal(text: str) -> bool:
    """Whether a model declines, asks for more, or speaks of its instruction."""
    return _REFUSAL.search(text) is not None


def is_fit_answer(text: str) -> bool:
    """Whether a text can stand as the whole answer."""
    return bool(text) and not is_refusal(text)


def _is_json(reply: str) -> bool:
    try:
        return isinstance(json.loads(reply), (dict, list))
    except (ValueError, RecursionError):
        return False


def _is_echo(line: str, instruction: str) -> bool:
    line = line.strip()
    return bool(line) and (
        f'"{line}"' in instruction or (len(line) >= _MIN_ECHO and line in instruction)
    )


class AnswerStream:
    """Passes an answer on while it is being written, up to what may be JSON.

    Parameters
    ----------
    on_text
        Gets the words.
    hold
        Whether nothing is passed on before the answer is whole.
    """

    def __init__(self, on_text: OnText | None, *, hold: bool) -> None:
        self._on_text, self._hold = on_text, hold
        self._reply = self._passed_on = ""

    def push(self, piece: str) -> None:
        """Take the next piece of the reply."""
        self._reply += piece
        if self._hold or self._reply.lstrip().startswith(("{", "[", "`")):
            return
        end = _JSON_START.search(self._reply) or _MAY_START_JSON.search(self._reply)
        self._emit(self._reply[: end.start()] if end else self._reply)

    def finish(self, text: str) -> None:
        """Pass on what is still missing of the whole answer."""
        begun = self._passed_on.rstrip()
        self._emit(self._passed_on + text[len(begun) :] if text.startswith(begun) else text)

    def _emit(self, text: str) -> None:
        if self._on_text is None or text == self._passed_on:
            return
        if not text.startswith(self._passed_on):
            text = f"{self._passed_on}\n{text}"
        self._on_text(text[len(self._passed_on) :])
        self._passed_on = text
