"""A request clause by clause."""

from __future__ import annotations

import pytest

from wegen_core.constraints.requests import read_request


def kinds(words: str) -> list[tuple[str, str]]:
    return [(clause.kind, clause.text) for clause in read_request(words).clauses]


@pytest.mark.parametrize(
    ("words", "clauses"),
    [
        ("Hi! Could you please make the boat red?", [("edit", "make the boat red")]),
        (
            "make the boat red and add a bird",
            [("edit", "make the boat red"), ("edit", "add a bird")],
        ),
        ("a red and white boat", [("other", "a red and white boat")]),
        ("draw a cat", [("draw", "draw a cat")]),
        ("draw a version of this photo", [("edit", "draw a version of this photo")]),
        ("could the sky be darker?", [("edit", "could the sky be darker")]),
        ("can the dog swim?", [("ask", "can the dog swim")]),
        ("what if it were night?", [("fragment", "it were night")]),
        ('write "make it red, and go" on it', [("edit", 'write "make it red, and go" on it')]),
        ("add no. 2 in 2.5 cm", [("edit", "add no. 2 in 2.5 cm")]),
        ("把船变成红色，然后加一只鸟", [("edit", "把船变成红色"), ("edit", "加一只鸟")]),
        ("能把天空变成粉色吗？", [("edit", "把天空变成粉色")]),
        ("图里有什么？", [("ask", "图里有什么")]),
    ],
)
def test_clauses_lose_politeness_and_keep_their_words(words, clauses):
    assert [c for c in kinds(words) if c[0] != "chat"] == clauses


def test_what_stays_is_no_clause():
    request = read_request("make the boat red, but leave the sky alone")
    assert [c.text for c in request.changes] == ["make the boat red"]
    assert request.keep == ("the sky",)
    assert read_request("only change the shirt").keep == ("everything else",)
    assert read_request("只改衬衫").keep == ("其他部分",)
