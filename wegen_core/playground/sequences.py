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
from . import samples as world

MOST_PICTURES = 4

_IGNORED = -100


@dataclass(frozen=True)
class Exchange:
    """A user's turn and the reply. `scenes`: what the images of both show, in order.

    `seen`: how the reply starts, which only attached images could tell: it is learned with them
    alone. `cut`: an image that was left out would follow the words; their end is not learned.
    """

    user: tuple[Part, ...]
    reply: tuple[Part, ...]
    scenes: tuple[world.Scene, ...] = ()
    seen: str = ""
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
    seen = f"change: {world.describe(scene)}"
    said = f"{seen}{SEEN}{world.describe_change(scene, result)}{THEN}{world.describe(result)}"
    if attached:
        return Exchange((IMAGE, text), (said, IMAGE), (scene, result), seen)
    return Exchange((text,), (said, IMAGE), (result,))


def combine(rng: np.random.Generator) -> Exchange:
    """Two attached pictures -> one."""
    first, second, text, result, step = world.compositions(rng)
    seen = f"combine: {world.describe(first)} + {world.describe(second)}"
    said = f"{seen}{SEEN}{step}{THEN}{world.describe(result)}"
    return Exchange((IMAGE, IMAGE, text), (said, IMAGE), (first, second, result), seen)


def ask(scene: world.Scene, attached: bool, rng: np.random.Generator) -> Exchange:
    """A question about `scene` -> what is seen, what the answer is read from, and the answer."""
    question, answer, look = world.questions(scene, rng)
    seen = said = world.describe(scene)
    if answer != seen:
        said = f"{seen}{SEEN}{look}{THEN}{answer}" if look else f"{seen}{THEN}{answer}"
    if attached:
        return Exchange((IMAGE, question), (said,), (scene,), seen)
    return Exchange((question,), (said,))


def in_words(exchange: Exchange) -> Exchange:
    """The exchange without its pictures."""
    user, reply = (tuple(p for p in e if p is not IMAGE) for e in (exchange.user, exchange.reply))
    return Exchange(user, reply, seen=exchange.seen, cut=IMAGE in exchange.reply)


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
        if not exchange.scenes:
            known = len(tokenizer.encode(exchange.seen))
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
