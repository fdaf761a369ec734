"""Objects pasted into an image."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from wegen_core.painting.collage import collage

GREY = Image.new("RGB", (200, 100), "grey")


def disc() -> Image.Image:
    """A red disc with noimage around it."""
    image = Image.new("RGBA", (80, 80))
    ImageDraw.Draw(image).ellipse((20, 20, 60, 60), fill="red")
    return image


def test_an_object_is_cut_out_along_its_alpha_and_stands_in_its_region():
    canvas, region = collage(GREY, [(disc(), (0.5, 0.2, 0.9, 0.8))])
    pixels, inside = np.asarray(canvas).astype(int), np.asarray(region) > 0
    red = (pixels[..., 0] > 200) & (pixels[..., 1] < 60)
    rows, columns = np.where(red)
    assert 56 <= np.ptp(rows) + 1 <= 60 and rows.max() in (78, 79)
    assert abs(columns.mean() - 140) < 1 and red[50, 140] and not red[22, 112]
    assert inside[red].all() and (pixels[~inside] == 128).all()
    assert not inside[:, :100].any()


def test_an_image_without_alpha_is_pasted_whole_with_soft_edges():
    canvas, region = collage(GREY, [(Image.new("RGB", (50, 50), "red"), (0.0, 0.0, 0.5, 1.0))])
    pixels = np.asarray(canvas).astype(int)
    assert (pixels[50, 50] == (255, 0, 0)).all()
    assert 128 < pixels[50, 2, 0] < 255 and (pixels[:, 110:] == 128).all()
    assert np.asarray(region)[50, 50] and not np.asarray(region)[50, 110]


def test_the_smallest_images_are_pasted_too():
    dot = Image.new("RGB", (1, 1), "red")
    canvas, region = collage(
        dot, [(dot, (0.25, 0.45, 0.75, 0.95)), (Image.new("RGBA", (3, 3)), (0.9, 0.9, 1.0, 1.0))]
    )
    assert canvas.size == region.size == (1, 1)
