"""Clips of the moving playground: scenes in which something happens, with the truth of each pixel.

A clip is a scene and the events that change it one after another. Between two events everything
rests, so that each rest shows exactly one `Scene`. Some events are of a drawing only: a thing takes
another colour or pattern, puts something on, or all move to another place.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from PIL import Image

from . import settings, things
from .scenes import pick
from .settings import LIGHTS, SETTINGS
from .things import ACCESSORIES, COLOUR_RGB, KINDS, PATTERNS, Instance, Pose, sprite
from .world import (
    DEPTHS,
    FACINGS,
    OPEN_WORDS,
    PANS,
    PLACES,
    SIZES,
    Scene,
    Thing,
    changes,
    is_held_out,
    name,
    sample,
    sample_thing,
    shows_facing,
    with_thing,
)

ACTIONS = (
    *("walk", "approach", "turn", "jump", "open", "grow", "appear", "leave"),
    *("light", "pan", "zoom", "paint", "pattern", "dress", "become", "travel"),
)
REST, EVENT = 0.6, 1.2  # seconds

_FOOT_Y = {"near": 93.0, "far": 74.0}
_UNIT = {"near": 1.06, "far": 0.84}
_COLUMN_X = {"near": (17.0, 50.0, 83.0), "far": (20.0, 50.0, 80.0)}
_SIZE = {"small": 0.8, "normal": 1.0, "big": 1.2}
_PAN_X = {"left": -13.0, "centre": 0.0, "right": 13.0}
_ZOOM = {"wide": 1.0, "close": 1.35}
_STEPS, _OPENINGS = 6, 4  # poses that are drawn: of a step, and between shut and open


@dataclass(frozen=True)
class Event:
    """One event: an action of `ACTIONS`, the thing that acts (None: light or camera), the result.

    `before` and `after` are the scenes around it.
    """

    action: str
    thing: Thing | None
    before: Scene
    after: Scene

    def words(self) -> str:
        """What happens, in one clause: "the cat moves to the right"."""
        if self.thing is not None and self.action == "jump":
            return f"{name(self.thing, self.before)} jumps"
        return changes(self.before, self.after)[0]


@dataclass(frozen=True)
class Clip:
    """A scene and what happens in it.

    Parameters
    ----------
    scenes
        What each rest of `REST` seconds shows: one more than events.
    events
        In order, between the rests; each lasts `EVENT` seconds.
    """

    scenes: tuple[Scene, ...]
    events: tuple[Event, ...]

    @property
    def seconds(self) -> float:
        """How long the clip is."""
        return len(self.events) * (EVENT + REST) + REST

    def rest_times(self) -> list[float]:
        """The middle of each rest, in seconds."""
        return [i * (EVENT + REST) + REST / 2 for i in range(len(self.scenes))]


@dataclass(frozen=True)
class Frame:
    """One frame and its truth.

    Parameters
    ----------
    image
        uint8 [size, size, 3].
    coverage
        float32 [things, size, size], 0 to 1: how much of each pixel shows each thing.
    instances
        Which thing each coverage belongs to.
    """

    image: np.ndarray
    coverage: np.ndarray
    instances: tuple[Instance, ...]

    def boxes(self) -> list[tuple[int, int, int, int] | None]:
        """Left, top, right, bottom of what is visible of each thing in pixels; None for nothing."""
        return [Image.fromarray(mask).getbbox() for mask in self.coverage > 0.5]


@dataclass(frozen=True)
class _Actor:
    """A thing at one instant, in units of the view; `mirror` runs from 1 (right) to -1 (left)."""

    instance: Instance
    x: float
    y: float
    unit: float
    mirror: float = 1.0
    lift: float = 0.0
    step: float = 0.0
    opening: float = 0.0
    becomes: Instance | None = None
    share: float = 0.0  # of what it becomes


@dataclass(frozen=True)
class _View:
    """Place, light and camera: what is in the middle of the image, and how close."""

    setting: str
    light: str
    x: float
    zoom: float


def sample_clip(
    rng: np.random.Generator, events: int | None = None, action: str | None = None
) -> Clip:
    """A random clip of one to three events, all of them `action` if one is named."""
    count = int(rng.integers(1, 4)) if events is None else events
    while True:
        scenes, happened = [sample(rng)], []
        for _ in range(20 * count):
            event = sample_event(scenes[-1], rng, action)
            if event is not None and not is_held_out(event.after):
                happened.append(event)
                scenes.append(event.after)
            if len(happened) == count:
                return Clip(tuple(scenes), tuple(happened))


def draw(scene: Scene, size: int = 128) -> Image.Image:
    """Draw a scene at rest: RGB, `size` x `size`; equal scenes give equal pixels."""
    return Image.fromarray(render(scene, size).image)


def render(scene: Scene, size: int = 128) -> Frame:
    """A scene at rest with the truth of each pixel."""
    return _render([_at_rest(thing) for thing in scene.things], _view_of(scene), size)


def frames(clip: Clip, size: int = 128, fps: float = 12.0) -> Iterator[Frame]:
    """The frames of a clip in order.

    Parameters
    ----------
    size
        Pixels along one side, at least 32.
    fps
        Frames per second.
    """
    for i in range(round(clip.seconds * fps)):
        yield frame_at(clip, i / fps, size)


def frame_at(clip: Clip, seconds: float, size: int = 128) -> Frame:
    """The frame at a time of the clip."""
    index = min(int(seconds // (EVENT + REST)), len(clip.events))
    within = seconds - index * (EVENT + REST) - REST
    if within <= 0 or index == len(clip.events):
        return render(clip.scenes[index], size)
    return _during(clip.events[index], within / EVENT, size)


def sample_event(scene: Scene, rng: np.random.Generator, action: str | None = None) -> Event | None:
    """A random action of `ACTIONS`, or this one, in the scene; None where nothing can do it."""
    action = action or pick(rng, ACTIONS)
    thing = pick(rng, scene.things)
    kind = thing.instance.kind
    free = scene.free_places()
    new: Thing | None = None
    if action == "light":
        light = pick(rng, [light for light in LIGHTS if light != scene.light])
        return Event(action, None, scene, replace(scene, light=light))
    if action in ("pan", "zoom"):
        camera = scene.camera
        if action == "zoom":
            camera = replace(camera, zoom="wide" if camera.zoom == "close" else "close")
        else:
            camera = replace(camera, pan=pick(rng, [pan for pan in PANS if pan != camera.pan]))
        return Event(action, None, scene, replace(scene, camera=camera))
    if action == "travel":
        setting = pick(rng, [setting for setting in SETTINGS if setting != scene.setting])
        return Event(action, None, scene, replace(scene, setting=setting))
    if action == "appear":
        if not free:
            return None
        new = sample_thing(rng, pick(rng, free))
        if any(new.instance == other.instance for other in scene.things):
            return None
        return Event(action, new, scene, replace(scene, things=(*scene.things, new)))
    if action == "leave":
        if len(scene.things) == 1:
            return None
        return Event(action, thing, scene, with_thing(scene, thing, None))
    if action == "walk" and KINDS[kind].moves and free:
        place = pick(rng, free)
        right = PLACES.index(place) > PLACES.index(thing.place)
        facing = ("right" if right else "left") if shows_facing(kind) else thing.facing
        new = replace(thing, place=place, facing=facing)
    elif action == "approach" and KINDS[kind].moves:
        new = replace(thing, depth=_other(DEPTHS, thing.depth))
    elif action == "turn" and shows_facing(kind):
        new = replace(thing, facing=_other(FACINGS, thing.facing))
    elif action == "jump" and KINDS[kind].group == "animal":
        new = thing
    elif action == "open" and kind in OPEN_WORDS:
        new = replace(thing, opened=not thing.opened)
    elif action == "grow" and KINDS[kind].group in ("plant", "food"):
        new = replace(thing, size=pick(rng, [size for size in SIZES if size != thing.size]))
    elif action == "become":
        other = pick(rng, [other for other in KINDS if other != kind])
        facing = thing.facing if shows_facing(other) else "right"
        instance = replace(thing.instance, kind=other)
        new = replace(thing, instance=instance, facing=facing, opened=False)
    elif action in ("paint", "pattern", "dress"):
        new = replace(thing, instance=_restyled(action, thing.instance, rng))
    if new is None or any(new.instance == t.instance for t in scene.things if t != thing):
        return None
    return Event(action, thing, scene, with_thing(scene, thing, new))


def _restyled(action: str, instance: Instance, rng: np.random.Generator) -> Instance:
    """With another colour, another pattern, or another accessory."""
    if action == "paint":
        free = [c for c in COLOUR_RGB if c not in (instance.colour, instance.accent)]
        return replace(instance, colour=pick(rng, free))
    if action == "pattern":
        pattern = pick(rng, [p for p in PATTERNS if p != instance.pattern])
        new, keeps_accent = replace(instance, pattern=pattern), bool(instance.accessory)
    else:
        accessory = pick(rng, [a for a in ACCESSORIES if a != instance.accessory])
        new, keeps_accent = replace(instance, accessory=accessory), instance.pattern != "plain"
    if keeps_accent:
        return new
    return replace(new, accent=pick(rng, [c for c in COLOUR_RGB if c != instance.colour]))


def _other(choices: tuple[str, str], taken: str) -> str:
    return choices[1 - choices.index(taken)]


def _at_rest(thing: Thing) -> _Actor:
    return _Actor(
        thing.instance,
        _COLUMN_X[thing.depth][PLACES.index(thing.place)],
        _FOOT_Y[thing.depth],
        _UNIT[thing.depth] * _SIZE[thing.size],
        1.0 if thing.facing == "right" else -1.0,
        opening=float(thing.opened),
    )


def _view_of(scene: Scene) -> _View:
    return _View(
        scene.setting, scene.light, 50 + _PAN_X[scene.camera.pan], _ZOOM[scene.camera.zoom]
    )


def _during(event: Event, progress: float, size: int) -> Frame:
    """The frame at a moment of the event; progress from 0 to 1."""
    t = progress * progress * (3 - 2 * progress)  # starts and stops gently
    actors = [_at_rest(thing) for thing in event.before.things if thing != event.thing]
    if event.thing is not None:
        after = [thing for thing in event.after.things if thing not in event.before.things]
        new = after[0] if after else event.thing
        actors.append(_acting(event.action, event.thing, new, t, progress))
    start, end = _view_of(event.before), _view_of(event.after)
    view = replace(
        start, x=start.x + (end.x - start.x) * t, zoom=start.zoom + (end.zoom - start.zoom) * t
    )
    return _render(actors, view, size, replace(view, setting=end.setting, light=end.light), t)


def _acting(action: str, old: Thing, new: Thing, t: float, progress: float) -> _Actor:
    """The thing that the event is about."""
    a, b = _at_rest(old), _at_rest(new)
    if action in ("appear", "leave"):
        share = t if action == "appear" else 1 - t
        if not KINDS[a.instance.kind].moves:
            return replace(a, unit=max(1e-3, a.unit * share))
        # It comes in and goes out over the nearer side.
        outside = -22.0 if a.x <= 50 else 122.0
        heading = a.x - outside if action == "appear" else outside - a.x
        mirror = math.copysign(1.0, heading) if share < 1 else a.mirror
        x = outside + (a.x - outside) * share
        return replace(a, x=x, mirror=mirror, step=(3 * progress) % 1.0)
    moved = replace(
        b,
        x=a.x + (b.x - a.x) * t,
        y=a.y + (b.y - a.y) * t,
        unit=a.unit * (b.unit / a.unit) ** t,
        opening=a.opening + (b.opening - a.opening) * t,
    )
    if action in ("walk", "approach"):
        return replace(moved, step=(3 * progress) % 1.0)
    if action == "turn":
        return replace(moved, mirror=a.mirror * math.cos(math.pi * t))
    if action in ("paint", "pattern", "dress", "become"):
        return replace(a, becomes=new.instance, share=t)
    if action == "jump":
        return replace(moved, lift=16 * a.unit * abs(math.sin(2 * math.pi * progress)))
    return moved


def _render(
    actors: list[_Actor], view: _View, size: int, new: _View | None = None, share: float = 0.0
) -> Frame:
    """Draw everything; `share` (0 to 1) of place and light are already those of `new`."""
    image = _background(view, size).astype(np.float32)
    ambient = np.array(LIGHTS[view.light].ambient, np.float32)
    if new is not None and new != view:
        image += (_background(new, size) - image) * share
        ambient += (np.array(LIGHTS[new.light].ambient, np.float32) - ambient) * share
    pixels = size / 100 * view.zoom  # per unit
    # Farther things are behind nearer ones; of equal ones the left is behind.
    order = sorted(range(len(actors)), key=lambda i: (actors[i].y, actors[i].x))
    coverage = np.zeros((len(actors), size, size), np.float32)
    for i in order:
        actor = actors[i]
        foot = size / 2 + (actor.x - view.x) * pixels, size * 0.62 + (actor.y - 62) * pixels
        _shadow(image, actor, *foot, pixels)
        placed = _place(actor, foot[0], foot[1] - actor.lift * pixels, pixels, size)
        if placed is None:
            continue
        rows, columns, drawing = placed
        alpha = drawing[..., 3:] / 255
        # A lamp that is on keeps its colours in the dark.
        lit = ambient + (1 - ambient) * actor.opening * (actor.instance.kind == "lamp")
        image[rows, columns] = image[rows, columns] * (1 - alpha) + drawing[..., :3] * lit
        coverage[:, rows, columns] *= 1 - alpha[..., 0]
        coverage[i, rows, columns] = alpha[..., 0]
    pictured = np.rint(image).clip(0, 255).astype(np.uint8)
    return Frame(pictured, coverage, tuple(actor.instance for actor in actors))


@lru_cache(maxsize=64)
def _background(view: _View, size: int) -> np.ndarray:
    """The place as the camera sees it: uint8 [size, size, 3]."""
    scale = size / 100 * 1.4
    whole = Image.fromarray(settings.background(view.setting, view.light, scale))
    side = 100 / view.zoom
    # The camera turns around y = 62, so that zooming keeps the ground in sight.
    left, top = view.x - side / 2 - settings.BOX[0], 62 - 0.62 * side - settings.BOX[1]
    box = (left * scale, top * scale, (left + side) * scale, (top + side) * scale)
    return np.asarray(whole.resize((size, size), Image.Resampling.BILINEAR, box))


def _place(
    actor: _Actor, x: float, foot: float, pixels: float, size: int
) -> tuple[slice, slice, np.ndarray] | None:
    """Rows and columns of the image and what is drawn there, float32 RGBa; None outside of it."""
    pose = Pose(
        round(actor.step * _STEPS) % _STEPS / _STEPS, round(actor.opening * _OPENINGS) / _OPENINGS
    )
    scale = size / 100 * 1.7
    drawing = _drawing(actor.instance, pose, scale, actor.mirror < 0)
    if actor.becomes is not None:
        new = _drawing(actor.becomes, pose, scale, actor.mirror < 0)
        drawing = Image.blend(drawing, new, actor.share)
    per_unit = actor.unit * pixels
    squash = max(0.08, abs(actor.mirror))
    box_left, box_top, box_right, box_bottom = things.BOX
    if actor.mirror < 0:
        box_left, box_right = 40 - box_right, 40 - box_left
    left, right = (x + (v - 20) * per_unit * squash for v in (box_left, box_right))
    top, bottom = (foot + (v - things.FOOT) * per_unit for v in (box_top, box_bottom))
    x0, x1 = max(0, math.ceil(left)), min(size, math.floor(right))
    y0, y1 = max(0, math.ceil(top)), min(size, math.floor(bottom))
    if x1 <= x0 or y1 <= y0:
        return None
    across, down = drawing.width / (right - left), drawing.height / (bottom - top)
    box = ((x0 - left) * across, (y0 - top) * down, (x1 - left) * across, (y1 - top) * down)
    part = drawing.resize((x1 - x0, y1 - y0), Image.Resampling.BILINEAR, box)
    return slice(y0, y1), slice(x0, x1), np.asarray(part, np.float32)


@lru_cache(maxsize=512)
def _drawing(instance: Instance, pose: Pose, scale: float, mirrored: bool) -> Image.Image:
    drawing = sprite(instance, pose, scale)
    return drawing.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else drawing


def _shadow(image: np.ndarray, actor: _Actor, x: float, y: float, pixels: float) -> None:
    """Darken the ground below a thing, less the higher it is."""
    width = KINDS[actor.instance.kind].width * actor.unit * pixels * max(0.3, abs(actor.mirror))
    high = max(1.0, 2.4 * actor.unit * pixels)
    size = len(image)
    x0, x1 = max(0, int(x - width)), min(size, int(x + width) + 2)
    y0, y1 = max(0, int(y - high)), min(size, int(y + high) + 2)
    if x1 <= x0 or y1 <= y0:
        return
    across = (np.arange(x0, x1) + 0.5 - x) / width
    down = (np.arange(y0, y1) + 0.5 - y) / high
    depth = np.clip(1 - across**2 - down[:, None] ** 2, 0, 1) * 0.55
    image[y0:y1, x0:x1] *= 1 - depth[..., None] / (1 + actor.lift / 8)
