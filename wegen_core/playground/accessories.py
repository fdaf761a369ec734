"""What the things of the moving playground wear or hold; points are in units of their canvas."""

from __future__ import annotations

from .pen import BLACK, GREY, WHITE, WOOD, Colour, Pen, mix


def draw_hat(pen: Pen, at: tuple[float, float], colour: Colour) -> None:
    """A hat that stands on a point."""
    x, y = at
    pen.rectangle((x - 3.3, y - 6.6, x + 3.3, y + 0.4), colour, radius=0.9)
    pen.rectangle((x - 3.2, y - 2, x + 3.2, y - 0.4), mix(colour, BLACK, 0.55))
    pen.rectangle((x - 6, y - 0.5, x + 6, y + 1.3), colour, radius=0.9)


def draw_bow(pen: Pen, at: tuple[float, float], colour: Colour) -> None:
    """A bow around a point."""
    x, y = at
    for side in (-1, 1):
        pen.polygon([(x, y), (x + side * 7, y - 4.4), (x + side * 7, y + 4.4)], colour)
    pen.ellipse(x, y, 2.2, 2.2, mix(colour, BLACK, 0.2))


def draw_flag(pen: Pen, at: tuple[float, float], colour: Colour) -> None:
    """A flag whose pole stands on a point."""
    x, y = at
    high = max(1.6, y - 12)
    pen.stroke([(x, y + 1), (x, high)], 0.7, WOOD)
    pen.polygon([(x + 0.4, high), (x + 11, high + 3.6), (x + 0.4, high + 7.2)], colour)


def draw_balloon(pen: Pen, at: tuple[float, float], colour: Colour) -> None:
    """A balloon whose string is fixed at a point."""
    x, y = at
    pen.stroke([(x, y), (6, 16)], 0.35, GREY)
    pen.polygon([(6, 13.4), (4.8, 16), (7.2, 16)], colour)
    pen.ellipse(6, 8, 4.9, 5.9, colour)
    pen.dot(4.4, 5.8, 1.2, 1.6, mix(colour, WHITE, 0.7))
