"""Scenes of the moving playground as plain data, their canonical English, and what changed.

A scene is one to three things in a place at a time of day, seen by a camera. Its words name
everything that a viewer could ask about; equal scenes give equal words and equal pixels.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..model.reply_format import background_change
from .scenes import pick, with_article
from .settings import LIGHTS, SETTINGS
from .things import ACCESSORIES, BUILDS, COLOUR_RGB, KINDS, PATTERNS, Instance

if TYPE_CHECKING:
    import numpy as np

PLACES = ("left", "middle", "right")
DEPTHS = ("near", "far")
SIZES = ("small", "normal", "big")
FACINGS = ("right", "left")
PANS = ("left", "centre", "right")
ZOOMS = ("wide", "close")

PATTERN_NOUNS = {"striped": "stripes", "spotted": "spots", "checked": "checks"}
PLACE_WORDS = {"left": "on the left", "middle": "in the middle", "right": "on the right"}
SETTING_WORDS = {
    "meadow": "in a meadow",
    "beach": "on a beach",
    "desert": "in the desert",
    "city": "in the city",
    "forest": "in a forest",
    "snow": "in the snow",
    "lake": "by a lake",
    "room": "in a room",
}
LIGHT_WORDS = {"day": "by day", "dusk": "at dusk", "night": "at night"}
OPEN_WORDS = {
    "house": "with its door open",
    "tent": "with its flap open",
    "flower": "with its petals open",
    "lamp": "with its light on",
}


@dataclass(frozen=True)
class Thing:
    """An instance in its place.

    Parameters
    ----------
    instance
        What it looks like.
    place, depth
        Where it stands: one of `PLACES`, one of `DEPTHS`.
    size
        One of `SIZES`.
    facing
        One of `FACINGS`; only animals and cars show it.
    opened
        Whether it is open; only the kinds in `OPEN_WORDS` can be.
    """

    instance: Instance
    place: str
    depth: str = "near"
    size: str = "normal"
    facing: str = "right"
    opened: bool = False

    def __post_init__(self) -> None:
        for name, value, known in (
            ("place", self.place, PLACES),
            ("depth", self.depth, DEPTHS),
            ("size", self.size, SIZES),
            ("facing", self.facing, FACINGS),
        ):
            if value not in known:
                raise ValueError(f"{name} {value!r} is not in the playground; use one of {known}")
        if self.opened and self.instance.kind not in OPEN_WORDS:
            raise ValueError(f"a {self.instance.kind} cannot open; use one of {tuple(OPEN_WORDS)}")


@dataclass(frozen=True)
class Camera:
    """Where the camera looks: one of `PANS`, one of `ZOOMS`."""

    pan: str = "centre"
    zoom: str = "wide"

    def __post_init__(self) -> None:
        if self.pan not in PANS or self.zoom not in ZOOMS:
            raise ValueError(f"camera {self} is unknown; pan is one of {PANS}, zoom of {ZOOMS}")


@dataclass(frozen=True)
class Scene:
    """A place at a time of day with one to three things in different places, left to right."""

    setting: str
    light: str
    things: tuple[Thing, ...]
    camera: Camera = Camera()

    def __post_init__(self) -> None:
        if self.setting not in SETTINGS or self.light not in LIGHTS:
            raise ValueError(
                f"{self.setting!r} at {self.light!r} is not in the playground; use one of "
                f"{tuple(SETTINGS)} at one of {tuple(LIGHTS)}"
            )
        if not 1 <= len(self.things) <= 3:
            raise ValueError(f"a scene has 1 to 3 things, not {len(self.things)}")
        ordered = tuple(sorted(self.things, key=lambda thing: PLACES.index(thing.place)))
        if len({thing.place for thing in ordered}) < len(ordered):
            raise ValueError("two things stand in the same place; move one of them")
        object.__setattr__(self, "things", ordered)

    def free_places(self) -> list[str]:
        """Places where nothing stands."""
        return [place for place in PLACES if all(thing.place != place for thing in self.things)]


def shows_facing(kind: str) -> bool:
    """Whether the drawing differs from its mirror image in more than shading."""
    return KINDS[kind].moves and kind != "rocket"


def describe_instance(instance: Instance) -> str:
    """The looks in words: "a red cat with white stripes and a white hat"."""
    extras = []
    if instance.pattern != "plain":
        extras.append(f"{instance.accent} {PATTERN_NOUNS[instance.pattern]}")
    if instance.accessory:
        extras.append(f"{with_article(instance.accent)} {instance.accessory}")
    words = f"{with_article(instance.colour)} {instance.kind}"
    return f"{words} with {' and '.join(extras)}" if extras else words


def describe_thing(thing: Thing) -> str:
    """Looks, state and place: "a big red cat with white spots on the left, far away"."""
    words = describe_instance(thing.instance)
    if thing.size != "normal":
        words = f"a {thing.size} {words.split(' ', 1)[1]}"
    if thing.opened:
        words += f" {OPEN_WORDS[thing.instance.kind]}"
    if shows_facing(thing.instance.kind) and thing.facing == "left":
        words += " facing left"
    far = ", far away" if thing.depth == "far" else ""
    return f"{words} {PLACE_WORDS[thing.place]}{far}"


def describe(scene: Scene) -> str:
    """The whole scene: its things from left to right, the place, the time of day, the camera."""
    things = "; ".join(describe_thing(thing) for thing in scene.things)
    words = f"{things}; {SETTING_WORDS[scene.setting]} {LIGHT_WORDS[scene.light]}"
    if scene.camera.zoom == "close":
        words += ", seen close up"
    if scene.camera.pan != "centre":
        words += f", looking {scene.camera.pan}"
    return words


def name(thing: Thing, scene: Scene) -> str:
    """The shortest words that single a thing of the scene out: "the cat", "the red cat"."""
    others = [other.instance for other in scene.things if other != thing]
    instance = thing.instance
    if all(other.kind != instance.kind for other in others):
        return f"the {instance.kind}"
    if all((other.kind, other.colour) != (instance.kind, instance.colour) for other in others):
        return f"the {instance.colour} {instance.kind}"
    return f"the {instance.kind} {PLACE_WORDS[thing.place]}"


def match(before: Scene, after: Scene) -> list[tuple[Thing | None, Thing | None]]:
    """Each thing before and after, in the order of `before`; None where it is not there.

    A thing is the same one if its instance is, else if its place is.
    """
    now = {thing.instance: thing for thing in after.things}
    then = {thing.instance for thing in before.things}
    pairs: list[tuple[Thing | None, Thing | None]] = []
    for old in before.things:
        new = now.pop(old.instance, None)
        for other in after.things if new is None else ():
            if other.place == old.place and other.instance not in then:
                new = now.pop(other.instance)
        pairs.append((old, new))
    return pairs + [(None, thing) for thing in now.values()]


def changes(before: Scene, after: Scene) -> list[str]:
    """What happened between two scenes, one clause each. Instances within a scene must differ."""
    clauses = []
    for old, new in match(before, after):
        if old is None and new is not None:
            clauses.append(f"{describe_thing(new)} appears")
        elif old is not None:
            who = name(old, before)
            if new is None:
                leaves = "leaves" if KINDS[old.instance.kind].moves else "disappears"
                clauses.append(f"{who} {leaves}")
            else:
                clauses += [f"{who} {verb}" for verb in _thing_changes(old, new)]
    if before.setting != after.setting:
        clauses.append(background_change(SETTING_WORDS[after.setting]))
    if before.light != after.light:
        clauses.append(background_change(LIGHT_WORDS[after.light]))
    if before.camera.zoom != after.camera.zoom:
        clauses.append(f"the camera zooms {'in' if after.camera.zoom == 'close' else 'out'}")
    if before.camera.pan != after.camera.pan:
        right = PANS.index(after.camera.pan) > PANS.index(before.camera.pan)
        clauses.append(f"the camera pans {'right' if right else 'left'}")
    return clauses


def _thing_changes(old: Thing, new: Thing) -> list[str]:
    """What happened to a thing, without its name: "moves to the left"."""
    was, now = old.instance, new.instance
    if now.kind != was.kind:
        return [f"becomes {describe_instance(now)}"]
    verbs = []
    if new.place != old.place:
        verbs.append(f"moves to the {new.place}")
    elif new.facing != old.facing:
        verbs.append(f"turns to the {new.facing}")
    if new.depth != old.depth:
        verbs.append("comes closer" if new.depth == "near" else "moves away")
    if new.size != old.size:
        verbs.append("grows" if SIZES.index(new.size) > SIZES.index(old.size) else "shrinks")
    if new.opened != old.opened:
        verb = KINDS[now.kind].opens
        opposite = verb.replace("opens", "closes").replace("lights up", "goes out")
        verbs.append(verb if new.opened else opposite)
    if now.colour != was.colour:
        verbs.append(f"becomes {now.colour}")
    if now.pattern != was.pattern:
        noun = PATTERN_NOUNS.get(now.pattern)
        verbs.append(
            f"gets {now.accent} {noun}" if noun else f"loses its {PATTERN_NOUNS[was.pattern]}"
        )
    if now.accessory != was.accessory:
        worn = f"{with_article(now.accent)} {now.accessory}"
        verbs.append(f"gets {worn}" if now.accessory else f"loses its {was.accessory}")
    return verbs


def is_held_out(scene: Scene) -> bool:
    """Whether it shows a colour of a kind that training never shows: about one pair in ten."""
    pairs = (f"{t.instance.colour} {t.instance.kind}" for t in scene.things)
    return any(zlib.crc32(pair.encode()) % 10 == 0 for pair in pairs)


def sample_instance(rng: np.random.Generator, kinds: Sequence[str] = tuple(KINDS)) -> Instance:
    """A random instance of one of `kinds`; half of them are plain, and half have no accessory."""
    colour = pick(rng, tuple(COLOUR_RGB))
    return Instance(
        kind=pick(rng, kinds),
        colour=colour,
        pattern="plain" if rng.random() < 0.5 else pick(rng, PATTERNS[1:]),
        accessory="" if rng.random() < 0.5 else pick(rng, ACCESSORIES[1:]),
        accent=pick(rng, [other for other in COLOUR_RGB if other != colour]),
        build=pick(rng, BUILDS),
    )


def sample_thing(rng: np.random.Generator, place: str) -> Thing:
    """A random thing at `place`."""
    instance = sample_instance(rng)
    return Thing(
        instance,
        place,
        depth="near" if rng.random() < 0.7 else "far",
        size=pick(rng, SIZES) if rng.random() < 0.2 else "normal",
        facing=pick(rng, FACINGS) if shows_facing(instance.kind) else "right",
        opened=instance.kind in OPEN_WORDS and rng.random() < 0.5,
    )


def sample(rng: np.random.Generator, count: int | None = None, held_out: bool = False) -> Scene:
    """A random scene of `count` things (None: one to three), the camera in its usual place.

    `held_out`: whether it is one that training never shows, see `is_held_out`.
    """
    count = int(rng.integers(1, 4)) if count is None else count
    while True:
        places = [PLACES[int(i)] for i in rng.permutation(len(PLACES))[:count]]
        things = tuple(sample_thing(rng, place) for place in places)
        scene = Scene(pick(rng, tuple(SETTINGS)), pick(rng, tuple(LIGHTS)), things)
        differ = len({thing.instance for thing in things}) == count
        if differ and is_held_out(scene) == held_out:
            return scene


def with_thing(scene: Scene, old: Thing, new: Thing | None) -> Scene:
    """The scene with one thing exchanged, or without it."""
    things = [new if thing == old else thing for thing in scene.things]
    return replace(scene, things=tuple(thing for thing in things if thing is not None))
