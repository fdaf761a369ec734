"""Interleaved training sequences of the playground: chats in which pictures are drawn and changed.

One chat holds up to four pictures; replies name what they do ("draw:", "change:", "combine:"), then
the whole picture that is meant, then show it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..model.prompt import IMAGE, Part, reply_ids, user_ids
from ..model.tokenizer import Tokenizer
from . import playground as world

MOST_PICTURES = 4

_IGNORED = -100


@dataclass(frozen=True)
class Exchange:
    """A user's turn and the reply. `scenes`: what the images of both show, in order."""

    user: tuple[Part, ...]
    reply: tuple[Part, ...]
    scenes: tuple[world.Scene, ...] = ()


@dataclass(frozen=True)
class Interleaved:
    """One encoded chat: ids and labels [S]; each picture's scene and whether it was generated."""

    ids: list[int]
    labels: list[int]
    scenes: list[world.Scene]
    generated: list[bool]


def draw(rng: np.random.Generator) -> Exchange:
    """A wish or a full description -> a picture."""
    scene = world.sample(rng)
    text = world.phrase(scene, rng) if rng.random() < 0.6 else world.wish(scene, rng)
    if rng.random() < 0.2:
        text = f"Generate a painting: {text}"
    return Exchange((text,), (f"draw: {world.describe(scene)}", IMAGE), (scene,))


def rewrite(rng: np.random.Generator) -> Exchange:
    """A wish, a free wording, or a description with an instruction -> a full description."""
    scene, style = world.sample(rng), rng.random()
    if style < 0.2:
        text = world.wish(scene, rng)
    elif style < 0.55:
        text = world.phrase(scene, rng)
    else:
        instruction, result = world.edits(scene, rng)
        text, scene = f"{world.describe(scene)}. {instruction}", result
    return Exchange((f"Rewrite: {text}",), (world.describe(scene),))


def change(scene: world.Scene, attached: bool, rng: np.random.Generator) -> Exchange:
    """An instruction about `scene` (attached to it, or the last picture) -> the changed picture."""
    text, result = world.edits(scene, rng)
    reply = (f"change: {world.describe(result)}", IMAGE)
    if attached:
        return Exchange((IMAGE, text), reply, (scene, result))
    return Exchange((text,), reply, (result,))


def combine(rng: np.random.Generator) -> Exchange:
    """Two attached pictures -> one."""
    first, second, text, result = world.compositions(rng)
    reply = (f"combine: {world.describe(result)}", IMAGE)
    return Exchange((IMAGE, IMAGE, text), reply, (first, second, result))


def ask(scene: world.Scene, attached: bool, rng: np.random.Generator) -> Exchange:
    """A question about `scene` -> an answer."""
    question, answer = world.questions(scene, rng)
    if attached:
        return Exchange((IMAGE, question), (answer,), (scene,))
    return Exchange((question,), (answer,))


def chat(pictures: int, rng: np.random.Generator) -> list[Exchange]:
    """A chat with exactly so many pictures, 0 to 4."""
    if pictures == 0:
        return [rewrite(rng)]
    talk: list[Exchange] = []
    if pictures == 1 and rng.random() < 0.25:
        scene = world.sample(rng)
        talk.append(ask(scene, True, rng))
    elif pictures >= 3 and rng.random() < 0.6:
        talk.append(combine(rng))
    elif pictures >= 2 and rng.random() < 0.5:
        talk.append(change(world.sample(rng), True, rng))
    else:
        talk.append(draw(rng))
    while True:
        shown = [scene for exchange in talk for scene in exchange.scenes]
        if rng.random() < 0.25:
            talk.append(ask(shown[-1], False, rng))
        if len(shown) >= pictures:
            return talk
        fresh = rng.random() < 0.15
        talk.append(draw(rng) if fresh else change(shown[-1], False, rng))


def encode(talk: Sequence[Exchange], tokenizer: Tokenizer) -> Interleaved:
    """Labels: the reply's words, `<img>` and `</s>`; never the user's words or visual tokens."""
    unlabelled = {*tokenizer.image_ids, tokenizer.image_end_id}
    ids, labels = [tokenizer.bos_id], [_IGNORED]
    scenes: list[world.Scene] = []
    generated: list[bool] = []
    for exchange in talk:
        asked = user_ids(tokenizer, exchange.user)
        reply = reply_ids(tokenizer, exchange.reply)
        ids += asked + reply
        labels += [_IGNORED] * len(asked)
        labels += [_IGNORED if token in unlabelled else token for token in reply]
        attached = sum(part is IMAGE for part in exchange.user)
        scenes += exchange.scenes
        generated += [i >= attached for i in range(len(exchange.scenes))]
    return Interleaved(ids, labels, scenes, generated)


def corpus(count: int, seed: int) -> list[str]:
    """Sentences of all kinds, to train the tokenizer on."""
    rng = np.random.default_rng(seed)
    texts: list[str] = []
    while len(texts) < count:
        for exchange in chat(int(rng.integers(MOST_PICTURES + 1)), rng):
            said = (*exchange.user, *exchange.reply)
            texts += [str(part) for part in said if part is not IMAGE]
    return [f"[INST] {text} [/INST]" if i % 4 == 0 else text for i, text in enumerate(texts)]
