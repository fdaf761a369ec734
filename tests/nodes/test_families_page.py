"""The page of families is that of the rows."""

from __future__ import annotations

from tests.support.families_page import PAGE, page


def test_the_page_is_up_to_date(pack):
    recipes = pack.module("nodes.backend.recipes").RECIPES
    families = pack.module("wegen_core.painting.families").FAMILIES
    assert PAGE.read_text("utf-8") == page(recipes, families)
