"""The user's words as text: tidying, request phrases, edit instructions, vagueness."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings

from tests.support.prompt_texts import PROMPTS
from wegen_core.constraints import find_constraints, is_edit
from wegen_core.constraints.request_text import is_tag_list, strip_request_phrase, tidy
from wegen_core.constraints.vagueness import (
    detail_budget,
    is_short_prompt,
    leaves_everything_open,
    names_nothing,
)


@pytest.mark.parametrize(
    ("prompt", "tidied"),
    [
        ("a  cat sat on the the mat", "a cat sat on the mat"),
        ("a a a cat , on the the the mat", "a cat, on the mat"),
        ("a owl and an cat,, at night .", "an owl and an cat, at night."),
        ('a sign "the  the"', 'a sign "the  the"'),
    ],
)
def test_spaces_doubled_words_and_articles_are_corrected(prompt, tidied):
    assert tidy(prompt) == tidied


@settings(max_examples=400, deadline=None)
@given(PROMPTS)
@example("a a a cat")
@example(",, , ,")
@example("a \n ,x")
def test_tidying_keeps_quotes_and_settles(prompt):
    once = tidy(prompt)
    assert tidy(once) == once
    assert all(c.text in once for c in find_constraints(prompt) if c.kind == "quote")


@pytest.mark.parametrize(
    ("prompt", "rest"),
    [
        ("please draw me a cat", "a cat"),
        ("could you make a picture of a cat", "a cat"),
        ("I'd like to see a cat", "a cat"),
        ("帮我画一张关于猫的海报", "猫的海报"),
        ("make the boat red", "make the boat red"),
        ("draw", "draw"),
    ],
)
def test_request_phrases_are_stripped(prompt, rest):
    assert strip_request_phrase(prompt) == rest


@pytest.mark.parametrize(
    "prompt",
    [
        *(
            "make the boat red",
            "remove the hat",
            "add a hat to the cat",
            "把船变成红色",
            "去掉背景",
        ),
        *("crop it", "zoom in", "flip horizontally", "remove background", "swap faces"),
        *("replace sky with sunset", "please make it brighter", "ok, now make it darker"),
        *("turn the sign into a neon sign", "remove the text from the poster", "add (red:1.2) hat"),
        *("combine picture 1 and picture 2", "put the logo on the t-shirt"),
        *("把猫去掉", "给猫戴帽子", "给猫戴一顶红色的帽子", "让天空变成紫色", "将背景换成海滩"),
        *(
            "背景换成雪山，人物不要动",
            "把她变成穿西装的男人",
            "加一只猫",
            "保持背景不变，把车改成蓝色",
            "让它更亮",
            "换个颜色",
            "旋转90度",
            "背景虚化",
        ),
    ],
)
def test_edit_instructions(prompt):
    assert is_edit(prompt)


@pytest.mark.parametrize(
    "prompt",
    [
        *("a red cat", "paint a cat", "make a picture of a cat", "一只猫"),
        *("crop top, jean shorts, 1girl, beach", "crop circles in a wheat field", "crop top"),
        *("combine harvester in a field", "flip phone on a table", "zoom lens photo of a lion"),
        *("blur background, portrait of a man", "remove before flight tag on a jet"),
        *("change machine in an arcade", "swap meet stalls at dawn", "insert coin screen, arcade"),
        *("let it be album cover", "turn it up, neon sign", "keep calm poster", "let it snow"),
        *("delete key on a keyboard, macro", "upscale restaurant interior", "shrink ray gun"),
        *("在图书馆看书的女孩", "给孩子戴帽子的母亲", "放大镜下的蚂蚁", "将军骑马", "把手特写"),
        *("保持微笑的女孩", "调整呼吸的运动员", "把球扔进篮筐的男孩", "给花浇水的女孩"),
        *("让子弹飞", "换装的女孩", "背景虚化的人像", "旋转木马"),
    ],
)
def test_requests_for_a_new_image_are_not_edits(prompt):
    assert not is_edit(prompt)


@pytest.mark.parametrize(
    ("prompt", "short"),
    [
        ("a cat", True),
        ("one two three four five six seven", True),
        ("one two three four five six seven eight", False),
        ("一只猫坐在窗台上看着雪", True),
        ("一只橘色的猫坐在洒满阳光的木窗台上看雪", False),
        ("", True),
    ],
)
def test_short_prompts(prompt, short):
    assert is_short_prompt(prompt) == short


@pytest.mark.parametrize(
    ("prompt", "nothing", "everything"),
    [
        ("surprise me", True, True),
        ("", True, True),
        ("something nice by the sea", True, False),
        ("something cheerful", True, False),
        ("something blue", True, False),
        ("随便画点什么", True, True),
        ("a cat", False, False),
        ("something like picture 2", False, False),
        ('anything with "OPEN"', False, False),
        ("一只猫", False, False),
    ],
)
def test_prompts_that_name_nothing(prompt, nothing, everything):
    assert names_nothing(prompt) == nothing
    assert leaves_everything_open(prompt) == everything


def test_the_detail_budget_falls_with_length_and_rises_with_creativity():
    lengths = (1, 4, 5, 10, 11, 20, 21, 35, 36, 60, 61)
    budgets = [detail_budget(" ".join(["word"] * n), 1.0) for n in lengths]
    assert budgets == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0]
    assert [detail_budget("a cat", c) for c in (0, 0.01, 0.5, 1)] == [0, 1, 2, 5]


@pytest.mark.parametrize(
    ("prompt", "is_list"),
    [
        ("1girl, solo, long hair, beach", True),
        ("masterpiece, best quality, (smile:1.2)", True),
        ("fox, snow, night", True),
        ("a cat, a dog, a bird", False),
        ("neon, rain", False),
        ("a red fox", False),
        ("a poster, red, with the word, " + '"a, b, c"', False),
    ],
)
def test_lists_of_tags(prompt, is_list):
    assert is_tag_list(prompt) == is_list
