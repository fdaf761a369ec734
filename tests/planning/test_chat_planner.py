"""Plans out of any model that chats: what it may write, the second try, the user's own words."""

from __future__ import annotations

import json

import pytest

from tests.support.conversations import ScriptedModel, user_says
from tests.support.fakes import FakePainter, scene
from wegen_core.copilot import Copilot
from wegen_core.mllm import Capabilities, EmptyReplyError
from wegen_core.planning.chat_planner import NOTE, SAMPLING, ChatPlanner
from wegen_core.planning.plan_request import SCHEMA
from wegen_core.records.conversation import Conversation
from wegen_core.records.hooks import Hooks, Sampling, Stopped
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
    model = ScriptedModel(*replies, capabilities=Capabilities())
    return plan_of(model, user_says(scene(), words), **options), model


def test_a_good_reply_becomes_the_plan_at_once():
    heard = []
    plan, model = refining(GOOD, sampling=Sampling(seed=7), hooks=Hooks(on_text=heard.append))
    assert len(model.requests) == 1 and heard == [GOOD["text"]]
    made = plan.to_dict()
    base = [Reference(1, "base").to_dict()]
    assert {k: made[k] for k in GOOD} == GOOD | {"references": base}
    assert dict(plan.sources) == {
        **dict.fromkeys(("intent", "text", "prompt", "changes", "keep", "scope"), "model"),
        **{"way": "whole plan", "region": "model", "references": "words"},
    }
    assert {c.kind for c in plan.constraints} >= {"colour", "language"}
    request = model.requests[0]
    assert request.schema is SCHEMA and request.sampling.seed == 7
    assert request.sampling.max_new_tokens == SAMPLING.max_new_tokens
    words = request.text
    assert words.startswith("make the boat red\n") and '"region"' in words
    assert len(request.conversation.images) == 1


def test_a_text_that_repeats_the_examples_is_not_said():
    plan, _ = refining(*[GOOD | {"text": "The house by the pond has a green roof now."}] * 2)
    assert plan.text == "" and plan.prompt == GOOD["prompt"]


def test_the_model_says_which_image_gives_what_where_the_words_do_not():
    roles = [{"picture": 1, "role": "base"}, {"picture": 2, "role": "style"}]
    reply = GOOD | {"intent": "compose", "references": roles}
    for words, expected in (
        ("mix picture 1 and picture 2 as we said", [(1, "base"), (2, "style")]),
        ("put the boat from picture 1 into picture 2", [(1, "object"), (2, "base")]),
    ):
        model = ScriptedModel(reply, reply, capabilities=Capabilities())
        plan = plan_of(model, user_says(scene(), scene(), words))
        assert [(r.image, r.role) for r in plan.references] == expected


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
    model = ScriptedModel(*replies, pieces=size, capabilities=Capabilities())
    plan_of(model, user_says(scene(), "make it red"), hooks=Hooks(on_text=heard.append))
    return heard


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_the_text_is_said_while_the_plan_is_being_written(size):
    text = 'Look at this, there it is: "a boat" \\ 船 🚤,\nin red.'
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
        (GOOD | {"prompt": ""}, '"prompt" is empty, and the intent is "refine"'),
        (GOOD | {"prompt": "Sure, a red boat"}, '"prompt" does not describe a picture'),
        (GOOD | {"prompt": "a grey cat"}, '"prompt" leaves out what was asked for'),
        (GOOD | {"region": [0.5, 0.5, 0.1, 0.6]}, "it needs 0 <= x0 < x1"),
        (GOOD | {"references": [{"picture": 4}]}, "names picture 4; there are 1"),
        (GOOD | {"references": [{"picture": 1, "strength": 7}]}, "strength is 7"),
        (GOOD | {"changes": {"boat": "red"}}, "give a list of texts"),
        (GOOD | {"intent": "answer"}, '"intent" is "answer", but the message says "refine"'),
        (GOOD | {"scope": "global"}, '"scope" is "global", but the message says "local"'),
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
    assert plan.region is None and plan.keep == ("the sea",)
    assert plan.references == (Reference(1, "base"),)
    sources = dict(plan.sources)
    assert (sources["intent"], sources["references"], sources["keep"]) == (
        "words",
        "words",
        "model",
    )


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
    assert plan.references == (Reference(1, "base"),) and plan.scope == "local"


PROSE = "I would love to help you with that."


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        (["a boat"], "generate"),
        ([scene(), "make the boat red"], "refine"),
        ([scene(), scene(), "put the cat from picture 1 into picture 2"], "compose"),
        (["画一只猫"], "generate"),
    ],
)
def test_without_a_plan_the_users_own_words_are_the_plan(parts, wanted):
    model = ScriptedModel(PROSE)
    plan = plan_of(model, user_says(*parts))
    assert plan.intent == wanted and "model" not in dict(plan.sources).values()
    assert plan.text == NOTE.format(name="scripted")
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
    other = GOOD | {"intent": "generate", "prompt": "A dog taking care of you today."}
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
    boat = GOOD | {"intent": "generate", "text": "a boat"}
    model = ScriptedModel(boat, GOOD, PROSE, capabilities=Capabilities())
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


RAMBLING = "Let me think about the boat and the sea and the sky. " * 100
NEW, CHANGE = "NEW", "CHANGE, because it says so"


def test_a_model_that_rambles_is_stopped_and_asked_in_small_steps():
    model = ScriptedModel(
        RAMBLING, NEW, "A small boat at dawn, mist over the water.", pieces="word"
    )
    planner = ChatPlanner(model)
    plan = planner.plan(user_says("a boat"))
    assert plan.prompt == "A small boat at dawn, mist over the water."
    assert dict(plan.sources) == {"way": "small steps", "intent": "model", "prompt": "model"}
    assert model.sent < 1.1 * SAMPLING.max_new_tokens + 20
    first = [r.conversation.turns[0].text for r in model.requests]
    assert "CHANGE" in first[1] and "two kites" in first[2] and model.requests[2].text == "a boat"
    model.replies, model.requests = ["A red boat at dawn."], []
    talk = user_says("a boat")
    talk.add("assistant", scene(), record={"plan": {"prompt": "A boat at dawn."}})
    talk.add("user", "make the boat red")
    plan = planner.plan(talk)
    assert plan.intent == "refine" and plan.prompt == "A red boat at dawn."
    assert model.requests[0].text == "A boat at dawn.\nmake the boat red"
    assert len(model.requests) == 1  # the words say the intent; and no whole plan is tried again


def test_small_steps_of_a_model_that_sees():
    model = ScriptedModel(
        RAMBLING,
        "一只红色的船在海上",
        "大海，天空",
        "左边",
        pieces="word",
        capabilities=Capabilities(),
    )
    plan = plan_of(model, user_says(scene(), "把船改成红色"))
    assert plan.prompt == "一只红色的船在海上" and plan.keep == ("大海", "天空")
    assert plan.region == (0, 0, 0.5, 1) and plan.intent == "refine"
    steps = [r.conversation for r in model.requests[1:]]
    assert [len(step.turns) for step in steps] == [5, 5, 5]
    assert all(step.turns[-1].text == "把船改成红色" and len(step.images) == 1 for step in steps)


@pytest.mark.parametrize("answer", ["Sure! I can do that.", "two kites", "a grey cat", ""])
def test_each_small_step_is_checked(answer):
    model = ScriptedModel(RAMBLING, answer, pieces="word", capabilities=Capabilities())
    plan = plan_of(model, user_says(scene(), "make the boat red"))
    assert plan.prompt == "make the boat red" and dict(plan.sources)["prompt"] == "words"


def test_the_report_marks_each_field():
    copilot = Copilot(ScriptedModel(GOOD, capabilities=Capabilities()), FakePainter())
    report = copilot.refine(scene(), "make the boat red, keep the sky").report
    assert "planned by scripted: whole plan; from the model: intent, text, prompt, changes" in str(
        report
    )
    assert "from the words: keep" in str(report)
    assert report.data["plan"]["sources"]["keep"] == "words"


def test_reading_stops_at_the_closing_brace():
    reply = json.dumps(GOOD) + " and so on" * 200
    model = ScriptedModel(reply, pieces="word", capabilities=Capabilities())
    plan = plan_of(model, user_says(scene(), "make the boat red"))
    assert plan.prompt == GOOD["prompt"] and model.sent < len(json.dumps(GOOD).split()) + 3


def test_stopping_is_not_mistaken_for_enough():
    model = ScriptedModel(GOOD, pieces="word")
    with pytest.raises(Stopped):
        plan_of(model, user_says("a boat"), hooks=Hooks(should_stop=lambda: model.sent > 4))


def test_fields_that_contradict_the_words_come_from_the_words():
    wrong = GOOD | {
        "keep": [],
        "scope": "global",
        "prompt": "a red boat",
        "region": [0, 0.6, 0.2, 1],
    }
    words = "make the boat in the top right corner red but leave the lake alone"
    plan, model = refining(wrong, words=words)
    assert len(model.requests) == 2 and '"keep" leaves out' in model.requests[1].text
    assert "lake" in plan.keep[0] and plan.scope == "local" and plan.region[0] >= 0.5
    sources = dict(plan.sources)
    assert {sources[n] for n in ("keep", "scope", "region")} == {"words"}
    assert sources["prompt"] == sources["intent"] == "model"


@pytest.mark.parametrize(
    ("field", "value", "taken"),
    [
        ("prompt", "a red boat by the sea", "make the boat red"),  # nobody has named a sea
        ("prompt", "the boat is unchanged", "make the boat red"),
        ("text", "I'm sorry, but I can't assist with that.", ""),
        ("text", "Please provide the prompt.", ""),
        ("changes", ["a mountain", "a forest"], ["make the boat red"]),
    ],
)
def test_nonsense_of_a_small_model_is_not_taken(field, value, taken):
    plan = plan_of(ScriptedModel(GOOD | {field: value}), user_says(scene(), "make the boat red"))
    assert plan.to_dict()[field] == taken


def test_what_was_removed_is_not_in_the_prompt():
    talk = user_says("a boat and a lighthouse")
    talk.add("assistant", scene(), record={"plan": {"prompt": "A boat and a lighthouse."}})
    talk.add("user", "remove the lighthouse")
    left = GOOD | {"prompt": "A boat and a lighthouse by day.", "changes": [], "keep": []}
    plan = plan_of(ScriptedModel(left), talk)
    assert "lighthouse by day" not in plan.prompt and dict(plan.sources)["prompt"] == "words"


def test_an_unproven_model_does_not_turn_a_drawing_into_an_answer():
    talk = {"intent": "answer", "text": "I like apples.", "prompt": ""}
    planner = ChatPlanner(ScriptedModel(talk))
    assert planner.plan(user_says("three red apples on a table")).intent == "generate"
    assert planner.plan(user_says("I had such a long day")).text == "I like apples."
    refusal = talk | {"text": "I'm sorry, but I can't help with that."}
    plan = plan_of(ScriptedModel(refusal), user_says("I had such a long day"))
    assert plan.intent == "generate" and "sorry" not in plan.text


def test_what_only_eyes_can_know_is_not_taken_from_a_model_without():
    plan = plan_of(ScriptedModel(GOOD), user_says(scene(), "make the boat red"))
    assert plan.region is None and plan.keep == ()


def test_a_model_whose_intents_contradict_clear_words_is_not_asked_for_others():
    wrong = GOOD | {"intent": "answer"}
    planner = ChatPlanner(ScriptedModel(wrong, capabilities=Capabilities()))
    assert planner.plan(user_says(scene(), "make the boat red")).intent == "refine"
    assert planner.plan(user_says("a boat by the sea")).intent == "generate"


def test_a_model_whose_plans_are_of_no_use_is_asked_for_answers_alone():
    model = ScriptedModel(GOOD | {"prompt": "two kites"}, capabilities=Capabilities())
    planner, ways = ChatPlanner(model), []
    for _ in range(8):
        plan = planner.plan(user_says(scene(), "make the boat red"))
        assert plan.prompt == "make the boat red" and plan.intent == "refine"
        ways.append(dict(plan.sources)["way"])
    assert ways == 2 * ["whole plan"] + 2 * ["small steps"] + 4 * ["the words alone"]
    model.replies = ["A small boat at dawn."]
    assert planner.plan(user_says("a boat")).prompt == "A small boat at dawn."  # of another kind
    model.replies = ["It is red."]
    assert planner.plan(user_says(scene(), "what colour is it?")).text == "It is red."


def test_asking_again_in_vain_is_given_up():
    model = ScriptedModel(GOOD | {"scope": "global"}, capabilities=Capabilities())
    planner = ChatPlanner(model)
    counts = []
    for _ in range(4):
        model.requests.clear()
        assert planner.plan(user_says(scene(), "make the boat red")).scope == "local"
        counts.append(len(model.requests))
    assert counts == [2, 2, 1, 1]


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ('{"intent": "answer", "text": "It is red."}', "It is red."),
        ('```json\n{"answer": "It is red."}\n```', "It is red."),
        ('It is red.\n{"intent": "answer", "prompt": ""}', "It is red."),
        ('It is red. ```json\n{"a": 1}```', "It is red."),
        ("It is {red}.", "It is {red}."),
        ("It is red.", "It is red."),
    ],
)
@pytest.mark.parametrize("size", [1, 5, 1000])
def test_an_answer_holds_no_json_streamed_or_not(reply, words, size):
    heard = []
    model = ScriptedModel(reply, pieces=size)
    plan = plan_of(
        model, user_says(scene(), "what colour is it?"), hooks=Hooks(on_text=heard.append)
    )
    assert plan == Plan("answer", text=words) and "".join(heard).strip() == words
    assert model.requests[0].schema is None


def test_an_answer_of_json_alone_is_asked_for_again_in_words():
    only_json = '{"colour": 3}'
    model = ScriptedModel(only_json, "It is red.")
    assert plan_of(model, user_says(scene(), "what colour is it?")).text == "It is red."
    plan = plan_of(ScriptedModel(only_json), user_says("who are you?"))
    assert "gave no answer in words" in plan.text and "{" not in plan.text


def test_the_instruction_is_not_said_to_the_user():
    echo = GOOD | {"text": "one short, friendly sentence to the user, in the user's language"}
    plan, _ = refining(echo)
    assert plan.text == "" and dict(plan.sources).get("text") is None


def test_a_model_that_thinks_gets_room_for_it():
    class Thinker(ScriptedModel):
        def chat(self, conversation, *, sampling, **options):
            if sampling.max_new_tokens < 1000:
                self.requests.append(None)
                raise EmptyReplyError("used up all tokens")
            return super().chat(conversation, sampling=sampling, **options)

    model = Thinker(GOOD, capabilities=Capabilities())
    planner = ChatPlanner(model)
    for calls in (2, 3):
        assert planner.plan(user_says(scene(), "make the boat red")).prompt == GOOD["prompt"]
        assert len(model.requests) == calls
