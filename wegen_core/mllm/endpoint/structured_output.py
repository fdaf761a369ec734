"""How a server is asked for JSON of a certain form, and which fields of a request it refuses.

Servers differ in what they take, and refuse with all kinds of status codes. A field that a server's
error speaks of is left out, or takes its next form; what was accepted is remembered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

Schema = dict[str, Any]

SCHEMA_FORMS: tuple[Callable[[Schema], dict[str, Any]], ...] = (
    # OpenAI, vLLM, SGLang, Ollama, LM Studio, llama.cpp
    lambda schema: {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "reply", "strict": True, "schema": schema},
        }
    },
    # llama-cpp-python, older llama.cpp
    lambda schema: {"response_format": {"type": "json_object", "schema": schema}},
    # vLLM, newer and older
    lambda schema: {"structured_outputs": {"json": schema}},
    lambda schema: {"guided_json": schema},
    # any JSON: DeepSeek, older servers
    lambda _: {"response_format": {"type": "json_object"}},
    lambda _: {},
)
"""In the order in which they are tried. The words of the request ask for JSON as well."""

_OPTIONAL_FIELDS = (
    *("stream", "seed", "top_p", "temperature", "max_tokens", "max_completion_tokens"),
    *("logprobs", "top_logprobs"),
)
_SCHEMA_WORDS = re.compile(
    r"response_?format|json[_ ]?(?:schema|object)|\bschema|grammar|guided|structured|text\.format",
    re.IGNORECASE,
)
_REFUSING_STATUSES = frozenset({0, 400, 404, 405, 415, 422, 500, 501})


@dataclass(frozen=True)
class Accepted:
    """What a server takes.

    Parameters
    ----------
    refused
        Fields that it refuses.
    form
        The place in SCHEMA_FORMS of the first form that it does not refuse.
    """

    refused: frozenset[str] = frozenset()
    form: int = 0

    def body(self, request: dict[str, Any], schema: Schema | None) -> dict[str, Any]:
        """`request` without the refused fields, and with the schema."""
        body = dict(request)
        if "max_tokens" in self.refused:  # OpenAI's newer models have another name for it
            body["max_completion_tokens"] = body["max_tokens"]
        body = {name: value for name, value in body.items() if name not in self.refused}
        return body if schema is None else body | SCHEMA_FORMS[self.form](schema)

    def after_refusal(
        self, status: int, reasons: Sequence[str], body: dict[str, Any], schema: Schema | None
    ) -> Accepted | None:
        """What to try next; None if the server did not refuse a field of `body`.

        Parameters
        ----------
        status
            Of the error; 0: the error came with a reply.
        reasons
            All that the error says, the most exact first.
        """
        if status not in _REFUSING_STATUSES:
            return None
        for reason in reasons:
            last = self.form + 1 == len(SCHEMA_FORMS)
            if schema is not None and not last and _SCHEMA_WORDS.search(reason):
                return replace(self, form=self.form + 1)
            for field in _OPTIONAL_FIELDS:
                name = "stream(?:ing|ed)?" if field == "stream" else field
                if field in body and re.search(rf"(?<!\w){name}(?!\w)", reason, re.IGNORECASE):
                    return replace(self, refused=self.refused | {field})
        return None
