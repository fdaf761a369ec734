"""Putting lost constraints back into a text."""

from __future__ import annotations

import pytest

from wegen_core.constraints import find_constraints, holds
from wegen_core.constraints.repair import repair


def constraint_of(prompt: str, kind: str):
    return next(c for c in find_constraints(prompt) if c.kind == kind)


@pytest.mark.parametrize(
    ("prompt", "kind", "text", "repaired"),
    [
        (
            "a car on the left",
            "relation",
            "a red car on the right, on grass",
            "a red car on the left, on grass",
        ),
        ("a blue house", "colour", "a red house on grass", "a blue house on grass"),
        ("an orange house", "colour", "a house on grass", "an orange house on grass"),
        ('a sign "OPEN"', "quote", "a sign saying OPEN", 'a sign saying "OPEN"'),
        ('a sign "OPEN"', "quote", "a wooden sign", 'a wooden sign, with the text "OPEN"'),
        ("a cat in Paris", "name", "A cat.", "A cat. Paris."),
        ("红色的汽车", "colour", "一辆汽车", "一辆汽车，红色的汽车"),
    ],
)
def test_a_lost_constraint_is_put_back(prompt, kind, text, repaired):
    constraint = constraint_of(prompt, kind)
    assert not holds(constraint, text)
    assert repair(text, constraint, prompt) == repaired
    assert holds(constraint, repaired)


@pytest.mark.parametrize(
    ("prompt", "kind", "text"),
    [
        ("a car on the left", "relation", "a blue house on the left and a red car on the right"),
        ("a street without people", "negation", "a street full of people"),
        ("a cat", "language", "一只猫"),
    ],
)
def test_what_words_cannot_repair_is_given_up(prompt, kind, text):
    assert repair(text, constraint_of(prompt, kind), prompt) is None
