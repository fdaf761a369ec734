"""What the copilot hands back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from PIL.Image import Image

from .plan import Plan


@dataclass(frozen=True)
class Report:
    """What was planned, painted and kept: `str()` for people, `data` (plain JSON) for programs."""

    text: str
    data: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Drawn:
    """image: mode RGB."""

    image: Image
    plan: Plan
    report: Report


@dataclass(frozen=True)
class Reply:
    """text: what the copilot says. images: what it drew, if anything. change_mask: mode L, as large
    as the drawn picture, white where it differs from its source; None if it has none."""

    text: str
    images: list[Image]
    plan: Plan
    report: Report
    change_mask: Image | None = None


@dataclass(frozen=True)
class Refined:
    """image: of the source's size and mode. change_mask: mode L, black where it is the source."""

    image: Image
    change_mask: Image
    report: Report
    plan: Plan


@dataclass(frozen=True)
class Composed:
    """image: the new picture; of the base's size where the plan has a base.

    change_mask: mode L, black where it is the base; None if it has none.
    """

    image: Image
    report: Report
    plan: Plan
    change_mask: Image | None = None
