"""Plan: what is to be painted, what must stay, and which image gives what.

Every field of `Plan` and `Reference` is declared once, with the `Kind` of its value. Checking,
JSON, the JSON Schema for language models and the reading of what they write follow from that (see
`fields`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from .fields import (
    TEXT,
    TEXTS,
    Kind,
    arguments_from_json,
    asked_fields,
    check_fields,
    declared,
    field_table,
    items_of,
    json_schema,
    one_of,
)

Intent = Literal["answer", "generate", "refine", "compose"]
INTENTS: tuple[str, ...] = get_args(Intent)

Scope = Literal["local", "background", "global"]
SCOPES: tuple[str, ...] = get_args(Scope)

Region = tuple[float, float, float, float]

ROLES = ("subject", "object", "style", "background", "pose", "palette", "layout", "base")
"""What an image may give; "base" is the image that things are put into."""

OVERSHOOT = 0.05
"""How far beyond the image border a language model's region may reach; it is cut off there."""


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _region(value: Any, name: str) -> Region | None:
    if value is None:
        return None
    if not isinstance(value, (tuple, list)) or len(value) != 4 or not all(map(_is_number, value)):
        raise ValueError(f"{name} is {value!r}; give (x0, y0, x1, y1) as numbers in 0..1")
    x0, y0, x1, y1 = (float(v) for v in value)
    if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
        raise ValueError(f"{name} is {value!r}; it needs 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1")
    return x0, y0, x1, y1


def _read_region(value: Any, name: str) -> Region | None:
    """A region; None also for an empty list, for the whole image, and for numbers of pixels."""
    if not value:
        return None
    if isinstance(value, (tuple, list)) and all(map(_is_number, value)):
        if max(value) > 1 + OVERSHOOT:
            return None  # the size that they refer to is unknown
        value = [min(1.0, max(0.0, v)) if -OVERSHOOT <= v <= 1 + OVERSHOOT else v for v in value]
    region = _region(value, name)
    return None if region == (0, 0, 1, 1) else region


def _scope(value: Any, name: str) -> Any:
    return value if value is None else one_of(SCOPES)(value, name)


def _read_scope(value: Any, _name: str) -> Any:
    """One of SCOPES, else None: not worth a second try. Version 1 also had "object"."""
    word = str(value).strip().lower()
    return "local" if word == "object" else word if word in SCOPES else None


def _image_number(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} is {value!r}; images are numbered from 1")
    return value


def _read_image_number(value: Any, name: str) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    number = str(value).lower().removeprefix("picture").removeprefix("image").strip(" #")
    return _image_number(int(number) if number.isdecimal() else value, name)


def _role(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is {value!r}; give a word such as 'subject'")
    return value


def _strength(value: Any, name: str) -> float:
    if not _is_number(value) or not 0 <= value <= 1:
        raise ValueError(f"{name} is {value!r}; give a number in 0..1")
    return value


INTENT = Kind(
    one_of(INTENTS),
    lambda value, name: one_of(INTENTS)(str(value).strip().lower(), name),
    {"type": "string", "enum": list(INTENTS)},
)
SCOPE = Kind(_scope, _read_scope, {"type": "string", "enum": list(SCOPES)})
REGION = Kind(
    _region,
    _read_region,
    {"anyOf": [{"type": "array", "items": {"type": "number"}}, {"type": "null"}]},
    lambda value: None if value is None else list(value),
)
PLACE = REGION._replace(schema=None)
IMAGE_NUMBER = Kind(_image_number, _read_image_number, {"type": "integer"})
ROLE = Kind(
    _role,
    lambda value, name: _role(str(value or "subject").strip().lower(), name),
    {"type": "string", "enum": list(ROLES)},
)
STRENGTH = Kind(
    _strength,
    lambda value, name: 1.0 if value is None else _strength(value, name),
    {"type": "number"},
)


@dataclass(frozen=True)
class Constraint:
    """One thing that the user's words fix.

    Parameters
    ----------
    kind
        "quote", "count", "colour", ... (see `wegen_core.constraints`).
    text
        The words themselves.
    span
        Where they stand: `prompt[span[0]:span[1]]`.
    """

    kind: str
    text: str
    span: tuple[int, int]


@dataclass(frozen=True)
class Reference:
    """What one image of the conversation gives.

    Parameters
    ----------
    image
        Its number in the conversation, from 1.
    role
        One of ROLES, or another word.
    what
        The thing taken, in words.
    strength
        0 (ignored) to 1.
    region
        (x0, y0, x1, y1) in 0..1 of the result's width and height, where the thing goes; None:
        not stated.
    """

    image: int = declared(IMAGE_NUMBER, key="picture", ask="its number")
    role: str = declared(ROLE, "subject", ask=f"one of {', '.join(ROLES)}")
    what: str = declared(TEXT, "", ask="the thing taken")
    strength: float = declared(STRENGTH, 1.0, ask="0 to 1")
    region: Region | None = declared(PLACE, None)

    def __post_init__(self) -> None:
        check_fields(self, "reference")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {spec.key: spec.kind.to_json(getattr(self, spec.name)) for spec in _REFERENCE}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Reference:
        """The reference that `to_dict` wrote; ValueError for anything else."""
        return cls(**arguments_from_json(data, _REFERENCE, "reference"))


def _read_references(value: Any, name: str) -> tuple[Reference, ...]:
    """References as a language model writes them: unknown fields in them are ignored."""
    if not isinstance(value or [], list):
        raise ValueError(f"{name} is {value!r}; give a list")
    references = []
    for item in value or []:
        if not isinstance(item, Mapping):
            raise ValueError(f"{name} holds {item!r}; every item must be an object")
        read = {
            spec.name: spec.kind.read(item.get(spec.key), f"reference {spec.key}")
            for spec in asked_fields(Reference)
        }
        references.append(Reference(**read))
    return tuple(references)


def _constraint(data: Mapping[str, Any]) -> Constraint:
    if set(data) != {"kind", "text", "span"}:
        raise ValueError(f"plan constraints holds {dict(data)!r}; give kind, text and span")
    span = data["span"]
    if not isinstance(span, (list, tuple)) or len(span) != 2:
        raise ValueError(f"plan constraints holds the span {span!r}; give [start, end]")
    return Constraint(str(data["kind"]), str(data["text"]), (int(span[0]), int(span[1])))


_REFERENCE = field_table(Reference)
REFERENCES = Kind(
    items_of(Reference, Reference.from_dict),
    _read_references,
    {"type": "array", "items": json_schema(Reference)},
    lambda value: [reference.to_dict() for reference in value],
)
_CONSTRAINTS = Kind(
    items_of(Constraint, _constraint),
    items_of(Constraint, _constraint),
    to_json=lambda value: [{**vars(c), "span": list(c.span)} for c in value],
)
_WORDS = TEXTS._replace(schema=None)
_REASON = TEXT._replace(schema=None)


def _sources(value: Any, name: str) -> tuple[tuple[str, str], ...]:
    pairs = value.items() if isinstance(value, Mapping) else value
    try:
        return tuple((str(field_name), str(source)) for field_name, source in pairs)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is {value!r}; give a dict of texts") from None


_SOURCES = Kind(_sources, _sources, to_json=dict)


@dataclass(frozen=True)
class Plan:
    """The next step of a conversation, validated: a wrong field raises ValueError that names it.

    Parameters
    ----------
    intent
        answer (words only), generate, refine (the last image) or compose (from several).
    prompt
        The whole image to paint, in words; for an answer, what was seen, if that is known.
    text
        What to tell the user.
    changes, keep
        What a refinement changes, and what it must not change.
    scope
        How much of the image a change touches: "local", "background" or "global". After a global
        refinement nothing is put back from the source. None: comparing the two images tells.
    region
        (x0, y0, x1, y1) in 0..1 of width and height, where the change belongs; None: anywhere.
    references
        Which images give what.
    constraints
        What the user's words demand.
    unknown
        Words of the user that are out of the model's vocabulary.
    sources
        Where the fields come from, as (name, "model" or "words"); ("way", ...) says how the model
        was asked. Empty where nobody asked a chat model.
    refusal
        Why nothing is painted and the image stays as it is, in words; "": it is painted.
    draft
        The model's own visual tokens [64, W], for a painter that reads them. It belongs to the
        running process: it is neither compared nor written to JSON.
    """

    intent: Intent = declared(INTENT, ask=f"one of {', '.join(INTENTS)}", early=True)
    prompt: str = declared(
        TEXT,
        "",
        ask="the whole picture as it will be afterwards, described for an image model: every "
        "thing, colour, number, place and style the user asked for, and for a change also all "
        "that stays. Text to be written in the picture stays in quotation marks, letter by "
        'letter. "" for an answer',
    )
    text: str = declared(
        TEXT,
        "",
        ask="one short, friendly sentence to the user, in the user's language",
        early=True,  # the user reads it while the rest is being written
    )
    changes: tuple[str, ...] = declared(
        TEXTS, (), ask="list of what changes, in a few words each; [] if the picture is new"
    )
    keep: tuple[str, ...] = declared(
        TEXTS, (), ask="list of what must stay as it is; [] if the picture is new"
    )
    scope: Scope | None = declared(
        SCOPE,
        None,
        ask=f"how much of the picture the change touches, one of {', '.join(SCOPES)}: a part or "
        "one thing, all that is behind the things, or all of it, as another style, light, season "
        "or mood do",
    )
    region: Region | None = declared(
        REGION,
        None,
        ask="where in the picture the change belongs, as [left, top, right, bottom], each from 0 "
        "to 1 of the width or height; null if it is the whole picture or not clear",
    )
    references: tuple[Reference, ...] = declared(
        REFERENCES,
        (),
        ask="list of pictures to take something from, each "
        + "{"
        + ", ".join(f'"{spec.key}": {spec.ask}' for spec in _REFERENCE if spec.ask)
        + "}"
        + '; "base" is the picture that things are put into; [] if none',
    )
    constraints: tuple[Constraint, ...] = declared(_CONSTRAINTS, ())
    unknown: tuple[str, ...] = declared(_WORDS, ())
    sources: tuple[tuple[str, str], ...] = declared(_SOURCES, ())
    refusal: str = declared(_REASON, "")
    draft: Any = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        check_fields(self, "plan")
        if self.intent != "answer" and not self.prompt.strip() and self.draft is None:
            raise ValueError(
                f"plan prompt is empty; intent {self.intent!r} needs words to paint from"
            )

    @property
    def base(self) -> int | None:
        """Number of the image that is changed and otherwise stays; None for a new image."""
        return next((r.image for r in self.references if r.role == "base"), None)

    @property
    def is_fallback(self) -> bool:
        """Whether a model was asked for the plan, and the words made all of it."""
        return bool(self.sources) and "model" not in {origin for _, origin in self.sources}

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, dicts, strings and numbers: every field but the draft."""
        return {spec.key: spec.kind.to_json(getattr(self, spec.name)) for spec in field_table(Plan)}

    def to_json(self) -> str:
        """`to_dict` as text."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Plan:
        """The plan that `to_dict` wrote, also by version 1.

        Missing fields take their defaults; unknown ones raise ValueError.
        """
        values = arguments_from_json(data, field_table(cls), "plan")
        if values.get("scope") == "object":  # version 1
            values["scope"] = "local"
        return cls(**values)

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """The plan in `text`; ValueError if it is not JSON or not a plan."""
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"plan is not JSON: {error}") from error
        return cls.from_dict(data)
