"""The experts that check an image without a language model, against scripted models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.support import tiny_detectors
from wegen_core.loading import load_expert
from wegen_core.planning.requests import compose_request, generate_request
from wegen_core.planning.verification import (
    ObjectExpert,
    ReferenceExpert,
    TextExpert,
    find_atoms,
    verify,
)
from wegen_core.records.plan import Plan, Reference
from wegen_core.vision.detector import Detection
from wegen_core.vision.text_reader import TextLine

SIZE = (200, 100)
RED, BLUE, GREY = (220, 40, 40), (40, 80, 220), (128, 128, 128)
CAR_LEFT, CAR_RIGHT = (10, 40, 60, 80), (140, 40, 190, 80)


class Boxes:
    """A detector that always gives the same boxes."""

    name = "boxes"
    labels = ("person", "car", "boat", "bear", "teddy bear", "dining table", "mouse", "tv")

    def __init__(self, *boxes: tuple) -> None:
        self.boxes = [Detection(label, box, score) for label, box, score in boxes]

    def detect(self, image):
        return self.boxes


def painted(*boxes: tuple) -> Image.Image:
    image = Image.new("RGB", SIZE, GREY)
    for box, colour in boxes:
        ImageDraw.Draw(image).rectangle(box, fill=colour)
    return image


def checked(words: str, expert, image=None, intent="generate", **fields) -> list:
    atoms = find_atoms(Plan(intent, prompt="x", **fields), generate_request(words))
    return verify(image or painted(), atoms, [expert])


def objects(words: str, *boxes: tuple, image=None, **fields) -> list[bool | None]:
    return [r.holds for r in checked(words, ObjectExpert(Boxes(*boxes)), image, **fields)]


@pytest.mark.parametrize(
    ("words", "boxes", "holds"),
    [
        ("a car", [("car", CAR_LEFT, 0.9)], True),
        ("a car", [("boat", CAR_LEFT, 0.9)], False),
        ("a car", [("car", CAR_LEFT, 0.4)], None),  # between possible and sure
        ("a car", [("car", CAR_LEFT, 0.2)], False),
        ("two cars", [("car", CAR_LEFT, 0.9), ("car", CAR_RIGHT, 0.8)], True),
        ("two cars", [("car", CAR_LEFT, 0.9), ("car", CAR_RIGHT, 0.4)], None),
        ("three cars", [("car", CAR_LEFT, 0.9), ("car", CAR_RIGHT, 0.8)], False),
        ("no people", [("car", CAR_LEFT, 0.9)], True),
        ("no people", [("person", CAR_LEFT, 0.9)], False),
        ("no people", [("person", CAR_LEFT, 0.4)], None),
        ("两辆汽车", [("car", CAR_LEFT, 0.9), ("car", CAR_RIGHT, 0.8)], True),
        ("a car on the left", [("car", CAR_LEFT, 0.9)], True),
        ("a car on the right", [("car", CAR_LEFT, 0.9)], False),
        ("a car left of a boat", [("car", CAR_LEFT, 0.9), ("boat", CAR_RIGHT, 0.9)], True),
        ("a car right of a boat", [("car", CAR_LEFT, 0.9), ("boat", CAR_RIGHT, 0.9)], False),
        ("a car under a boat", [("car", CAR_LEFT, 0.9), ("boat", (10, 5, 60, 30), 0.9)], True),
        ("a boat above a car", [("car", CAR_LEFT, 0.9), ("boat", (10, 5, 60, 30), 0.9)], True),
        ("a bear on a table", [("bear", (20, 5, 50, 42), 0.9), ("dining table", CAR_LEFT, 0.9)],
         True),
        ("a car next to a boat", [("car", CAR_LEFT, 0.9), ("boat", (70, 40, 120, 80), 0.9)], True),
        ("a car next to a boat", [("car", CAR_LEFT, 0.9), ("boat", CAR_RIGHT, 0.9)], False),
        ("a teddy bear", [("teddy bear", CAR_LEFT, 0.9)], True),
        ("a teddy bear", [("bear", CAR_LEFT, 0.9)], False),
        ("a bear", [("teddy bear", CAR_LEFT, 0.9)], False),
        ("a mouse", [("mouse", CAR_LEFT, 0.9)], None),  # of a computer
        ("a bear", [("person", CAR_LEFT, 0.9), ("bear", CAR_LEFT, 0.8)], None),  # the same spot
        ("two cars", [("car", CAR_LEFT, 0.9), ("car", (10, 41, 60, 80), 0.8)], False),  # twice
        ("a zebra", [("car", CAR_LEFT, 0.9)], None),
        ("a car behind a boat", [("car", CAR_LEFT, 0.9), ("boat", CAR_RIGHT, 0.9)], None),
    ],
)  # fmt: skip
def test_boxes_answer(words, boxes, holds):
    assert objects(words, *boxes) == [holds]


def test_colours_are_those_of_the_pixels_in_the_box():
    both = [("car", CAR_LEFT, 0.9), ("car", CAR_RIGHT, 0.9)]
    one_red = painted((CAR_LEFT, RED), (CAR_RIGHT, BLUE))
    assert objects("a red car", *both, image=one_red) == [True]
    assert objects("a green car", *both, image=one_red) == [False]
    assert objects("two red cars", *both, image=one_red) == [True, False]  # two, but one red
    two_red = painted((CAR_LEFT, RED), (CAR_RIGHT, RED))
    assert objects("two red cars", *both, image=two_red) == [True, True]
    # Relation and colour: the red one is on the left.
    assert objects("a red car on the left", *both, image=one_red) == [True, True]
    assert objects("a red car on the right", *both, image=one_red) == [False, True]


def test_a_colour_of_a_small_part_cannot_be_told():
    image = painted((CAR_LEFT, BLUE), ((10, 40, 27, 80), RED))
    assert objects("a red car", ("car", CAR_LEFT, 0.9), image=image) == [None]


def test_scores_and_evidence():
    boxes = Boxes(("car", CAR_LEFT, 0.9), ("car", CAR_RIGHT, 0.7))
    (yes,) = checked("two cars", ObjectExpert(boxes))
    assert yes.score == 0.7
    assert yes.evidence == "car 0.90 at (10, 40, 60, 80); car 0.70 at (140, 40, 190, 80)"
    (near,), (far,) = (checked(words, ObjectExpert(boxes)) for words in ("three cars", "nine cars"))
    assert 0.5 > near.score > far.score
    (colour,) = checked("a red car", ObjectExpert(boxes), painted((CAR_LEFT, BLUE)))
    assert "blue 100%" in colour.evidence


def test_what_a_change_removes_must_be_gone():
    words = "remove the boat"
    for boxes, holds in ((), True), ((("boat", CAR_LEFT, 0.9),), False):
        assert objects(words, *boxes, intent="refine", changes=(words,)) == [holds]


class Reads:
    """A reader that always reads the same lines."""

    name = "reads"
    characters = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!早安世界，")

    def __init__(self, *lines: str) -> None:
        self.lines = lines

    def read(self, image):
        return [TextLine(line, (5, 20 * k), 0.9) for k, line in enumerate(self.lines)]


@pytest.mark.parametrize(
    ("quote", "lines", "holds"),
    [
        ("OPEN", ["OPEN"], True),
        ("OPEN", ["shop", "OPEN now"], True),
        ("OPEN", ["REOPENED"], False),
        ("OPEN", ["OPEM"], False),
        ("OPEN", ["Open"], False),
        ("Shop", ["SHOP"], False),
        ("Sox", ["SOX"], True),  # like letters differ in size alone
        ("OPEN", [], False),
        ("Happy Birthday", ["Happy", "Birthday"], True),
        ("Happy Birthday", ["HappyBirthday"], True),
        ("早安", ["早安，世界"], True),
        ("早安", ["世界"], False),
        ("안녕", ["OPEN"], None),  # the reader does not know these letters
    ],
)
def test_text_answers(quote, lines, holds):
    results = checked(f'a sign that says "{quote}"', TextExpert(Reads(*lines)))
    (result,) = (r for r in results if r.words == quote)
    assert result.holds is holds


def test_a_text_that_is_nearly_right_scores_more():
    def score(*lines: str) -> float:
        return checked('the text "OPEN"', TextExpert(Reads(*lines)))[0].score

    assert 0.9 == score("OPEN") > 0.5 > score("OPEM") > score("XYZ") > -0.01
    results = checked('the text "OPEN" and "SHUT"', TextExpert(Reads("x", "OPEN")))
    assert [r.evidence for r in results] == ['read "OPEN" at (5, 20)', 'read "x OPEN"']


class MeanColour:
    """An encoder of mean colours, from grey."""

    name = "mean colour"

    def embed(self, crops):
        means = [np.asarray(crop.convert("RGB"), float).mean((0, 1)) - 128 for crop in crops]
        vectors = np.stack(means) + np.array([0.0, 0.0, 1e-3])
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize(("colour", "holds"), [(RED, True), (BLUE, False)])
def test_the_thing_of_a_reference_is_looked_for_in_windows(colour, holds):
    reference = Image.new("RGB", (50, 50), RED)
    conversation = compose_request([reference, painted()], "put the ball from picture 1 into 2")
    references = (Reference(2, "base"), Reference(1, "subject", "the ball"))
    atoms = find_atoms(Plan("compose", prompt="x", references=references), conversation)
    image = painted(((120, 60, 190, 95), colour))
    (result,) = verify(image, atoms, [ReferenceExpert(MeanColour())])
    assert result.holds is holds and (result.score > 0.5) is holds
    assert result.evidence.startswith("similarity ")
    (unsure,) = verify(image, atoms, [ReferenceExpert(MeanColour(), -1.1, 1.1)])
    assert unsure.holds is None and unsure.evidence == result.evidence


def test_a_folder_becomes_the_expert_of_its_model(tmp_path: Path):
    assert isinstance(load_expert(str(tiny_detectors.yolos(tmp_path / "y")), "cpu"), ObjectExpert)
    expert = load_expert(str(tiny_detectors.dinov2(tmp_path / "d")), "cpu")
    assert isinstance(expert, ReferenceExpert)
    with pytest.raises(FileNotFoundError, match=r"expert 'nowhere' is neither ocr nor a folder"):
        load_expert("nowhere")
    (result,) = checked("a cat", load_expert(str(tmp_path / "y"), "cpu"))
    assert result.expert == "y"
