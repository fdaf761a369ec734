"""Questions about images of the moving playground, with their answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from .scenes import pick, with_article
from .things import COLOUR_RGB, KINDS
from .words import say
from .world import (
    LIGHT_WORDS,
    PATTERN_NOUNS,
    PLACE_WORDS,
    PLACES,
    SETTING_WORDS,
    Scene,
    Thing,
    describe,
    describe_instance,
    describe_thing,
    name,
)

if TYPE_CHECKING:
    import numpy as np

    Rng = np.random.Generator


class Question(NamedTuple):
    """A question, its answer, and the part of the scene that it is read from ("": all of it)."""

    text: str
    answer: str
    evidence: str = ""


def question(scene: Scene, rng: Rng) -> Question:
    """A question about the image of the scene."""
    ask = pick(rng, _QUESTIONS)(scene, pick(rng, scene.things), rng)
    text = ask.text[0].upper() + ask.text[1:] if rng.random() < 0.3 else ask.text
    return ask._replace(text=text if rng.random() < 0.85 else text.rstrip("?"))


def _ask_colour(scene: Scene, thing: Thing, rng: Rng) -> Question:
    texts = ("what colour is {}?", "which colour is {}?", "what color is {}?")
    the = _by_kind(thing, scene)
    return Question(pick(rng, texts).format(the), thing.instance.colour, describe_thing(thing))


def _ask_pattern(scene: Scene, thing: Thing, rng: Rng) -> Question:
    text = pick(rng, ("what pattern does {} have?", "does {} have a pattern?"))
    instance = thing.instance
    answer = "none"
    if instance.pattern != "plain":
        answer = f"{instance.accent} {PATTERN_NOUNS[instance.pattern]}"
    return Question(text.format(_by_kind(thing, scene)), answer, describe_thing(thing))


def _ask_accessory(scene: Scene, thing: Thing, rng: Rng) -> Question:
    text = pick(rng, ("what does {} wear?", "what does {} have on?", "what is on {}?"))
    instance = thing.instance
    worn = f"{with_article(instance.accent)} {instance.accessory}"
    answer = worn if instance.accessory else "nothing"
    return Question(text.format(_by_kind(thing, scene)), answer, describe_thing(thing))


def _ask_what(_scene: Scene, thing: Thing, rng: Rng) -> Question:
    texts = ("what is {}?", "what stands {}?", "what is there {}?", "what do you see {}?")
    text = pick(rng, texts).format(say(PLACE_WORDS[thing.place], rng))
    return Question(text, describe_instance(thing.instance), describe_thing(thing))


def _ask_where(scene: Scene, thing: Thing, rng: Rng) -> Question:
    if name(thing, scene).endswith(PLACE_WORDS[thing.place]):  # it says where
        return _ask_count(scene, thing, rng)
    text = pick(rng, ("where is {}?", "where do you see {}?")).format(name(thing, scene))
    return Question(text, PLACE_WORDS[thing.place], describe_thing(thing))


def _ask_count(scene: Scene, _thing: Thing, rng: Rng) -> Question:
    texts = ("how many things are there?", "how many objects are in the picture?", "how many?")
    return Question(pick(rng, texts), ("one", "two", "three")[len(scene.things) - 1])


def _ask_setting(scene: Scene, _thing: Thing, rng: Rng) -> Question:
    texts = ("where is this?", "what place is this?", "what is the background?", "where are we?")
    return Question(pick(rng, texts), SETTING_WORDS[scene.setting])


def _ask_light(scene: Scene, _thing: Thing, rng: Rng) -> Question:
    if rng.random() < 0.3:
        return Question("is it night?", _yes(scene.light == "night"), LIGHT_WORDS[scene.light])
    texts = ("what time of day is it?", "when is this?", "is it day or night?")
    return Question(pick(rng, texts), LIGHT_WORDS[scene.light])


def _ask_relation(scene: Scene, thing: Thing, rng: Rng) -> Question:
    """What stands on one side of a thing, or whether another one does."""
    side = pick(rng, ("left", "right"))
    beside = [
        other
        for other in scene.things
        if (PLACES.index(other.place) < PLACES.index(thing.place)) == (side == "left")
        and other != thing
    ]
    the = name(thing, scene)
    if beside and len(scene.things) == 2 and rng.random() < 0.5:
        text = f"what is to the {side} of {the}?"
        return Question(text, name(beside[0], scene), describe_thing(beside[0]))
    others = [other for other in scene.things if other != thing]
    if not others:
        return _ask_count(scene, thing, rng)
    other = pick(rng, others)
    text = f"is {name(other, scene)} to the {side} of {the}?"
    return Question(
        text, _yes(other in beside), f"{describe_thing(other)}; {describe_thing(thing)}"
    )


def _ask_whether(scene: Scene, thing: Thing, rng: Rng) -> Question:
    kind = thing.instance.kind if rng.random() < 0.5 else pick(rng, tuple(KINDS))
    text = pick(rng, ("is there {}?", "do you see {}?")).format(with_article(kind))
    present = [other for other in scene.things if other.instance.kind == kind]
    evidence = describe_thing(present[0]) if present else f"no {kind}"
    if present and rng.random() < 0.5:
        colour = present[0].instance.colour if rng.random() < 0.5 else pick(rng, tuple(COLOUR_RGB))
        text = f"is {_by_kind(present[0], scene)} {colour}?"
        return Question(text, _yes(present[0].instance.colour == colour), evidence)
    return Question(text, _yes(bool(present)), evidence)


def _ask_all(scene: Scene, _thing: Thing, rng: Rng) -> Question:
    texts = ("what is in the picture?", "describe the picture", "what do you see?")
    return Question(pick(rng, (*texts, "describe this image", "what is this?")), describe(scene))


_QUESTIONS: Sequence[Callable[[Scene, Thing, Rng], Question]] = (
    *(_ask_colour, _ask_pattern, _ask_accessory, _ask_what, _ask_where, _ask_count),
    *(_ask_setting, _ask_light, _ask_relation, _ask_relation, _ask_whether, _ask_all),
)


def _by_kind(thing: Thing, scene: Scene) -> str:
    """Singles the thing out without giving its colour away."""
    kinds = [other.instance.kind for other in scene.things]
    kind = thing.instance.kind
    return f"the {kind}" if kinds.count(kind) == 1 else f"the {kind} {PLACE_WORDS[thing.place]}"


def _yes(value: bool) -> str:
    return "yes" if value else "no"
