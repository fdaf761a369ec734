"""What pictures give: roles, places and strengths, from the user to the painter's instruction."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.support.fakes import FakeMLLM, FakePainter, scene
from wegen_core import Conversation, Copilot
from wegen_core.mllm import Capabilities
from wegen_core.painting.families import FAMILIES
from wegen_core.painting.request import edit_instruction, paint_request
from wegen_core.planning.chat_planner import ChatPlanner
from wegen_core.planning.references import (
    describe_references,
    describe_region,
    merge_user_references,
    resolve_base_image,
)
from wegen_core.planning.requests import compose_request
from wegen_core.records.plan import ROLES, Plan, Reference

GIVEN = (
    Reference(1, "subject", "the cat", region=(0.0, 0.0, 0.4, 0.4)),
    Reference(2, "style", strength=0.3),
    Reference(3, "base"),
)


def test_every_role_is_said_in_its_own_words():
    said = {role: describe_references([Reference(1, role)]) for role in ROLES}
    assert len(set(said.values())) == len(ROLES)
    assert all("icture 1" in words and words.endswith(".") for words in said.values())
    assert describe_references(GIVEN) == (
        "Take the cat from picture 1, and put it in the upper left. "
        "Loosely take the style from picture 2, and nothing else of it. "
        "Picture 3 is the scene; its other parts stay as they are."
    )
    assert describe_references([Reference(1, "mood"), Reference(2, strength=0)]) == (
        "Take the main thing from picture 1 as the mood."
    )


@pytest.mark.parametrize(
    ("region", "words"),
    [
        ((0, 0, 1, 1), "in the middle"),
        ((0, 0.3, 0.3, 0.7), "on the left"),
        ((0.7, 0.7, 1, 1), "in the lower right"),
        ((0.2, 0, 0.8, 0.3), "at the top"),
        ((0.2, 0.8, 0.8, 1), "at the bottom"),
    ],
)
def test_places_describe_references(region, words):
    assert describe_region(region) == words


def test_what_the_user_says_counts_more_than_the_plan():
    planned = (Reference(1, "background"), Reference(2, "base"), Reference(4, "pose"))
    plan = merge_user_references(Plan("compose", prompt="a cat", references=planned), GIVEN)
    assert plan.references == (*GIVEN, planned[2])
    assert plan.region == (0, 0, 0.4, 0.4)
    assert merge_user_references(plan, ()) == plan
    two = (*GIVEN, Reference(4, "object", region=(0.5, 0.5, 1, 1)))
    assert merge_user_references(plan, two).region == (0, 0, 1, 1)
    placeless = (*GIVEN, Reference(4, "object"))
    assert merge_user_references(Plan("compose", prompt="a cat"), placeless).region is None


def test_a_plan_with_placed_references_survives_json():
    plan = Plan("compose", prompt="a cat", references=GIVEN)
    assert Plan.from_json(plan.to_json()) == plan
    with pytest.raises(ValueError, match=r"reference region is .*; it needs"):
        Reference(1, region=(0.5, 0, 0.2, 1))


def test_painters_are_told_by_the_numbers_of_what_they_see():
    plan = Plan("compose", prompt="a cat on a boat", references=GIVEN)
    plus = FAMILIES["qwen"]
    assert edit_instruction(plan, plus, [1, 3]) == (
        "a cat on a boat. Take the cat from picture 1, and put it in the upper left. "
        "Picture 2 is the scene; its other parts stay as they are."
    )


def test_models_that_plan_in_words_are_told():
    heard = []

    def chat(conversation, **_):
        heard.append(conversation.turns[-1].text)
        return '{"intent": "compose", "prompt": "a cat on a boat"}'

    talk = compose_request([scene()] * 3, "put them together", GIVEN)
    model = SimpleNamespace(name="m", chat=chat, capabilities=Capabilities())
    ChatPlanner(model).plan(talk, intent="compose")
    assert "put them together\nTake the cat from picture 1, and put it in" in heard[0]


def test_the_copilot_keeps_them():
    mllm = FakeMLLM()
    copilot = Copilot(mllm, FakePainter())
    pictures = [scene((48, 32)) for _ in range(3)]
    done = copilot.compose(pictures, "put them together", references=GIVEN)
    assert done.plan.references[:3] == GIVEN
    assert done.image.size == pictures[2].size


def test_too_many_and_missing_pictures_are_named():
    copilot = Copilot(FakeMLLM(), FakePainter())
    with pytest.raises(ValueError, match="there are 10 images; give at most 9"):
        copilot.compose([scene()] * 10, "put them together")
    with pytest.raises(ValueError, match="references name picture 3; there are 2"):
        copilot.compose([scene()] * 2, "put them together", references=GIVEN)


@pytest.mark.parametrize(
    ("words", "counted_anew"),
    [
        ("put the cat from picture 3 into picture 2", "put the cat from picture 2 into picture 1"),
        ("the third photo on the second photo", "the picture 2 on the picture 1"),
        ("把图3的猫放到图2里", "把图2的猫放到图1里"),
        ("put them together", "put them together"),
    ],
)
def test_strength_0_leaves_an_image_out_and_the_others_are_counted_anew(words, counted_anew):
    pictures = [scene((32 + k, 32)) for k in range(3)]
    given = (Reference(1, "style", strength=0), Reference(3, what="the cat"))
    talk = compose_request(pictures, words, given)
    assert [part.image.size for part in talk.images] == [(33, 32), (34, 32)]
    assert talk.turns[-1].text == counted_anew
    assert tuple(talk.turns[-1].references) == (Reference(2, what="the cat"),)


@pytest.mark.parametrize(
    ("references", "message"),
    [
        ([Reference(1, strength=0)], "instruction names picture 1, whose reference has strength 0"),
        ([Reference(k, strength=0) for k in (1, 2)], "instruction names picture 1, whose"),
        (
            [Reference(1, "base"), Reference(2, "base")],
            "pictures 1 and 2 both have the role",
        ),
    ],
)
def test_references_that_cannot_all_hold_are_refused(references, message):
    with pytest.raises(ValueError, match=message):
        compose_request([scene()] * 2, "put the cat from picture 1 on top", references)


def test_leaving_out_every_image_is_refused():
    with pytest.raises(ValueError, match="every reference has strength 0; raise"):
        compose_request([scene()], "a cat", [Reference(1, strength=0)])


def talk_of(*pictures: int, words: str = "put the cat from picture 1 into picture 2"):
    """A talk in which the user shows so many pictures in each turn."""
    talk = Conversation()
    for count in pictures:
        talk.add("user", *[scene() for _ in range(count)], words)
    return talk


@pytest.mark.parametrize(
    ("intent", "planned", "talk", "base"),
    [
        ("refine", [], talk_of(2, 1), 3),
        ("refine", [Reference(1, "base")], talk_of(2, 1), 1),
        ("refine", [Reference(9, "base")], talk_of(1), 1),
        ("compose", [Reference(1), Reference(2)], talk_of(2), 2),
        ("compose", [], talk_of(1, 2), 3),
        ("compose", [Reference(1, "base")], talk_of(2), 1),
        ("compose", [Reference(2, "base"), Reference(1, "base")], talk_of(2), 2),
        ("compose", [], talk_of(2, words="both together"), None),
        ("compose", [], talk_of(1), None),
        ("generate", [Reference(1, "base")], talk_of(1), None),
    ],
)
def test_the_plan_names_the_picture_that_it_changes(intent, planned, talk, base):
    plan = resolve_base_image(Plan(intent, prompt="a cat", references=planned), talk)
    assert plan.base == base
    assert sum(r.image == base for r in plan.references) == (base is not None)


def test_the_painter_changes_the_picture_whose_rest_stays():
    """The plan alone would have painted over the first picture, the words keep the second."""
    talk = compose_request([scene((40, 64)), scene((64, 40))], "put it into picture 2")
    planned = Plan("compose", prompt="a cat", references=(Reference(1), Reference(2, "style")))
    plan = resolve_base_image(planned, talk)
    pictures = [p.image for p in talk.images]
    family = FAMILIES["flux2"]
    assert paint_request(plan, pictures, family, area=64 * 64).result_size == (64, 40)
