"""English for playground scenes: full descriptions in many wordings, and vague wishes.

Every wording states only what holds in the scene. Canonical words come up more often than
synonyms, so that a small network learns both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .scenes import PLACES, SETTINGS, Scene, Thing, describe, pick, with_article

if TYPE_CHECKING:
    import numpy as np

KIND_WORDS = {
    "car": ("automobile", "little car", "motor car", "toy car"),
    "boat": ("sailboat", "sailing boat", "ship", "yacht", "little boat"),
    "house": ("cottage", "cabin", "home", "little house", "hut"),
    "tree": ("pine", "pine tree", "fir tree", "fir", "little tree"),
    "cat": ("kitten", "kitty", "little cat", "pussycat"),
    "fish": ("little fish", "small fish", "toy fish"),
    "ball": ("toy ball", "beach ball", "round ball", "little ball"),
    "star": ("little star", "toy star", "big star"),
}
COLOUR_WORDS = {
    "red": ("crimson", "scarlet", "bright red", "cherry red"),
    "orange": ("tangerine", "bright orange", "pumpkin coloured"),
    "yellow": ("golden", "lemon yellow", "bright yellow", "sunny yellow"),
    "green": ("emerald", "leafy green", "dark green", "emerald green"),
    "blue": ("royal blue", "navy blue", "deep blue", "cobalt"),
    "purple": ("violet", "lilac", "plum coloured", "magenta"),
}
PLACE_WORDS = {
    "left": ("on the left side", "to the left", "at the left", "on the left-hand side"),
    "middle": ("in the centre", "in the center", "at the centre", "in the very middle"),
    "right": ("on the right side", "to the right", "at the right", "on the right-hand side"),
}
SHORT_PLACES = {"left": ("left",), "middle": ("middle", "centre", "center"), "right": ("right",)}
SETTING_WORDS = {
    "grass": (
        "in a meadow",
        "on the lawn",
        "on a green field",
        "in the park",
        "in the garden",
        "on the green grass",
        "in the countryside",
        "in a field",
    ),
    "sea": (
        "on the beach",
        "by the ocean",
        "at the seaside",
        "on the coast",
        "at the shore",
        "by the water",
        "at the sea",
        "at the beach",
    ),
    "desert": (
        "among the dunes",
        "in the dunes",
        "in the sandy desert",
        "in the hot desert",
        "in the Sahara",
        "on a dune",
    ),
    "night": (
        "under the stars",
        "in the dark",
        "by moonlight",
        "in the moonlight",
        "at midnight",
        "on a starry night",
        "under the moon",
        "after dark",
    ),
}
SETTING_NOUNS = {
    "grass": ("grass", "meadow", "lawn", "field", "park", "garden"),
    "sea": ("sea", "beach", "ocean", "seaside", "coast", "shore"),
    "desert": ("desert", "dunes", "sand dunes"),
    "night": ("night", "starry sky", "night sky", "moonlight"),
}

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
    "could you paint {}",
    "i want {}",
    "i would like {}",
    "i'd like to see {}",
    "a picture of {}",
    "a drawing of {}",
    "an image of {}",
    "a painting of {}",
    "picture: {}",
    "give me {}",
)


def phrase(scene: Scene, rng: np.random.Generator) -> str:
    """A full description of the scene in one of many natural wordings."""
    style = rng.random()
    if style < 0.15:
        return _finish(describe(scene), rng)
    if style < 0.25:
        return _tags(scene, rng)
    things = list(scene.things)
    if len(things) == 2 and rng.random() < 0.4:
        things.reverse()
    parts = [_placed(thing, rng) for thing in things]
    joined = pick(rng, (" and ", " and ", ", and ", " with ", ", ")).join(parts)
    setting = say_setting(scene.background, rng)
    order = rng.random()
    if order < 0.6:
        text = f"{joined}{pick(rng, (', ', ' '))}{setting}"
        return _finish(_request(text, rng), rng)
    if order < 0.8:
        return _finish(f"{setting}, {joined}", rng)
    verb = "is" if rng.random() < 0.8 or len(parts) == 1 else "are"
    return _finish(f"{setting} there {verb} {joined}", rng)


def wish(scene: Scene, rng: np.random.Generator) -> str:
    """A vague wish which the scene fulfils: everything the wish states holds in the scene."""
    style = rng.random()
    if style < 0.5:
        text = _partial(scene, rng)
    elif style < 0.93:
        text = _loose(scene, rng)
    else:
        return _finish(pick(rng, _OPEN_WISHES), rng)
    return _finish(_request(text, rng), rng)


def say_kind(kind: str, rng: np.random.Generator) -> str:
    """A word for the kind."""
    return kind if rng.random() < 0.65 else pick(rng, KIND_WORDS[kind])


def say_colour(colour: str, rng: np.random.Generator) -> str:
    """A word for the colour."""
    return colour if rng.random() < 0.75 else pick(rng, COLOUR_WORDS[colour])


def say_place(position: str, rng: np.random.Generator) -> str:
    """Words for the position: "on the left", "in the centre"."""
    return PLACES[position] if rng.random() < 0.6 else pick(rng, PLACE_WORDS[position])


def say_setting(background: str, rng: np.random.Generator) -> str:
    """Words for the background: "by the sea", "under the stars"."""
    return SETTINGS[background] if rng.random() < 0.45 else pick(rng, SETTING_WORDS[background])


def _finish(text: str, rng: np.random.Generator) -> str:
    style = rng.random()
    if style < 0.15:
        text = text[0].upper() + text[1:]
    return text + "." if style < 0.1 or style > 0.95 else text


def _request(text: str, rng: np.random.Generator) -> str:
    return text if rng.random() < 0.5 else pick(rng, _REQUESTS).format(text)


def _placed(thing: Thing, rng: np.random.Generator) -> str:
    noun = f"{say_colour(thing.colour, rng)} {say_kind(thing.kind, rng)}"
    place = say_place(thing.position, rng)
    style = rng.random()
    if style < 0.75:
        return f"{with_article(noun)} {place}"
    if style < 0.9:
        return f"{place} {with_article(noun)}"
    kind = with_article(say_kind(thing.kind, rng))
    return f"{kind} in {thing.colour} {place}"


def _tags(scene: Scene, rng: np.random.Generator) -> str:
    """Keywords as image generators are often asked: "red car left, blue house right, grass"."""
    tags = []
    for thing in scene.things:
        place = pick(rng, SHORT_PLACES[thing.position])
        colour, kind = say_colour(thing.colour, rng), say_kind(thing.kind, rng)
        tags.append(pick(rng, (f"{colour} {kind} {place}", f"{place} {colour} {kind}")))
    tags.append(pick(rng, SETTING_NOUNS[scene.background]))
    return ", ".join(tags)


def _partial(scene: Scene, rng: np.random.Generator) -> str:
    """A description which leaves out things, colours, positions or the background."""
    things = list(scene.things)
    if len(things) == 2:
        if rng.random() < 0.45:
            things.pop(int(rng.integers(2)))
        elif rng.random() < 0.5:
            things.reverse()
    parts = []
    for thing in things:
        words = say_kind(thing.kind, rng)
        if rng.random() < 0.45:
            words = f"{say_colour(thing.colour, rng)} {words}"
        words = with_article(words) if rng.random() < 0.93 else words
        if rng.random() < 0.2:
            words = f"{words} {say_place(thing.position, rng)}"
        elif rng.random() < 0.08:
            words = f"{words} somewhere"
        parts.append(words)
    text = pick(rng, (" and ", " and ", " with ", " next to ")).join(parts)
    if rng.random() < 0.45:
        text = f"{text} {say_setting(scene.background, rng)}"
    return text


def _loose(scene: Scene, rng: np.random.Generator) -> str:
    """Moods, seasons, occasions and general words instead of names."""
    general = [noun for noun, kinds in _GENERAL if any(t.kind in kinds for t in scene.things)]
    moods = [mood for mood, holds in _MOODS if holds(scene)]
    occasions = [text for text, holds in _OCCASIONS if holds(scene)]
    setting = say_setting(scene.background, rng)
    thing = pick(rng, scene.things)
    named = f"{pick(rng, moods)} {say_kind(thing.kind, rng)}" if moods else thing.kind
    mood = pick(rng, moods) if moods else "nice"
    colour = say_colour(thing.colour, rng)
    texts = [
        f"something {mood}",
        f"something {mood} {setting}",
        f"{with_article(mood)} {pick(rng, ('picture', 'scene', 'place', 'image'))}",
        f"{with_article(mood)} {pick(rng, ('picture', 'scene'))} with {with_article(thing.kind)}",
        with_article(named),
        f"{with_article(named)} {setting}",
        pick(rng, general) if general else f"something {setting}",
        f"{pick(rng, general)} {setting}" if general else f"something {setting}",
        f"something {colour}",
        f"something {colour} {setting}",
        f"something {setting}",
        f"{pick(rng, ('a scene', 'a picture', 'anything', 'something'))} {setting}",
        pick(rng, _COUNTS[len(scene.things)]),
        f"{pick(rng, _COUNTS[len(scene.things)])} {setting}",
        pick(rng, _VIEWS[scene.background]),
        pick(rng, _VIEWS[scene.background]),
    ]
    texts += [pick(rng, occasions)] * 3 if occasions else []
    return pick(rng, texts)


def _has(scene: Scene, kinds: str = "", colours: str = "") -> bool:
    """Whether one thing is of one of the kinds and of one of the colours; empty means any."""
    return any(
        (not kinds or t.kind in kinds.split()) and (not colours or t.colour in colours.split())
        for t in scene.things
    )


_Holds = Callable[[Scene], bool]
_MOODS: tuple[tuple[str, _Holds], ...] = (
    ("cheerful", lambda s: s.background != "night" and _has(s, colours="yellow orange")),
    ("happy", lambda s: s.background != "night" and _has(s, colours="yellow orange red")),
    ("sunny", lambda s: s.background != "night"),
    ("bright", lambda s: s.background != "night" and _has(s, colours="yellow orange red")),
    ("colourful", lambda s: len({t.colour for t in s.things}) == 2),
    ("playful", lambda s: _has(s, "ball cat star car")),
    ("warm", lambda s: s.background == "desert" or _has(s, colours="red orange yellow")),
    ("hot", lambda s: s.background == "desert"),
    ("fresh", lambda s: s.background in ("grass", "sea") and _has(s, colours="green blue")),
    (
        "summery",
        lambda s: s.background in ("sea", "grass") and _has(s, colours="yellow red orange"),
    ),
    ("calm", lambda s: _has(s, colours="blue green purple")),
    ("peaceful", lambda s: _has(s, "tree house boat cat fish") and not _has(s, colours="red")),
    ("quiet", lambda s: len(s.things) == 1 or s.background == "night"),
    ("lonely", lambda s: len(s.things) == 1),
    ("dreamy", lambda s: s.background == "night" or _has(s, "star", "purple blue")),
    ("magical", lambda s: _has(s, "star") or _has(s, colours="purple")),
    ("mysterious", lambda s: s.background == "night" and _has(s, colours="purple blue green")),
    ("spooky", lambda s: s.background == "night" and _has(s, "cat house tree")),
    ("romantic", lambda s: s.background in ("night", "sea") and _has(s, colours="red purple")),
    ("cosy", lambda s: _has(s, "house cat", "red orange yellow")),
    ("cute", lambda s: _has(s, "cat fish ball")),
    ("sleepy", lambda s: s.background == "night"),
    ("dark", lambda s: s.background == "night"),
)
_OCCASIONS: tuple[tuple[str, _Holds], ...] = (
    ("a holiday picture", lambda s: s.background == "sea"),
    ("my summer holiday", lambda s: s.background == "sea" and _has(s, "boat ball fish house")),
    ("a trip to the ocean", lambda s: s.background == "sea" and _has(s, "boat car fish")),
    ("a postcard from the sea", lambda s: s.background == "sea"),
    ("a day in the park", lambda s: s.background == "grass"),
    ("a road trip", lambda s: _has(s, "car")),
    ("a drive in the country", lambda s: s.background == "grass" and _has(s, "car")),
    ("a walk in nature", lambda s: s.background == "grass" and _has(s, "tree")),
    ("spring", lambda s: s.background == "grass" and _has(s, colours="green yellow purple")),
    ("summer", lambda s: s.background in ("sea", "grass") and _has(s, colours="yellow red")),
    ("autumn", lambda s: s.background == "grass" and _has(s, "tree", "red orange yellow")),
    ("winter", lambda s: s.background == "night" and _has(s, "tree house", "blue green")),
    ("christmas", lambda s: s.background == "night" and _has(s, "tree star", "green red yellow")),
    ("halloween", lambda s: s.background == "night" and _has(s, colours="orange purple")),
    ("bedtime", lambda s: s.background == "night"),
    ("an adventure", lambda s: _has(s, "boat car") or s.background == "desert"),
    ("a desert adventure", lambda s: s.background == "desert"),
    ("a birthday party", lambda s: _has(s, "ball star")),
    ("play time", lambda s: _has(s, "ball")),
    ("children playing", lambda s: _has(s, "ball") and s.background != "night"),
    ("my home", lambda s: _has(s, "house")),
    ("a place to live", lambda s: _has(s, "house")),
    ("a good night picture", lambda s: s.background == "night"),
    ("the stars in the sky", lambda s: s.background == "night"),
    ("a postcard", lambda s: s.background in ("sea", "desert")),
)
_GENERAL: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("something that swims", ("fish",)),
    ("something that floats", ("boat",)),
    ("something that sails", ("boat",)),
    ("something that drives", ("car",)),
    ("something with wheels", ("car",)),
    ("something that purrs", ("cat",)),
    ("something that grows", ("tree",)),
    ("something that shines", ("star",)),
    ("something round", ("ball",)),
    ("somewhere to live", ("house",)),
    ("a building", ("house",)),
    ("a plant", ("tree",)),
    ("a pet", ("cat", "fish")),
    ("an animal", ("cat", "fish")),
    ("a vehicle", ("car", "boat")),
    ("a toy", ("ball", "car", "boat", "star")),
    ("something to play with", ("ball",)),
)
_COUNTS = {
    1: ("one thing", "just one thing", "a single thing", "only one object", "one lonely toy"),
    2: ("two things", "two toys", "a pair of things", "two objects", "a couple of toys"),
}
_VIEWS = {
    "grass": ("a green meadow", "a sunny lawn", "the countryside", "a landscape", "green hills"),
    "sea": ("the sea", "a beach", "a day at the beach", "the ocean", "a seascape"),
    "desert": ("the desert", "a hot dry place", "sand dunes", "a desert landscape", "the Sahara"),
    "night": ("a quiet night", "a starry night", "a night scene", "the night sky", "midnight"),
}
_OPEN_WISHES = (
    "surprise me",
    "anything",
    "draw anything you like",
    "a picture",
    "draw something",
    "make me a nice picture",
    "something nice",
    "whatever you like",
    "you choose",
    "a beautiful picture",
)
