"""The table of painter families, and the sizes they paint."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wegen_core import rewriting
from wegen_core.painting.diffusers import PIPELINES, spec_of
from wegen_core.painting.families import FAMILIES, paint_size

STYLES = {"plain", "kontext", "flux2", "qwen", "sdxl"}
"""Styles that `rewrite` has always taken."""


def test_rewriting_takes_its_styles_from_the_table():
    assert rewriting.FAMILIES is FAMILIES and set(FAMILIES) >= STYLES
    edits = {style: rewriting.rewrite("make it red", 1, style=style)[0] for style in FAMILIES}
    for style, edit in edits.items():
        assert (edit.prompt == "make it red") == (FAMILIES[style].edits == "noise")
    assert edits["kontext"].prompt.startswith("make it red while keeping ")


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_that_reads_instructions_has_its_wording(name):
    family = FAMILIES[name]
    for template in (family.keep, family.keep_zh):
        assert template.count("{keep}") == (family.edits == "instruction")
        assert template == "" or template.format(keep="x").endswith((".", "。"))


@pytest.mark.parametrize("name", FAMILIES)
def test_names_of_images_and_texts_can_be_filled_in(name):
    family = FAMILIES[name]
    text = family.instruction.format(change="x", base="y", result="z")
    assert "x" in text and "{" not in text + family.reference.format(n=2, i=1)
    assert family.guide == "" or family.guide.startswith("https://")
    assert family.base_first <= (family.edits == "instruction")


@pytest.mark.parametrize("spec", PIPELINES, ids=lambda spec: spec.prefix or "any")
def test_pipelines_run_a_family_and_take_no_more_images_than_it_reads(spec):
    assert any(spec.family is family for family in FAMILIES.values())
    assert spec.max_images is None or 1 <= spec.max_images < spec.family.max_images


def test_a_pipeline_is_known_by_the_longest_prefix_of_its_class_name():
    for spec in PIPELINES:
        pipeline = type(f"{spec.prefix}SomethingPipeline", (), {})()
        assert spec_of(pipeline) is spec
    assert spec_of(type("ChromaPipeline", (), {})()).text_only


@pytest.mark.parametrize("rescales", [False, True])
@pytest.mark.parametrize("name", FAMILIES)
@given(width=st.integers(200, 8192), ratio=st.floats(0.3, 3.3))
def test_sizes_are_multiples_of_the_family_and_near_its_area(name, rescales, width, ratio):
    if rescales and name != "qwen":
        return
    family = FAMILIES[name]
    height = max(1, round(width / ratio))
    w, h = paint_size(width, height, family, family.area, rescales=rescales)
    assert w % family.multiple == h % family.multiple == 0
    assert 0.85 < w * h / family.area < 1.1 and (rescales or w * h <= family.area)
    assert abs(math.log(w / h) - math.log(width / height)) < 0.06
    if rescales:  # the pipeline leaves it as it is
        assert paint_size(w, h, family, family.area, rescales=True) == (w, h)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_smallest_largest_and_longest_images_have_a_size(name):
    family = FAMILIES[name]
    side = round(family.area**0.5)
    for size in ((1, 1), (8192, 8192)):
        assert paint_size(*size, family, family.area) == (side, side)
    for size in ((1, 5000), (5000, 1), (8192, 1)):
        assert min(paint_size(*size, family, family.area)) >= family.multiple
        assert math.prod(paint_size(*size, family, family.area)) <= family.area
