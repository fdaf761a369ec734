"""Facet values fit the prompt and each other, by rules that know nothing of the rewriter's tags."""

from __future__ import annotations

import pytest

from tests.support.facet_conflicts import conflicts
from tests.support.labelled_prompts import DATA
from wegen_core.rewriting import compatibility as table
from wegen_core.rewriting import rewrite
from wegen_core.rewriting.facets import facet_values

VALUES = [value for values in facet_values().values() for value in values]


def prompts(name: str) -> list[str]:
    return list(filter(None, (DATA / f"{name}.txt").read_text(encoding="utf-8").splitlines()))


def test_every_tag_of_the_tables_exists():
    tags = set(table.CUES) | {tag for value in VALUES for tag in value.tags}
    needed = {
        tag for line in table.NEEDS_TABLE.split("\n") for tag in line.replace(":", "").split()
    }
    assert set(table.conflicts()) | needed <= tags


def test_every_value_has_three_wordings_and_agrees_with_itself():
    for value in VALUES:
        assert value.en and value.zh and value.keywords
        assert table.is_compatible(value.tags, value.tags), value


@pytest.mark.parametrize(("name", "limit"), [("facet_prompts", 2), ("held_out_facet_prompts", 5)])
def test_conflicts_per_thousand_rewrites(name, limit):
    results = [(p, r) for p in prompts(name) for r in rewrite(p, 4)]
    bad = [pair for prompt, result in results for pair in conflicts(prompt, result.added)]
    assert 1000 * len(bad) / len(results) <= limit, bad


def test_the_rules_see_conflicts():
    assert conflicts("a logo", ["soft window light from the side"])
    assert conflicts("a cat", ["late at night", "clear hard midday light"])
    assert not conflicts("a cat", ["late at night", "cool moonlight"])


@pytest.mark.parametrize(
    ("prompt", "never"),
    [
        ("a logo for a bakery", "sunlight afternoon seen season street"),
        ("neon, rain", "autumn sunlight noon morning snow"),
        ("a goldfish", "kitchen walking leap leaves"),
        ("a rollercoaster", "kitchen bookshelves candlelight"),
        ("a charcoal sketch", "candy jewel pastel"),
        ("a minimal line drawing of a cat", "noon backlight seen meadow"),
        ("a portrait of a boxer after the fight", "dune meadow pines lake"),
        ("a small boat and distant mountains", "straight"),
    ],
)
def test_what_does_not_fit_is_not_added(prompt, never):
    added = " ".join(words for r in rewrite(prompt, 16, creativity=1.0) for words in r.added)
    assert added and not [word for word in never.split() if word in added]
