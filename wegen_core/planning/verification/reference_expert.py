"""Sameness: whether the thing of a reference image is in the image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ...records.hooks import NO_HOOKS, Hooks
from .atoms import Atom
from .expert import Answer

if TYPE_CHECKING:
    from PIL.Image import Image

    from ...vision.encoder import Encoder

_SHARES = (1.0, 0.7, 0.45)
"""Sizes of the windows in which the thing is looked for, of the image's width and height."""


class ReferenceExpert:
    """Compares a reference with windows of the image by the cosine similarity of an encoder.

    Parameters
    ----------
    encoder
        What embeds the images.
    different, same
        Up to the first similarity the best window shows another thing, from the second on the same
        one. They depend on the encoder.
    """

    def __init__(self, encoder: Encoder, different: float = 0.45, same: float = 0.5) -> None:
        self._encoder = encoder
        self._different, self._same = different, same
        self.name = encoder.name

    def covers(self, atom: Atom) -> bool:
        """Whether it is a reference."""
        return atom.reference is not None

    def answer(
        self, image: Image, atoms: Sequence[Atom], *, hooks: Hooks = NO_HOOKS
    ) -> list[Answer]:
        """Yes and no beyond the two limits; between them it cannot tell."""
        boxes = list(_windows(*image.size))
        references = [atom.reference.image for atom in atoms if atom.reference is not None]
        embedded = self._encoder.embed([*references, *(image.crop(box) for box in boxes)])
        similarities = embedded[: len(references)] @ embedded[len(references) :].T
        answers = []
        for row in similarities:
            best = float(row.max())
            score = None
            if best >= self._same:
                score = min(1.0, 0.5 + best / 2)
            elif best <= self._different:
                score = max(0.0, best / 2)
            answers.append(Answer(score, f"similarity {best:.2f} at {boxes[int(row.argmax())]}"))
        return answers


def _windows(width: int, height: int) -> Iterator[tuple[int, int, int, int]]:
    """The image, and windows of it that overlap."""
    for share in _SHARES:
        w, h = max(1, round(width * share)), max(1, round(height * share))
        steps = 1 if share == 1.0 else round(1 / share) + 1
        for row in range(steps):
            for column in range(steps):
                left = round((width - w) * column / max(1, steps - 1))
                top = round((height - h) * row / max(1, steps - 1))
                yield left, top, left + w, top + h
