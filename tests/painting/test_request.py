"""What painters get for a plan: texts, images and sizes."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.support.fakes import scene
from wegen_core.images.convert import region_mask
from wegen_core.painting.families import FAMILIES, paint_size
from wegen_core.painting.request import (
    BLEND_STRENGTH,
    INPAINT_STRENGTH,
    change_regions,
    edit_instruction,
    fit_reference,
    object_regions,
    paint_request,
    reference_images,
)
from wegen_core.records.plan import Plan, Reference

AREA = 96 * 96
NEW = Plan("generate", prompt="a red boat")
CHANGE = Plan("refine", prompt="a red boat", changes=("the boat is red",))
NAMES = list(FAMILIES)
BOX = (0.25, 0.0, 0.5, 1.0)


def compose(*references: Reference, **more) -> Plan:
    return Plan("compose", prompt="a cat on a boat", references=references, **more)


@pytest.mark.parametrize("name", NAMES)
def test_new_images_are_painted_as_large_as_they_are_asked_for(name):
    family = FAMILIES[name]
    step = family.multiple
    for size in ((70, 45), (1, 1), (8192, 4320), (333, 57)):
        request = paint_request(NEW, [], family, area=AREA, size=size)
        assert request.result_size == size and request.base is None and not request.images
        for painted, side in zip(request.size, size, strict=True):
            assert painted % step == 0 and abs(painted - side) < max(step, side + 1 - step)
    assert paint_request(NEW, [], family, area=AREA).result_size == (96, 96)


@pytest.mark.parametrize("size", [(333, 57), (1, 1), (2, 900), (8192, 4320)], ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_changed_images_are_painted_at_the_familys_size_and_keep_theirs(name, size):
    family = FAMILIES[name]
    request = paint_request(CHANGE, [Image.new("RGB", size, "red")], family, area=AREA)
    assert request.result_size == size
    assert request.size == request.base.size == paint_size(*size, family, AREA)
    assert request.images == (request.base,) and request.base.getpixel((3, 3)) == (255, 0, 0)


@pytest.mark.parametrize("name", NAMES)
def test_editors_get_an_instruction_and_others_the_description(name):
    request = paint_request(CHANGE, [scene()], FAMILIES[name], area=AREA)
    if FAMILIES[name].edits == "noise":
        assert request.prompt == "a red boat" and request.strength == 0.6
    else:
        assert "the boat is red" in request.prompt and "everything else" in request.prompt
        assert request.strength == 1.0


def test_alpha_is_laid_on_white():
    request = paint_request(CHANGE, [Image.new("RGBA", (9, 9))], FAMILIES["flux2"], area=AREA)
    assert request.base.mode == "RGB" and request.base.getpixel((5, 5)) == (255, 255, 255)


def test_noise_is_laid_over_the_mask_else_the_region_else_everything():
    sdxl, images = FAMILIES["sdxl"], [scene((60, 40))]
    mask = Image.new("L", (60, 40))
    mask.paste(255, (0, 20, 60, 40))
    local = Plan("refine", prompt="a red boat", region=BOX)
    width, height = paint_request(local, images, sdxl, area=AREA).size

    painted = paint_request(local, images, sdxl, area=AREA)
    assert painted.region.getbbox() == (round(width / 4), 0, round(width / 2), height)
    assert painted.strength == INPAINT_STRENGTH
    masked = paint_request(local, images, sdxl, area=AREA, mask=mask)
    assert masked.region.size == masked.size and not np.asarray(masked.region)[: height // 3].any()
    assert np.asarray(masked.region)[-1].all() and masked.strength == INPAINT_STRENGTH
    whole = paint_request(CHANGE, images, sdxl, area=AREA, strength=0.3)
    assert whole.region is None and whole.strength == 0.3


def test_objects_are_pasted_for_a_painter_of_one_image():
    disc = Image.new("RGB", (40, 40), "red")
    plan = compose(
        Reference(1, "subject", "the disc"),
        Reference(2, "base"),
        Reference(3, "style"),
        region=(0.0, 0.0, 0.5, 1.0),
    )
    images = [disc, Image.new("RGB", (200, 100), "grey"), Image.new("RGB", (9, 9), "blue")]
    request = paint_request(plan, images, FAMILIES["sdxl"], area=200 * 100)
    assert request.strength == BLEND_STRENGTH and request.result_size == (200, 100)
    pasted = np.asarray(request.base)[..., 1] < 60
    assert pasted.any() and not pasted[:, request.size[0] // 2 :].any()
    assert request.region.getbbox() is not None and request.images == (request.base,)


def test_editors_see_the_images_as_the_user_numbers_them():
    cat, boat, sky = scene((20, 90)), scene((96, 96)), scene((30, 30))
    plan = compose(Reference(3, "background"), Reference(1, "subject"), Reference(2, "base"))
    request = paint_request(plan, [cat, boat, sky], FAMILIES["flux2"], area=AREA)
    assert request.images[1] is request.base and request.region is None
    assert [image.size for image in request.images] == [(64, 288), (96, 96), (64, 64)]
    two = paint_request(plan, [cat, boat, sky], FAMILIES["flux2"], area=AREA, max_images=2)
    assert [image.size for image in two.images] == [(96, 96), (64, 64)]


@pytest.mark.parametrize(
    ("plan", "count", "max_images", "expected"),
    [
        (NEW, 3, 9, ([], None)),
        (CHANGE, 0, 9, ([], None)),
        (CHANGE, 3, 9, ([3], 3)),
        (compose(), 3, 9, ([3], 3)),
        (compose(Reference(2, "base"), Reference(1)), 3, 9, ([1, 2], 2)),
        (compose(Reference(1), Reference(3, "background")), 3, 9, ([1, 3], 3)),
        (compose(Reference(2), Reference(1)), 3, 9, ([1, 2], 2)),
        (compose(Reference(1, strength=0.0), Reference(2)), 3, 9, ([2], 2)),
        (compose(Reference(7), Reference(2)), 3, 9, ([2], 2)),
        (compose(*map(Reference, range(1, 6)), Reference(9, "base")), 9, 3, ([1, 2, 9], 9)),
    ],
)
def test_which_images_are_shown_and_which_is_changed(plan, count, max_images, expected):
    assert reference_images(plan, count, max_images) == expected


def test_references_are_as_small_as_the_family_reads_and_as_large_as_it_paints():
    flux2 = FAMILIES["flux2"]
    sizes = {(20, 90): (64, 288), (1, 1): (64, 64), (640, 90): (640, 90)}
    for size, fitted in sizes.items():
        assert fit_reference(Image.new("RGB", size), flux2, flux2.area).size == fitted
    large = fit_reference(Image.new("RGBA", (8192, 4320)), flux2, flux2.area)
    assert large.size == paint_size(8192, 4320, flux2, flux2.area) and large.mode == "RGB"


def test_instructions_say_what_changes_what_stays_and_which_image_gives_what():
    kept = Plan("refine", prompt="x", changes=("the boat is red.",), keep=("the sea", "the sky"))
    assert (
        edit_instruction(kept, FAMILIES["kontext"], [1])
        == "the boat is red while keeping the sea, the sky unchanged."
    )
    assert edit_instruction(CHANGE, FAMILIES["flux2"], [1]) == (
        "the boat is red, keep everything else exactly the same."
    )
    references = (Reference(1, "subject", "the cat"), Reference(2, "base"))
    assert edit_instruction(compose(*references), FAMILIES["qwen"], [2, 1]) == (
        "a cat on a boat. Take the cat from picture 2. "
        "Picture 1 is the scene; its other parts stay as they are."
    )
    style = Plan("refine", prompt="x", references=(Reference(1, "style"),))
    instruction = edit_instruction(style, FAMILIES["qwen"], [3, 1])
    assert "Take the style from picture 2, and nothing else of it." in instruction


def test_objects_without_a_region_stand_side_by_side_in_the_plans_region_or_in_the_lower_half():
    own = Reference(1, region=(0.1, 0.1, 0.3, 0.3))
    assert object_regions([own], (0.5, 0.5, 1.0, 1.0)) == [own.region]
    assert object_regions([Reference(1)], (0.5, 0.5, 1.0, 1.0)) == [(0.5, 0.5, 1.0, 1.0)]
    assert object_regions([Reference(1)], None) == [(0.25, 0.45, 0.75, 0.95)]
    regions = object_regions([own, Reference(2), Reference(3)], (0.2, 0.4, 1.0, 0.6))
    assert regions[0] == own.region
    (a, top, b, bottom), (c, _, d, _) = regions[1:]
    assert 0.2 <= a < b <= c + 1e-9 < d <= 1 and (top, bottom) == (0.4, 0.6)


def test_all_that_a_composition_paints_over_lies_in_its_change_regions():
    images = [scene((40, 40)), scene((30, 50)), scene((96, 96))]
    plan = compose(
        Reference(1), Reference(2, region=(0.7, 0.0, 0.9, 0.3)), Reference(3, "base"),
        region=(0.0, 0.6, 0.5, 0.9),
    )  # fmt: skip
    request = paint_request(plan, images, FAMILIES["sdxl"], area=AREA)
    limit = Image.new("L", request.size)
    for region in change_regions(plan, 3, pastes=True, with_border=True):
        limit.paste(255, mask=region_mask(region, request.size))
    painted, allowed = (np.asarray(mask) > 0 for mask in (request.region, limit))
    assert painted.any() and allowed[painted].all() and allowed.mean() < 0.5
    # An editor chooses the place of an object that has none.
    assert change_regions(plan, 3, pastes=False) == [plan.region, (0.7, 0.0, 0.9, 0.3)]
    assert change_regions(replace(plan, region=None), 3, pastes=False) == []


REFINE = Plan("refine", prompt="a red boat by the sea", changes=("make the boat red",))
PUT = compose(
    Reference(1, "subject", "the cat"),
    Reference(2, "base"),
    changes=("put the cat from picture 1 onto the sofa in picture 2",),
)


@pytest.mark.parametrize(
    ("name", "instruction"),
    [
        ("flux2-klein", "make the boat red, keep everything else exactly the same."),
        ("qwen-2.1", "make the boat red, keep everything else unchanged."),
        (
            "flux3",
            "In <ref_image_0>, make the boat red. Keep everything else completely unchanged.",
        ),
        (
            "hidream-e1-full",
            "Editing Instruction: make the boat red. Keep everything else unchanged. "
            "Target Image Description: a red boat by the sea",
        ),
    ],
)
def test_an_edit_of_one_image_in_the_wording_of_its_family(name, instruction):
    assert paint_request(REFINE, [scene()], FAMILIES[name], area=AREA).prompt == instruction


@pytest.mark.parametrize(
    ("name", "instruction"),
    [
        ("qwen", "put the cat from picture 1 onto the sofa in picture 2. Take the cat from "),
        ("flux2-klein", "put the cat from image 1 onto the sofa in image 2. Take the cat from "),
        ("qwen-2.1", "put the cat from <image2> onto the sofa in <image1>. Take the cat from "),
        ("fibo2", "put the cat from <image_2> onto the sofa in <image_1>. Take the cat from "),
        ("flux3", "In <ref_image_0>, put the cat from <ref_image_1> onto the sofa in <ref_image_0"),
    ],
)
def test_images_have_the_names_that_a_family_reads_in_the_order_that_it_sees_them(
    name, instruction
):
    cat, sofa = scene((90, 96)), scene((96, 96))
    request = paint_request(PUT, [cat, sofa], FAMILIES[name], area=AREA)
    assert request.prompt.startswith(instruction)
    assert request.images.index(request.base) == (0 if FAMILIES[name].base_first else 1)


def test_a_long_instruction_names_no_single_things_that_stay():
    long = replace(REFINE, keep=tuple(f"the small stone number {k}" for k in range(20)))
    short = paint_request(long, [scene()], FAMILIES["flux2-klein"], area=AREA).prompt
    assert short.endswith("keep everything else exactly the same.")
    assert "stone number 19" in paint_request(long, [scene()], FAMILIES["qwen"], area=AREA).prompt


def boxes(plan: Plan, images: int) -> tuple[str, list[dict]]:
    text = paint_request(plan, [scene()] * images, FAMILIES["flux3"], area=AREA).prompt
    start = text.index("[{")
    return text[:start], json.loads(text[start:])


def test_flux_3_gets_the_plans_region_as_a_box():
    text, rows = boxes(replace(REFINE, region=(0.1, 0.2, 0.5, 1.0)), 1)
    assert "make the boat red <obj_1>. Keep" in text
    box, change = [200, 100, 1000, 500], "make the boat red"  # top, left, bottom, right
    new = {"id": "obj_1", "from": None, "src_bbox": None, "tgt_bbox": box, "desc": change}
    assert rows == [new]
    (gone,) = boxes(replace(REFINE, changes=("remove the boat",), region=BOX), 1)[1]
    assert gone["from"] == "ref_image_0" and gone["tgt_bbox"] is None
    assert gone["src_bbox"] == [0, 250, 1000, 500]


def test_flux_3_gets_the_places_of_what_other_images_give():
    placed = Reference(1, "subject", "the cat", region=(0.0, 0.5, 0.5, 1.0))
    text, rows = boxes(replace(PUT, references=(placed, Reference(2, "base"))), 2)
    assert "<ref_image_0> <obj_1>" in text and "put it in the lower left" in text
    row = {"id": "obj_1", "from": "ref_image_1", "src_bbox": [0, 0, 1000, 1000],
           "tgt_bbox": [500, 0, 1000, 500], "desc": "the cat"}  # fmt: skip
    assert rows == [row]
