"""Instructions and questions about playground images, each with its right result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from ..model.reply_format import (
    absence_evidence,
    background_transfer,
    colour_evidence,
    object_transfer,
)
from .language import SETTING_NOUNS, SHORT_PLACES, say_colour, say_kind, say_place, say_setting
from .scenes import (
    BACKGROUNDS,
    COLOURS,
    KINDS,
    PLACES,
    POSITIONS,
    SETTINGS,
    Scene,
    Split,
    Thing,
    describe,
    describe_thing,
    held_out,
    pick,
    point_out,
    sample,
    with_article,
)

if TYPE_CHECKING:
    import numpy as np

    Rng = np.random.Generator

Edit = tuple[str, Scene]


class Composition(NamedTuple):
    """Two images, an instruction, its result, and the step between in canonical words."""

    first: Scene
    second: Scene
    instruction: str
    result: Scene
    step: str


class Question(NamedTuple):
    """A question, its answer, and the part of the scene that it is read from ("": all of it)."""

    text: str
    answer: str
    evidence: str = ""


_VERBS = frozenset(
    "add change colour delete draw erase exchange get give make move paint place put remove"
    " replace shift swap take turn use".split()
)


def edits(
    scene: Scene, rng: np.random.Generator, split: Split | Literal["any"] = "train"
) -> tuple[str, Scene]:
    """An instruction that changes one thing about the scene, and the scene afterwards.

    With split "train" the result is never a held-out scene; "any" allows every result. A split of
    "held_out" asks for a held-out result where one change can reach it, else any result.
    """
    kinds: list[Callable[[Scene, Rng], Edit]] = [_recolour, _move, _background, _replace]
    kinds.append(_add if len(scene.things) == 1 else _remove)
    edit = pick(rng, kinds)(scene, rng)
    for _ in range(100):
        if split == "any" or held_out(edit[1]) == (split == "held_out"):
            break
        edit = pick(rng, kinds)(scene, rng)
    return _polite(edit[0], rng), edit[1]


def compositions(rng: np.random.Generator, split: Split = "train") -> Composition:
    """Something of one image for another; the result belongs to the split.

    A thing carried over keeps its colour, and its position unless the instruction names one or
    that position is taken: then it goes to the first free one from the left.
    """
    while True:
        first, second = sample(rng), sample(rng)
        compose = _carry if rng.random() < 0.75 else _swap_background
        composed = compose(first, second, rng)
        if composed is not None and held_out(composed.result) == (split == "held_out"):
            return composed._replace(instruction=_polite(composed.instruction, rng))


def questions(scene: Scene, rng: np.random.Generator) -> Question:
    """A question about the image of the scene."""
    kinds = (_ask_colour, _ask_kind, _ask_place, _ask_count, _ask_background, _ask_yes_no, _ask_all)
    question = pick(rng, kinds)(scene, rng)
    text = question.text
    if rng.random() < 0.2:
        text = text[0].upper() + text[1:]
    return question._replace(text=text if rng.random() < 0.85 else text.rstrip("?"))


def _polite(text: str, rng: Rng) -> str:
    style = rng.random()
    if style < 0.06:
        return f"{text} please"
    is_command = text.split()[0] in _VERBS
    if style < 0.12 and is_command:
        return f"please {text}"
    if style < 0.16 and is_command:
        return f"can you {text}"
    if style < 0.26:
        return text[0].upper() + text[1:]
    return f"{text}." if style < 0.32 else text


def _the(thing: Thing, scene: Scene, rng: Rng) -> str:
    """Words that single out the thing among those of the scene."""
    others = [t for t in scene.things if t != thing]
    if not others and rng.random() < 0.2:
        return "it"
    ways = []
    if all(t.kind != thing.kind for t in others):
        ways += ["kind", "kind", "kind"]
    if all((t.kind, t.colour) != (thing.kind, thing.colour) for t in others):
        ways.append("colour")
    ways.append("place")
    way = pick(rng, ways)
    if way == "kind":
        return f"the {say_kind(thing.kind, rng)}"
    if way == "colour":
        return f"the {say_colour(thing.colour, rng)} {say_kind(thing.kind, rng)}"
    return f"the {say_kind(thing.kind, rng)} {PLACES[thing.position]}"


def _other(rng: Rng, choices: tuple[str, ...], *taken: str) -> str:
    return pick(rng, [choice for choice in choices if choice not in taken])


def _free(scene: Scene) -> list[str]:
    taken = {t.position for t in scene.things}
    return [position for position in POSITIONS if position not in taken]


def _with(scene: Scene, old: Thing, new: Thing) -> Scene:
    return replace(scene, things=tuple(new if t == old else t for t in scene.things))


def _recolour(scene: Scene, rng: Rng) -> Edit:
    thing = pick(rng, scene.things)
    colour = _other(rng, COLOURS, thing.colour)
    the, word = _the(thing, scene, rng), say_colour(colour, rng)
    templates = ["make {} {}", "make {} {}", "paint {} {}", "colour {} {}", "turn {} {}"]
    templates += ["change {} to {}", "{} should be {}", "change the colour of {} to {}"]
    return pick(rng, templates).format(the, word), _with(
        scene, thing, replace(thing, colour=colour)
    )


def _move(scene: Scene, rng: Rng) -> Edit:
    if len(scene.things) == 2 and rng.random() < 0.2:
        left, right = scene.things
        swapped = (
            replace(left, position=right.position),
            replace(right, position=left.position),
        )
        named = f"swap {_the(left, scene, rng)} and {_the(right, scene, rng)}"
        swaps = ("swap the two things", "swap their places", "exchange the two things")
        return pick(rng, (*swaps, named, named)), replace(scene, things=swapped)
    thing = pick(rng, scene.things)
    position = pick(rng, _free(scene))
    the, noun = _the(thing, scene, rng), pick(rng, SHORT_PLACES[position])
    texts = (
        f"move {the} to the {noun}",
        f"move {the} to the {noun}",
        f"put {the} {say_place(position, rng)}",
        f"place {the} {say_place(position, rng)}",
        f"{the} should be {say_place(position, rng)}",
        f"shift {the} to the {noun}",
    )
    return pick(rng, texts), _with(scene, thing, replace(thing, position=position))


def _add(scene: Scene, rng: Rng) -> Edit:
    thing = Thing(pick(rng, KINDS), pick(rng, COLOURS), pick(rng, _free(scene)))
    noun = with_article(f"{say_colour(thing.colour, rng)} {say_kind(thing.kind, rng)}")
    place = say_place(thing.position, rng)
    texts = (
        f"add {noun} {place}",
        f"add {noun} {place}",
        f"put {noun} {place}",
        f"place {noun} {place}",
        f"{place} add {noun}",
        f"i want {noun} {place} too",
        f"draw {noun} {place} as well",
    )
    return pick(rng, texts), replace(scene, things=(*scene.things, thing))


def _remove(scene: Scene, rng: Rng) -> Edit:
    thing = pick(rng, scene.things)
    the = _the(thing, scene, rng)
    others = tuple(t for t in scene.things if t != thing)
    texts = ("remove {}", "remove {}", "delete {}", "take {} away", "erase {}", "get rid of {}")
    text = pick(rng, texts).format(the)
    if rng.random() < 0.15:
        text = f"only keep {_the(others[0], scene, rng)}"
    return text, replace(scene, things=others)


def _background(scene: Scene, rng: Rng) -> Edit:
    background = _other(rng, BACKGROUNDS, scene.background)
    setting = say_setting(background, rng)
    noun = pick(rng, SETTING_NOUNS[background])
    the_thing = _the(scene.things[0], scene, rng) if len(scene.things) == 1 else "everything"
    texts = (
        f"change the background to the {noun}",
        f"change the background to {background}",
        f"make the background the {noun}",
        f"{setting} please",
        f"{setting}",
        f"move the scene {setting}",
        f"put {the_thing} {setting}",
        f"the same {setting}",
        f"now {setting}",
        f"make it {'night' if background == 'night' else setting}",
    )
    return pick(rng, texts), replace(scene, background=background)


def _replace(scene: Scene, rng: Rng) -> Edit:
    thing = pick(rng, scene.things)
    new = replace(thing, kind=_other(rng, KINDS, thing.kind))
    the, noun = _the(thing, scene, rng), say_kind(new.kind, rng)
    if rng.random() < 0.3:
        new = replace(new, colour=_other(rng, COLOURS, thing.colour))
        noun = f"{say_colour(new.colour, rng)} {noun}"
    noun = with_article(noun)
    texts = ("turn {} into {}", "turn {} into {}", "replace {} with {}", "replace {} by {}")
    more = ("change {} into {}", "make {} {}", "{} should be {} instead")
    return pick(rng, texts + more).format(the, noun), _with(scene, thing, new)


def _image_names(source: int, rng: Rng) -> tuple[str, str]:
    """What the user calls the image taken from and the one put into."""
    target = 3 - source
    ordinals = {1: "first", 2: "second"}
    names = [
        (f"picture {source}", f"picture {target}"),
        (f"picture {source}", f"picture {target}"),
        (f"the {ordinals[source]} picture", f"the {ordinals[target]} picture"),
        (f"the {ordinals[source]} picture", f"the {ordinals[target]} one"),
        (f"image {source}", f"image {target}"),
        (f"the {ordinals[source]} image", f"the {ordinals[target]}"),
    ]
    return pick(rng, names)


def _carry(first: Scene, second: Scene, rng: Rng) -> Composition | None:
    """Put a thing of one image into the other; None where that one is full."""
    source = 1 if rng.random() < 0.8 else 2
    giver, taker = (first, second) if source == 1 else (second, first)
    if len(taker.things) > 1:
        return None
    thing = pick(rng, giver.things)
    the = _the(thing, giver, rng)
    the = f"the {thing.kind}" if the == "it" else the
    origin, goal = _image_names(source, rng)
    free = _free(taker)
    position = thing.position if thing.position in free else free[0]
    place = ""
    if rng.random() < 0.5:
        position = pick(rng, free)
        place = f" {say_place(position, rng)}"
    texts = (
        f"put {the} from {origin} into {goal}{place}",
        f"put {the} from {origin} into {goal}{place}",
        f"add {the} of {origin} to {goal}{place}",
        f"add {the} from {origin} to {goal}{place}",
        f"place {the} of {origin} in {goal}{place}",
        f"take {the} from {origin} and put it into {goal}{place}",
        f"combine: {the} of {origin} in {goal}{place}",
        f"{goal} with {the} of {origin}{place}",
    )
    carried = replace(thing, position=position)
    result = replace(taker, things=(*taker.things, carried))
    step = object_transfer(source, 3 - source, point_out(thing), describe_thing(carried))
    return Composition(first, second, pick(rng, texts), result, step)


def _swap_background(first: Scene, second: Scene, rng: Rng) -> Composition | None:
    """One image with the background of the other; None where both are the same."""
    if first.background == second.background:
        return None
    source = 2 if rng.random() < 0.8 else 1
    giver, taker = (first, second) if source == 1 else (second, first)
    origin, goal = _image_names(source, rng)
    texts = (
        f"use the background of {origin} for {goal}",
        f"use the background of {origin} for {goal}",
        f"give {goal} the background of {origin}",
        f"put {goal} on the background of {origin}",
        f"{goal} with the background of {origin}",
        f"{goal} in the place of {origin}",
    )
    result = replace(taker, background=giver.background)
    step = background_transfer(3 - source, SETTINGS[giver.background])
    return Composition(first, second, pick(rng, texts), result, step)


def _ask_colour(scene: Scene, rng: Rng) -> Question:
    thing = pick(rng, scene.things)
    the = _the_by_kind(thing, scene, rng)
    texts = ("what colour is {}?", "which colour is {}?", "what color is {}?")
    return Question(pick(rng, texts).format(the), thing.colour, _evidence(thing))


def _ask_kind(scene: Scene, rng: Rng) -> Question:
    thing = pick(rng, scene.things)
    answer = with_article(f"{thing.colour} {thing.kind}")
    if sum(t.colour == thing.colour for t in scene.things) == 1 and rng.random() < 0.4:
        return Question(f"what is {thing.colour}?", f"the {thing.kind}", _evidence(thing))
    texts = ("what is {}?", "what stands {}?", "what is there {}?", "what do you see {}?")
    place = say_place(thing.position, rng)
    return Question(pick(rng, texts).format(place), answer, _evidence(thing))


def _ask_place(scene: Scene, rng: Rng) -> Question:
    thing = pick(rng, scene.things)
    if sum((t.kind, t.colour) == (thing.kind, thing.colour) for t in scene.things) > 1:
        return _ask_count(scene, rng)
    unique = sum(t.kind == thing.kind for t in scene.things) == 1
    noun = thing.kind if unique and rng.random() < 0.7 else f"{thing.colour} {thing.kind}"
    return Question(f"where is the {noun}?", PLACES[thing.position], _evidence(thing))


def _ask_count(scene: Scene, rng: Rng) -> Question:
    texts = ("how many things are there?", "how many objects are in the picture?", "how many?")
    return Question(pick(rng, texts), "one" if len(scene.things) == 1 else "two")


def _ask_background(scene: Scene, rng: Rng) -> Question:
    texts = ("what is the background?", "where is this?", "what place is this?", "where are we?")
    return Question(pick(rng, texts), SETTINGS[scene.background])


def _ask_yes_no(scene: Scene, rng: Rng) -> Question:
    style, thing = rng.random(), pick(rng, scene.things)
    if style < 0.5:
        kind = thing.kind if rng.random() < 0.5 else pick(rng, KINDS)
        article = with_article(kind)
        text = pick(rng, (f"is there {article}?", f"do you see {article}?"))
        things = [t for t in scene.things if t.kind == kind]
        return _whether(text, things, absence_evidence(kind=kind))
    if style < 0.75:
        colour = thing.colour if rng.random() < 0.5 else pick(rng, COLOURS)
        text = f"is {_the_by_kind(thing, scene, rng)} {colour}?"
        return Question(text, _yes(thing.colour == colour), _evidence(thing))
    if style < 0.9:
        position = pick(rng, POSITIONS)
        there = [t for t in scene.things if t.position == position]
        text = f"is there anything {PLACES[position]}?"
        return _whether(text, there, absence_evidence(place=PLACES[position]))
    return Question("is it night?", _yes(scene.background == "night"))


def _ask_all(scene: Scene, rng: Rng) -> Question:
    texts = ("what is in the picture?", "describe the picture", "what do you see?")
    more = ("describe this image", "what does the picture show?", "what is this?")
    return Question(pick(rng, texts + more), describe(scene))


def _evidence(thing: Thing) -> str:
    """The thing is named by its kind first: see `sequences`."""
    return colour_evidence(point_out(thing), thing.colour)


def _whether(text: str, things: list[Thing], absence: str) -> Question:
    """Whether there is one of `things`; what tells it if there is none."""
    return Question(text, _yes(bool(things)), _evidence(things[0]) if things else absence)


def _the_by_kind(thing: Thing, scene: Scene, rng: Rng) -> str:
    """Singles the thing out without giving its colour away."""
    if sum(t.kind == thing.kind for t in scene.things) == 1 and rng.random() < 0.8:
        return f"the {thing.kind}"
    return point_out(thing)


def _yes(value: bool) -> str:
    return "yes" if value else "no"
