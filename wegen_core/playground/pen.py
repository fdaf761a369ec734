"""Drawing in units: flat outlined shapes, a pattern on the body, light from the top left.

Shapes are painted at several times the final size and scaled down by who uses the image.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Point = tuple[float, float]

WHITE, BLACK, GREY = (255, 255, 255), (24, 24, 34), (120, 126, 140)
WOOD = (140, 92, 54)


def mix(a: Colour, b: Colour, amount: float) -> Colour:
    """`a` with `amount` (0 to 1) of `b`."""
    red, green, blue = (round(x + (y - x) * amount) for x, y in zip(a, b, strict=True))
    return red, green, blue


class Pen:
    """Paints shapes on an RGBA image.

    Parameters
    ----------
    box
        The part of the plane that the image shows: left, top, right, bottom in units.
    scale
        Pixels per unit.
    line
        Width of outlines in units; 0 for none.
    """

    def __init__(
        self, box: tuple[float, float, float, float], scale: float, line: float = 0.0
    ) -> None:
        self.box = box
        self.scale = scale
        self.line = line
        width, height = box[2] - box[0], box[3] - box[1]
        self.image = Image.new("RGBA", (round(width * scale), round(height * scale)))
        self.body = Image.new("L", self.image.size)
        self._draw = ImageDraw.Draw(self.image)
        self._body_draw = ImageDraw.Draw(self.body)

    def polygon(self, points: Sequence[Point], fill: Colour, body: bool = False) -> None:
        """A filled polygon."""
        scaled = self._pixels(points)
        width = round(self.line * self.scale)
        self._draw.polygon(scaled, fill)
        if width:
            closed = [*scaled, scaled[0], scaled[1]]
            self._draw.line(closed, mix(fill, BLACK, 0.6), width, joint="curve")
        if body:
            self._body_draw.polygon(scaled, 255)

    def ellipse(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        fill: Colour,
        body: bool = False,
        outline: bool = True,
    ) -> None:
        """A filled ellipse around (x, y) with radii `rx`, `ry`."""
        box = self._pixels([(x - rx, y - ry), (x + rx, y + ry)])
        width = round(self.line * self.scale) if outline else 0
        self._draw.ellipse(box, fill, mix(fill, BLACK, 0.6) if width else None, max(1, width))
        if body:
            self._body_draw.ellipse(box, 255)

    def rectangle(
        self,
        box: tuple[float, float, float, float],
        fill: Colour,
        radius: float = 0.0,
        body: bool = False,
        outline: bool = True,
    ) -> None:
        """A filled rectangle (x0, y0, x1, y1) with rounded corners."""
        scaled = self._pixels([box[:2], box[2:]])
        width = round(self.line * self.scale) if outline else 0
        edge = mix(fill, BLACK, 0.6) if width else None
        self._draw.rounded_rectangle(scaled, radius * self.scale, fill, edge, max(1, width))
        if body:
            self._body_draw.rounded_rectangle(scaled, radius * self.scale, 255)

    def stroke(self, points: Sequence[Point], width: float, fill: Colour) -> None:
        """A line with round ends through `points`, outlined."""
        for extra, colour in ((2 * self.line, mix(fill, BLACK, 0.6)), (0.0, fill)):
            if extra or not self.line or colour == fill:
                thick = (width + extra) * self.scale
                scaled = self._pixels(points)
                self._draw.line(scaled, colour, max(1, round(thick)), joint="curve")
                for x, y in (scaled[0], scaled[-1]):
                    r = thick / 2
                    self._draw.ellipse([x - r, y - r, x + r, y + r], colour)

    def dot(self, x: float, y: float, rx: float, ry: float, fill: Colour) -> None:
        """An ellipse without an outline."""
        self.ellipse(x, y, rx, ry, fill, outline=False)

    def glow(self, x: float, y: float, radius: float, colour: Colour, alpha: float) -> None:
        """A soft disc that fades to nothing at `radius`."""
        width, height = self.image.size
        xs = (np.arange(width) + 0.5) / self.scale + self.box[0] - x
        ys = (np.arange(height) + 0.5) / self.scale + self.box[1] - y
        fade = np.clip(1 - np.hypot(xs, ys[:, None]) / radius, 0, 1) ** 1.5
        layer = Image.new("RGBA", self.image.size, colour)
        layer.putalpha(Image.fromarray((255 * alpha * fade).astype(np.uint8)))
        self._replace(Image.alpha_composite(self.image, layer))

    def gradient(
        self, top: Colour, bottom: Colour, y0: float, y1: float, edge: Sequence[Point] = ()
    ) -> None:
        """Everything below the line `edge` (or `y0`), in a colour ramp from `y0` down to `y1`."""
        width, height = self.image.size
        ys = np.arange(height) / self.scale + self.box[1]
        ramp = np.clip((ys - y0) / (y1 - y0), 0, 1)[:, None]
        colours = np.array(top) * (1 - ramp) + np.array(bottom) * ramp
        column = Image.fromarray(np.rint(colours[:, None]).astype(np.uint8))
        mask = Image.new("L", self.image.size)
        left, _, right, floor = self.box
        points = [*edge] or [(left, y0), (right, y0)]
        ImageDraw.Draw(mask).polygon(self._pixels([*points, (right, floor), (left, floor)]), 255)
        self.image.paste(column.resize((width, height), Image.Resampling.NEAREST), (0, 0), mask)

    def pattern(self, name: str, colour: Colour) -> None:
        """Stripes, spots or checks over the body painted so far; "plain" paints nothing."""
        if name == "plain":
            return
        marks = Image.new("L", self.image.size)
        draw = ImageDraw.Draw(marks)
        left, top, right, bottom = self.box
        if name == "striped":
            lean = (bottom - top) / 2
            for x in np.arange(left - lean, right, 5.0):
                corners = [(x, top), (x + 2.4, top), (x + 2.4 + lean, bottom), (x + lean, bottom)]
                draw.polygon(self._pixels(corners), 255)
        elif name == "spotted":
            for row, y in enumerate(np.arange(top, bottom, 4.2)):
                for x in np.arange(left + 2.5 * (row % 2), right, 5.0):
                    draw.ellipse(self._pixels([(x - 1.45, y - 1.45), (x + 1.45, y + 1.45)]), 255)
        elif name == "checked":
            for row, y in enumerate(np.arange(top, bottom, 3.0)):
                for x in np.arange(left + 3.0 * (row % 2), right, 6.0):
                    draw.rectangle(self._pixels([(x, y), (x + 3.0, y + 3.0)]), 255)
        inside = round(self.line * self.scale) * 2 + 1
        body = self.body.filter(ImageFilter.MinFilter(inside)) if inside > 1 else self.body
        self.image.paste(colour, (0, 0), ImageChops.darker(marks, body))

    def light(self) -> None:
        """Shade everything painted so far as if it were round, lit from the top left."""
        alpha = self.image.getchannel("A")
        radius = 3.2 * self.scale
        soft = np.asarray(alpha.filter(ImageFilter.BoxBlur(radius)), np.float32) / 255
        step = max(1, round(1.6 * self.scale))
        slope = np.zeros_like(soft)
        slope[step:, step:] = soft[step:, step:] - soft[:-step, :-step]
        slope = np.clip(slope, -0.5, 0.5)[..., None]
        pixels = np.asarray(self.image, np.float32)
        bright = pixels[..., :3] + slope.clip(0) * (255 - pixels[..., :3]) * 0.9
        shaded = bright * (1 + slope.clip(None, 0) * 0.8)
        both = np.concatenate([shaded, pixels[..., 3:]], axis=2)
        self._replace(Image.fromarray(np.rint(both).clip(0, 255).astype(np.uint8)))

    def _pixels(self, points: Sequence[Sequence[float]]) -> list[Point]:
        left, top = self.box[:2]
        return [((x - left) * self.scale, (y - top) * self.scale) for x, y in points]

    def _replace(self, image: Image.Image) -> None:
        self.image = image
        self._draw = ImageDraw.Draw(image)
