"""What each numbered image of a request gives."""

from __future__ import annotations

import pytest

from wegen_core.constraints.image_roles import find_image_roles, roles_are_clear


@pytest.mark.parametrize(
    ("words", "roles"),
    [
        ("put the cat from picture 1 into picture 2", "1 subject, 2 base"),
        ("put the hat from picture 2 on the dog from picture 1", "2 object, 1 base"),
        ("picture 1's cat on picture 2's sofa", "1 subject, 2 base"),
        ("replace the car in picture 1 with the one in picture 2", "1 base, 2 object"),
        ("dress the girl in picture 1 in the coat from picture 2", "1 base, 2 object"),
        ("let the girl in picture 2 sit on the bench in picture 1", "2 subject, 1 base"),
        ("change the background of picture 1 to that of picture 2", "1 base, 2 background"),
        ("make picture 1 look like picture 2", "1 base, 2 style"),
        ("the girl in picture 1 should stand like the boy in picture 2", "1 base, 2 pose"),
        ("picture 1 with the colour grading of picture 2", "1 base, 2 palette"),
        ("combine picture 1 with picture 2", "1 subject, 2 subject"),
        ("pose from picture 2, everything else as in picture 1", "2 pose, 1 base"),
        ("use the lighting of picture 2", "2 style the lighting"),
        ("把图2的帽子戴到图1的人头上", "2 object, 1 base"),
        ("把图1里的车换成图2里的车", "1 base, 2 object"),
        ("让图1的人摆出图2的姿势", "1 base, 2 pose"),
        ("图1的人物，图2的背景，图3的配色", "1 subject, 2 background, 3 palette"),
        ("姿势用图2的，其他和图1一样", "2 pose, 1 base"),
        ("picture 1 is my cat, picture 2 is a throne. Cat goes on the throne",
         "1 subject, 2 base"),
        ("picture 1's sky is dull, take the one from picture 2", "1 base, 2 object"),
        ("picture 2 has a lovely palette, use it for picture 1", "2 palette, 1 base"),
        ("swap the head of the statue in picture 1 for that of the lion in picture 2",
         "1 base, 2 subject"),
        ("use the tiles from picture 2 to cover the wall in picture 1", "2 object, 1 base"),
        ("wig = picture 2, me = picture 1", "2 object, 1 base"),
        ("the dog from picture 1 chasing the ball in picture 2", "1 subject, 2 base"),
        ("图1的背景太乱了，换成图2的", "1 base, 2 background"),
        ("图1向图2的色调靠拢", "1 base, 2 palette"),
        ("图1那个杯子放到图2那张桌子上", "1 object, 2 base"),
        ("no image at all", ""),
    ],
)  # fmt: skip
def test_roles_follow_from_prepositions_verbs_and_owners(words, roles):
    made = [
        f"{r.number} {r.role}" + (f" {r.what}" if r.role == "style" and r.what else "")
        for r in find_image_roles(words)
    ]
    assert ", ".join(made) == roles


def test_roles_are_clear_where_no_image_is_left_over():
    assert roles_are_clear("put the cat from picture 1 into picture 2")
    assert not roles_are_clear("picture 1 and picture 2, you know what to do")
