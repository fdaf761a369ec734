"""Places in the image, and what is none."""

from __future__ import annotations

import pytest

from wegen_core.constraints.regions import find_region

LEFT, RIGHT = (0, 0, 0.5, 1), (0.5, 0, 1, 1)


@pytest.mark.parametrize(
    ("words", "region"),
    [
        ("in the top left corner", (0, 0, 0.5, 0.5)),
        ("on the lower-right side of the picture", (0.5, 0.5, 1, 1)),
        ("the lady on the far left", LEFT),
        ("the left boat", LEFT),
        ("the upper half", (0, 0, 1, 0.5)),
        ("at the bottom", (0, 0.5, 1, 1)),
        ("the right third of the image", (2 / 3, 0, 1, 1)),
        ("in the middle of the photo", (0.25, 0.25, 0.75, 0.75)),
        ("a cup at the bottom left and a plate at the bottom right", (0, 0.5, 1, 1)),
        ("the left half dark and the right half bright", None),
        ("在画面左上角", (0, 0, 0.5, 0.5)),
        ("右边的人", RIGHT),
        ("照片下半部分", (0, 0.5, 1, 1)),
    ],
)
def test_a_place_is_a_box(words, region):
    assert find_region(words) == pytest.approx(region) if region else find_region(words) is None


@pytest.mark.parametrize(
    "words",
    ["to the left of the house", "on the right side of the lake", "in the middle of the table",
     "at the top of the tower", "her left hand", "the light from the left", "look to the right",
     "move the chair to the left", "extend the picture to the right", "right now", "what is left",
     "房子的左边", "光从左边照过来", "往右看", "左右为难"],
)  # fmt: skip
def test_relations_pairs_and_directions_are_no_places(words):
    assert find_region(words) is None
