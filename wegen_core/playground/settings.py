"""The places of the moving playground, each by day, at dusk and at night.

The usual view is 100 x 100 units; a place is painted somewhat larger, so that the camera can move.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .pen import WHITE, Colour, Pen, mix

BOX = (-30.0, -15.0, 130.0, 110.0)  # left, top, right, bottom of what is painted, in units
HORIZON = 55.0


@dataclass(frozen=True)
class Light:
    """A time of day: what it multiplies colours with (0 to 1), and the sky from top to bottom."""

    ambient: tuple[float, float, float]
    sky: tuple[Colour, Colour]


LIGHTS: dict[str, Light] = {
    "day": Light((1.0, 1.0, 1.0), ((92, 176, 246), (214, 238, 252))),
    "dusk": Light((0.98, 0.8, 0.72), ((104, 84, 160), (255, 176, 108))),
    "night": Light((0.6, 0.63, 0.84), ((12, 16, 48), (58, 66, 126))),
}


@lru_cache(maxsize=32)
def background(setting: str, light: str, scale: float) -> np.ndarray:
    """Paint a place without things.

    Parameters
    ----------
    setting
        One of `SETTINGS`.
    light
        One of `LIGHTS`.
    scale
        Pixels per unit.

    Returns
    -------
    numpy.ndarray
        uint8 [height, width, 3]: `BOX` times `scale` pixels. The array is cached and read-only.
    """
    sky = Pen(BOX, scale * 2)
    _sky(sky, light)
    land = Pen(BOX, scale * 2)
    SETTINGS[setting](land)
    pixels = np.asarray(land.image.reduce(2).convert("RGBa"), np.float32)
    back = np.asarray(sky.image.reduce(2), np.float32)[..., :3]
    lit = pixels[..., :3] * np.array(LIGHTS[light].ambient, np.float32)
    painted = lit + back * (1 - pixels[..., 3:] / 255)
    result = np.rint(painted).clip(0, 255).astype(np.uint8)
    result.flags.writeable = False
    return result


def _sky(pen: Pen, light: str) -> None:
    top, bottom = LIGHTS[light].sky
    pen.gradient(top, bottom, BOX[1], HORIZON)
    if light == "day":
        pen.glow(79, 14, 22, (255, 250, 214), 0.8)
        pen.dot(79, 14, 6, 6, (255, 246, 190))
        for x, y, size in ((20, 15, 1.0), (52, 24, 0.8), (-12, 26, 0.9), (112, 20, 1.0)):
            for dx, dy, r in ((-6, 1.5, 4), (0, 0, 5.4), (6.4, 1.6, 4.2), (0, 3, 6)):
                pen.dot(x + dx * size, y + dy * size, r * size * 1.2, r * size * 0.62, WHITE)
    elif light == "dusk":
        pen.glow(28, 44, 46, (255, 226, 150), 0.9)
        pen.dot(28, 44, 7.5, 7.5, (255, 240, 190))
    else:
        rng = np.random.default_rng(5)
        for x, y, r in rng.uniform((-30, -14, 0.25), (130, 48, 0.75), (70, 3)):
            pen.dot(x, y, r, r, (255, 252, 226))
        pen.glow(76, 16, 20, (226, 226, 255), 0.5)
        pen.dot(76, 16, 6.5, 6.5, (250, 246, 220))
        pen.dot(73.4, 14.4, 5.6, 5.6, mix(top, bottom, 0.4))


def _hills(pen: Pen, centres: tuple[tuple[float, float, float], ...], colour: Colour) -> None:
    for x, rx, ry in centres:
        pen.dot(x, HORIZON + 3, rx, ry, colour)


def _meadow(pen: Pen) -> None:
    _hills(pen, ((6, 44, 17), (104, 40, 20)), (148, 204, 118))
    _hills(pen, ((58, 52, 11),), (130, 192, 102))
    pen.gradient((136, 204, 96), (78, 160, 62), HORIZON, 110)
    rng = np.random.default_rng(1)
    for x, y in rng.uniform((-28, 58), (128, 108), (90, 2)):
        size = (y - 30) / 60
        pen.polygon([(x, y), (x + 0.7 * size, y - 2.4 * size), (x + 1.4 * size, y)], (96, 178, 72))
    for i, (x, y) in enumerate(rng.uniform((-28, 60), (128, 108), (34, 2))):
        pen.dot(x, y, 0.9, 0.8, ((255, 244, 160), (255, 214, 230), WHITE)[i % 3])


def _beach(pen: Pen) -> None:
    pen.gradient((46, 148, 200), (104, 208, 216), HORIZON - 4, 76)
    for x, y, width in ((10, 56, 9), (60, 55, 12), (96, 59, 8), (32, 61, 10), (-10, 62, 8)):
        pen.stroke([(x - width, y), (x + width, y)], 0.5, (178, 230, 238))
    shore = [(x, 67 + 1.6 * np.sin(x / 9)) for x in range(-30, 132, 2)]
    pen.gradient((246, 250, 244), (246, 250, 244), 60, 70, shore)
    sand = [(x, y + 1.7) for x, y in shore]
    pen.gradient((250, 228, 176), (232, 198, 136), 66, 110, sand)
    for x, y in np.random.default_rng(2).uniform((-28, 74), (128, 108), (40, 2)):
        pen.dot(x, y, 0.8, 0.5, (220, 184, 126))


def _desert(pen: Pen) -> None:
    dune = [(x, 53 - 7 * np.sin(x / 23 + 1)) for x in range(-30, 132, 2)]
    pen.gradient((236, 178, 110), (224, 160, 96), 46, 66, dune)
    pen.gradient(
        (246, 204, 138),
        (222, 164, 98),
        HORIZON + 4,
        110,
        [(x, 61 + 3 * np.sin(x / 17)) for x in range(-30, 132, 2)],
    )
    for row in range(7):
        y = 70 + row * 6
        line = [(x, y + 1.2 * np.sin(x / 8 + row * 1.7)) for x in range(-30, 132, 2)]
        pen.stroke(line, 0.5, (230, 178, 112))


def _city(pen: Pen) -> None:
    tints = ((150, 160, 186), (178, 150, 148), (136, 150, 166), (190, 174, 150), (160, 140, 170))
    rng = np.random.default_rng(3)
    x, i = -30.0, 0
    while x < 130:
        width, height = rng.uniform(14, 22), rng.uniform(22, 46)
        pen.rectangle((x, 60 - height, x + width, 64), tints[i % 5])
        for wx in np.arange(x + 2.5, x + width - 3, 4.4):
            for wy in np.arange(63 - height, 57, 5.2):
                pen.rectangle((wx, wy, wx + 2, wy + 2.8), (252, 238, 170))
        x, i = x + width + rng.uniform(0, 2), i + 1
    pen.gradient((196, 196, 200), (180, 180, 186), 62, 72)
    pen.gradient((92, 96, 108), (70, 74, 86), 73, 110)
    for dash in range(-28, 130, 18):
        pen.rectangle((dash, 100, dash + 9, 101.4), (240, 236, 210))


def _forest(pen: Pen) -> None:
    for x in range(-34, 140, 9):
        high = 27 + 8 * np.sin(x * 1.3)
        for part in range(3):
            top, half = HORIZON - high + part * high * 0.27, 5 + part * 2.6
            points = [(x, top), (x + half, top + high * 0.5), (x - half, top + high * 0.5)]
            pen.polygon(points, mix((34, 104, 74), (60, 140, 90), part / 3))
    pen.gradient((92, 140, 82), (62, 104, 58), HORIZON, 110)
    for x, y in np.random.default_rng(4).uniform((-28, 60), (128, 108), (60, 2)):
        pen.dot(x, y, 1.5, 0.7, ((84, 128, 70), (150, 112, 66), (110, 156, 88))[int(x) % 3])


def _snow(pen: Pen) -> None:
    for x, half, high in ((4, 34, 34), (58, 40, 42), (108, 34, 32)):
        base, peak = HORIZON + 4, HORIZON + 4 - high
        pen.polygon([(x - half, base), (x, peak), (x + half, base)], (132, 152, 186))
        cap = [(x, peak), (x + half * 0.34, peak + high * 0.34), (x + 3, peak + high * 0.26)]
        pen.polygon([*cap, (x - 4, peak + high * 0.4), (x - half * 0.3, peak + high * 0.3)], WHITE)
    pen.gradient(
        (244, 250, 255),
        (206, 224, 244),
        HORIZON,
        110,
        [(x, 58 + 2 * np.sin(x / 19)) for x in range(-30, 132, 2)],
    )
    for x, y in np.random.default_rng(6).uniform((-28, 64), (128, 108), (26, 2)):
        pen.dot(x, y, 3.2, 0.7, (222, 234, 248))


def _lake(pen: Pen) -> None:
    _hills(pen, ((0, 50, 22), (66, 46, 15), (122, 40, 24)), (108, 158, 132))
    pen.gradient((96, 170, 206), (150, 206, 226), HORIZON - 2, 74)
    for x, y, width in ((16, 60, 10), (70, 58, 8), (94, 64, 12), (40, 66, 9)):
        pen.stroke([(x - width, y), (x + width, y)], 0.4, (206, 234, 244))
    bank = [(x, 71 + 2 * np.sin(x / 13)) for x in range(-30, 132, 2)]
    pen.gradient((150, 196, 108), (98, 158, 80), 70, 110, bank)
    for x, y in np.random.default_rng(7).uniform((-28, 72), (128, 78), (30, 2)):
        pen.stroke([(x, y), (x + 0.8, y - 6)], 0.4, (110, 150, 74))
        pen.dot(x + 0.8, y - 6.6, 0.6, 1.6, (128, 88, 54))


def _room(pen: Pen) -> None:
    left, top, right, bottom = BOX
    # The wall leaves the window open to the sky.
    walls = ((left, top, right, 8), (left, 8, 8, 66), (40, 8, right, 66), (left, 44, right, 66))
    for x0, y0, x1, y1 in walls:
        pen.rectangle((x0, y0, x1, y1), (244, 222, 188))
    for x in [*range(-28, 8, 8), *range(44, 130, 8)]:
        pen.rectangle((x, top, x + 1.2, 62), (238, 212, 174))
    for start, end in ((6.0, 8.6), (23.0, 25.0), (39.4, 42.0)):
        pen.rectangle((start, 6, end, 46), (250, 250, 246))
    for start, end in ((6.0, 8.6), (25.0, 26.6), (43.4, 46.0)):
        pen.rectangle((6, start, 42, end), (250, 250, 246))
    pen.rectangle((62, 10, 92, 34), (150, 104, 66))
    pen.rectangle((64, 12, 90, 32), (196, 222, 226))
    pen.polygon([(64, 32), (74, 20), (80, 26), (84, 22), (90, 32)], (120, 166, 120))
    pen.rectangle((left, 62, right, 66), (250, 244, 234))
    pen.gradient((190, 138, 92), (156, 108, 70), 66, bottom)
    for row in range(6):
        y = 66 + 1.6 * row + row * row * 1.1
        pen.rectangle((left, y, right, y + 0.5), (150, 102, 64))
    pen.dot(50, 92, 46, 9, (206, 96, 92))
    pen.dot(50, 92, 41, 7.4, (232, 150, 128))


SETTINGS: dict[str, Callable[[Pen], None]] = {
    "meadow": _meadow,
    "beach": _beach,
    "desert": _desert,
    "city": _city,
    "forest": _forest,
    "snow": _snow,
    "lake": _lake,
    "room": _room,
}
