"""Records whose fields are declared once: checking, JSON and JSON Schema follow from that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, field, fields
from typing import Any, NamedTuple


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


def declared(
    kind: Kind, default: Any = MISSING, *, key: str = "", ask: str = "", early: bool = False
) -> Any:
    """A dataclass field of this kind.

    key: its name in JSON, if that differs. ask: what a language model is told to write there.
    early: a language model writes it before the fields that are not early.
    """
    return field(default=default, metadata={"kind": kind, "key": key, "ask": ask, "early": early})


class FieldSpec(NamedTuple):
    """A declared field: its attribute's name, and what `declared` says of it."""

    name: str
    kind: Kind
    key: str
    ask: str
    early: bool


def field_table(record: type) -> list[FieldSpec]:
    """The declared fields of a dataclass, in order."""
    return [
        FieldSpec(f.name, **{**f.metadata, "key": f.metadata["key"] or f.name})
        for f in fields(record)
        if "kind" in f.metadata
    ]


def asked_fields(record: type) -> list[FieldSpec]:
    """The fields that a language model writes, in the order in which it writes them."""
    specs = [spec for spec in field_table(record) if spec.kind.schema is not None]
    return sorted(specs, key=lambda spec: not spec.early)


def json_schema(record: type) -> dict[str, Any]:
    """The JSON Schema of `asked_fields`."""
    specs = asked_fields(record)
    return {
        "type": "object",
        "properties": {spec.key: spec.kind.schema for spec in specs},
        "required": [spec.key for spec in specs],
        "additionalProperties": False,
    }


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


def one_of(options: Sequence[str]) -> Callable[[Any, str], Any]:
    """Checks that a value is one of `options`."""

    def check(value: Any, name: str) -> Any:
        if value not in options:
            raise ValueError(f"{name} is {value!r}; use one of {', '.join(options)}")
        return value

    return check


def items_of(kind: type, parse: Callable[[Any], Any]) -> Callable[[Any, str], Any]:
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


def check_fields(record: Any, owner: str) -> None:
    """Check every declared field of a new record; ValueError names `owner` and the field."""
    for spec in field_table(type(record)):
        value = spec.kind.check(getattr(record, spec.name), f"{owner} {spec.key}")
        object.__setattr__(record, spec.name, value)


def arguments_from_json(
    data: Mapping[str, Any], table: Sequence[FieldSpec], owner: str
) -> dict[str, Any]:
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
