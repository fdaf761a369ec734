"""Every way to name an image, as its number in the conversation."""

from __future__ import annotations

import pytest

from tests.support.conversations import user_says
from tests.support.fakes import scene
from wegen_core.planning.image_names import number_images
from wegen_core.records.conversation import Conversation


def drawn_before(images: int, words: str) -> Conversation:
    """One image was drawn; now the user sends `images` with `words`."""
    conversation = Conversation()
    conversation.add("user", "a room")
    conversation.add("assistant", "ok", scene())
    conversation.add("user", *[scene()] * images, words)
    return conversation


@pytest.mark.parametrize(
    ("words", "numbered"),
    [
        ("put the first one on the second", "put picture 1 on picture 2"),
        ("combine both photos", "combine picture 1 and picture 2"),
        ("the cat from picture 2, the rest from the other picture",
         "the cat from picture 2, the rest from picture 1"),
        ("the logo (image 1) on the card (image 2)",
         "the logo of picture 1 on the card of picture 2"),
        ("all the pictures of cats on the wall", "all the pictures of cats on the wall"),
        ("把两张图合成一张", "把图1和图2合成一张"),
    ],
)  # fmt: skip
def test_of_two_images_in_the_message(words, numbered):
    assert number_images(words, user_says(scene(), scene(), words)) == numbered


@pytest.mark.parametrize(
    ("words", "numbered"),
    [
        ("use this as the style", "use picture 2 as the style"),
        ("in the same style", "in the style of picture 2"),
        ("put this boat in the corner", "put the boat from picture 2 in the corner"),
        ("make this brighter", "make this brighter"),
        ("like the previous picture", "like picture 1"),
        ("把这只狗放进去", "把图2的狗放进去"),
        ("picture 1 is what I mean", "picture 2 is what I mean"),
    ],
)
def test_of_an_image_that_is_sent_after_another_was_drawn(words, numbered):
    assert number_images(words, drawn_before(1, words)) == numbered


def test_without_images_and_with_one_too_many_nothing_is_guessed():
    for words in ("use this as the style", "the first one and the second", "picture 3"):
        assert number_images(words, user_says(words)) == words
