"""Plan: what the model that understands tells the one that paints, and what must stay."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

Intent = Literal["answer", "generate", "refine", "compose"]
INTENTS: tuple[str, ...] = get_args(Intent)

Scope = Literal["local", "object", "background", "global"]
SCOPES: tuple[str, ...] = get_args(Scope)

Region = tuple[float, float, float, float]

ROLES = ("subject", "object", "style", "background", "pose", "palette", "layout", "base")
"""What a picture may give; "base" is the picture that things are put into."""


@dataclass(frozen=True)
class Constraint:
    """One thing the user's words fix.

    kind: "quote", "count", "colour", ... (see `wegen_core.rewriting`). text: the words themselves.
    span: where they stand: `prompt[span[0]:span[1]]`.
    """

    kind: str
    text: str
    span: tuple[int, int]


def check_intent(intent: object) -> None:
    """ValueError unless `intent` is one of INTENTS."""
    if intent not in INTENTS:
        raise ValueError(f"plan intent is {intent!r}; use one of {', '.join(INTENTS)}")


@dataclass(frozen=True)
class Reference:
    """What one picture of the conversation gives.

    picture: its number in the conversation, from 1. role: one of ROLES, or another word. what: the
    thing in words. strength: 0 (ignored) .. 1. region: (x0, y0, x1, y1) in 0..1 of the result's
    width and height, where the thing goes; None: not said.
    """

    picture: int
    role: str = "subject"
    what: str = ""
    strength: float = 1.0
    region: Region | None = None

    def __post_init__(self) -> None:
        if isinstance(self.picture, bool) or not isinstance(self.picture, int) or self.picture < 1:
            raise ValueError(f"reference picture is {self.picture!r}; pictures are numbered from 1")
        if not isinstance(self.role, str) or not self.role:
            raise ValueError(f"reference role is {self.role!r}; give a word such as 'subject'")
        if not isinstance(self.what, str):
            raise ValueError(f"reference what is {self.what!r}; give text")
        if not _is_number(self.strength) or not 0 <= self.strength <= 1:
            raise ValueError(f"reference strength is {self.strength!r}; give a number in 0..1")
        if self.region is not None:
            object.__setattr__(self, "region", _checked_region(self.region, "reference"))


@dataclass(frozen=True)
class Plan:
    """One step of the copilot, validated: a wrong field raises ValueError naming it.

    intent: answer (words only), generate, refine (the last picture), compose (from several).
    prompt: the whole picture to paint, in words; for an answer, what was seen, if it is known.
    text: what to say. changes, keep: what a refinement touches, and what it must not.
    scope: how much of the picture a change touches; after a "global" refinement nothing is put back
        from its source, None: comparing the two tells. region: (x0, y0, x1, y1) in 0..1 of width
        and height, where the change belongs; None: anywhere.
    references: which pictures give what. constraints: what the user's words demand. unknown: those
        of the user's words that the MLLM was never taught.
    draft: the MLLM's own visual tokens [64, W], for a painter that can read them. It belongs to the
        run, so it is neither compared nor written to JSON.
    """

    intent: Intent
    prompt: str = ""
    text: str = ""
    changes: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    scope: Scope | None = None
    region: Region | None = None
    references: tuple[Reference, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    unknown: tuple[str, ...] = ()
    draft: Any = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        check_intent(self.intent)
        for name in ("prompt", "text"):
            if not isinstance(getattr(self, name), str):
                raise ValueError(f"plan {name} is {getattr(self, name)!r}; give text")
        if self.intent != "answer" and not self.prompt.strip() and self.draft is None:
            raise ValueError(
                f"plan prompt is empty; intent {self.intent!r} needs words to paint from"
            )
        if self.scope is not None and self.scope not in SCOPES:
            raise ValueError(f"plan scope is {self.scope!r}; use one of {', '.join(SCOPES)}")
        self._check_items("changes", str)
        self._check_items("keep", str)
        self._check_items("references", Reference)
        self._check_items("constraints", Constraint)
        self._check_items("unknown", str)
        if self.region is not None:
            object.__setattr__(self, "region", _checked_region(self.region, "plan"))

    def _check_items(self, name: str, kind: type) -> None:
        value = getattr(self, name)
        if isinstance(value, str) or not isinstance(value, (tuple, list)):
            raise ValueError(f"plan {name} is {value!r}; give a list of {kind.__name__}")
        for item in value:
            if not isinstance(item, kind):
                raise ValueError(
                    f"plan {name} holds {item!r}; every item must be a {kind.__name__}"
                )
        object.__setattr__(self, name, tuple(value))

    @property
    def base(self) -> int | None:
        """Number of the picture that is changed, whose other parts stay; None: made anew."""
        return next((r.picture for r in self.references if r.role == "base"), None)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, dicts, strings and numbers: everything but the draft."""
        return {
            "intent": self.intent,
            "prompt": self.prompt,
            "text": self.text,
            "changes": list(self.changes),
            "keep": list(self.keep),
            "scope": self.scope,
            "region": None if self.region is None else list(self.region),
            "references": [vars(r).copy() for r in self.references],
            "constraints": [
                {"kind": c.kind, "text": c.text, "span": list(c.span)} for c in self.constraints
            ],
            "unknown": list(self.unknown),
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Plan:
        """The plan that `to_dict` wrote; missing fields take defaults, unknown ones are errors."""
        if not isinstance(data, Mapping):
            raise ValueError(f"plan is a {type(data).__name__}; give a JSON object")
        known = {f.name for f in fields(cls)} - {"draft"}
        if unknown := sorted(set(data) - known):
            raise ValueError(
                f"plan has unknown field {unknown[0]!r}; use {', '.join(sorted(known))}"
            )
        if "intent" not in data:
            raise ValueError(f"plan has no intent; give one of {', '.join(INTENTS)}")
        values = dict(data)
        values["references"] = to_references(values.get("references", ()))
        values["constraints"] = _built(_constraint, "constraints", values.get("constraints", ()))
        return cls(**values)

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """The plan in `text`; ValueError if it is no JSON or no plan."""
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"plan is no JSON: {error}") from error
        return cls.from_dict(data)


def to_references(items: Any) -> tuple[Reference, ...]:
    """References as `Plan.to_dict` writes them; ValueError for anything else."""
    return _built(Reference, "references", items)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _checked_region(region: Any, owner: str) -> Region:
    if (
        not isinstance(region, (tuple, list))
        or len(region) != 4
        or not all(map(_is_number, region))
    ):
        raise ValueError(f"{owner} region is {region!r}; give (x0, y0, x1, y1) as numbers in 0..1")
    x0, y0, x1, y1 = (float(v) for v in region)
    if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
        raise ValueError(
            f"{owner} region is {region!r}; it needs 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1"
        )
    return x0, y0, x1, y1


def _constraint(*, kind: str, text: str, span: Any) -> Constraint:
    return Constraint(kind=kind, text=text, span=tuple(span))


def _built(make: Any, name: str, items: Any) -> tuple[Any, ...]:
    if not isinstance(items, (list, tuple)):
        raise ValueError(f"plan {name} is {items!r}; give a list")
    try:
        return tuple(make(**item) for item in items)
    except TypeError as error:
        raise ValueError(f"plan {name} holds a malformed item: {error}") from error
