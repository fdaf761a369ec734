"""What is said about the moving playground is true, complete, and worded in many ways."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from wegen_core.model.reply_format import parse_reply
from wegen_core.playground import chats, clips, questions, wishes, words, world
from wegen_core.playground.things import COLOUR_RGB, KINDS, Instance
from wegen_core.playground.world import Scene, Thing

CAT = Instance("cat", "red", "striped", "hat", "blue", "regular")
DOG = Instance("dog", "green")


def names(canonical: str) -> tuple[str, ...]:
    return (canonical, *words.SYNONYMS.get(canonical, ()))


def mentions(text: str, canonical: str) -> bool:
    return any(word in text.lower() for word in map(str.lower, names(canonical)))


def test_a_phrase_states_everything() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        scene = world.sample(rng)
        text = words.phrase(scene, rng)
        expected = [world.SETTING_WORDS[scene.setting], world.LIGHT_WORDS[scene.light]]
        for thing in scene.things:
            instance = thing.instance
            expected += [instance.kind, instance.colour, world.PLACE_WORDS[thing.place]]
            expected += [instance.accessory] if instance.accessory else []
            if instance.pattern != "plain":
                expected.append(world.PATTERN_NOUNS[instance.pattern])
            expected += [thing.size] if thing.size != "normal" else []
        for canonical in expected:
            assert mentions(text, canonical), (text, canonical)


def test_a_wish_states_only_what_holds() -> None:
    rng = np.random.default_rng(1)
    for _ in range(300):
        scene = world.sample(rng)
        text = f" {wishes.wish(scene, rng).lower().rstrip('.')} "
        for kind in KINDS:
            if f" {kind} " in text:
                assert kind in {t.instance.kind for t in scene.things}, text
        for colour in COLOUR_RGB:
            if f" {colour} " in text:
                assert colour in {t.instance.colour for t in scene.things}, text


def test_wishes_and_phrases_differ() -> None:
    rng = np.random.default_rng(2)
    scene = world.sample(rng, count=2)
    assert len({words.phrase(scene, rng) for _ in range(100)}) > 70
    assert len({wishes.wish(scene, rng) for _ in range(100)}) > 50


@pytest.mark.parametrize("action", [a for a in clips.ACTIONS if a != "jump"])
def test_an_instruction_asks_for_what_changes(action: str) -> None:
    rng = np.random.default_rng(3)
    (event,) = clips.sample_clip(rng, events=1, action=action).events
    request, reply = chats.refine(event.before, event.after, rng)
    parsed = parse_reply(reply)
    assert parsed.intent == "refine"
    assert parsed.observation == world.describe(event.before)
    assert parsed.change == event.words()
    assert parsed.result == world.describe(event.after)
    named = {
        "paint": lambda new: new.instance.colour,
        "become": lambda new: new.instance.kind,
        "walk": lambda new: world.PLACE_WORDS[new.place],
        "turn": lambda new: new.facing,
    }
    if action in named:
        new = next(t for t in event.after.things if t not in event.before.things)
        assert mentions(request, named[action](new)), request
    if action == "travel":
        assert mentions(request, world.SETTING_WORDS[event.after.setting])


def test_a_thing_with_new_looks_is_the_same_thing() -> None:
    before = Scene("meadow", "day", (Thing(CAT, "left"), Thing(DOG, "right")))
    painted = replace(CAT, colour="pink")
    after = Scene("meadow", "day", (Thing(painted, "left"), Thing(DOG, "right")))
    assert world.changes(before, after) == ["the cat becomes pink"]
    boat = replace(CAT, kind="boat", accessory="")
    after = Scene("meadow", "day", (Thing(boat, "left"), Thing(DOG, "right")))
    assert world.changes(before, after) == ["the cat becomes a red boat with blue stripes"]
    bare = replace(CAT, pattern="plain", accessory="")
    after = Scene("beach", "day", (Thing(bare, "left"), Thing(DOG, "right")))
    assert world.changes(before, after) == [
        "the cat loses its stripes",
        "the cat loses its hat",
        "now on a beach",
    ]


def test_a_composition_brings_one_thing_or_the_place() -> None:
    rng = np.random.default_rng(5)
    count = 0
    for _ in range(200):
        composition = chats.compose(world.sample(rng), world.sample(rng), rng)
        if composition is None:
            continue
        count += 1
        parsed = parse_reply(composition.exchange.reply)
        assert parsed.intent == "compose" and parsed.result == world.describe(composition.result)
        pair = [composition.first, composition.second]
        ours = {thing.instance for scene in pair for thing in scene.things}
        assert {thing.instance for thing in composition.result.things} <= ours
        bases = [set(s.things) <= set(composition.result.things) for s in pair]
        assert any(bases)
    assert count > 100


def test_answers_are_true() -> None:
    scene = Scene("lake", "night", (Thing(CAT, "left"), Thing(DOG, "right", depth="far")))
    rng = np.random.default_rng(6)
    answers = {}
    for _ in range(600):
        question = questions.question(scene, rng)
        answers.setdefault(question.text.lower().rstrip("?"), set()).add(question.answer)
    assert all(len(each) == 1 for each in answers.values())
    expected = {
        "what colour is the cat": "red",
        "what does the cat wear": "a blue hat",
        "what pattern does the dog have": "none",
        "where is the dog": "on the right",
        "how many": "two",
        "is the cat to the left of the dog": "yes",
        "is the dog to the left of the cat": "no",
        "what is to the right of the cat": "the dog",
        "is it night": "yes",
        "where is this": "by a lake",
    }
    for text, answer in expected.items():
        assert answers[text] == {answer}, text


def test_a_tenth_of_the_colours_of_kinds_is_held_out() -> None:
    rng = np.random.default_rng(7)
    assert not any(world.is_held_out(world.sample(rng)) for _ in range(50))
    assert all(world.is_held_out(world.sample(rng, held_out=True)) for _ in range(50))
    for seed in range(20):
        clip = clips.sample_clip(np.random.default_rng(seed))
        assert not any(world.is_held_out(scene) for scene in clip.scenes)
    pairs = [
        Scene("meadow", "day", (Thing(Instance(k, c, accent=_other(c)), "left"),))
        for k in KINDS
        for c in COLOUR_RGB
    ]
    assert 0.05 < np.mean([world.is_held_out(pair) for pair in pairs]) < 0.2


def _other(colour: str) -> str:
    return "white" if colour != "white" else "red"
