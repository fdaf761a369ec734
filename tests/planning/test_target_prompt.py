"""The prompt of the whole image after a change."""

from __future__ import annotations

import pytest

from wegen_core.planning.target_prompt import changed_prompt


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        ("a red car in front of a house", "paint the car blue", "a blue car in front of a house"),
        ("a red car in front of a house", "remove the house", "a red car"),
        ("a blue boat, a dog and a cat", "remove the dog", "a blue boat and a cat"),
        ("a boat on a lake", "remove the dog", "a boat on a lake, without the dog"),
        ("a man with a hat", "replace the hat with a crown", "a man with a crown"),
        ("a cat, oil painting", "turn it into a watercolour", "a cat, watercolour"),
        ("two dogs in a park", "make it three dogs", "three dogs in a park"),
        ('a sign that says "OPEN"', 'it should say "CLOSED"', 'a sign that says "CLOSED"'),
        ("a fox", "add a bird", "a fox, a bird"),
        ("a fox", "make it night", "a fox, night"),
        ("a fox", "give it a hat", "a fox, with a hat"),
        ("a fox", "the sky is too dark", "a fox, the sky less dark"),
        ("a fox", "a bit of everything", "a fox, a bit of everything"),
        ("一艘蓝色的船，海上", "把船变成红色", "一艘红色的船，海上"),
        ("一艘船和一只狗在海上", "去掉狗", "一艘船在海上"),
        ("一只猫在沙发上", "在右上角加一只鸟", "一只猫在沙发上，右上角一只鸟"),
        ("", "make it night", ""),
    ],
)
def test_a_change_is_worked_into_the_description(before, change, after):
    assert changed_prompt(before, [change]) == after


def test_changes_follow_one_another():
    assert changed_prompt("a red car", ["make the car blue", "add a dog"]) == "a blue car, a dog"
