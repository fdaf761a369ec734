"""Things laid into a picture, and what painters are asked for then."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from wegen_core.painting.collage import collage
from wegen_core.painting.families import FAMILIES
from wegen_core.painting.request import BLEND_STRENGTH, paint_request
from wegen_core.records.plan import Plan, Reference

GREY = Image.new("RGB", (200, 100), "grey")
SDXL = next(f for f in FAMILIES if f.prefix == "StableDiffusionXL")


def disc() -> Image.Image:
    """A red disc with nothing around it."""
    thing = Image.new("RGBA", (80, 80))
    ImageDraw.Draw(thing).ellipse((20, 20, 60, 60), fill="red")
    return thing


def test_a_thing_is_cut_out_along_its_alpha_and_stands_in_its_region():
    canvas, region = collage(GREY, [(disc(), (0.5, 0.2, 0.9, 0.8))])
    pixels, inside = np.asarray(canvas).astype(int), np.asarray(region) > 0
    red = (pixels[..., 0] > 200) & (pixels[..., 1] < 60)
    rows, columns = np.where(red)
    assert 56 <= np.ptp(rows) + 1 <= 60 and rows.max() in (78, 79)
    assert abs(columns.mean() - 140) < 1 and red[50, 140] and not red[22, 112]
    assert inside[red].all() and (pixels[~inside] == 128).all()
    assert not inside[:, :100].any()


def test_a_picture_without_alpha_is_laid_on_with_soft_edges():
    canvas, region = collage(GREY, [(Image.new("RGB", (50, 50), "red"), (0.0, 0.0, 0.5, 1.0))])
    pixels = np.asarray(canvas).astype(int)
    assert (pixels[50, 50] == (255, 0, 0)).all()
    assert 128 < pixels[50, 2, 0] < 255 and (pixels[:, 110:] == 128).all()
    assert np.asarray(region)[50, 50] and not np.asarray(region)[50, 110]


def test_things_without_a_region_stand_side_by_side():
    canvas, _ = collage(GREY, [(disc(), None), (disc(), None)])
    red = np.asarray(canvas)[..., 1] < 60
    left, right = (np.where(half.any(0))[0] for half in (red[:, :100], red[:, 100:]))
    assert len(left) and len(right) and not red[:40].any()


def test_the_smallest_pictures_do_no_harm():
    dot = Image.new("RGB", (1, 1), "red")
    canvas, region = collage(dot, [(dot, None), (Image.new("RGBA", (3, 3)), (0.9, 0.9, 1.0, 1.0))])
    assert canvas.size == region.size == (1, 1)


def test_a_painter_of_one_picture_gets_the_things_laid_in():
    plan = Plan(
        "compose",
        prompt="a disc on grey",
        references=(
            Reference(1, "subject", "the disc"),
            Reference(2, "base"),
            Reference(3, "style"),
        ),
        region=(0.0, 0.0, 0.5, 1.0),
    )
    pictures = [disc(), GREY, Image.new("RGB", (9, 9), "blue")]
    request = paint_request(plan, pictures, SDXL, area=200 * 100)
    assert request.strength == BLEND_STRENGTH and request.final == GREY.size
    laid = np.asarray(request.base)
    assert (laid[..., 1] < 60).any() and not (laid[:, request.size[0] // 2 :, 1] < 60).any()
    assert request.region.getbbox() is not None and request.images == (request.base,)


def test_an_editor_that_sees_several_pictures_gets_them_as_they_are():
    flux2 = next(f for f in FAMILIES if f.prefix == "Flux2")
    plan = Plan("compose", prompt="x", references=(Reference(1), Reference(2, "base")))
    request = paint_request(plan, [disc(), GREY], flux2, area=200 * 100)
    assert len(request.images) == 2 and request.images[1] is request.base and request.region is None
