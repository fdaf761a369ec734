"""What a request says must stay."""

from __future__ import annotations

import itertools

import pytest

from wegen_core.constraints.kept_things import find_keep_clauses


@pytest.mark.parametrize(
    ("words", "things"),
    [
        ("keep the sky and the sea as they are, but add a boat", ("the sky", "the sea")),
        ("don't change the pose, and dress her in blue", ("the pose",)),
        ("the wall must stay the same", ("the wall",)),
        ("Worktop and floor must not change", ("Worktop", "floor")),
        ("face unchanged", ("face",)),
        ("leave the tie", ("the tie",)),
        ("Vase and tablecloth: hands off", ("Vase", "tablecloth")),
        ("swap it & don't you dare touch my roses", ("my roses",)),
        ("Put the logo in. Keep: all prices", ("all prices",)),
        ("The bus must look exactly as now", ("The bus",)),
        ("Her veil is fine so leave it", ("Her veil",)),
        ("Hat stays on", ("Hat",)),
        ("I want my photo graded the same", ()),
        ("everything but the roof", ("the roof",)),
        ("keep everything except the hat", ("everything else",)),
        ("add a boat, nothing else", ("everything else",)),
        ("keep it simple", ()),
        ("do you keep my pictures?", ()),
        ("背景保持不变", ("背景",)),
        ("别动墙和钟", ("墙", "钟")),
        ("大家的表情一个都不能变", ("大家的表情",)),
        ("除了雨伞，都变成黑白", ("雨伞",)),
        ("除了天气什么都不要改", ("其他部分",)),
        ("把墙变成蓝色", ()),
    ],
)
def test_things_that_stay(words, things):
    assert sum((clause.things for clause in find_keep_clauses(words)), ()) == things


def test_spans_do_not_overlap():
    text = "keep the sky. don't touch the sea, leave the boat alone; the rest stays the same"
    clauses = find_keep_clauses(text)
    assert all(a.end <= b.start for a, b in itertools.pairwise(clauses))
    assert [clause.things[0] for clause in clauses] == [
        "the sky", "the sea", "the boat", "everything else"
    ]  # fmt: skip
