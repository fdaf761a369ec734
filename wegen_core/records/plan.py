"""Plan: what is to be painted, what must stay, and which image gives what.

Every field of `Plan` and `Reference` is declared once, with the `Kind` of its value. Checking,
JSON, the JSON Schema for language models and the reading of what they write follow from that.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Literal, NamedTuple, get_args

Intent = Literal["answer", "generate", "refine", "compose"]
INTENTS: tuple[str, ...] = get_args(Intent)

Scope = Literal["local", "background", "global"]
SCOPES: tuple[str, ...] = get_args(Scope)

Region = tuple[float, float, float, float]

ROLES = ("subject", "object", "style", "background", "pose", "palette", "layout", "base")
"""What an image may give; "base" is the image that things are put into."""

OVERSHOOT = 0.05
"""How far beyond the image border a language model's region may reach; it is cut off there."""


class Kind(NamedTuple):
    """What the value of a field may be.

    check(value, name) returns the value as it is stored, or raises ValueError that names the field.
    read does the same for what a language model wrote, which may be a little wrong. schema is the
    JSON Schema of the value; None for fields that no language model is asked for. to_json turns a
    stored value into plain JSON.
    """

    check: Callable[[Any, str], Any]
    read: Callable[[Any, str], Any]
    schema: dict[str, Any] | None = None
    to_json: Callable[[Any], Any] = lambda value: value


def _declared(kind: Kind, default: Any = MISSING, *, key: str = "", ask: str = "") -> Any:
    """A dataclass field of this kind.

    key: its name in JSON, if that differs. ask: what a language model is told to write there.
    """
    return field(default=default, metadata={"kind": kind, "key": key, "ask": ask})


class FieldSpec(NamedTuple):
    """A declared field: attribute name, name in JSON, kind, what language models are told."""

    name: str
    key: str
    kind: Kind
    ask: str


def field_table(record: type) -> list[FieldSpec]:
    """The declared fields of `Plan` or `Reference`, in order."""
    return [
        FieldSpec(f.name, f.metadata["key"] or f.name, f.metadata["kind"], f.metadata["ask"])
        for f in fields(record)
        if "kind" in f.metadata
    ]


def asked_fields(record: type) -> list[FieldSpec]:
    """The fields that a language model writes, in the order in which it writes them.

    A plan's text comes before its prompt: the user reads it while the rest is being written.
    """
    asked = [spec for spec in field_table(record) if spec.kind.schema is not None]
    return sorted(asked, key=lambda spec: spec.name not in ("intent", "text"))


def json_schema(record: type) -> dict[str, Any]:
    """The JSON Schema of `asked_fields`."""
    asked = asked_fields(record)
    return {
        "type": "object",
        "properties": {spec.key: spec.kind.schema for spec in asked},
        "required": [spec.key for spec in asked],
        "additionalProperties": False,
    }


# The kinds of values


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} is {value!r}; give text")
    return value


def _read_text(value: Any, name: str) -> str:
    return "" if value is None else _text(value, name).strip()


def _texts(value: Any, name: str) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, (tuple, list)):
        raise ValueError(f"{name} is {value!r}; give a list of texts")
    for item in value:
        if not isinstance(item, str):
            raise ValueError(f"{name} holds {item!r}; every item must be text")
    return tuple(value)


def _read_texts(value: Any, name: str) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value or []
    return tuple(item.strip() for item in _texts(items, name) if item.strip())


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
    """A region; None also for an empty list and for the whole image."""
    if not value:
        return None
    if isinstance(value, (tuple, list)) and all(map(_is_number, value)):
        value = [min(1.0, max(0.0, v)) if -OVERSHOOT <= v <= 1 + OVERSHOOT else v for v in value]
    region = _region(value, name)
    return None if region == (0, 0, 1, 1) else region


def _one_of(options: Sequence[str]) -> Callable[[Any, str], Any]:
    def check(value: Any, name: str) -> Any:
        if value not in options:
            raise ValueError(f"{name} is {value!r}; use one of {', '.join(options)}")
        return value

    return check


def _scope(value: Any, name: str) -> Any:
    return value if value is None else _one_of(SCOPES)(value, name)


def _read_scope(value: Any, _name: str) -> Any:
    """One of SCOPES, else None: not worth a second try. Version 1 also had "object"."""
    word = str(value).strip().lower()
    return "local" if word == "object" else word if word in SCOPES else None


def _image_number(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} is {value!r}; images are numbered from 1")
    return value


def _read_image_number(value: Any, name: str) -> int:
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


def _items(kind: type, parse: Callable[[Any], Any]) -> Callable[[Any, str], Any]:
    """Checks a list of `kind`; dicts in it are turned into `kind` by `parse`."""

    def check(value: Any, name: str) -> tuple[Any, ...]:
        if not isinstance(value, (tuple, list)):
            raise ValueError(f"{name} is {value!r}; give a list of {kind.__name__}")
        items = [parse(item) if isinstance(item, Mapping) else item for item in value]
        for item in items:
            if not isinstance(item, kind):
                raise ValueError(f"{name} holds {item!r}; every item must be a {kind.__name__}")
        return tuple(items)

    return check


_STRING = {"type": "string"}
TEXT = Kind(_text, _read_text, _STRING)
TEXTS = Kind(_texts, _read_texts, {"type": "array", "items": _STRING}, list)
INTENT = Kind(
    _one_of(INTENTS),
    lambda value, name: _one_of(INTENTS)(str(value).strip().lower(), name),
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

    image: int = _declared(IMAGE_NUMBER, key="picture", ask="its number")
    role: str = _declared(ROLE, "subject", ask=f"one of {', '.join(ROLES)}")
    what: str = _declared(TEXT, "", ask="the thing taken")
    strength: float = _declared(STRENGTH, 1.0, ask="0 to 1")
    region: Region | None = _declared(PLACE, None)

    def __post_init__(self) -> None:
        _check_fields(self, "reference")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {spec.key: spec.kind.to_json(getattr(self, spec.name)) for spec in _REFERENCE}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Reference:
        """The reference that `to_dict` wrote; ValueError for anything else."""
        return cls(**_arguments(data, _REFERENCE, "reference"))


def _check_fields(record: Any, owner: str) -> None:
    for spec in field_table(type(record)):
        value = spec.kind.check(getattr(record, spec.name), f"{owner} {spec.key}")
        object.__setattr__(record, spec.name, value)


def _arguments(data: Mapping[str, Any], table: Sequence[FieldSpec], owner: str) -> dict[str, Any]:
    """Keyword arguments out of JSON `data`. ValueError for fields that are not in the table."""
    if not isinstance(data, Mapping):
        raise ValueError(f"{owner} is a {type(data).__name__}; give a JSON object")
    names = {spec.key: spec.name for spec in table}
    if unknown := sorted(set(data) - set(names)):
        raise ValueError(
            f"{owner} has unknown field {unknown[0]!r}; use {', '.join(sorted(names))}"
        )
    first = table[0]
    if first.key not in data:
        raise ValueError(f"{owner} has no {first.key}; give {first.ask}")
    return {names[key]: value for key, value in data.items()}


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
    return Constraint(str(data["kind"]), str(data["text"]), tuple(data["span"]))


_REFERENCE = field_table(Reference)
REFERENCES = Kind(
    _items(Reference, Reference.from_dict),
    _read_references,
    {"type": "array", "items": json_schema(Reference)},
    lambda value: [reference.to_dict() for reference in value],
)
_CONSTRAINTS = Kind(
    _items(Constraint, _constraint),
    _items(Constraint, _constraint),
    to_json=lambda value: [{**vars(c), "span": list(c.span)} for c in value],
)
_WORDS = TEXTS._replace(schema=None)


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
    draft
        The model's own visual tokens [64, W], for a painter that reads them. It belongs to the
        running process: it is neither compared nor written to JSON.
    """

    intent: Intent = _declared(INTENT, ask=f"one of {', '.join(INTENTS)}")
    prompt: str = _declared(
        TEXT,
        "",
        ask="the whole picture as it will be afterwards, described for an image model: every "
        "thing, colour, number, place and style the user asked for, and for a change also all "
        "that stays. Text to be written in the picture stays in quotation marks, letter by "
        'letter. "" for an answer',
    )
    text: str = _declared(
        TEXT,
        "",
        ask="one short, friendly sentence to the user, in the user's language",
    )
    changes: tuple[str, ...] = _declared(
        TEXTS, (), ask="list of what changes, in a few words each; [] if the picture is new"
    )
    keep: tuple[str, ...] = _declared(
        TEXTS, (), ask="list of what must stay as it is; [] if the picture is new"
    )
    scope: Scope | None = _declared(
        SCOPE,
        None,
        ask=f"how much of the picture the change touches, one of {', '.join(SCOPES)}: a part or "
        "one thing, all that is behind the things, or all of it, as another style, light, season "
        "or mood do",
    )
    region: Region | None = _declared(
        REGION,
        None,
        ask="where in the picture the change belongs, as [left, top, right, bottom], each from 0 "
        "to 1 of the width or height; null if it is the whole picture or not clear",
    )
    references: tuple[Reference, ...] = _declared(
        REFERENCES,
        (),
        ask="list of pictures to take something from, each "
        + "{"
        + ", ".join(f'"{spec.key}": {spec.ask}' for spec in _REFERENCE if spec.ask)
        + "}"
        + '; "base" is the picture that things are put into; [] if none',
    )
    constraints: tuple[Constraint, ...] = _declared(_CONSTRAINTS, ())
    unknown: tuple[str, ...] = _declared(_WORDS, ())
    draft: Any = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        _check_fields(self, "plan")
        if self.intent != "answer" and not self.prompt.strip() and self.draft is None:
            raise ValueError(
                f"plan prompt is empty; intent {self.intent!r} needs words to paint from"
            )

    @property
    def base(self) -> int | None:
        """Number of the image that is changed and otherwise stays; None for a new image."""
        return next((r.image for r in self.references if r.role == "base"), None)

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
        values = _arguments(data, field_table(cls), "plan")
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
