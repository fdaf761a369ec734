"""Interleaved training chats of the playground, in which images are drawn and changed.

A chat holds up to four images. `wegen_core.model.reply_format` says how its replies are worded:
what is seen, what changes, then the whole image that is meant. Each part is easy by itself: reading
an image, finding what is meant, rewriting words. The last two are also learned from words alone,
which cost little.

Objects are named kind first ("the car on the left"): with causal attention the kind locates the
object in what was read, and its colour and place can then be copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..model.prompt import IGNORED, IMAGE, INSTRUCTION, Part, reply_ids, user_ids
from ..model.reply_format import (
    PAINTING_REQUEST,
    REWRITE_REQUEST,
    ReplyText,
    join_scenes,
    write_reply,
)
from ..model.tokenizer import Tokenizer
from . import samples as world

MAX_IMAGES = 4


@dataclass(frozen=True)
class TrainingTurn:
    """A user's turn and the reply to it.

    Parameters
    ----------
    user, reply
        Texts and `IMAGE` markers.
    scenes
        What the images of both show, in order.
    visual_start
        How the reply begins, as far as only attached images could tell. It is learned only where
        the images are attached.
    cut_before_image
        Whether an image that follows the reply's words was left out. The end of the reply is then
        not learned.
    """

    user: tuple[Part, ...]
    reply: tuple[Part, ...]
    scenes: tuple[world.Scene, ...] = ()
    visual_start: str = ""
    cut_before_image: bool = False


@dataclass(frozen=True)
class EncodedChat:
    """One chat as token ids.

    Parameters
    ----------
    ids, labels
        [S]; labels of `IGNORED` are not learned.
    scenes
        What each image shows, in order.
    generated
        For each image, whether the reply draws it (else the user attached it).
    """

    ids: list[int]
    labels: list[int]
    scenes: list[world.Scene]
    generated: list[bool]


def draw(rng: np.random.Generator) -> TrainingTurn:
    """A vague or a full description -> an image."""
    scene = world.sample(rng)
    text = world.phrase(scene, rng) if rng.random() < 0.6 else world.wish(scene, rng)
    if rng.random() < 0.2:
        text = PAINTING_REQUEST.format(text)
    reply = write_reply(ReplyText("generate", world.describe(scene)))
    return TrainingTurn((text,), (reply, IMAGE), (scene,))


def rewrite(rng: np.random.Generator) -> TrainingTurn:
    """A vague description or a free wording -> the canonical description."""
    scene = world.sample(rng)
    text = world.wish(scene, rng) if rng.random() < 0.5 else world.phrase(scene, rng)
    return TrainingTurn((REWRITE_REQUEST.format(text),), (world.describe(scene),))


def change(scene: world.Scene, attached: bool, rng: np.random.Generator) -> TrainingTurn:
    """An instruction about `scene` (attached to it, or the last image) -> the changed image."""
    text, result = world.edits(scene, rng)
    parts = ReplyText(
        "refine",
        world.describe(result),
        observation=world.describe(scene),
        change=world.describe_change(scene, result),
    )
    reply = (write_reply(parts), IMAGE)
    if attached:
        return TrainingTurn((IMAGE, text), reply, (scene, result), _visual_start(parts))
    return TrainingTurn((text,), reply, (result,))


def combine(rng: np.random.Generator) -> TrainingTurn:
    """Two attached images -> one."""
    first, second, text, result, step = world.compositions(rng)
    parts = ReplyText(
        "compose",
        world.describe(result),
        observation=join_scenes(world.describe(first), world.describe(second)),
        change=step,
    )
    reply = (write_reply(parts), IMAGE)
    return TrainingTurn((IMAGE, IMAGE, text), reply, (first, second, result), _visual_start(parts))


def ask(scene: world.Scene, attached: bool, rng: np.random.Generator) -> TrainingTurn:
    """A question about `scene` -> what is seen, what the answer is read from, and the answer."""
    question, answer, evidence = world.questions(scene, rng)
    description = world.describe(scene)
    parts = ReplyText(result=answer, observation=description, change=evidence)
    if answer == description:
        parts = ReplyText(result=answer)
    reply = (write_reply(parts),)
    if attached:
        return TrainingTurn((IMAGE, question), reply, (scene,), description)
    return TrainingTurn((question,), reply)


def _visual_start(parts: ReplyText) -> str:
    """How the reply begins, up to and with what is seen."""
    return write_reply(ReplyText(parts.intent, parts.observation))


def in_words(turn: TrainingTurn) -> TrainingTurn:
    """The turn without its images."""
    user, reply = (tuple(p for p in side if p is not IMAGE) for side in (turn.user, turn.reply))
    return TrainingTurn(
        user, reply, visual_start=turn.visual_start, cut_before_image=IMAGE in turn.reply
    )


def words(rng: np.random.Generator) -> list[TrainingTurn]:
    """A chat without images, in which something is rewritten or changed."""
    style = rng.random()
    if style < 0.2:
        return [rewrite(rng)]
    if style < 0.3:
        return [in_words(draw(rng))]
    return [in_words(combine(rng) if style < 0.7 else change(world.sample(rng), True, rng))]


def question(rng: np.random.Generator) -> list[TrainingTurn]:
    """A chat without images, in which one question is answered."""
    return [in_words(ask(world.sample(rng), True, rng))]


def chat(images: int, rng: np.random.Generator) -> list[TrainingTurn]:
    """A chat with exactly `images` images, 1 to `MAX_IMAGES`."""
    turns: list[TrainingTurn] = []
    if images == 1 and rng.random() < 0.5:
        turns.append(ask(world.sample(rng), True, rng))
    elif images >= 3 and rng.random() < 0.6:
        turns.append(combine(rng))
    elif images >= 2 and rng.random() < 0.7:
        turns.append(change(world.sample(rng), True, rng))
    else:
        turns.append(draw(rng))
    while True:
        scenes = [scene for turn in turns for scene in turn.scenes]
        while rng.random() < 0.4:
            turns.append(ask(scenes[-1], False, rng))
        if len(scenes) >= images:
            return turns
        starts_anew = rng.random() < 0.15
        turns.append(draw(rng) if starts_anew else change(scenes[-1], False, rng))


def encode(turns: Sequence[TrainingTurn], tokenizer: Tokenizer) -> EncodedChat:
    """Encode a chat. Learned are the reply's words, `<img>` and `</s>`; never the user's words."""
    unlabelled = {*tokenizer.image_ids, tokenizer.image_end_id}
    ids, labels = [tokenizer.bos_id], [IGNORED]
    scenes: list[world.Scene] = []
    generated: list[bool] = []
    for turn in turns:
        request = user_ids(tokenizer, turn.user)
        reply = reply_ids(tokenizer, turn.reply)
        reply_labels = [IGNORED if token in unlabelled else token for token in reply]
        if not turn.scenes:
            start = len(tokenizer.encode(turn.visual_start))
            reply_labels[:start] = [IGNORED] * start
        if turn.cut_before_image:
            reply_labels[-1] = IGNORED
        ids += request + reply
        labels += [IGNORED] * len(request) + reply_labels
        attached = sum(part is IMAGE for part in turn.user)
        scenes += turn.scenes
        generated += [i >= attached for i in range(len(turn.scenes))]
    return EncodedChat(ids, labels, scenes, generated)


def corpus(count: int, seed: int) -> list[str]:
    """Sentences of all kinds, to train the tokenizer on."""
    rng = np.random.default_rng(seed)
    texts: list[str] = []
    while len(texts) < count:
        images = int(rng.integers(MAX_IMAGES + 1))
        for turn in chat(images, rng) if images else words(rng):
            texts += [str(part) for part in (*turn.user, *turn.reply) if part is not IMAGE]
    return [INSTRUCTION.format(text) if i % 4 == 0 else text for i, text in enumerate(texts)]
