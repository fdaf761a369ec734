"""What a scene of the moving playground shows, as numbers that readers of images learn."""

from __future__ import annotations

from . import world
from .settings import LIGHTS, SETTINGS
from .things import ACCESSORIES, BUILDS, COLOUR_RGB, KINDS, PATTERNS

NOTHING = len(KINDS)
"""Stands for a place, or a part of an image, that shows no thing; a value of "kind"."""

UNSEEN = 255
"""Stands for a value that is not shown."""

LOOKS = {
    "kind": (*KINDS, "nothing"),
    "colour": tuple(COLOUR_RGB),
    "pattern": PATTERNS,
    "accessory": ACCESSORIES,
    "accent": tuple(COLOUR_RGB),
    "build": BUILDS,
    "facing": world.FACINGS,
    "depth": world.DEPTHS,
    "size": world.SIZES,
    "opened": (False, True),
}
"""What is seen of one thing, with all values."""

WHOLE = {"setting": tuple(SETTINGS), "light": tuple(LIGHTS), "pan": world.PANS, "zoom": world.ZOOMS}
"""What is seen of the whole image, with all values."""


def thing_labels(thing: world.Thing | None) -> list[int]:
    """Positions in the values of `LOOKS`; of an accent that nothing is drawn in, `UNSEEN`."""
    if thing is None:
        return [NOTHING, *[UNSEEN] * (len(LOOKS) - 1)]
    values = vars(thing.instance) | vars(thing)
    labels = [known.index(values[name]) for name, known in LOOKS.items()]
    if thing.instance.pattern == "plain" and not thing.instance.accessory:
        labels[list(LOOKS).index("accent")] = UNSEEN
    return labels


def whole_labels(scene: world.Scene) -> list[int]:
    """Positions in the values of `WHOLE`."""
    values = vars(scene) | vars(scene.camera)
    return [known.index(values[name]) for name, known in WHOLE.items()]
