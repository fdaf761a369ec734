"""What the copilot hands back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from PIL.Image import Image

from .conversation import ImagePart
from .plan import Plan


@dataclass(frozen=True)
class Report:
    """What was planned, painted and kept: `str()` for people, `data` (plain JSON) for programs."""

    text: str
    data: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class ImageResult:
    """One image that was made.

    Parameters
    ----------
    part
        The image as a part of a conversation: with its visual tokens, and with exact float values
        where its source had them.
    plan
        What it was painted from.
    report
        How it was made.
    change_mask
        Mode L, of the image's size, black where it is bit-exact its source; None where it has no
        source.
    """

    part: ImagePart
    plan: Plan
    report: Report
    change_mask: Image | None = None

    @property
    def image(self) -> Image:
        """Mode RGB or RGBA; of the source's size and mode where there is a source."""
        return self.part.image


@dataclass(frozen=True)
class Reply:
    """The copilot's turn of a conversation.

    Parameters
    ----------
    text
        What it tells the user.
    parts
        The images it shows: the new one, after an undo the one that is current again, or none.
    plan, report, change_mask
        As in `ImageResult`.
    """

    text: str
    parts: Sequence[ImagePart]
    plan: Plan
    report: Report
    change_mask: Image | None = None

    @property
    def images(self) -> list[Image]:
        """The images of `parts`."""
        return [part.image for part in self.parts]
