"""Interleaved training sequences of the playground: chats in which pictures are drawn and changed.

One chat holds up to four pictures. A reply names what it does, then the whole picture that is
meant, then shows it. One that changes pictures first says what it sees and what the change is:

    change: a red car on the left, at night. remove the car on the left -> ...

An answer about a picture also begins with what is seen in it. Each part is then easy: reading a
picture, finding what is meant, rewriting words. The last two are also learned from words alone,
which cost little. What is there is pointed out by its kind first:
a reader that never looks ahead finds the kind in what it has read, and the rest beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..model.prompt import IMAGE, SEEN, THEN, Part, reply_ids, user_ids
from ..model.tokenizer import Tokenizer
from . import playground as world

MOST_PICTURES = 4

_IGNORED = -100


@dataclass(frozen=True)
class Exchange:
    """A user's turn and the reply. `scenes`: what the images of both show, in order.

    `given`, where the pictures are left out: how the reply starts, which only they could tell; it
    is not learned. `cut`: a picture would follow the reply's words, so their end is not learned.
    """

    user: tuple[Part, ...]
    reply: tuple[Part, ...]
    scenes: tuple[world.Scene, ...] = ()
    given: str = ""
    cut: bool = False


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
    """A wish or a free wording -> a full description."""
    scene = world.sample(rng)
    text = world.wish(scene, rng) if rng.random() < 0.5 else world.phrase(scene, rng)
    return Exchange((f"Rewrite: {text}",), (world.describe(scene),))


def change(scene: world.Scene, attached: bool, rng: np.random.Generator) -> Exchange:
    """An instruction about `scene` (attached to it, or the last picture) -> the changed picture."""
    text, result = world.edits(scene, rng)
    said = f"{world.describe(scene)}{SEEN}{world.describe_change(scene, result)}"
    reply = (f"change: {said}{THEN}{world.describe(result)}", IMAGE)
    if attached:
        return Exchange((IMAGE, text), reply, (scene, result))
    return Exchange((text,), reply, (result,))


def combine(rng: np.random.Generator) -> Exchange:
    """Two attached pictures -> one."""
    first, second, text, result, step = world.compositions(rng)
    said = f"{world.describe(first)} + {world.describe(second)}{SEEN}{step}"
    reply = (f"combine: {said}{THEN}{world.describe(result)}", IMAGE)
    return Exchange((IMAGE, IMAGE, text), reply, (first, second, result))


def ask(scene: world.Scene, attached: bool, rng: np.random.Generator) -> Exchange:
    """A question about `scene` -> what is seen, and the answer."""
    question, answer = world.questions(scene, rng)
    seen = world.describe(scene)
    if answer != seen:
        answer = f"{seen}{SEEN}{answer}"
    if attached:
        return Exchange((IMAGE, question), (answer,), (scene,))
    return Exchange((question,), (answer,))


def in_words(exchange: Exchange) -> Exchange:
    """The exchange without its pictures."""
    user, reply = (tuple(p for p in e if p is not IMAGE) for e in (exchange.user, exchange.reply))
    seen = str(reply[0]).partition(SEEN)[0] if IMAGE in exchange.user else ""
    return Exchange(user, reply, given=seen, cut=IMAGE in exchange.reply)


def words(rng: np.random.Generator) -> list[Exchange]:
    """A chat without pictures, in which something is rewritten or changed."""
    style = rng.random()
    if style < 0.2:
        return [rewrite(rng)]
    if style < 0.3:
        return [in_words(draw(rng))]
    return [in_words(combine(rng) if style < 0.7 else change(world.sample(rng), True, rng))]


def question(rng: np.random.Generator) -> list[Exchange]:
    """A chat without pictures, in which one question is answered."""
    return [in_words(ask(world.sample(rng), True, rng))]


def chat(pictures: int, rng: np.random.Generator) -> list[Exchange]:
    """A chat with exactly so many pictures, 1 to 4."""
    talk: list[Exchange] = []
    if pictures == 1 and rng.random() < 0.5:
        talk.append(ask(world.sample(rng), True, rng))
    elif pictures >= 3 and rng.random() < 0.6:
        talk.append(combine(rng))
    elif pictures >= 2 and rng.random() < 0.7:
        talk.append(change(world.sample(rng), True, rng))
    else:
        talk.append(draw(rng))
    while True:
        shown = [scene for exchange in talk for scene in exchange.scenes]
        while rng.random() < 0.4:
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
        learned = [_IGNORED if token in unlabelled else token for token in reply]
        known = len(tokenizer.encode(exchange.given))
        learned[:known] = [_IGNORED] * known
        if exchange.cut:
            learned[-1] = _IGNORED
        labels += learned
        attached = sum(part is IMAGE for part in exchange.user)
        scenes += exchange.scenes
        generated += [i >= attached for i in range(len(exchange.scenes))]
    return Interleaved(ids, labels, scenes, generated)


def corpus(count: int, seed: int) -> list[str]:
    """Sentences of all kinds, to train the tokenizer on."""
    rng = np.random.default_rng(seed)
    texts: list[str] = []
    while len(texts) < count:
        pictures = int(rng.integers(MOST_PICTURES + 1))
        for exchange in chat(pictures, rng) if pictures else words(rng):
            said = (*exchange.user, *exchange.reply)
            texts += [str(part) for part in said if part is not IMAGE]
    return [f"[INST] {text} [/INST]" if i % 4 == 0 else text for i, text in enumerate(texts)]
