"""The format of the embedded network's replies: what is written is parsed back, and checked."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wegen_core.model.reply_format import (
    INTENT_PREFIXES,
    ReplyText,
    Transfer,
    background_change,
    background_transfer,
    count_contradictions,
    from_user_text,
    is_background_change,
    object_transfer,
    parse_reply,
    parse_transfer,
    write_reply,
)
from wegen_core.playground import samples as world
from wegen_core.playground import sequences

# Words as the network says them: lower case, with the commas and pluses between descriptions.
PHRASES = st.from_regex(r"[a-z]+((,| \+)? [a-z0-9]+){0,6}", fullmatch=True).filter(
    lambda text: not text.startswith(("draw", "change", "combine"))
)
MAYBE = PHRASES | st.just("")
PREFIXES = st.sampled_from([{}, INTENT_PREFIXES])


@st.composite
def replies(draw: st.DrawFn) -> ReplyText:
    intent = draw(st.sampled_from([None, *INTENT_PREFIXES]))
    return ReplyText(intent, draw(PHRASES), draw(MAYBE), draw(MAYBE))


@given(replies())
def test_a_written_reply_is_parsed_back(reply: ReplyText) -> None:
    assert parse_reply(write_reply(reply)) == reply


@given(st.text(alphabet="ab.->: +dr", max_size=30) | st.text(max_size=60), PREFIXES)
def test_any_text_is_a_reply(text: str, prefixes: dict[str, str]) -> None:
    """Nothing of what the network says is lost, whether or not it keeps to the format."""
    reply = parse_reply(text, prefixes)
    written = write_reply(reply, prefixes)
    assert parse_reply(written, prefixes) == reply
    assert written.replace(" ", "") == text.strip().replace(" ", "") or reply.intent is not None


@given(replies())
def test_what_the_user_reads_is_parsed_back(reply: ReplyText) -> None:
    """A saved turn keeps the text for the user and the plan; the network reads its own words."""
    prompt = reply.before_arrow if reply.intent is None else reply.result
    assert from_user_text(reply.for_user, reply.intent, prompt) == reply


def test_the_strings_that_the_shipped_network_was_trained_on() -> None:
    seen = "a red car on the left, at night"
    assert write_reply(ReplyText("generate", seen)) == f"draw: {seen}"
    step = background_change("on grass")
    change = ReplyText("refine", "a red car on the left, on grass", seen, step)
    assert write_reply(change) == f"change: {seen}. now on grass -> {change.result}"
    assert change.for_user == f"I see {seen}. Now on grass."
    answer = ReplyText(None, "red", seen, "the car on the left is red")
    assert write_reply(answer) == f"{seen}. the car on the left is red -> red"
    assert answer.for_user == "red"


def test_steps_of_a_composition() -> None:
    step = object_transfer(1, 2, "the cat on the left", "a red cat on the right")
    assert step == "from picture 1 into picture 2: the cat on the left as a red cat on the right"
    assert parse_transfer(step) == Transfer(2, 1, "the cat")
    step = background_transfer(2, "at night")
    assert step == "now picture 2 at night" and is_background_change(step)
    assert parse_transfer(step) == Transfer(2)
    assert parse_transfer("remove the car on the left") == Transfer()


@pytest.mark.parametrize("seed", range(40))
def test_training_replies_do_not_contradict_themselves(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scene = world.sample(rng)
    turns = [make(scene, True, rng) for make in (sequences.change, sequences.ask)]
    for turn in [*turns, sequences.combine(rng)]:
        text = str(turn.reply[0])
        assert count_contradictions(parse_reply(text)) == 0
        assert write_reply(parse_reply(text)) == text


@pytest.mark.parametrize(
    ("rest", "count"),
    [
        ("remove the car on the right -> a blue fish on the right, at night", 1),
        ("remove the car on the left -> a red fish on the right, at night", 1),
        ("remove the boat on the left -> a red fish on the right, on grass", 3),
        ("the car on the right is blue -> blue", 1),
        ("the fish on the right is red -> red", 1),
        ("the fish on the right is blue -> blue", 0),
        ("no fish -> no", 1),
        ("nothing in the middle -> no", 0),
        ("now by the sea -> a red car on the left and a blue fish on the right, at sea", 1),
    ],
)
def test_contradictions_are_counted(rest: str, count: int) -> None:
    seen = "change: a red car on the left and a blue fish on the right, at night. "
    assert count_contradictions(parse_reply(seen + rest)) == count


def test_other_texts_have_no_contradictions() -> None:
    for text in ("", "draw: a red car on the left, at night", "the fish", "a -> b", "One. Two."):
        assert count_contradictions(parse_reply(text)) == 0


def test_it_needs_neither_torch_nor_the_tokenizer() -> None:
    code = (
        "import sys, wegen_core.model.reply_format, wegen_core.playground.samples;"
        "assert not {'torch', 'sentencepiece', 'wegen_core.model.network'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
