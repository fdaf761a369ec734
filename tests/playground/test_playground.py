"""The playground world: pictures, wordings, instructions and the held-out split."""

from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
import pytest

from wegen_core.playground import drawing, language
from wegen_core.playground.samples import (
    BACKGROUNDS,
    COLOURS,
    KINDS,
    POSITIONS,
    Scene,
    Thing,
    compositions,
    describe,
    draw,
    edits,
    held_out,
    parse,
    phrase,
    questions,
    sample,
    wish,
)


def _scenes(count, split="train", seed=0):
    rng = np.random.default_rng(seed)
    return [sample(rng, split) for _ in range(count)]


def _one_thing_scenes():
    every = itertools.product(BACKGROUNDS, KINDS, COLOURS, POSITIONS)
    return [Scene(b, (Thing(k, c, p),)) for b, k, c, p in every]


def test_describe_and_parse_are_inverse():
    for scene in _one_thing_scenes() + _scenes(1000) + _scenes(200, "held_out"):
        assert parse(describe(scene)) == scene


def test_the_canonical_description():
    scene = Scene("grass", (Thing("house", "blue", "right"), Thing("car", "red", "left")))
    assert describe(scene) == "a red car on the left and a blue house on the right, on grass"
    orange = Scene("night", (Thing("star", "orange", "middle"),))
    assert describe(orange) == "an orange star in the middle, at night"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a cat",
        "a red car on the left",
        "a red car on the left, on the moon",
        "an red car on the left, on grass",
        "a red car on the left and a blue cat on the left, on grass",
        "a red car on the right and a blue cat on the left, on grass",
        "a red car on the middle, on grass",
    ],
)
def test_parse_refuses_everything_else(text):
    assert parse(text) is None


def test_scenes_refuse_what_is_not_in_the_world():
    with pytest.raises(ValueError, match=r"'dog'.*use one of"):
        Thing("dog", "red", "left")
    with pytest.raises(ValueError, match="'moon'"):
        Scene("moon", (Thing("cat", "red", "left"),))
    with pytest.raises(ValueError, match="not 0"):
        Scene("sea", ())
    with pytest.raises(ValueError, match="stand on the left"):
        Scene("sea", (Thing("cat", "red", "left"), Thing("car", "red", "left")))


def test_drawings_are_deterministic():
    for scene in _scenes(30):
        first = np.asarray(draw(scene))
        drawing._background.cache_clear()
        drawing._sprite.cache_clear()
        assert first.shape == (64, 64, 3)
        assert np.array_equal(first, np.asarray(draw(scene)))


def test_every_one_thing_scene_looks_different():
    pictures = {draw(scene).tobytes() for scene in _one_thing_scenes()}
    assert len(pictures) == len(BACKGROUNDS) * len(KINDS) * len(COLOURS) * len(POSITIONS)


@pytest.mark.parametrize("kind", KINDS)
def test_changing_one_thing_leaves_the_rest_of_the_picture(kind):
    left = Scene("sea", (Thing("cat", "red", "left"), Thing(kind, "blue", "right")))
    other = Scene("sea", (Thing("cat", "red", "left"), Thing(kind, "yellow", "right")))
    changed = np.any(np.asarray(draw(left)) != np.asarray(draw(other)), axis=-1)
    assert changed.any()
    assert not changed[:, :41].any()


def test_other_sizes():
    scene = _scenes(1)[0]
    assert draw(scene, 128).size == (128, 128)
    smaller = np.asarray(draw(scene, 128).resize((64, 64)), float)
    assert np.abs(smaller - np.asarray(draw(scene), float)).mean() < 3
    with pytest.raises(ValueError, match="size 8"):
        draw(scene, 8)


def test_the_held_out_split():
    one, train = _one_thing_scenes(), _scenes(500)
    assert not any(map(held_out, one + train))
    assert all(map(held_out, _scenes(200, "held_out")))
    things = [Thing(k, c, "left") for k in KINDS for c in COLOURS]
    others = [Thing(k, c, "right") for k in KINDS for c in COLOURS]
    pairs = [Scene(b, (t, o)) for b in BACKGROUNDS for t in things for o in others]
    assert 0.08 < np.mean([held_out(scene) for scene in pairs]) < 0.12
    # The split is part of what a trained network is measured by: these must never change.
    assert held_out(parse("a red car on the left and a red boat on the right, on grass")) is False
    assert [describe(s) for s in _scenes(2, "held_out")] == HELD_OUT


HELD_OUT = [
    "a purple boat on the left and a blue star in the middle, at night",
    "a blue ball on the left and a green car on the right, by the sea",
]


def test_phrases_state_everything():
    rng = np.random.default_rng(1)
    for scene in _scenes(500):
        text = phrase(scene, rng).lower()
        for thing in scene.things:
            assert _says(text, thing.kind, language.KIND_WORDS[thing.kind])
            assert _says(text, thing.colour, language.COLOUR_WORDS[thing.colour])
            places = language.PLACE_WORDS[thing.position]
            assert _says(text, thing.position, (*places, *language.SHORT_PLACES[thing.position]))
        words = (
            *language.SETTING_WORDS[scene.background],
            *language.SETTING_NOUNS[scene.background],
        )
        assert _says(text, language.SETTINGS[scene.background], words)


def _says(text, word, synonyms):
    return any(w.lower() in text for w in (word, *synonyms))


def test_wishes_state_only_what_holds():
    rng = np.random.default_rng(2)
    for scene in _scenes(2000):
        text = f" {wish(scene, rng).lower().rstrip('.')} "
        kinds = {t.kind for t in scene.things}
        colours = {t.colour for t in scene.things}
        for kind in set(KINDS) - kinds:
            assert f" {kind} " not in text, (text, scene)
        for colour in set(COLOURS) - colours - {"green"}:  # "a green field" is a background
            assert f" {colour} " not in text, (text, scene)
        for background in set(BACKGROUNDS) - {scene.background}:
            for words in language.SETTING_WORDS[background]:
                assert f" {words.lower()} " not in text, (text, scene)


def test_wishes_and_phrases_are_varied():
    rng = np.random.default_rng(3)
    scene = _scenes(1, seed=5)[0]
    assert len({phrase(scene, rng) for _ in range(300)}) > 200
    assert len({wish(scene, rng) for _ in range(300)}) > 120


def test_edits_change_one_thing_and_keep_the_split():
    rng = np.random.default_rng(4)
    for scene in _scenes(1000):
        instruction, edited = edits(scene, rng)
        assert instruction and edited != scene and not held_out(edited)
        if edited.background != scene.background:
            assert edited.things == scene.things
        elif len(edited.things) == len(scene.things) == 2:
            kept = set(scene.things) & set(edited.things)
            swapped = {t.position for t in scene.things} == {t.position for t in edited.things}
            assert kept or swapped
        elif len(edited.things) != len(scene.things):
            assert set(edited.things) < set(scene.things) or set(scene.things) < set(edited.things)


def test_edits_can_reach_held_out_scenes():
    rng = np.random.default_rng(5)
    results = [edits(scene, rng, "held_out")[1] for scene in _scenes(100)]
    assert np.mean([held_out(scene) for scene in results]) > 0.5


@pytest.mark.parametrize("split", ["train", "held_out"])
def test_compositions_keep_what_they_should(split):
    rng = np.random.default_rng(6)
    for _ in range(150):
        first, second, instruction, result, _ = compositions(rng, split)
        assert instruction
        assert held_out(result) == (split == "held_out")
        assert not held_out(first) and not held_out(second)
        taker = next((s for s in (second, first) if set(s.things) <= set(result.things)), None)
        assert taker is not None
        extra = set(result.things) - set(taker.things)
        given = {(t.kind, t.colour) for s in (first, second) for t in s.things}
        assert all((t.kind, t.colour) in given for t in extra)


def test_questions_have_true_answers():
    rng = np.random.default_rng(7)
    for scene in _scenes(1500):
        question, answer, look = questions(scene, rng)
        question = question.lower().rstrip("?")
        facts = describe(scene)
        looks = {f"the {t.kind} {language.PLACES[t.position]} is {t.colour}" for t in scene.things}
        assert look in looks or look.startswith(("no ", "nothing ")) or not look
        if question.startswith(("what colour", "which colour", "what color")):
            assert answer in {t.colour for t in scene.things}
        elif question.startswith("how many"):
            assert answer == ("one", "two")[len(scene.things) - 1]
        elif question.startswith(("is ", "do you")):
            assert answer in ("yes", "no")
        elif not answer.startswith("the "):
            assert answer in facts
        else:
            assert answer[4:] in facts


def test_the_world_needs_no_torch():
    code = "import sys, wegen_core.playground.samples; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
