"""The moving playground: looks, events, and the truth of each pixel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from wegen_core.playground import clips, world
from wegen_core.playground.things import KINDS, Instance
from wegen_core.playground.world import Scene, Thing

CAT = Instance("cat", "red", "striped", "hat", "blue", "regular")
DOG = Instance("dog", "green")


def scene(*things: Thing, setting: str = "meadow", light: str = "day") -> Scene:
    return Scene(setting, light, things)


def seeded(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize(
    "other",
    [
        replace(CAT, kind="dog"),
        replace(CAT, colour="green"),
        replace(CAT, pattern="spotted"),
        replace(CAT, accessory="bow"),
        replace(CAT, accent="white"),
        replace(CAT, build="wide"),
    ],
)
def test_each_attribute_of_an_instance_can_be_seen(other: Instance) -> None:
    first, second = (
        np.asarray(clips.draw(scene(Thing(instance, "middle")))) for instance in (CAT, other)
    )
    changed = np.abs(first.astype(int) - second).max(2) > 40
    assert changed.sum() > 40


@pytest.mark.parametrize("kind", KINDS)
def test_a_thing_changes_only_pixels_that_are_its_own_or_in_its_shadow(kind: str) -> None:
    pair = scene(Thing(Instance(kind, "red"), "left"), Thing(DOG, "right"))
    frame = clips.render(pair)
    alone = np.asarray(clips.draw(scene(Thing(DOG, "right"))))
    changed = (frame.image != alone).any(2)
    coverage = frame.coverage[frame.instances.index(Instance(kind, "red"))]
    assert changed[coverage > 0.5].mean() > 0.98
    stray = changed & (coverage == 0)
    left, _, right, bottom = clips.render(pair).boxes()[0] or (0, 0, 0, 0)
    stray[bottom - 8 : bottom + 10, max(0, left - 6) : right + 6] = False  # the shadow
    assert not stray.any()


def test_what_is_in_front_hides_what_is_behind() -> None:
    near, far = Thing(CAT, "left", size="big"), Thing(DOG, "middle", depth="far", size="big")
    frame = clips.render(scene(near, far))
    assert frame.coverage.sum(0).max() <= 1 + 1e-5
    assert all(box is not None for box in frame.boxes())


@pytest.mark.parametrize("action", clips.ACTIONS)
def test_each_action_is_seen_and_said(action: str) -> None:
    clip = clips.sample_clip(seeded(4), events=1, action=action)
    rest, end = clip.rest_times()
    middle = clips.frame_at(clip, (rest + end) / 2 - 0.2).image.astype(int)
    first, last = (clips.frame_at(clip, seconds).image.astype(int) for seconds in (rest, end))
    assert np.abs(middle - first).max() > 20
    assert (np.abs(last - first).max() > 20) == (action != "jump")
    words = clip.events[0].words()
    assert words
    assert len(words.split()) <= 30


def test_a_rest_shows_its_scene() -> None:
    clip = clips.sample_clip(seeded(7), events=3)
    for seconds, shown in zip(clip.rest_times(), clip.scenes, strict=True):
        assert (clips.frame_at(clip, seconds, 96).image == clips.render(shown, 96).image).all()


def test_equal_seeds_give_equal_clips_of_any_size() -> None:
    first, second = (clips.sample_clip(seeded(3)) for _ in range(2))
    assert first == second
    for size in (32, 77):
        a, b = (clips.frame_at(clip, 1.1, size) for clip in (first, second))
        assert a.image.shape == (size, size, 3)
        assert (a.image == b.image).all()


def test_words_of_scenes_differ_wherever_the_scenes_do() -> None:
    rng = seeded(1)
    described = {world.describe(one): one for one in (world.sample(rng) for _ in range(300))}
    builds = {t.instance.build for one in described.values() for t in one.things}
    assert len(described) == 300
    assert builds == {"slim", "regular", "wide"}


def test_changes_name_the_thing_that_changed() -> None:
    cat, dog = Thing(CAT, "left"), Thing(DOG, "right")
    before = scene(cat, dog)
    after = scene(replace(cat, place="middle"), dog, light="night")
    assert world.changes(before, after) == ["the cat moves to the middle", "now at night"]
    assert world.changes(before, scene(dog)) == ["the cat leaves"]
    assert world.changes(before, before) == []


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Instance("dragon", "red"), "dragon"),
        (lambda: Instance("cat", "white"), "accent and colour"),
        (lambda: Thing(CAT, "top"), "top"),
        (lambda: Thing(CAT, "left", opened=True), "cannot open"),
        (lambda: scene(Thing(CAT, "left"), Thing(DOG, "left")), "same place"),
        (lambda: scene(), "1 to 3 things"),
    ],
)
def test_what_the_playground_lacks_is_named(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
