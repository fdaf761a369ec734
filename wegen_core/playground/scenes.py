"""The playground world: one or two toy things in front of one of four backgrounds.

A scene is plain data with one canonical English description; the description fixes the image.
There are 28 224 scenes; about a tenth of the two-thing scenes is held out from training.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

from ..model.reply_format import background_change

if TYPE_CHECKING:
    import numpy as np

KINDS = ("car", "boat", "house", "tree", "cat", "fish", "ball", "star")
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple")
POSITIONS = ("left", "middle", "right")
BACKGROUNDS = ("grass", "sea", "desert", "night")

PLACES = {"left": "on the left", "middle": "in the middle", "right": "on the right"}
SETTINGS = {
    "grass": "on grass",
    "sea": "by the sea",
    "desert": "in the desert",
    "night": "at night",
}

Split = Literal["train", "held_out"]
T = TypeVar("T")


@dataclass(frozen=True)
class Thing:
    """One toy: a kind, a colour and a position, each from the lists above."""

    kind: str
    colour: str
    position: str

    def __post_init__(self) -> None:
        for name, value, known in (
            ("kind", self.kind, KINDS),
            ("colour", self.colour, COLOURS),
            ("position", self.position, POSITIONS),
        ):
            if value not in known:
                raise ValueError(f"{name} {value!r} is not in the playground; use one of {known}")


@dataclass(frozen=True)
class Scene:
    """A background with one or two things at different positions, kept in order left to right."""

    background: str
    things: tuple[Thing, ...]

    def __post_init__(self) -> None:
        if self.background not in BACKGROUNDS:
            raise ValueError(
                f"background {self.background!r} is not in the playground; use one of {BACKGROUNDS}"
            )
        if len(self.things) not in (1, 2):
            raise ValueError(f"a scene has 1 or 2 things, not {len(self.things)}")
        ordered = tuple(sorted(self.things, key=lambda t: POSITIONS.index(t.position)))
        if len({t.position for t in ordered}) < len(ordered):
            raise ValueError(f"two things stand on the {ordered[0].position}; move one of them")
        object.__setattr__(self, "things", ordered)


def with_article(words: str) -> str:
    """`words` after "a" or "an"."""
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def describe(scene: Scene) -> str:
    """The canonical description: "a red car on the left and a blue fish on the right, at night"."""
    return f"{' and '.join(map(describe_thing, scene.things))}, {SETTINGS[scene.background]}"


def describe_thing(thing: Thing) -> str:
    """The canonical words: "a red car on the left"."""
    return f"{with_article(thing.colour)} {thing.kind} {PLACES[thing.position]}"


def point_out(thing: Thing) -> str:
    """Canonical words for a thing that is there: "the car on the left"."""
    return f"the {thing.kind} {PLACES[thing.position]}"


def describe_change(before: Scene, after: Scene) -> str:
    """One step in canonical words: "the car on the left is now a blue car on the left"."""
    if before.background != after.background:
        return background_change(SETTINGS[after.background])
    gone = [t for t in before.things if t not in after.things]
    new = [t for t in after.things if t not in before.things]
    if len(gone) < len(new):
        return f"add {describe_thing(new[0])}"
    if len(gone) > len(new):
        return f"remove {point_out(gone[0])}"
    # Two things that changed have swapped places.
    same = {(t.kind, t.colour): t for t in new}
    pairs = [(t, same.get((t.kind, t.colour), new[0])) for t in gone]
    changes = [f"{point_out(old)} is now {describe_thing(one)}" for old, one in pairs]
    return " and ".join(changes) or "nothing"


_THING = re.compile(
    rf"an? ({'|'.join(COLOURS)}) ({'|'.join(KINDS)}) (?:on|in) the ({'|'.join(POSITIONS)})"
)


def parse(description: str) -> Scene | None:
    """The scene of a canonical description, None for other text; for training and evaluation."""
    things_text, _, setting = description.strip().rpartition(", ")
    background = next((b for b, words in SETTINGS.items() if words == setting), None)
    if background is None:
        return None
    matches = [_THING.fullmatch(part) for part in things_text.split(" and ")]
    if len(matches) > 2 or any(match is None for match in matches):
        return None
    things = tuple(Thing(m[2], m[1], m[3]) for m in matches if m is not None)
    if len({t.position for t in things}) < len(things):
        return None
    scene = Scene(background, things)
    return scene if describe(scene) == description.strip() else None


def held_out(scene: Scene) -> bool:
    """Whether training must never see this scene: a stable tenth of the two-thing scenes."""
    return len(scene.things) == 2 and zlib.crc32(describe(scene).encode()) % 10 == 0


def sample(rng: np.random.Generator, split: Split = "train") -> Scene:
    """A random scene of the split: one thing in three training scenes out of ten, else two."""
    while True:
        count = 2 if split == "held_out" or rng.random() < 0.7 else 1
        positions = rng.permutation(len(POSITIONS))[:count]
        things = tuple(
            Thing(pick(rng, KINDS), pick(rng, COLOURS), POSITIONS[int(p)]) for p in positions
        )
        scene = Scene(pick(rng, BACKGROUNDS), things)
        if held_out(scene) == (split == "held_out"):
            return scene


def pick(rng: np.random.Generator, choices: Sequence[T]) -> T:
    """One of `choices`, all equally likely."""
    return choices[int(rng.integers(len(choices)))]
