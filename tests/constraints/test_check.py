"""Checking constraints: what satisfies them in other words, and what violates them."""

from __future__ import annotations

import pytest

from wegen_core.constraints import broken, find_constraints, holds

SATISFIED = [
    ("a blue house", "a red car on the left and a blue house on the right, on grass"),
    ("a kitten by the ocean", "a yellow cat in the middle, by the sea"),
    ("a kitten on the lawn", "an orange cat on the left and a red ball on the right, on grass"),
    ("a golden boat", "a yellow boat in the middle, by the sea"),
    ("two cats", "a red cat on the left and a blue cat on the right, at night"),
    ("two toys", "a red ball on the left and a blue boat on the right, on grass"),
    ("a car left of a house", "a red car on the left and a blue house on the right, on grass"),
    ("a house right of a car", "a red car on the left and a blue house on the right, on grass"),
    ("a lamp above a table", "a table under a lamp"),
    ("a street without people", "an empty street at dusk"),
    ("a street without people", "a quiet street with no people"),
    ('a sign "OPEN"', "a wooden sign which says “OPEN”"),
    ("an oil painting of a cat", "oil on canvas, a cat in a chair"),
    ("3 apples", "three apples in a bowl"),
    ("keep the sky unchanged", "make it red and preserve the sky"),
    ("the second picture", "the cat of image 2"),
    ("pictures 1 and 2", "the cat of img 1 in the second photo"),
    ("a green lawn", "a red car in the middle, on grass"),
    ("红色的汽车", "一辆大红的小汽车停在路边"),
    ("两只猫", "两只可爱的猫咪坐在窗台上"),
]
VIOLATED = [
    ("a blue house", "a red house on the left and a blue car on the right, on grass"),
    ("a blue house", "a house by the blue sea"),
    ("a kitten by the ocean", "a yellow cat in the middle, in the desert"),
    ("two cats", "a red cat on the left and a blue dog on the right, at night"),
    (
        "a red car on the left and a blue car on the right",
        "a blue car on the left and a red car on the right, on grass",
    ),
    ("a car left of a house", "a blue house on the left and a red car on the right"),
    ("a lamp above a table", "a lamp under a table"),
    ("a street without people", "a street with a woman"),
    ("a street without people", "a street full of people"),
    ("a street without people", "a street at dusk"),
    ('a sign "OPEN"', 'a sign "open"'),
    ("an oil painting of a cat", "a watercolour of a cat"),
    ("3 apples", "four apples in a bowl"),
    ("put the cat from picture 1 into picture 2", "the cat from picture 1"),
    ("a cat in Paris", "a cat in London"),
    ("a cat", "一只猫"),
    ("红色的汽车", "一辆蓝色的汽车"),
    ("两只猫", "三只猫"),
    ("不要文字", "一张有文字的海报"),
]


@pytest.mark.parametrize(("prompt", "text"), SATISFIED)
def test_satisfied(prompt, text):
    assert broken(find_constraints(prompt), text) == []


@pytest.mark.parametrize(("prompt", "text"), VIOLATED)
def test_violated(prompt, text):
    assert broken(find_constraints(prompt), text)


def test_a_complete_description_satisfies_a_negation_by_silence():
    (negation, _) = find_constraints("a street without people")
    assert not holds(negation, "a street at dusk")
    assert holds(negation, "a street at dusk", complete=True)
    assert not holds(negation, "a street with a man", complete=True)
