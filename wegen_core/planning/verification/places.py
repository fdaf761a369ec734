"""What the boxes of things say about where they are. Depth, such as "behind", they do not say."""

from __future__ import annotations

from collections.abc import Callable

from ...vision.detector import Box

_IN_FRAME: dict[str, Box] = {
    "left": (0.0, 0.0, 0.45, 1.0),
    "right": (0.55, 0.0, 1.0, 1.0),
    "middle": (0.3, 0.0, 0.7, 1.0),
    "top": (0.0, 0.0, 1.0, 0.45),
    "bottom": (0.0, 0.55, 1.0, 1.0),
    "top left": (0.0, 0.0, 0.45, 0.45),
    "top right": (0.55, 0.0, 1.0, 0.45),
    "bottom left": (0.0, 0.55, 0.45, 1.0),
    "bottom right": (0.55, 0.55, 1.0, 1.0),
}
"""Where the centre of a box must be, 0 to 1 of the image's width and height."""

MARGIN = 0.1
"""How far two centres must be apart to be in an order, of both sizes together (as in GenEval)."""


def is_visible(relation: str, *, in_frame: bool) -> bool:
    """Whether boxes show a relation of `constraints`: to the frame, or of two things."""
    return relation in (_IN_FRAME if in_frame else _OF_TWO)


def is_placed(relation: str, box: Box, size: tuple[int, int]) -> bool:
    """Whether a box is there in an image of `size` (width, height)."""
    left, top, right, bottom = _IN_FRAME[relation]
    x, y = (box[0] + box[2]) / 2 / size[0], (box[1] + box[3]) / 2 / size[1]
    return left <= x <= right and top <= y <= bottom


def is_related(relation: str, box: Box, other: Box) -> bool:
    """Whether a box is so to another box."""
    return _OF_TWO[relation](box, other)


def _before(axis: int) -> Callable[[Box, Box], bool]:
    """Whether the first centre comes before the second on an axis (0: x, 1: y)."""

    def comes_before(a: Box, b: Box) -> bool:
        sizes = a[axis + 2] - a[axis] + b[axis + 2] - b[axis]
        return (b[axis] + b[axis + 2] - a[axis] - a[axis + 2]) / 2 > MARGIN * sizes

    return comes_before


def _overlap(a: Box, b: Box, axis: int) -> float:
    """Length that two boxes share on an axis; negative: the gap between them."""
    return min(a[axis + 2], b[axis + 2]) - max(a[axis], b[axis])


def _beside(a: Box, b: Box) -> bool:
    gap = -_overlap(a, b, 0)
    return _overlap(a, b, 1) > 0 and gap < max(a[2] - a[0], b[2] - b[0])


def _on(a: Box, b: Box) -> bool:
    return (
        _overlap(a, b, 0) > 0 and _before(1)(a, b) and _overlap(a, b, 1) > -MARGIN * (b[3] - b[1])
    )


def _in(a: Box, b: Box) -> bool:
    shared = max(0.0, _overlap(a, b, 0)) * max(0.0, _overlap(a, b, 1))
    return shared > 0.7 * (a[2] - a[0]) * (a[3] - a[1])


_OF_TWO: dict[str, Callable[[Box, Box], bool]] = {
    "left of": _before(0),
    "right of": lambda a, b: _before(0)(b, a),
    "above": _before(1),
    "under": lambda a, b: _before(1)(b, a),
    "beside": _beside,
    "on": _on,
    "in": _in,
}
