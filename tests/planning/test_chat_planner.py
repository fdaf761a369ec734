"""Plans out of any model that chats: what it may write, the second try, the user's own words."""

from __future__ import annotations

import json

import pytest

from tests.support.conversations import ScriptedModel, user_says
from tests.support.fakes import FakePainter, scene
from wegen_core.copilot import Copilot
from wegen_core.planning.chat_planner import NOTE, SAMPLING, SCHEMA, ChatPlanner
from wegen_core.records.conversation import Conversation
from wegen_core.records.hooks import Hooks, Sampling
from wegen_core.records.plan import Plan, Reference

GOOD = {
    "intent": "refine",
    "text": "Here is your red boat.",
    "prompt": "a red boat by the sea",
    "changes": ["the boat is red"],
    "keep": ["the sea"],
    "scope": "local",
    "region": [0.1, 0.2, 0.5, 0.6],
    "references": [],
}


def plan_of(model, conversation, **options) -> Plan:
    return ChatPlanner(model).plan(conversation, **options)


def refining(*replies, words="make the boat red", **options) -> tuple[Plan, ScriptedModel]:
    model = ScriptedModel(*replies)
    return plan_of(model, user_says(scene(), words), **options), model


def test_a_good_reply_becomes_the_plan_at_once():
    heard = []
    plan, model = refining(GOOD, sampling=Sampling(seed=7), hooks=Hooks(on_text=heard.append))
    assert len(model.requests) == 1 and heard == [GOOD["text"]]
    made = plan.to_dict()
    assert {k: made[k] for k in GOOD} == GOOD
    assert {c.kind for c in plan.constraints} >= {"colour", "language"}
    request = model.requests[0]
    assert request.schema is SCHEMA and request.sampling.seed == 7
    assert request.sampling.max_new_tokens == SAMPLING.max_new_tokens
    words = request.text
    assert words.startswith("make the boat red\n") and '"region"' in words
    assert len(request.conversation.images) == 1


@pytest.mark.parametrize(
    "form",
    [
        '<think>{{"intent": "answer"}} no</think>\n{}',
        "Sure! Here is the plan:\n```json\n{}\n```\nShall I go on?",
        "{}\n\nI hope that helps {{smile}}",
    ],
)
def test_chatty_models_are_understood(form):
    plan, model = refining(form.format(json.dumps(GOOD)))
    assert len(model.requests) == 1 and plan.prompt == GOOD["prompt"]
    loose = str(GOOD).replace("}", ",}")
    assert refining(form.format(loose))[0].region == (0.1, 0.2, 0.5, 0.6)


def streamed_text(*replies, size=3) -> list[str]:
    """What is streamed while the first reply comes in pieces of `size` characters."""

    heard = []
    model = ScriptedModel(*replies, pieces=size)
    plan_of(model, user_says(scene(), "make it red"), hooks=Hooks(on_text=heard.append))
    return heard


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_the_text_is_said_while_the_plan_is_being_written(size):
    text = 'Here: "a boat" \\ 船 🚤,\nin red.'
    for form in ("{}", "```json\n{}\n```"):
        heard = streamed_text(form.format(json.dumps(GOOD | {"text": text})), size=size)
        assert "".join(heard) == text
        assert len(heard) > 3 or size > 3


def test_a_plan_that_was_not_to_be_used_is_said_over_again():
    wrong = GOOD | {"text": "A first try.", "region": [0.4, 0.3, 0.2, 0.1]}
    assert "".join(streamed_text(wrong, GOOD)) == f"A first try.\n{GOOD['text']}"
    assert "".join(streamed_text(PROSE)) == NOTE.format(name="scripted")
    assert "".join(streamed_text(GOOD | {"text": ""})) == GOOD["prompt"]


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ("What a lovely boat!", "held no JSON object"),
        (GOOD | {"intent": "paint"}, "plan intent is 'paint'; use one of"),
        (GOOD | {"prompt": ""}, "prompt is empty"),
        (GOOD | {"region": [0.5, 0.5, 0.1, 0.6]}, "it needs 0 <= x0 < x1"),
        (GOOD | {"references": [{"picture": 4}]}, "names picture 4; there are 1"),
        (GOOD | {"references": [{"picture": 1, "strength": 7}]}, "strength is 7"),
        (GOOD | {"changes": {"boat": "red"}}, "give a list of texts"),
        (GOOD | {"intent": "answer", "text": ""}, "\"text\" is empty"),
    ],
)  # fmt: skip
def test_the_second_try_is_told_what_was_wrong(wrong, fault):
    plan, model = refining(wrong, GOOD)
    assert plan.prompt == GOOD["prompt"] and len(model.requests) == 2
    assert fault in model.requests[1].text
    assert len(model.requests[1].conversation.turns) == 1


def test_optional_parts_that_stay_wrong_are_left_out():
    wrong = GOOD | {"region": [0, 1, 0, 1], "references": "picture 1", "intent": "edit"}
    plan, _ = refining(wrong)
    assert plan.intent == "refine" and plan.prompt == GOOD["prompt"]
    assert plan.region is None and plan.references == () and plan.keep == ("the sea",)


def test_a_region_in_pixels_is_left_out_at_once():
    plan, model = refining(GOOD | {"region": [120, 40, 700, 655]})
    assert plan.region is None and len(model.requests) == 1


def test_a_little_slack_costs_no_second_try():
    loose = GOOD | {
        "scope": "the whole picture",
        "intent": " Refine ",
        "changes": "the boat is red",
        "keep": None,
        "region": [-0.01, 0, 1.02, 1],
        "references": [{"picture": "Picture 1", "role": "Base"}],
        "mood": "cheerful",
    }
    plan, model = refining(loose)
    assert len(model.requests) == 1
    assert plan.changes == ("the boat is red",) and plan.keep == () and plan.region is None
    assert plan.references == (Reference(1, "base"),) and plan.scope is None


PROSE = "I would love to help you with that."


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        (["a boat"], "generate"),
        ([scene(), "make the boat red"], "refine"),
        ([scene(), scene(), "put the cat from picture 1 into picture 2"], "compose"),
        ([scene(), "what colour is it?"], "answer"),
        (["画一只猫"], "generate"),
    ],
)
def test_after_two_tries_the_users_own_words_are_the_plan(parts, wanted):
    model = ScriptedModel(PROSE)
    plan = plan_of(model, user_says(*parts))
    assert plan.intent == wanted and len(model.requests) == 2
    assert NOTE.format(name="scripted") in plan.text
    if wanted == "answer":
        assert plan.text.startswith(PROSE)
    else:
        assert plan.prompt in (parts[-1], "一只猫")  # without "draw"
    if wanted == "compose":
        assert [(r.image, r.role) for r in plan.references] == [(1, "subject"), (2, "base")]


def test_the_report_says_that_the_words_are_the_users():
    drawn = Copilot(ScriptedModel(PROSE), FakePainter()).pipeline.generate(
        "a boat by the sea, in the morning, calm"
    )[0]
    assert "No plan could be read from scripted; your own words are used" in str(drawn.report)
    assert drawn.plan.prompt == "a boat by the sea, in the morning, calm"


def test_pictures_just_shown_count_from_one_in_the_users_words():
    talk = user_says(scene(), "nice")
    talk.add("assistant", "thanks")
    talk.add("user", scene(), scene(), "put the cat from picture 1 into picture 2")
    plan = plan_of(ScriptedModel(PROSE), talk)
    assert [(r.image, r.role) for r in plan.references] == [(2, "subject"), (3, "base")]


@pytest.mark.parametrize("intent", ["generate", "refine", "compose"])
def test_a_forced_intent_is_kept(intent):
    for reply in (GOOD | {"intent": "answer"}, PROSE, "{}"):
        model = ScriptedModel(reply)
        plan = plan_of(model, user_says(scene(), scene(), "make it red"), intent=intent)
        assert plan.intent == intent and plan.prompt
        assert f'"intent": "{intent}"' in model.requests[0].text


def test_a_forced_answer_is_plain_streamed_chat():
    heard = []
    model = ScriptedModel("red")
    plan = plan_of(
        model, user_says(scene(), "which?"), intent="answer", hooks=Hooks(on_text=heard.append)
    )
    assert plan == Plan("answer", text="red") and heard == ["red"]
    assert model.requests[0].schema is None and model.requests[0].text == "which?"


def test_what_a_new_pictures_prompt_lost_is_put_back():
    lossy = GOOD | {"intent": "generate", "prompt": "A shop in a street."}
    plan = plan_of(ScriptedModel(lossy), user_says('a shop with a sign "OPEN 24h" in red'))
    assert '"OPEN 24h"' in plan.prompt and plan.prompt.startswith("A shop in a street.")


def test_a_prompt_about_something_else_is_no_plan():
    other = GOOD | {"intent": "generate", "prompt": "I will be taking care of you today."}
    model = ScriptedModel(other, GOOD | {"intent": "generate", "prompt": "a grey cat on a sofa"})
    assert plan_of(model, user_says("a cat")).prompt == "a grey cat on a sofa"
    assert "leaves out what was asked for: cat" in model.requests[1].text
    assert plan_of(ScriptedModel(other), user_says("a cat")).prompt == "a cat"


def test_a_translated_prompt_is_left_alone_but_for_quotes():
    english = GOOD | {"intent": "generate", "prompt": "three red boats by the sea"}
    assert (
        plan_of(ScriptedModel(english), user_says("海边的三只红色的船")).prompt == english["prompt"]
    )
    signed = plan_of(ScriptedModel(english), user_says("海边的船，船上写着“回家”")).prompt
    assert signed.startswith(english["prompt"]) and "回家" in signed


def test_changing_a_picture_that_is_not_there_draws_one():
    plan = plan_of(ScriptedModel(GOOD), user_says("make the boat red"))
    assert plan.intent == "generate" and plan.region is None and plan.changes == ()


def test_the_conversation_is_left_alone():
    model, talk = ScriptedModel(GOOD), user_says("a boat")
    plan_of(model, talk)
    assert len(talk.tree) == 1 and talk.turns[-1].text == "a boat"


def test_the_copilot_works_with_such_a_model():
    model = ScriptedModel(GOOD | {"intent": "generate", "text": "a boat"}, GOOD, PROSE)
    copilot, talk = Copilot(model, FakePainter()), Conversation()
    assert copilot.chat(talk, "a boat by the sea").plan.intent == "generate"
    refined = copilot.chat(talk, "make the boat red")
    assert refined.plan.region == (0.1, 0.2, 0.5, 0.6) and refined.change_mask is not None
    assert copilot.ask(scene(), "what is it?") == PROSE


def test_rewriting_with_such_a_model_proves_what_it_kept():
    good = "a red car on a wet street at night"
    found = Copilot(ScriptedModel(good, "a blue car", good), FakePainter()).rewrite(
        "a red car", n=2
    )
    assert found[0].prompt == good
    assert found[1].prompt.startswith("a red car, ")  # facet values instead of the same again
    assert {c.kind for c in found[0].kept} >= {"colour"}
    talk = Copilot(ScriptedModel(PROSE), FakePainter()).rewrite("a red car", n=2)
    assert all(r.prompt.startswith("a red car") and "love to help" not in r.prompt for r in talk)
