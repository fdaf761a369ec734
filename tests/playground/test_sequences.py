"""Training chats of the playground: what they hold, and what of them is learned."""

from __future__ import annotations

import numpy as np
import pytest

from wegen_core.loading import MINI
from wegen_core.model.prompt import IGNORED
from wegen_core.model.tokenizer import Tokenizer
from wegen_core.playground import samples as world
from wegen_core.playground import sequences


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer(MINI / "tokenizer", 64)


def learned(talk: list[sequences.TrainingTurn], tokenizer: Tokenizer) -> str:
    labels = sequences.encode(talk, tokenizer).labels
    return tokenizer.decode([label for label in labels if label != IGNORED]).strip()


@pytest.mark.parametrize("images", range(1, sequences.MAX_IMAGES + 1))
def test_a_chat_has_so_many_pictures_each_with_its_scene(images: int, tokenizer: Tokenizer) -> None:
    for seed in range(30):
        talk = sequences.chat(images, np.random.default_rng(seed))
        encoded = sequences.encode(talk, tokenizer)
        assert len(encoded.ids) == len(encoded.labels)
        assert encoded.ids.count(tokenizer.image_start_id) == images
        assert len(encoded.scenes) == len(encoded.generated) == images


def test_replies_say_what_was_seen_what_changes_and_what_is_meant(tokenizer: Tokenizer) -> None:
    rng = np.random.default_rng(1)
    change = sequences.change(world.sample(rng), True, rng)
    before, after = change.scenes
    step = world.describe_change(before, after)
    said = f"change: {world.describe(before)}. {step} -> {world.describe(after)}"
    assert learned([change], tokenizer) == f"{said} <img> </s>"
    combine = sequences.combine(rng)
    first, second, result = map(world.describe, combine.scenes)
    heard = learned([combine], tokenizer)
    assert heard.startswith(f"combine: {first} + {second}. ")
    assert heard.endswith(f" -> {result} <img> </s>")
    assert sequences.encode([combine], tokenizer).generated == [False, False, True]


def test_what_only_a_picture_could_tell_is_not_learned_from_words(tokenizer: Tokenizer) -> None:
    rng = np.random.default_rng(2)
    scene = world.sample(rng)
    exchanges = [sequences.change(scene, True, rng), sequences.combine(rng)]
    for exchange in exchanges:
        words = sequences.in_words(exchange)
        assert sequences.IMAGE not in (*words.user, *words.reply)
        said = str(exchange.reply[0]).partition(".")[2]
        assert learned([words], tokenizer) == f".{said}"


def test_a_drawing_in_words_is_learned_up_to_where_the_picture_would_begin(
    tokenizer: Tokenizer,
) -> None:
    exchange = sequences.draw(np.random.default_rng(3))
    said = f"draw: {world.describe(exchange.scenes[0])}"
    assert learned([sequences.in_words(exchange)], tokenizer) == said


def test_an_answer_says_first_what_is_seen(tokenizer: Tokenizer) -> None:
    scene = world.parse("a red car on the left and a blue cat on the right, at night")
    assert scene is not None
    heard = set()
    for seed in range(60):
        exchange = sequences.ask(scene, True, np.random.default_rng(seed))
        said = str(exchange.reply[0])
        assert said.startswith(world.describe(scene))
        assert learned([exchange], tokenizer) == f"{said}</s>"
        rest = said.removeprefix(world.describe(scene))
        assert learned([sequences.in_words(exchange)], tokenizer) == f"{rest}</s>".strip()
        heard.add(rest)
    assert {"", ". the cat on the right is blue -> blue", " -> two"} <= heard
