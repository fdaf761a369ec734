"""Drawing playground scenes: anti-aliased, shaded, and a fixed function of the scene.

Backgrounds and things are painted once at four times the size, scaled down with their alpha and
kept; a scene is then two or three blends. Nothing is jittered, so a description fixes its image.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from .scenes import Scene

Colour = tuple[int, int, int]
Point = tuple[float, float]

COLOUR_RGB: dict[str, Colour] = {
    "red": (224, 36, 44),
    "orange": (252, 128, 16),
    "yellow": (255, 218, 20),
    "green": (16, 150, 62),
    "blue": (34, 84, 232),
    "purple": (150, 50, 196),
}
CENTRES = {"left": 12, "middle": 32, "right": 52}
GROUND = 51  # y of the line on which the things stand, of 64

_SPRITE = (24, 32)  # units of a thing's canvas; it stands on y = 29 around x = 12
_FOOT = 29
_UNIT = 0.9  # pixels per unit: a thing is at most 20 px wide, so neighbours do not overlap
_OVERSAMPLING = 4
_WHITE, _BLACK = (255, 255, 255), (12, 14, 24)
_GLASS, _WOOD = (214, 238, 250), (124, 82, 48)


def draw(scene: Scene, size: int = 64) -> Image.Image:
    """Draw a scene.

    Parameters
    ----------
    size
        Pixels along one side, at least 16.

    Returns
    -------
    PIL.Image.Image
        RGB, `size` x `size`; equal scenes give equal pixels.

    Raises
    ------
    ValueError
        The size is too small.
    """
    if size < 16:
        raise ValueError(f"size {size} is too small for a scene; use at least 16 (64 is usual)")
    canvas = _background(scene.background, size).copy()
    for thing in scene.things:
        colour, alpha = _sprite(thing.kind, thing.colour, thing.position, size)
        canvas = canvas * (1 - alpha) + colour
    return Image.fromarray(np.clip(np.rint(canvas), 0, 255).astype(np.uint8))


class _Pen:
    """Paints shaded shapes on one large canvas; `image` is RGBA.

    Lengths are in units of a 64 px image, `scale` pixels each. Colours are (red, green, blue) in
    0..255; a shape with two runs from `top` to `bottom`.
    """

    def __init__(self, width: float, height: float, scale: float, base: Colour = _WHITE) -> None:
        self.scale = scale
        self.base = base
        self.image = Image.new("RGBA", (round(width * scale), round(height * scale)))

    def light(self, amount: float) -> Colour:
        """The base colour with `amount` (0..1) of white."""
        return _mix(self.base, _WHITE, amount)

    def dark(self, amount: float) -> Colour:
        """The base colour with `amount` (0..1) of black."""
        return _mix(self.base, _BLACK, amount)

    def polygon(self, points: Sequence[Point], top: Colour, bottom: Colour | None = None) -> None:
        """A filled polygon."""
        scaled = [(x * self.scale, y * self.scale) for x, y in points]
        self._shape(lambda d: d.polygon(scaled, fill=255), top, bottom)

    def ellipse(
        self, x: float, y: float, rx: float, ry: float, top: Colour, bottom: Colour | None = None
    ) -> None:
        """A filled ellipse around (x, y) with radii rx, ry."""
        box = [v * self.scale for v in (x - rx, y - ry, x + rx, y + ry)]
        self._shape(lambda d: d.ellipse(box, fill=255), top, bottom)

    def rectangle(
        self,
        box: tuple[float, float, float, float],
        top: Colour,
        bottom: Colour | None = None,
        radius: float = 0,
    ) -> None:
        """A filled rectangle (x0, y0, x1, y1) with rounded corners."""
        scaled = [v * self.scale for v in box]
        self._shape(
            lambda d: d.rounded_rectangle(scaled, radius * self.scale, fill=255), top, bottom
        )

    def line(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """A line through `points`."""
        scaled = [(x * self.scale, y * self.scale) for x, y in points]
        thick = max(1, round(width * self.scale))
        self._shape(lambda d: d.line(scaled, fill=255, width=thick, joint="curve"), colour, None)

    def glow(
        self, x: float, y: float, rx: float, ry: float, colour: Colour, alpha: float, blur: float
    ) -> None:
        """A soft ellipse."""
        mask = Image.new("L", self.image.size)
        box = [v * self.scale for v in (x - rx, y - ry, x + rx, y + ry)]
        ImageDraw.Draw(mask).ellipse(box, fill=round(255 * alpha))
        self._paste(colour, None, mask.filter(ImageFilter.GaussianBlur(blur * self.scale)))

    def outline(self, width: float, colour: Colour) -> None:
        """A thin line around everything painted so far."""
        alpha = self.image.getchannel("A")
        reach = max(3, 2 * round(width * self.scale) + 1)
        edge = Image.new("RGBA", self.image.size, colour)
        edge.putalpha(alpha.filter(ImageFilter.MaxFilter(reach)))
        self.image = Image.alpha_composite(edge, self.image)

    def shadow(self, x: float, y: float, rx: float, ry: float) -> None:
        """A soft contact shadow below everything painted so far."""
        above = self.image
        self.image = Image.new("RGBA", above.size)
        self.glow(x, y, rx, ry, _BLACK, 0.5, 0.8)
        self.image = Image.alpha_composite(self.image, above)

    def _shape(
        self, paint: Callable[[ImageDraw.ImageDraw], None], top: Colour, bottom: Colour | None
    ) -> None:
        mask = Image.new("L", self.image.size)
        paint(ImageDraw.Draw(mask))
        self._paste(top, bottom, mask)

    def _paste(self, top: Colour, bottom: Colour | None, mask: Image.Image) -> None:
        width, height = self.image.size
        box = mask.getbbox() or (0, 0, width, height)
        ramp = np.clip((np.arange(height) - box[1]) / max(1, box[3] - 1 - box[1]), 0, 1)
        ends = np.array([top, bottom or top], dtype=np.float32)
        column = ends[0] + (ends[1] - ends[0]) * ramp[:, None]
        fill = np.broadcast_to(column[:, None], (height, width, 3)).round().astype(np.uint8)
        layer = Image.fromarray(np.ascontiguousarray(fill)).convert("RGBA")
        layer.putalpha(mask)
        self.image = Image.alpha_composite(self.image, layer)


def _mix(a: Colour, b: Colour, amount: float) -> Colour:
    red, green, blue = (round(x + (y - x) * amount) for x, y in zip(a, b, strict=True))
    return red, green, blue


def _car(pen: _Pen) -> None:
    pen.polygon([(5, 20), (8.2, 13.4), (15.6, 13.4), (19, 20)], pen.light(0.2), pen.base)
    pen.rectangle((1.2, 19, 22.8, 26.2), pen.light(0.22), pen.dark(0.2), radius=2.6)
    pen.outline(0.5, pen.dark(0.6))
    pen.polygon([(7.2, 19), (9, 14.8), (11.4, 14.8), (11.4, 19)], _GLASS, (160, 206, 232))
    pen.polygon([(12.6, 19), (12.6, 14.8), (15, 14.8), (17.2, 19)], _GLASS, (160, 206, 232))
    pen.ellipse(21.6, 21.6, 0.9, 1.1, (255, 246, 190))
    for x in (6.6, 17.4):
        pen.ellipse(x, 26, 3, 3, (40, 42, 52))
        pen.ellipse(x, 26, 1.3, 1.3, (206, 210, 218))


def _boat(pen: _Pen) -> None:
    pen.rectangle((11.2, 4.5, 12.2, 23), _WOOD)
    pen.polygon([(13, 5.5), (13, 20.6), (21.6, 20.6)], pen.light(0.3), pen.base)
    pen.polygon([(10.4, 8), (10.4, 20.6), (3.6, 20.6)], pen.light(0.6), pen.light(0.35))
    pen.polygon([(0.8, 22.2), (23.2, 22.2), (19, 28.8), (5, 28.8)], pen.light(0.1), pen.dark(0.3))
    pen.outline(0.5, pen.dark(0.6))
    pen.rectangle((3, 23.6, 21, 24.5), pen.light(0.7))


def _house(pen: _Pen) -> None:
    pen.rectangle((16, 8, 18.6, 14), pen.dark(0.3))
    pen.rectangle((3.6, 15.5, 20.4, 28.8), pen.light(0.3), pen.light(0.02))
    pen.polygon([(0.9, 17), (12, 6.4), (23.1, 17)], pen.dark(0.12), pen.dark(0.36))
    pen.outline(0.5, pen.dark(0.6))
    pen.rectangle((6, 20, 10, 24), (255, 244, 196), (250, 222, 140))
    pen.rectangle((13.2, 20.4, 17.4, 28.8), _WOOD, (92, 58, 34))
    pen.ellipse(16.4, 25, 0.5, 0.5, (255, 226, 130))


def _tree(pen: _Pen) -> None:
    pen.rectangle((10.3, 22, 13.7, 28.8), _WOOD, (92, 58, 34))
    for top, bottom, half in ((11.5, 25, 9.2), (6.5, 19, 7.4), (1.4, 12.6, 5.4)):
        points = [(12, top), (12 + half, bottom), (12 - half, bottom)]
        pen.polygon(points, pen.light(0.3), pen.dark(0.24))
    pen.outline(0.5, pen.dark(0.6))


def _cat(pen: _Pen) -> None:
    pen.line([(17, 27), (21, 25.6), (22, 22), (20.6, 18.6)], 2.2, pen.dark(0.1))
    pen.ellipse(12, 23.6, 6.2, 5.6, pen.base, pen.dark(0.2))
    pen.polygon([(5, 13.5), (5.4, 4.6), (11.6, 9.8)], pen.dark(0.1))
    pen.polygon([(19, 13.5), (18.6, 4.6), (12.4, 9.8)], pen.dark(0.1))
    pen.ellipse(12, 14.2, 7.4, 6.2, pen.light(0.28), pen.dark(0.05))
    pen.outline(0.5, pen.dark(0.6))
    pen.ellipse(12, 25.4, 3, 3, pen.light(0.55), pen.light(0.4))
    for x in (8.9, 15.1):
        pen.ellipse(x, 13.4, 1.5, 1.8, _WHITE)
        pen.ellipse(x, 13.6, 0.95, 1.4, _BLACK)
    pen.polygon([(11, 16.2), (13, 16.2), (12, 17.5)], (60, 24, 40))


def _fish(pen: _Pen) -> None:
    pen.polygon([(7.6, 20), (0.8, 13.6), (2.6, 20), (0.8, 26.4)], pen.light(0.1), pen.dark(0.26))
    pen.polygon([(9, 15), (13, 10.4), (17, 14.6)], pen.dark(0.14))
    pen.polygon([(11, 25), (12.4, 28.4), (16, 25)], pen.dark(0.2))
    pen.ellipse(14, 20, 9, 6.2, pen.light(0.3), pen.dark(0.18))
    pen.outline(0.5, pen.dark(0.6))
    pen.ellipse(14.6, 24.1, 4.8, 1.2, pen.light(0.4))
    pen.ellipse(18.8, 18.4, 1.8, 1.8, _WHITE)
    pen.ellipse(19.2, 18.5, 1, 1, _BLACK)


def _ball(pen: _Pen) -> None:
    pen.ellipse(12, 20, 8.8, 8.8, pen.light(0.16), pen.dark(0.24))
    disc = pen.image.getchannel("A")
    pen.line([(1, 24.4), (6, 21), (12, 19.9), (18, 21), (23, 24.4)], 2.6, pen.light(0.72))
    pen.image.putalpha(ImageChops.darker(pen.image.getchannel("A"), disc))
    pen.outline(0.5, pen.dark(0.6))
    pen.glow(8.8, 15.4, 2.3, 1.9, _WHITE, 0.9, 0.5)


def _star(pen: _Pen) -> None:
    points = []
    for corner in range(10):
        radius = 10.6 if corner % 2 == 0 else 4.7
        angle = math.radians(36 * corner - 90)
        points.append((12 + radius * math.cos(angle), 17 + radius * math.sin(angle)))
    pen.polygon(points, pen.light(0.3), pen.dark(0.12))
    pen.outline(0.5, pen.dark(0.6))
    pen.glow(10.4, 14.4, 1.6, 1.4, _WHITE, 0.75, 0.5)


_THINGS: dict[str, tuple[Callable[[_Pen], None], float]] = {  # painter, half width of the shadow
    "car": (_car, 10.6),
    "boat": (_boat, 8.6),
    "house": (_house, 10),
    "tree": (_tree, 5),
    "cat": (_cat, 7.6),
    "fish": (_fish, 7.4),
    "ball": (_ball, 6.4),
    "star": (_star, 6),
}


def _grass(pen: _Pen) -> None:
    pen.rectangle((0, 0, 64, 64), (104, 186, 250), (216, 240, 255))
    for x, y, rx, ry in ((15, 11, 6, 2.6), (11, 12.4, 6, 2.2), (48, 8, 7, 2.6), (53, 9.6, 6, 2)):
        pen.glow(x, y, rx, ry, _WHITE, 0.95, 0.6)
    pen.ellipse(14, 62, 40, 32, (176, 220, 120), (150, 204, 96))
    pen.ellipse(56, 64, 40, 30, (164, 214, 108), (150, 204, 96))
    pen.rectangle((0, 42, 64, 64), (158, 212, 100), (120, 186, 70))


def _sea(pen: _Pen) -> None:
    pen.rectangle((0, 0, 64, 28), (150, 212, 250), (232, 246, 255))
    pen.glow(32, 9, 4.6, 4.6, (255, 246, 190), 1, 0.5)
    pen.rectangle((0, 26, 64, 64), (30, 138, 186), (92, 206, 214))
    for x, y, rx in ((12, 31, 8), (44, 33, 10), (24, 37.5, 11), (56, 39, 7)):
        pen.glow(x, y, rx, 0.45, (200, 240, 246), 0.8, 0.25)
    pen.ellipse(32, 71, 60, 21.6, (240, 250, 250))
    pen.ellipse(32, 72.4, 60, 21.6, (250, 230, 184), (238, 208, 150))


def _desert(pen: _Pen) -> None:
    pen.rectangle((0, 0, 64, 46), (255, 176, 120), (255, 236, 196))
    pen.glow(32, 12, 6, 6, (255, 250, 224), 1, 0.6)
    pen.ellipse(52, 58, 36, 26, (226, 168, 112), (214, 150, 92))
    pen.ellipse(6, 60, 38, 24, (236, 184, 124), (226, 168, 106))
    pen.ellipse(36, 88, 70, 46, (244, 204, 146), (222, 170, 108))


def _night(pen: _Pen) -> None:
    pen.rectangle((0, 0, 64, 50), (14, 16, 52), (70, 62, 130))
    dots = ((5, 18), (12, 5), (22, 12), (29, 4), (38, 16), (43, 7), (60, 20), (33, 22), (17, 22))
    for x, y in dots:
        pen.glow(x, y, 0.75, 0.75, (255, 252, 224), 1, 0.15)
    pen.ellipse(53, 9, 4.8, 4.8, (255, 246, 208), (240, 226, 180))
    pen.ellipse(12, 60, 38, 28, (40, 46, 92), (32, 38, 70))
    pen.ellipse(56, 62, 38, 26, (36, 42, 84), (28, 34, 64))
    pen.ellipse(32, 90, 72, 48, (58, 74, 100), (38, 50, 70))


_BACKGROUNDS = {"grass": _grass, "sea": _sea, "desert": _desert, "night": _night}


@lru_cache(maxsize=16)
def _background(name: str, size: int) -> np.ndarray:
    """The background as [size, size, 3] float32, 0..255."""
    pen = _Pen(64, 64, size / 64 * _OVERSAMPLING)
    _BACKGROUNDS[name](pen)
    return np.asarray(
        pen.image.convert("RGB").resize((size, size), Image.Resampling.BOX), np.float32
    )


@lru_cache(maxsize=1024)
def _sprite(kind: str, colour: str, position: str, size: int) -> tuple[np.ndarray, np.ndarray]:
    """A thing in its place: colour times alpha [size, size, 3] in 0..255, alpha [size, size, 1]."""
    scale = size / 64 * _OVERSAMPLING
    pen = _Pen(*_SPRITE, scale * _UNIT, COLOUR_RGB[colour])
    paint, half = _THINGS[kind]
    paint(pen)
    pen.shadow(12, _FOOT, half, 1.5)
    placed = Image.new("RGBA", (round(64 * scale),) * 2)
    corner = (CENTRES[position] - _UNIT * _SPRITE[0] / 2, GROUND - _UNIT * _FOOT)
    placed.paste(pen.image, (round(corner[0] * scale), round(corner[1] * scale)))
    # PIL scales RGBA with the colours weighted by their alpha, so that edges do not darken.
    small = np.asarray(placed.resize((size, size), Image.Resampling.BOX), np.float32)
    alpha = small[..., 3:] / 255
    return small[..., :3] * alpha, alpha
