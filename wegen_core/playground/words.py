"""English for the moving playground: full descriptions and instructions.

Every wording states only what holds. Canonical words (those of `world`) come up more often than
their synonyms, so that a small network learns both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .scenes import pick, with_article
from .world import (
    LIGHT_WORDS,
    OPEN_WORDS,
    PATTERN_NOUNS,
    PLACE_WORDS,
    SETTING_WORDS,
    SIZES,
    Scene,
    Thing,
    describe,
    describe_instance,
    match,
    name,
    shows_facing,
)

if TYPE_CHECKING:
    import numpy as np

    Rng = np.random.Generator

SYNONYMS: dict[str, tuple[str, ...]] = {
    # kinds
    "cat": ("kitten", "kitty", "little cat"),
    "dog": ("puppy", "doggy", "little dog"),
    "rabbit": ("bunny", "hare", "little rabbit"),
    "duck": ("duckling", "little duck"),
    "car": ("automobile", "toy car", "little car"),
    "truck": ("lorry", "van", "toy truck"),
    "boat": ("sailboat", "sailing boat", "ship", "toy boat"),
    "rocket": ("spaceship", "toy rocket", "space rocket"),
    "tree": ("little tree", "leafy tree"),
    "flower": ("blossom", "bloom", "sunflower"),
    "cactus": ("little cactus", "desert cactus"),
    "mushroom": ("toadstool", "little mushroom"),
    "house": ("cottage", "cabin", "home", "hut"),
    "lighthouse": ("beacon", "tower"),
    "tent": ("camping tent", "little tent"),
    "chair": ("armchair", "seat", "easy chair"),
    "lamp": ("table lamp", "light", "little lamp"),
    "cake": ("birthday cake", "tart"),
    "apple": ("little apple", "ripe apple"),
    # colours
    "red": ("crimson", "scarlet", "bright red"),
    "orange": ("tangerine", "bright orange"),
    "yellow": ("golden", "lemon yellow", "bright yellow"),
    "green": ("emerald", "leafy green", "grass green"),
    "blue": ("royal blue", "navy", "deep blue"),
    "purple": ("violet", "lilac"),
    "pink": ("rose", "light pink"),
    "white": ("snow white", "ivory"),
    # sizes, places, settings, times of day
    "big": ("large", "huge", "giant"),
    "small": ("little", "tiny", "mini"),
    "on the left": ("to the left", "at the left", "on the left side"),
    "in the middle": ("in the centre", "in the center", "at the centre"),
    "on the right": ("to the right", "at the right", "on the right side"),
    "in a meadow": ("on the grass", "on a lawn", "in a field", "in the park", "in the garden"),
    "on a beach": ("by the sea", "at the seaside", "on the beach", "by the ocean", "on the coast"),
    "in the desert": ("among the dunes", "in the sandy desert", "in the Sahara"),
    "in the city": ("in town", "on the street", "in a big city", "downtown"),
    "in a forest": ("in the woods", "among the trees", "in the forest"),
    "in the snow": ("in the mountains", "in winter", "on a snowy field", "in a snowy landscape"),
    "by a lake": ("at the lake", "by the water", "on the shore of a lake", "by a pond"),
    "in a room": ("indoors", "at home", "in the living room", "inside"),
    "by day": ("in the daytime", "on a sunny day", "in daylight", "at noon"),
    "at dusk": ("at sunset", "in the evening", "at sundown"),
    "at night": ("under the stars", "by moonlight", "at midnight", "in the dark"),
    ", far away": (" far away", " in the distance", " in the background"),
}
"""Canonical words -> others that mean the same."""

_REQUESTS = (
    "draw {}",
    "please draw {}",
    "paint {}",
    "paint me {}",
    "show me {}",
    "make {}",
    "make a picture of {}",
    "create {}",
    "generate {}",
    "can you draw {}",
    "i want {}",
    "i would like {}",
    "a picture of {}",
    "an image of {}",
    "a painting of {}",
    "give me {}",
)
_VERBS = frozenset(
    "add bring change close colour delete draw erase exchange get give go let look make move open"
    " paint pan place put remove replace show swap take turn use zoom".split()
)


def say(words: str, rng: Rng, canonical: float = 0.65) -> str:
    """`words` with this probability, else a synonym."""
    return words if rng.random() < canonical else pick(rng, SYNONYMS.get(words, (words,)))


def phrase(scene: Scene, rng: Rng) -> str:
    """A description of the whole scene in one of many wordings; what it leaves out is usual."""
    if rng.random() < 0.15:
        return sentence(describe(scene), rng)
    things = [scene.things[int(i)] for i in rng.permutation(len(scene.things))]
    place, light = say(SETTING_WORDS[scene.setting], rng), say(LIGHT_WORDS[scene.light], rng)
    if rng.random() < 0.12:
        tags = [_looks(thing, rng).split(" ", 1)[1] + f" {_where(thing, rng)}" for thing in things]
        return ", ".join([*tags, place, light, *_camera(scene)])
    parts = [f"{_looks(thing, rng)} {_where(thing, rng)}" for thing in things]
    joined = parts[0]
    for part in parts[1:]:
        joined += pick(rng, (" and ", ", ", " with ", ", and ")) + part
    camera = "".join(f", {words}" for words in _camera(scene))
    if rng.random() < 0.7:
        text = f"{joined}{pick(rng, (', ', ' '))}{place}{pick(rng, (' ', ', '))}{light}{camera}"
        return sentence(request(text, rng), rng)
    return sentence(f"{place} {light}{pick(rng, (', ', ': ', ' there is '))}{joined}{camera}", rng)


def instruction(before: Scene, after: Scene, rng: Rng) -> str:
    """Asks for everything that differs between two scenes."""
    clauses = []
    for old, new in match(before, after):
        if old is None and new is not None:
            clauses.append(_addition(new, rng))
        elif old is not None and new is None:
            verbs = ("remove {}", "delete {}", "take {} away", "get rid of {}", "erase {}")
            clauses.append(pick(rng, verbs).format(point_out(old, before, rng)))
        elif old is not None and new is not None:
            clauses += _thing_requests(old, new, before, rng)
    setting, light = say(SETTING_WORDS[after.setting], rng), say(LIGHT_WORDS[after.light], rng)
    if before.setting != after.setting:
        texts = ("put everything {}", "move the scene {}", "now {}", "the same {}", "make it {}")
        clauses.append(pick(rng, texts).format(setting))
    if before.light != after.light:
        clauses.append(pick(rng, ("make it {}", "now {}", "the same {}", "{}")).format(light))
    if before.camera.zoom != after.camera.zoom:
        closer = ("zoom in", "go closer", "show it from close up")
        wider = ("zoom out", "go back", "show it from farther away")
        clauses.append(pick(rng, closer if after.camera.zoom == "close" else wider))
    if before.camera.pan != after.camera.pan:
        pan = after.camera.pan
        ahead, aside = ("look straight ahead",), ("look to the {}", "pan to the {}")
        clauses.append(pick(rng, ahead if pan == "centre" else aside).format(pan))
    return sentence(_polite(" and ".join(clauses), rng), rng)


def point_out(thing: Thing, scene: Scene, rng: Rng) -> str:
    """Words that single the thing out among those of the scene."""
    if len(scene.things) == 1 and rng.random() < 0.2:
        return "it"
    if rng.random() < 0.6:
        words = name(thing, scene)
        kind = thing.instance.kind
        return words.replace(kind, say(kind, rng), 1)
    instance = thing.instance
    others = [other.instance for other in scene.things if other != thing]
    if all((o.kind, o.colour) != (instance.kind, instance.colour) for o in others):
        return f"the {say(instance.colour, rng)} {say(instance.kind, rng)}"
    return f"the {instance.kind} {PLACE_WORDS[thing.place]}"


def sentence(text: str, rng: Rng) -> str:
    """`text`, perhaps with a capital or a full stop."""
    style = rng.random()
    if style < 0.2:
        text = text[0].upper() + text[1:]
    return text + "." if style < 0.12 or style > 0.95 else text


def request(text: str, rng: Rng) -> str:
    """`text`, perhaps as a request: "draw ..."."""
    return text if rng.random() < 0.5 else pick(rng, _REQUESTS).format(text)


def _polite(text: str, rng: Rng) -> str:
    style = rng.random()
    if style < 0.06:
        return f"{text} please"
    if style < 0.16 and text.split()[0] in _VERBS:
        return f"please {text}" if style < 0.12 else f"can you {text}"
    return text


def _looks(thing: Thing, rng: Rng) -> str:
    """Looks and state with an article: "a big red kitten with white stripes"."""
    instance = thing.instance
    extras = []
    accent = say(instance.accent, rng, 0.85)
    if instance.pattern != "plain":
        extras.append(f"{accent} {PATTERN_NOUNS[instance.pattern]}")
    if instance.accessory:
        extras.append(f"{with_article(accent)} {instance.accessory}")
    words = f"{say(instance.colour, rng, 0.75)} {say(instance.kind, rng)}"
    if extras and rng.random() < 0.2 and instance.pattern != "plain" and not instance.accessory:
        adjective = instance.pattern if instance.pattern != "checked" else "checkered"
        words = f"{adjective} {words}"
        extras = [f"{accent} {PATTERN_NOUNS[instance.pattern]}"]
    if thing.size != "normal":
        words = f"{say(thing.size, rng)} {words}"
    words = with_article(words)
    if extras:
        words += f" with {' and '.join(extras)}"
    if thing.opened:
        words += f" {OPEN_WORDS[instance.kind]}"
    if shows_facing(instance.kind) and thing.facing == "left":
        words += pick(rng, (" facing left", " facing left", " looking left", " turned to the left"))
    return words


def _where(thing: Thing, rng: Rng) -> str:
    far = say(", far away", rng) if thing.depth == "far" else ""
    return say(PLACE_WORDS[thing.place], rng) + far


def _camera(scene: Scene) -> list[str]:
    words = ["seen close up"] if scene.camera.zoom == "close" else []
    return words + ([f"looking {scene.camera.pan}"] if scene.camera.pan != "centre" else [])


def _addition(new: Thing, rng: Rng) -> str:
    style = rng.random()
    looks, where = _looks(new, rng), _where(new, rng)
    if style < 0.5:
        return f"add {looks} {where}"
    texts = ("put {} {}", "place {} {}", "i want {} {} too", "draw {} {} as well")
    return pick(rng, texts).format(looks, where)


def _thing_requests(old: Thing, new: Thing, before: Scene, rng: Rng) -> list[str]:
    """One clause for each difference between a thing before and after."""
    who = point_out(old, before, rng)
    was, now = old.instance, new.instance
    if now.kind != was.kind:
        ways = ("turn {} into {}", "replace {} with {}", "change {} into {}")
        return [pick(rng, ways).format(who, describe_instance(now))]
    clauses: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
    texts: tuple[str, ...]
    if new.place != old.place:
        where = say(PLACE_WORDS[new.place], rng)
        clauses.append((("move {} {}", "put {} {}", "place {} {}", "{} should be {}"), (where,)))
    elif new.facing != old.facing:
        texts = ("turn {} to the {}", "make {} look to the {}", "{} should face {}")
        clauses.append((texts, (new.facing,)))
    if new.depth != old.depth:
        near = ("bring {} closer", "move {} to the front", "let {} come closer")
        far = ("move {} farther away", "move {} to the back", "move {} into the distance")
        clauses.append((near if new.depth == "near" else far, ()))
    if new.size != old.size:
        step = SIZES.index(new.size) - SIZES.index(old.size)
        word = {1: "bigger", -1: "smaller", 2: "much bigger", -2: "much smaller"}[step]
        if new.size != "normal" and rng.random() < 0.5:
            word = say(new.size, rng)
        clauses.append((("make {} {}",), (word,)))
    if new.opened != old.opened:
        clauses.append((_OPENINGS[now.kind][0 if new.opened else 1], ()))
    if now.colour != was.colour:
        texts = ("make {} {}", "make {} {}", "paint {} {}", "colour {} {}", "{} should be {}")
        clauses.append((texts, (say(now.colour, rng, 0.75),)))
    if now.pattern != was.pattern:
        if now.pattern == "plain":
            texts = ("remove the {1} from {0}", "{} without the {}", "take the {1} off {0}")
            clauses.append((texts, (PATTERN_NOUNS[was.pattern],)))
        else:
            noun = f"{say(now.accent, rng, 0.85)} {PATTERN_NOUNS[now.pattern]}"
            clauses.append((("give {} {}", "paint {1} on {0}", "{} should have {}"), (noun,)))
    if now.accessory != was.accessory:
        if not now.accessory:
            texts = ("take the {1} off {0}", "remove the {1} from {0}", "{} without the {}")
            clauses.append((texts, (was.accessory,)))
        else:
            noun = f"{with_article(say(now.accent, rng, 0.85))} {now.accessory}"
            texts = ("give {} {}", "put {1} on {0}", "{} should have {}", "add {1} to {0}")
            clauses.append((texts, (noun,)))
    return [pick(rng, texts).format(who, *words) for texts, words in clauses]


_OPENINGS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "house": (("open the door of {}", "open {}"), ("close the door of {}", "close {}")),
    "tent": (("open the flap of {}", "open {}"), ("close the flap of {}", "close {}")),
    "flower": (("open the petals of {}", "let {} bloom"), ("close the petals of {}", "close {}")),
    "lamp": (("turn {} on", "switch {} on"), ("turn {} off", "switch {} off")),
}
"""Kind -> how it is asked to open, and to close."""
