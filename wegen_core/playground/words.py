"""English for the moving playground: full descriptions, vague wishes, instructions, questions.

Every wording states only what holds. Canonical words (those of `world`) come up more often than
their synonyms, so that a small network learns both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from .scenes import pick, with_article
from .things import COLOUR_RGB, KINDS
from .world import (
    LIGHT_WORDS,
    OPEN_WORDS,
    PATTERN_NOUNS,
    PLACE_WORDS,
    PLACES,
    SETTING_WORDS,
    SIZES,
    Scene,
    Thing,
    describe,
    describe_instance,
    describe_thing,
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
        return _sentence(describe(scene), rng)
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
        return _sentence(_request(text, rng), rng)
    return _sentence(f"{place} {light}{pick(rng, (', ', ': ', ' there is '))}{joined}{camera}", rng)


def wish(scene: Scene, rng: Rng) -> str:
    """A vague wish that the scene fulfils: everything that it states holds in the scene."""
    style = rng.random()
    if style < 0.6:
        text = _partial(scene, rng)
    elif style < 0.95:
        texts = [text for text, holds in _LOOSE if holds(scene)]
        text = pick(rng, texts) if texts else f"something {say(SETTING_WORDS[scene.setting], rng)}"
        if rng.random() < 0.25:
            text += f" {say(SETTING_WORDS[scene.setting], rng)}"
    else:
        return _sentence(pick(rng, _OPEN_WISHES), rng)
    return _sentence(_request(text, rng), rng)


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
    return _sentence(_polite(" and ".join(clauses), rng), rng)


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


def _sentence(text: str, rng: Rng) -> str:
    style = rng.random()
    if style < 0.2:
        text = text[0].upper() + text[1:]
    return text + "." if style < 0.12 or style > 0.95 else text


def _request(text: str, rng: Rng) -> str:
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
_LOOSE: tuple[tuple[str, _Holds], ...] = (
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
