"""What the user's words alone say of the next step."""

from __future__ import annotations

import gc
import time

import pytest

from tests.support.conversations import user_says
from tests.support.fakes import scene
from wegen_core.planning import WordsPlanner, plan_from_words, read_words
from wegen_core.planning.words import NO_MODEL, READY
from wegen_core.records.conversation import Conversation
from wegen_core.records.hooks import Hooks
from wegen_core.records.plan import Reference


def plan(words: str, images: int = 1):
    return plan_from_words(user_says(*[scene()] * images, words))


def after(prompt: str, words: str):
    """The plan for `words` about an image that was painted from `prompt`."""
    conversation = Conversation()
    conversation.add("user", prompt)
    conversation.add("assistant", "ok", scene(), record={"plan": {"prompt": prompt}})
    conversation.add("user", words)
    return plan_from_words(conversation)


@pytest.mark.parametrize(
    ("words", "images", "intent"),
    [
        ("a cat on a sofa", 0, "generate"),
        ("could you draw me a cat?", 0, "generate"),
        ("hello there!", 0, "answer"),
        ("what colour is the boat?", 1, "answer"),
        ("tell me what you see", 1, "answer"),
        ("thanks, that looks great", 1, "answer"),
        ("can you make the sky pink?", 1, "refine"),
        ("darker, please", 1, "refine"),
        ("the boat should be red", 1, "refine"),
        ("put the cat from picture 1 into picture 2", 2, "compose"),
        ("make picture 2 brighter", 2, "refine"),
        ("画一只猫", 0, "generate"),
        ("你好", 0, "answer"),
        ("图里有几个人？", 1, "answer"),
        ("能把天空变成粉色吗？", 1, "refine"),
        ("把图1的猫放到图2的沙发上", 2, "compose"),
    ],
)
def test_intent(words, images, intent):
    assert plan(words, images).intent == intent


@pytest.mark.parametrize(
    ("words", "keep"),
    [
        ("make the boat red but leave the lake and the sky alone", ("the lake", "the sky")),
        ("make it night, the house stays as it is", ("the house",)),
        ("make everything blue except the boat", ("the boat",)),
        ("把船变成红色，但不要动湖和天空", ("湖", "天空")),
        ("only change the shirt", ("everything else",)),
    ],
)
def test_keep_clauses_name_what_stays_and_are_not_changes(words, keep):
    made = plan(words)
    assert made.keep == keep and len(made.changes) == 1
    assert "keep" in read_words(user_says(scene(), words)).certain


@pytest.mark.parametrize(
    ("words", "scope"),
    [
        ("make the boat red", "local"),
        ("turn it into a watercolour", "global"),
        ("the lighting is too harsh", "global"),
        ("put a mountain behind the house", "background"),
        ("change the background to a beach", "background"),
        ("remove the man in the background", "local"),
        ("屋顶上加点雪", "local"),
        ("光线太暗了", "global"),
        ("背景换成海边", "background"),
    ],
)
def test_scope(words, scope):
    assert plan(words).scope == scope


@pytest.mark.parametrize(
    ("words", "region"),
    [
        ("add a bird in the top left corner", (0, 0, 0.5, 0.5)),
        ("remove the man on the left", (0, 0, 0.5, 1)),
        ("在右下角加一只鸟", (0.5, 0.5, 1, 1)),
        ("put a lamp to the left of the sofa", None),
        ("the light comes from the left", None),
        ("give her a ring on her left hand", None),
        ("在房子的左边加一棵树", None),
    ],
)
def test_region(words, region):
    assert plan(words).region == region


@pytest.mark.parametrize(
    ("words", "references"),
    [
        ("use picture 2 as the style for picture 1", [(2, "style", ""), (1, "base", "")]),
        (
            "put the hat from picture 2 on the dog in picture 1",
            [(2, "object", "the hat"), (1, "base", "")],
        ),
        ("用图2的风格重画图1", [(2, "style", ""), (1, "base", "")]),
        ("让图1的人摆出图2的动作", [(1, "base", ""), (2, "pose", "")]),
    ],
)
def test_references_have_roles(words, references):
    assert plan(words, 2).references == tuple(Reference(*r) for r in references)


def test_the_prompt_is_the_last_one_with_the_change_applied():
    made = after("a blue boat on the sea, with a dog", "make the boat red")
    assert made.prompt == "a red boat on the sea, with a dog"
    assert plan("make the boat red").prompt == "make the boat red"  # of a photo none is known


def test_the_planner_without_a_model_answers_what_is_missing():
    heard = []
    notes = {"what is it?": NO_MODEL[0], "这是什么？": NO_MODEL[1], "hello": READY[0]}
    for words, note in notes.items():
        answer = WordsPlanner().plan(user_says(scene(), words), hooks=Hooks(on_text=heard.append))
        assert answer.intent == "answer" and answer.text == note
    assert heard == list(notes.values())
    assert plan_from_words(user_says(scene())).intent == "answer"


@pytest.mark.parametrize(
    "unit", ["make the boat red and ", "from picture 1 ", "除了图1的", '"', "not "]
)
def test_long_and_broken_messages_are_read_in_linear_time(unit):
    seconds = []
    for length in (1000, 4000):
        gc.collect()  # or it may come in between, with all that other tests left
        start = time.process_time()
        read_words(user_says(scene(), scene(), (unit * length)[:length]))
        seconds.append(time.process_time() - start)
    assert seconds[1] < 12 * max(seconds[0], 0.02)
