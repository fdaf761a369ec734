"""Vague wishes that scenes of the moving playground fulfil."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .scenes import pick, with_article
from .things import KINDS
from .words import request, say, sentence
from .world import LIGHT_WORDS, PLACE_WORDS, SETTING_WORDS, Scene

if TYPE_CHECKING:
    import numpy as np

    Rng = np.random.Generator


def wish(scene: Scene, rng: Rng) -> str:
    """A vague wish that the scene fulfils: everything that it states holds in the scene."""
    style = rng.random()
    if style < 0.6:
        text = _partial(scene, rng)
    elif style < 0.95:
        texts = [text for text, holds in LOOSE if holds(scene)]
        text = pick(rng, texts) if texts else f"something {say(SETTING_WORDS[scene.setting], rng)}"
        if rng.random() < 0.25:
            text += f" {say(SETTING_WORDS[scene.setting], rng)}"
    else:
        return sentence(pick(rng, _OPEN_WISHES), rng)
    return sentence(request(text, rng), rng)


def _partial(scene: Scene, rng: Rng) -> str:
    """A description that leaves out things, looks, places or the setting."""
    count = int(rng.integers(1, len(scene.things) + 1))
    chosen = [scene.things[int(i)] for i in rng.permutation(len(scene.things))[:count]]
    parts = []
    for thing in chosen:
        words = say(thing.instance.kind, rng)
        if rng.random() < 0.45:
            words = f"{say(thing.instance.colour, rng)} {words}"
        words = with_article(words)
        if thing.instance.accessory and rng.random() < 0.25:
            words += f" with {with_article(thing.instance.accessory)}"
        if rng.random() < 0.2:
            words += f" {say(PLACE_WORDS[thing.place], rng)}"
        parts.append(words)
    text = pick(rng, (" and ", " and ", " with ", " next to ")).join(parts)
    if rng.random() < 0.4:
        text += f" {say(SETTING_WORDS[scene.setting], rng)}"
    return f"{text} {say(LIGHT_WORDS[scene.light], rng)}" if rng.random() < 0.25 else text


def _has(
    scene: Scene, kinds: str = "", colours: str = "", settings: str = "", lights: str = ""
) -> bool:
    """Whether the place, the light and one thing are each among these; empty means any."""
    is_here = not settings or scene.setting in settings.split()
    is_now = not lights or scene.light in lights.split()
    return (
        is_here
        and is_now
        and any(
            (not kinds or KINDS[t.instance.kind].group in kinds or t.instance.kind in kinds.split())
            and (not colours or t.instance.colour in colours.split())
            for t in scene.things
        )
    )


_WARM, _COOL = "red orange yellow pink", "blue green purple white"
_Holds = Callable[[Scene], bool]
LOOSE: tuple[tuple[str, _Holds], ...] = (
    ("something cheerful", lambda s: _has(s, "", _WARM, lights="day")),
    ("a cheerful picture", lambda s: _has(s, "", _WARM, lights="day")),
    ("something happy", lambda s: _has(s, "animal", lights="day dusk")),
    ("something sunny", lambda s: _has(s, lights="day")),
    ("something warm", lambda s: _has(s, "", _WARM, lights="day dusk")),
    ("something cool", lambda s: _has(s, "", _COOL, "snow lake beach")),
    ("something calm", lambda s: _has(s, "", _COOL)),
    ("something quiet", lambda s: len(s.things) == 1),
    ("something lonely", lambda s: len(s.things) == 1),
    ("something crowded", lambda s: len(s.things) == 3),
    ("something colourful", lambda s: len({t.instance.colour for t in s.things}) > 1),
    ("something spooky", lambda s: _has(s, "house lighthouse cat tree", lights="night")),
    ("something romantic", lambda s: _has(s, lights="dusk")),
    ("something dreamy", lambda s: _has(s, "", "purple pink blue white", lights="dusk night")),
    ("something magical", lambda s: _has(s, "mushroom rocket lighthouse", lights="night dusk")),
    ("something cosy", lambda s: _has(s, "furniture cat dog", settings="room")),
    ("something cute", lambda s: _has(s, "animal")),
    ("something sleepy", lambda s: _has(s, "animal", lights="night")),
    ("something dark", lambda s: _has(s, lights="night")),
    ("something funny", lambda s: any(t.instance.accessory == "hat" for t in s.things)),
    ("something festive", lambda s: any(t.instance.accessory for t in s.things)),
    ("something patterned", lambda s: any(t.instance.pattern != "plain" for t in s.things)),
    ("an animal", lambda s: _has(s, "animal")),
    ("a pet", lambda s: _has(s, "cat dog rabbit")),
    ("some animals", lambda s: sum(KINDS[t.instance.kind].group == "animal" for t in s.things) > 1),
    ("a vehicle", lambda s: _has(s, "vehicle")),
    ("something that drives", lambda s: _has(s, "car truck")),
    ("something that sails", lambda s: _has(s, "boat")),
    ("something that flies", lambda s: _has(s, "rocket")),
    ("a plant", lambda s: _has(s, "plant")),
    ("something that grows", lambda s: _has(s, "plant")),
    ("a building", lambda s: _has(s, "building")),
    ("somewhere to live", lambda s: _has(s, "house tent")),
    ("some furniture", lambda s: _has(s, "furniture")),
    ("something to eat", lambda s: _has(s, "food")),
    ("something sweet", lambda s: _has(s, "cake")),
    ("something with wheels", lambda s: _has(s, "car truck")),
    ("a birthday party", lambda s: _has(s, "cake") or _balloons(s)),
    ("a birthday card", lambda s: _has(s, "cake") or _balloons(s)),
    ("a camping trip", lambda s: _has(s, "tent", settings="meadow forest lake snow beach")),
    ("a road trip", lambda s: _has(s, "car truck", settings="desert city meadow forest snow")),
    ("a holiday by the sea", lambda s: _has(s, settings="beach")),
    ("a day at the beach", lambda s: _has(s, settings="beach", lights="day")),
    ("a winter picture", lambda s: _has(s, settings="snow")),
    ("christmas", lambda s: _has(s, "tree house", settings="snow")),
    ("summer", lambda s: _has(s, settings="beach meadow lake", lights="day")),
    ("spring", lambda s: _has(s, "flower rabbit duck", settings="meadow", lights="day")),
    ("autumn", lambda s: _has(s, "tree mushroom apple", "orange red yellow", "forest meadow")),
    ("halloween", lambda s: _has(s, "", "orange purple", lights="night")),
    ("a space adventure", lambda s: _has(s, "rocket")),
    ("an adventure", lambda s: _has(s, "rocket tent truck boat")),
    ("a walk in the park", lambda s: _has(s, "dog", settings="meadow")),
    ("a night scene", lambda s: _has(s, lights="night")),
    ("a sunset", lambda s: _has(s, lights="dusk")),
    ("a bedtime story", lambda s: _has(s, "animal furniture", lights="night")),
    ("a landscape", lambda s: s.setting != "room"),
    ("a city scene", lambda s: _has(s, settings="city")),
    ("one thing", lambda s: len(s.things) == 1),
    ("two things", lambda s: len(s.things) == 2),
    ("three things", lambda s: len(s.things) == 3),
)
"""Vague wishes, and whether a scene fulfils one."""

_OPEN_WISHES = (
    "surprise me",
    "anything",
    "draw anything you like",
    "a picture",
    "draw something",
    "something nice",
    "whatever you like",
    "you choose",
    "a beautiful picture",
)


def _balloons(scene: Scene) -> bool:
    return any(thing.instance.accessory == "balloon" for thing in scene.things)
