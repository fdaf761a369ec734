"""Image numbers: every phrasing is read, by one reader, and nothing else is taken for one."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.fakes import FakeMLLM, FakePainter, scene
from wegen_core import Copilot
from wegen_core.constraints import find_constraints
from wegen_core.constraints.image_numbers import (
    find_image_mentions,
    name_images,
    named_images,
    target_image,
)
from wegen_core.mllm.vocabulary import strip_fillers
from wegen_core.planning.requests import compose_request


def phrases(text: str) -> list[str]:
    return [text[mention.start : mention.end] for mention in find_image_mentions(text)]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("picture 2", [2]),
        ("img 2", [2]),
        ("img2", [2]),
        ("the Image 3", [3]),
        ("photo 1", [1]),
        ("pic. 3", [3]),
        ("photograph 2", [2]),
        ("reference 2", [2]),
        ("picture number 3", [3]),
        ("picture no. 3", [3]),
        ("image #2", [2]),
        ("image_2", [2]),
        ("image 02", [2]),
        ("picture two", [2]),
        ("images A and C", [1, 3]),
        ("图②和C图", [2, 3]),
        ("3号图", [3]),
        ("the second picture", [2]),
        ("the 2nd image", [2]),
        ("the second reference image", [2]),
        ("pictures 1 and 3", [1, 3]),
        ("images 1, 2 and 3", [1, 2, 3]),
        ("images 1,2,3", [1, 2, 3]),
        ("pictures 1, 2, and 3 harmoniously", [1, 2, 3]),
        ("pics 1 & 2", [1, 2]),
        ("pictures 2-4", [2, 3, 4]),
        ("images 2 to 4 as one", [2, 3, 4]),
        ("images 1-3 and 5", [1, 2, 3, 5]),
        ("the first and the third photo", [1, 3]),
        ("the first two pictures", [1, 2]),
        ("from the first picture into the second one", [1, 2]),
        ("from no. 2 into no. 1", [2, 1]),
        ("picture 1's cat, picture 1's hat", [1]),
        ("picture 2: 2 dogs", [2]),
        ("use picture 2.Then", [2]),
        ("图2", [2]),
        ("图片2", [2]),
        ("图像二", [2]),
        ("图十二", [12]),
        ("第二张图", [2]),
        ("第2张", [2]),
        ("第二幅图片", [2]),
        ("第二个图", [2]),
        ("图1和图3", [1, 3]),
        ("图1、2和3", [1, 2, 3]),
        ("图2-4", [2, 3, 4]),
        ("第一和第三张图", [1, 3]),
        ("前两张图片", [1, 2]),
        ("把img2的猫放到img1里", [2, 1]),
    ],
)
def test_image_numbers_are_read(text, numbers):
    assert named_images(text) == numbers


@pytest.mark.parametrize(
    "text",
    [
        "image 3d",
        "picture 16:9",
        "picture 4-3",
        "image 1.5",
        "image 512x512",
        "image 512 x 768",
        "photo 35 mm",
        "photo 1985",
        "img2img",
        "image 2.png",
        "my_image_2.png",
        "a picture of 2 cats",
        "a nice picture. 2 cats on it",
        "picture two cats on a roof",
        "Picture 3 cats on a sofa",
        "a picture no one has seen",
        "Photo A cat on a roof",
        "3D图",
        "walking into number 10 Downing Street",
        "图二维码",
        "试图一起玩",
        "地图2",
        "图片2张",
        "第二张桌子",
        "第二个人",
    ],
)
def test_sizes_ratios_and_counts_are_not_image_numbers(text):
    assert named_images(text) == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("picture 1, two cats", [1]),
        ("image 1 and 2 cats", [1]),
        ("picture 1 and 20 minutes", [1]),
        ("图1和2只猫", [1]),
        ("图一和三角形", [1]),
    ],
)
def test_a_list_ends_where_things_are_counted(text, numbers):
    assert named_images(text) == numbers


def test_a_mention_is_the_words_that_name_the_image():
    assert phrases("put images 1 and 2 into the second photo") == ["images 1 and 2", "second photo"]
    assert phrases("把图1的猫放到第二张图里") == ["图1", "第二张图"]


NUMBERS = st.lists(st.integers(1, 19), min_size=1, max_size=5, unique=True)
WORDS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
ORDINALS = "first second third fourth fifth sixth seventh eighth ninth".split()
HAN = "一 二 三 四 五 六 七 八 九 十 十一 十二 十三 十四 十五 十六 十七 十八 十九".split()


@st.composite
def phrased(draw) -> tuple[str, list[int]]:
    """A sentence that names images in one of the ways people do, and the numbers it names."""
    numbers = draw(NUMBERS)
    style = draw(st.sampled_from(["list", "each", "ordinals", "han", "han each", "han ordinals"]))
    if style.startswith("han"):
        spell = draw(st.sampled_from([str, lambda n: HAN[n - 1]]))
        spelled = [spell(n) for n in numbers]
        if style == "han":
            *most, last = spelled
            joined = "、".join(most) + (draw(st.sampled_from("和与及")) if most else "") + last
            words = draw(st.sampled_from(["图", "图片", "图像", "照片", "图 "])) + joined
        elif style == "han each":
            words = "和".join(f"图{number}" for number in spelled)
        else:
            words = "、".join(f"第{n}张图" for n in spelled)
        return draw(
            st.sampled_from([f"把{words}合在一起", f"使用{words}", f"{words}的猫"])
        ), numbers
    noun = draw(st.sampled_from("picture image img photo photograph pic reference".split()))
    if style == "ordinals":
        names = [ORDINALS[n - 1] if n <= 9 and draw(st.booleans()) else f"{n}th" for n in numbers]
        words = "the " + " and the ".join(names) + f" {noun}"
    else:
        mark = draw(st.sampled_from(["", "number ", "no. ", "#"]))
        spell = draw(st.sampled_from([str, lambda n: WORDS[n - 1]]))
        spelled = [mark + spell(n) for n in numbers]
        if style == "each":
            words = ", ".join(f"{noun} {number}" for number in spelled)
        else:
            *most, last = spelled
            joiner = draw(st.sampled_from([" and ", ", and ", " & "])) if most else ""
            words = noun + ("s " if most else " ") + ", ".join(most) + joiner + last
    upper = draw(st.booleans())
    sentence = draw(
        st.sampled_from(["use {}", "combine {} into one", "the cat of {}, at night", "{}: a cat"])
    ).format(words)
    return sentence.upper() if upper else sentence, numbers


@settings(max_examples=400, deadline=None)
@given(phrased())
@example(("use pictures 1 and 2", [1, 2]))
def test_any_list_of_numbers_is_read_back(case):
    text, numbers = case
    assert named_images(text) == numbers
    read = {n for c in find_constraints(text) if c.kind == "picture" for n in named_images(c.text)}
    assert read == set(numbers)


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("pictures 12,and#图第张两和-no.")))
def test_mentions_are_in_order_and_inside_the_text(text):
    end = 0
    for mention in find_image_mentions(text):
        assert end <= mention.start < mention.end <= len(text)
        assert mention.numbers
        end = mention.end


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["picture 1 and ", "图1、", "first, ", "第1、", "into no. 1 "])
def test_reading_takes_linear_time(unit):
    def seconds(size: int) -> float:
        start = time.process_time()
        find_image_mentions(unit * (size // len(unit)))
        return time.process_time() - start

    once = min(seconds(40_000) for _ in range(3))
    twice = min(seconds(80_000) for _ in range(3))
    assert twice < 3 * once + 0.05


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("put the cat from picture 1 into picture 2", 2),
        ("put the cat from img 2 into img 1", 1),
        ("pictures 2 and 3 into picture 1", 1),
        ("Into picture 2, put the cat in picture 1", 2),
        ("add the cat from image 2 to image 1", 1),
        ("place the boat from the second photo into the first photo", 1),
        ("put the cat of the first picture into the second one", 2),
        ("put the cat from pic 1 onto the reference image 2", 2),
        ("put the boat in picture three", 3),
        ("put the boat on picture #12", 12),
        ("把图1的猫放到图2里", 2),
        ("把猫放进第一张图", 1),
        ("在图2里加一只猫", 2),
        ("put it next to picture 2", None),
        ("put both together", None),
        ("draw the cat from picture 1", None),
        ("turn left into the picture", None),
    ],
)
def test_the_image_that_things_are_put_into(text, number):
    assert target_image(text) == number


@pytest.mark.parametrize(
    "instruction",
    ["put the cat from img 2 into img 1", "put the cat from pic 2 into the first photograph"],
)
def test_a_composition_changes_the_image_it_puts_things_into(instruction):
    class Unaware(FakeMLLM):
        """Like a general model that names no base image."""

    image = Copilot(Unaware(), FakePainter()).compose(
        [scene((48, 32)), scene((32, 48))], instruction
    )
    assert image.plan.base == 1
    assert image.image.size == (48, 32)


@pytest.mark.parametrize(
    "instruction",
    [
        "put the cat from picture 3 into picture 1",
        "put the cat from img 3 into img 1",
        "pictures 2 and 3 into picture 1",
        "put the third photo into the first",
        "把图三的猫放到图1里",
    ],
)
def test_an_image_that_was_not_given_is_refused(instruction):
    with pytest.raises(ValueError, match="names picture 3; there are 2"):
        compose_request([scene(), scene()], instruction)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("put the cat from img 2 into img 1", "put the cat from picture 2 into picture 1"),
        ("the car of photo two", "the car of picture 2"),
        ("the 2nd image", "the second picture"),
        ("images 1 and 2 together", "picture 1 and picture 2 together"),
        ("the second picture and the first one", "the second picture and the first one"),
        ("an image with 2 boats", "an image with 2 boats"),
        ("把图1的猫放到图2里", "把图1的猫放到图2里"),
    ],
)
def test_the_embedded_network_reads_one_way_of_naming_images(text, plain):
    assert strip_fillers(text) == plain


def test_image_numbers_in_quotes_are_text_of_the_image():
    assert named_images('write "see picture 2" on the wall of picture 1') == [1]
    assert named_images("把“图2”写在图1上") == [1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the cat from picture 1 into image 2", "the cat from <a> into <b>"),
        ("把图1的猫放进图2", "把<a>的猫放进<b>"),
        ("combine pictures 1 and 2", "combine <a> and <b>"),
        ("the cat from picture 3", "the cat from picture 3"),
        ('write "picture 1" below', 'write "picture 1" below'),
    ],
)
def test_images_are_called_by_names(text, expected):
    assert name_images(text, {1: "<a>", 2: "<b>"}) == expected
