"""What is said in chats about the moving playground: a request and the embedded network's reply.

Replies follow `model.reply_format`: what is seen, what changes, and the whole image that is meant.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ..model.reply_format import (
    REWRITE_REQUEST,
    ReplyText,
    background_transfer,
    join_scenes,
    object_transfer,
    write_reply,
)
from .questions import question
from .scenes import pick
from .wishes import wish
from .words import instruction, phrase, point_out, say
from .world import (
    LIGHT_WORDS,
    PLACE_WORDS,
    SETTING_WORDS,
    Scene,
    Thing,
    changes,
    describe,
    describe_thing,
    is_held_out,
    name,
)

if TYPE_CHECKING:
    import numpy as np

    Rng = np.random.Generator


class Exchange(NamedTuple):
    """A user's words, and a reply in words; the reply may end with an image."""

    request: str
    reply: str


def generate(scene: Scene, rng: Rng, vague: float = 0.4) -> Exchange:
    """Ask for the scene, vaguely with this probability; it is drawn."""
    words = wish(scene, rng) if rng.random() < vague else phrase(scene, rng)
    return Exchange(words, write_reply(ReplyText("generate", describe(scene))))


def rewrite(scene: Scene, rng: Rng) -> Exchange:
    """Ask for the full description of what a vague wish means."""
    return Exchange(REWRITE_REQUEST.format(wish(scene, rng)), describe(scene))


def refine(before: Scene, after: Scene, rng: Rng) -> Exchange:
    """Ask for a change of an image; it is changed."""
    change = "; ".join(changes(before, after))
    reply = ReplyText("refine", describe(after), describe(before), change)
    return Exchange(instruction(before, after, rng), write_reply(reply))


def ask(scene: Scene, rng: Rng) -> Exchange:
    """Ask about an image; it is answered."""
    text, answer, evidence = question(scene, rng)
    if answer == describe(scene):
        return Exchange(text, answer)
    return Exchange(text, write_reply(ReplyText(None, answer, describe(scene), evidence)))


class Composition(NamedTuple):
    """Two images, what is asked of them, the reply, and the image that is meant."""

    first: Scene
    second: Scene
    exchange: Exchange
    result: Scene


def compose(first: Scene, second: Scene, rng: Rng, held_out: bool = False) -> Composition | None:
    """Bring a thing or the setting of one image into the other; None where nothing fits."""
    source = 1 if rng.random() < 0.75 else 2
    giver, taker = (first, second) if source == 1 else (second, first)
    origin, goal = _image_names(source, rng)
    if rng.random() < 0.75:
        thing = pick(rng, giver.things)
        free = taker.free_places()
        if not free or any(thing.instance == other.instance for other in taker.things):
            return None
        new = replace(thing, place=pick(rng, free), size="normal")
        result = replace(taker, things=(*taker.things, new))
        text = _carry_words(thing, new, giver, origin, goal, rng)
        the, placed = name(thing, giver), describe_thing(new)
        step = object_transfer(source, 3 - source, the, placed)
    else:
        if (giver.setting, giver.light) == (taker.setting, taker.light):
            return None
        result = replace(taker, setting=giver.setting, light=giver.light)
        texts = (
            "use the background of {0} for {1}",
            "give {1} the background of {0}",
            "{1} with the background of {0}",
            "put {1} into the place of {0}",
        )
        text = pick(rng, texts).format(origin, goal)
        where = f"{SETTING_WORDS[giver.setting]} {LIGHT_WORDS[giver.light]}"
        step = background_transfer(3 - source, where)
    if is_held_out(result) != held_out:
        return None
    observation = join_scenes(describe(first), describe(second))
    reply = write_reply(ReplyText("compose", describe(result), observation, step))
    return Composition(first, second, Exchange(text, reply), result)


def _carry_words(thing: Thing, new: Thing, giver: Scene, origin: str, goal: str, rng: Rng) -> str:
    the = point_out(thing, giver, rng)
    the = f"the {thing.instance.kind}" if the == "it" else the
    where = say(PLACE_WORDS[new.place], rng)
    texts = (
        "put {0} from {1} into {2} {3}",
        "put {0} from {1} into {2} {3}",
        "add {0} of {1} to {2} {3}",
        "place {0} of {1} in {2} {3}",
        "take {0} from {1} and put it into {2} {3}",
        "{2} with {0} of {1} {3}",
    )
    return pick(rng, texts).format(the, origin, goal, where)


def _image_names(source: int, rng: Rng) -> tuple[str, str]:
    """What the user calls the image taken from and the one put into."""
    target = 3 - source
    ordinals = {1: "first", 2: "second"}
    names = (
        (f"picture {source}", f"picture {target}"),
        (f"picture {source}", f"picture {target}"),
        (f"the {ordinals[source]} picture", f"the {ordinals[target]} picture"),
        (f"the {ordinals[source]} picture", f"the {ordinals[target]} one"),
        (f"image {source}", f"image {target}"),
    )
    return pick(rng, names)
