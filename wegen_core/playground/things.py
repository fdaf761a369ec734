"""The things of the moving playground: parametric drawings, each instance with its own looks.

A drawing stands on the line y = `FOOT` around x = 20 of the canvas `BOX` and looks to the right. It
is a fixed function of the instance and its pose: equal ones give equal pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from .accessories import draw_balloon, draw_bow, draw_flag, draw_hat
from .pen import BLACK, GREY, WHITE, WOOD, Colour, Pen, mix

BOX = (-2.0, -8.0, 42.0, 51.0)  # left, top, right, bottom of the canvas, in units
FOOT = 49.0

COLOUR_RGB: dict[str, Colour] = {
    "red": (226, 52, 48),
    "orange": (250, 140, 36),
    "yellow": (252, 212, 48),
    "green": (56, 168, 74),
    "blue": (52, 106, 232),
    "purple": (148, 74, 204),
    "pink": (248, 140, 182),
    "white": (244, 244, 240),
}
PATTERNS = ("plain", "striped", "spotted", "checked")
ACCESSORIES = ("", "hat", "bow", "flag", "balloon")
BUILDS = ("slim", "regular", "wide")
_STRETCH = {"slim": (0.88, 1.08), "regular": (1.0, 1.0), "wide": (1.12, 0.93)}
_GLASS = (196, 228, 246)


@dataclass(frozen=True)
class Instance:
    """What makes one thing this very thing.

    Parameters
    ----------
    kind
        One of `KINDS`.
    colour
        Of the body, one of `COLOUR_RGB`.
    pattern
        One of `PATTERNS`, drawn in `accent`.
    accessory
        One of `ACCESSORIES`, "" for none, drawn in `accent`.
    accent
        A colour other than `colour`.
    build
        Proportions, one of `BUILDS`.
    """

    kind: str
    colour: str
    pattern: str = "plain"
    accessory: str = ""
    accent: str = "white"
    build: str = "regular"

    def __post_init__(self) -> None:
        for name, value, known in (
            ("kind", self.kind, tuple(KINDS)),
            ("colour", self.colour, tuple(COLOUR_RGB)),
            ("pattern", self.pattern, PATTERNS),
            ("accessory", self.accessory, ACCESSORIES),
            ("accent", self.accent, tuple(COLOUR_RGB)),
            ("build", self.build, BUILDS),
        ):
            if value not in known:
                raise ValueError(f"{name} {value!r} is not in the playground; use one of {known}")
        if self.colour == self.accent:
            raise ValueError(f"accent and colour are both {self.colour}; choose two colours")


@dataclass(frozen=True)
class Pose:
    """How a thing holds itself: the phase of its step (0 to 1) and how far it is open (0 to 1)."""

    step: float = 0.0
    opening: float = 0.0


@dataclass(frozen=True)
class Kind:
    """A kind of thing.

    Parameters
    ----------
    group
        What it belongs to: animal, vehicle, plant, building, furniture or food.
    draw
        Paints the body and its features with (pen, colours, pose).
    top, front, side
        Where a hat or flag, a bow, and the string of a balloon are fixed, in units.
    width
        Half the width of the shadow, in units.
    opens
        Verb for what opens, "" where nothing does.
    """

    group: str
    draw: Callable[[Pen, _Paint, Pose], None]
    top: tuple[float, float]
    front: tuple[float, float]
    side: tuple[float, float]
    width: float
    opens: str = ""

    @property
    def moves(self) -> bool:
        """Whether it walks or drives."""
        return self.group in ("animal", "vehicle")


@dataclass(frozen=True)
class _Paint:
    """Colours of one instance, and its pattern."""

    base: Colour
    accent: Colour
    pattern: str

    def light(self, amount: float = 0.3) -> Colour:
        return mix(self.base, WHITE, amount)

    def dark(self, amount: float = 0.25) -> Colour:
        return mix(self.base, BLACK, amount)


@lru_cache(maxsize=512)
def sprite(instance: Instance, pose: Pose, scale: float) -> Image.Image:
    """Draw one thing.

    Parameters
    ----------
    scale
        Pixels per unit.

    Returns
    -------
    PIL.Image.Image
        Mode RGBa (premultiplied alpha), `BOX` times `scale` pixels. The image is cached: do not
        change it.
    """
    kind = KINDS[instance.kind]
    paint = _Paint(COLOUR_RGB[instance.colour], COLOUR_RGB[instance.accent], instance.pattern)
    pen = Pen(BOX, scale * 2, line=0.55)
    if instance.accessory == "balloon":  # behind the body
        draw_balloon(pen, kind.side, paint.accent)
    kind.draw(pen, paint, pose)
    if instance.accessory == "hat":
        draw_hat(pen, kind.top, paint.accent)
    elif instance.accessory == "flag":
        draw_flag(pen, kind.top, paint.accent)
    elif instance.accessory == "bow":
        draw_bow(pen, kind.front, paint.accent)
    pen.light()
    wide, high = _STRETCH[instance.build]
    image = pen.image.convert("RGBa")
    # Stretched around the middle of the foot line.
    x, y = (20 - BOX[0]) * pen.scale, (FOOT - BOX[1]) * pen.scale
    matrix = (1 / wide, 0, x * (1 - 1 / wide), 0, 1 / high, y * (1 - 1 / high))
    image = image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    return image.reduce(2)


def _eyes(pen: Pen, points: tuple[tuple[float, float], ...], size: float = 1.5) -> None:
    for x, y in points:
        pen.dot(x, y, size, size * 1.15, WHITE)
        pen.dot(x + 0.3 * size, y, size * 0.62, size * 0.8, BLACK)


def _legs(pen: Pen, xs: tuple[float, ...], top: float, pose: Pose, colour: Colour) -> None:
    """Legs that swing against each other with the step."""
    for i, x in enumerate(xs):
        swing = 2.2 * math.sin(2 * math.pi * (pose.step + 0.5 * (i % 2)))
        lift = max(0.0, 1.2 * math.cos(2 * math.pi * (pose.step + 0.5 * (i % 2)))) * (pose.step > 0)
        pen.stroke([(x, top), (x + swing, FOOT - 1.3 - lift)], 2.3, colour)


def _cat(pen: Pen, paint: _Paint, pose: Pose) -> None:
    sway = 1.5 * math.sin(2 * math.pi * pose.step)
    pen.stroke([(10, 39), (5.5, 36), (5 + sway, 30), (7 + sway, 26)], 2.4, paint.dark(0.1))
    _legs(pen, (13, 17, 24, 27.5), 41, pose, paint.dark(0.15))
    pen.ellipse(19, 37.5, 11, 7.6, paint.base, body=True)
    pen.polygon([(21.5, 25.5), (22.2, 17), (27, 22)], paint.dark(0.08))
    pen.polygon([(35, 25.5), (34.4, 17), (29.6, 22)], paint.dark(0.08))
    pen.ellipse(28.3, 27.6, 8, 6.9, paint.light(0.12), body=True)
    pen.pattern(paint.pattern, paint.accent)
    pen.dot(29.6, 30.6, 3.6, 2.6, paint.light(0.6))
    _eyes(pen, ((26.4, 26.6), (32, 26.6)))
    pen.dot(29.6, 29.6, 0.9, 0.7, (70, 36, 46))


def _dog(pen: Pen, paint: _Paint, pose: Pose) -> None:
    wag = 2 * math.sin(2 * math.pi * pose.step)
    pen.stroke([(9, 35), (5 + wag, 28.5)], 2.4, paint.dark(0.1))
    _legs(pen, (12.4, 16.4, 24, 27.6), 39, pose, paint.dark(0.12))
    pen.rectangle((8.5, 30.5, 29.5, 42.5), paint.base, radius=5.6, body=True)
    pen.ellipse(28.4, 26, 6.8, 6.6, paint.light(0.1), body=True)
    pen.pattern(paint.pattern, paint.accent)
    pen.ellipse(34, 28.4, 3.7, 2.9, paint.light(0.45))
    pen.dot(36.4, 27.2, 1.3, 1.1, BLACK)
    pen.ellipse(23.2, 27.4, 2.6, 5.4, paint.dark(0.35))
    _eyes(pen, ((29.8, 24.2),), 1.6)


def _rabbit(pen: Pen, paint: _Paint, pose: Pose) -> None:
    tilt = 0.8 * math.sin(2 * math.pi * pose.step)
    for x in (22.6, 27.6):
        pen.ellipse(x - tilt, 15.6, 2.3, 7.2, paint.base)
        pen.dot(x - tilt, 16, 1.05, 5.2, (250, 190, 196))
    pen.ellipse(9.4, 40.6, 2.8, 2.8, WHITE)
    _legs(pen, (14, 23.6), 43, pose, paint.dark(0.12))
    pen.ellipse(18, 38.6, 9.4, 8.6, paint.base, body=True)
    pen.ellipse(25.6, 27, 6.9, 6.4, paint.light(0.1), body=True)
    pen.pattern(paint.pattern, paint.accent)
    _eyes(pen, ((27.4, 25.8),), 1.6)
    pen.dot(31.6, 27.8, 0.9, 0.75, (220, 92, 110))


def _duck(pen: Pen, paint: _Paint, pose: Pose) -> None:
    orange = (246, 148, 30)
    _legs(pen, (17, 22), 43, pose, orange)
    pen.polygon([(4, 32), (14, 34), (12, 41)], paint.dark(0.15))
    pen.ellipse(19, 37.6, 11.4, 7.6, paint.base, body=True)
    pen.ellipse(27.6, 24.6, 6, 5.9, paint.base, body=True)
    pen.pattern(paint.pattern, paint.accent)
    pen.ellipse(16.6, 37, 6.4, 3.8, paint.dark(0.18))
    pen.polygon([(32.4, 23.4), (38.6, 25.6), (32.4, 28)], orange)
    _eyes(pen, ((29, 23.4),), 1.5)


def _wheel(pen: Pen, x: float, radius: float, pose: Pose) -> None:
    pen.ellipse(x, FOOT - radius, radius, radius, (52, 54, 64))
    pen.dot(x, FOOT - radius, radius * 0.55, radius * 0.55, (206, 210, 218))
    angle = 2 * math.pi * pose.step
    tip = (x + 0.5 * radius * math.cos(angle), FOOT - radius + 0.5 * radius * math.sin(angle))
    pen.stroke([(x, FOOT - radius), tip], 0.5, GREY)


def _car(pen: Pen, paint: _Paint, pose: Pose) -> None:
    pen.polygon([(9, 35), (13.6, 26.4), (25, 26.4), (31, 35)], paint.light(0.12), body=True)
    pen.rectangle((3.4, 33.6, 37, 45), paint.base, radius=4, body=True)
    pen.pattern(paint.pattern, paint.accent)
    pen.polygon([(12.6, 33.6), (15, 28.4), (19, 28.4), (19, 33.6)], _GLASS)
    pen.polygon([(21, 33.6), (21, 28.4), (24.2, 28.4), (28, 33.6)], _GLASS)
    pen.ellipse(35.4, 37.6, 1.5, 1.8, (255, 244, 180))
    for x in (11, 29.4):
        _wheel(pen, x, 4.6, pose)


def _truck(pen: Pen, paint: _Paint, pose: Pose) -> None:
    pen.rectangle((2.6, 22.6, 25, 44), paint.base, radius=1.4, body=True)
    pen.pattern(paint.pattern, paint.accent)
    pen.polygon([(25.6, 44), (25.6, 29), (32, 29), (37, 36), (37, 44)], paint.light(0.45))
    pen.polygon([(28, 35.6), (28, 31), (31.2, 31), (34.2, 35.6)], _GLASS)
    for x in (9.4, 30.6):
        _wheel(pen, x, 4.4, pose)


def _boat(pen: Pen, paint: _Paint, pose: Pose) -> None:
    sway = math.sin(2 * math.pi * pose.step)
    pen.stroke([(20, 39), (20 + 0.4 * sway, 11)], 1.1, WOOD)
    pen.polygon([(21.4, 12.6), (35 + sway, 34.4), (21.4, 34.4)], paint.light(0.1), body=True)
    pen.polygon([(18.4, 16.6), (18.4, 34.4), (8 + sway, 34.4)], paint.light(0.35), body=True)
    pen.polygon([(3, 37.4), (37.6, 37.4), (31, FOOT - 1), (9.4, FOOT - 1)], paint.base, body=True)
    pen.pattern(paint.pattern, paint.accent)
    pen.rectangle((3, 36.6, 37.6, 38.6), WOOD, radius=0.8)


def _rocket(pen: Pen, paint: _Paint, pose: Pose) -> None:
    if pose.step:
        pen.polygon([(17, 44), (23, 44), (20, 48.4 + math.sin(6.3 * pose.step))], (255, 180, 40))
    for points in ([(14, 34), (7.6, 45), (14, 43)], [(26, 34), (32.4, 45), (26, 43)]):
        pen.polygon(points, paint.accent)
    shape = [(20, 9.5), (23.6, 15), (26.4, 22), (27, 32), (25.4, 44), (14.6, 44)]
    pen.polygon([*shape, (13, 32), (13.6, 22), (16.4, 15)], paint.base, body=True)
    pen.pattern(paint.pattern, paint.accent)
    pen.polygon([(20, 9.5), (23.6, 15), (16.4, 15)], paint.dark(0.35))
    pen.ellipse(20, 24.6, 3.7, 3.7, _GLASS)


def _tree(pen: Pen, paint: _Paint, pose: Pose) -> None:
    del pose
    pen.rectangle((17.2, 36, 22.8, FOOT), WOOD)
    crown = ((11.6, 28, 7.6), (28.4, 28, 7.6), (20, 18.4, 9.2), (20, 29.4, 9))
    for x, y, r in crown:
        pen.ellipse(x, y, r, r * 0.94, paint.base, body=True)
    for x, y, r in crown:
        pen.dot(x, y, r - 0.5, r * 0.94 - 0.5, paint.base)
    pen.pattern(paint.pattern, paint.accent)


def _flower(pen: Pen, paint: _Paint, pose: Pose) -> None:
    green = (66, 150, 66)
    pen.stroke([(20, 30), (19.6, 40), (20, FOOT - 1)], 1.9, green)
    pen.polygon([(20, 44), (27, 37.4), (29.4, 40), (24, 44)], green)
    pen.polygon([(20, 45), (13, 39), (10.8, 41.4), (16, 45.4)], green)
    spread = 0.35 + 0.65 * pose.opening
    for i in range(7):
        angle = 2 * math.pi * i / 7
        x = 20 + 8.4 * spread * math.sin(angle)
        y = 22 - 8.4 * math.cos(angle) * (0.7 + 0.3 * spread)
        pen.ellipse(x, y, 4.9 * (0.75 + 0.25 * spread), 4.9, paint.base, body=True)
    pen.pattern(paint.pattern, paint.accent)
    pen.ellipse(20, 22, 5 * spread, 5 * spread, (252, 206, 60))


def _cactus(pen: Pen, paint: _Paint, pose: Pose) -> None:
    del pose
    for side in (-1, 1):
        points = [(20, 36 - side), (20 + side * 10, 36 - side), (20 + side * 10, 27 - side)]
        pen.stroke(points, 5.4, paint.dark(0.08))
    pen.rectangle((14.6, 14, 25.4, FOOT), paint.base, radius=5.4, body=True)
    pen.pattern(paint.pattern, paint.accent)
    for x, y in ((17, 20), (22.4, 25), (17.6, 33), (22.6, 40)):
        pen.stroke([(x, y), (x + 0.9, y - 1.2)], 0.3, WHITE)


def _mushroom(pen: Pen, paint: _Paint, pose: Pose) -> None:
    del pose
    pen.rectangle((15.2, 31, 24.8, FOOT), (246, 234, 214), radius=3)
    outline = [(x, 33 - 17 * math.sin(math.acos((x - 20) / 16.01))) for x in range(4, 37, 2)]
    pen.polygon([(4, 35), *outline, (36, 35)], paint.base, body=True)
    pen.pattern(paint.pattern, paint.accent)
    _eyes(pen, ((18, 39.4), (22.6, 39.4)), 1.1)


def _house(pen: Pen, paint: _Paint, pose: Pose) -> None:
    pen.rectangle((27, 14, 31, 24), mix(WOOD, (200, 70, 60), 0.5))
    pen.rectangle((6, 28, 34, FOOT), paint.base, body=True)
    pen.pattern(paint.pattern, paint.accent)
    pen.polygon([(2, 29), (20, 12.6), (38, 29)], mix(paint.dark(0.5), (150, 74, 60), 0.4))
    pen.rectangle((9.4, 33, 16.4, 40), (255, 240, 180))
    pen.stroke([(12.9, 33.4), (12.9, 39.6)], 0.4, WOOD)
    pen.rectangle((21.4, 34, 29.4, FOOT), (60, 42, 32))
    shut = 8.0 * (1 - 0.78 * pose.opening)
    pen.rectangle((21.4, 34, 21.4 + shut, FOOT), WOOD)
    pen.dot(21.4 + shut - 1.3, 42, 0.6, 0.6, (252, 220, 120))


def _lighthouse(pen: Pen, paint: _Paint, pose: Pose) -> None:
    del pose
    pen.polygon([(11, FOOT), (14.6, 19), (25.4, 19), (29, FOOT)], paint.base, body=True)
    pen.pattern(paint.pattern, paint.accent)
    pen.rectangle((13, 17, 27, 19.4), GREY)
    pen.rectangle((15.6, 10.4, 24.4, 17), (255, 238, 150))
    pen.polygon([(14, 10.6), (20, 5.2), (26, 10.6)], paint.dark(0.45))
    pen.rectangle((17.4, 41, 22.6, FOOT), WOOD, radius=1)


def _tent(pen: Pen, paint: _Paint, pose: Pose) -> None:
    pen.polygon([(20, 19), (38.4, FOOT), (1.6, FOOT)], paint.base, body=True)
    pen.pattern(paint.pattern, paint.accent)
    reach = 1.6 + 6.4 * pose.opening
    pen.polygon([(20, 27), (20 + reach, FOOT), (20 - reach, FOOT)], (60, 46, 50))
    pen.stroke([(20, 19), (20, 16)], 0.6, WOOD)


def _chair(pen: Pen, paint: _Paint, pose: Pose) -> None:
    del pose
    for x in (10.4, 29.6):
        pen.rectangle((x - 1.5, 40, x + 1.5, FOOT), WOOD)
    pen.rectangle((8.4, 19, 31.6, 38), paint.base, radius=5, body=True)
    pen.rectangle((9.6, 35, 30.4, 42.4), paint.light(0.12), radius=2.4, body=True)
    pen.pattern(paint.pattern, paint.accent)
    for x in (4.8, 29.6):
        pen.rectangle((x, 31, x + 5.6, 44), paint.dark(0.12), radius=2.4)


def _lamp(pen: Pen, paint: _Paint, pose: Pose) -> None:
    pen.rectangle((18.9, 26, 21.1, FOOT - 2), GREY)
    pen.rectangle((13, 46.4, 27, FOOT), GREY, radius=1.2)
    pen.polygon([(13.4, 15), (26.6, 15), (32, 29), (8, 29)], paint.base, body=True)
    pen.pattern(paint.pattern, paint.accent)
    bulb = mix((120, 120, 116), (255, 246, 170), pose.opening)
    pen.ellipse(20, 30, 3, 2, bulb)
    if pose.opening:
        pen.glow(20, 30, 12, (255, 240, 150), 0.75 * pose.opening)


def _cake(pen: Pen, paint: _Paint, pose: Pose) -> None:
    del pose
    pen.ellipse(20, 47, 17, 2.2, (232, 236, 240))
    pen.rectangle((6.4, 32, 33.6, 47), paint.base, radius=2, body=True)
    pen.rectangle((11, 21.4, 29, 33), paint.light(0.2), radius=2, body=True)
    pen.pattern(paint.pattern, paint.accent)
    for x in range(8, 34, 4):
        pen.dot(x, 33.2, 2.2, 1.9, WHITE)
    pen.ellipse(20, 19, 2.4, 2.4, (214, 40, 52))


def _apple(pen: Pen, paint: _Paint, pose: Pose) -> None:
    del pose
    pen.ellipse(14.6, 36, 10.4, 12, paint.base, body=True)
    pen.ellipse(25.4, 36, 10.4, 12, paint.base, body=True)
    pen.rectangle((13, 29, 27, 45), paint.base, body=True, outline=False)
    pen.pattern(paint.pattern, paint.accent)
    pen.stroke([(20, 27.4), (21.4, 20.6)], 1.3, WOOD)
    pen.polygon([(21.6, 24), (27.6, 18.6), (31, 21.6), (26, 25)], (86, 170, 74))


KINDS: dict[str, Kind] = {
    "cat": Kind("animal", _cat, (28.3, 21), (24, 34.6), (9, 38), 13),
    "dog": Kind("animal", _dog, (28, 20), (27.4, 33.4), (10, 33), 13),
    "rabbit": Kind("animal", _rabbit, (25.4, 21.6), (23.4, 34), (12, 36), 11),
    "duck": Kind("animal", _duck, (27.4, 19.4), (26.4, 31.6), (10, 34), 11),
    "car": Kind("vehicle", _car, (19.6, 26.6), (31, 40.4), (8, 34), 17),
    "truck": Kind("vehicle", _truck, (13.6, 22.8), (29.6, 40.4), (5, 24), 17),
    "boat": Kind("vehicle", _boat, (20, 12.4), (32, 41.6), (5, 38), 14),
    "rocket": Kind("vehicle", _rocket, (20, 10.6), (20, 34), (14, 30), 9),
    "tree": Kind("plant", _tree, (20, 11), (20, 34), (6, 28), 9),
    "flower": Kind("plant", _flower, (20, 13), (20, 35), (13, 40), 6, "opens its petals"),
    "cactus": Kind("plant", _cactus, (20, 14.6), (20, 31), (10, 30), 9),
    "mushroom": Kind("plant", _mushroom, (20, 16.6), (20, 44), (6, 33), 8),
    "house": Kind("building", _house, (20, 13.4), (20, 30), (6, 27), 17, "opens its door"),
    "lighthouse": Kind("building", _lighthouse, (20, 6.4), (20, 36), (14, 22), 11),
    "tent": Kind("building", _tent, (20, 19.4), (20, 25), (8, 42), 18, "opens its flap"),
    "chair": Kind("furniture", _chair, (20, 19.4), (20, 30), (9, 22), 14),
    "lamp": Kind("furniture", _lamp, (20, 15.4), (20, 40), (12, 20), 8, "lights up"),
    "cake": Kind("food", _cake, (20, 20), (20, 39.4), (7, 34), 16),
    "apple": Kind("food", _apple, (17, 26.4), (20, 38), (7, 33), 12),
}
