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
        ("the hat from B on the woman in A", "the hat from picture 2 on the woman in picture 1"),
        ("A woman in a hat", "A woman in a hat"),
        ("#2 as background for [1]", "picture 2 as background for picture 1"),
        ("face from 1, body from 2", "face from picture 1, body from picture 2"),
        ("paint the left photo like the latter", "paint picture 1 like picture 2"),
        ("the last one behind the other", "picture 2 behind picture 1"),
        ("the first kitchen with the second kitchen's tiles",
         "the kitchen from picture 1 with the kitchen from picture 2's tiles"),
        ("把A的沙发换成B的", "把图1的沙发换成图2的"),
        ("①的花放到2号图里", "①的花放到图2里"),
        ("左图的构图，右图的人物", "图1的构图，图2的人物"),
        ("the cat from picture 2, the rest from the other picture",
         "the cat from picture 2, the rest from picture 1"),
        ("the logo (image 1) on the card (image 2)",
         "the logo (picture 1) on the card (picture 2)"),
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
        ("pin this brooch on her coat", "pin the brooch from picture 2 on her coat"),
        ("make this brighter", "make this brighter"),
        ("light as it is this evening", "light as it is this evening"),
        ("like the previous picture", "like picture 1"),
        ("the lamp you drew", "the lamp from picture 1"),
        ("here's my brother, he should wave", "the brother from picture 2, he should wave"),
        ("colours like the attached", "colours like picture 2"),
        ("参考图的色调", "参考图2的色调"),
        ("把这只狗放进去", "把图2的狗放进去"),
        ("picture 1 is what I mean", "picture 2 is what I mean"),
    ],
)
def test_of_an_image_that_is_sent_after_another_was_drawn(words, numbered):
    assert number_images(words, drawn_before(1, words)) == numbered


def test_without_images_and_with_one_too_many_nothing_is_guessed():
    for words in ("use this as the style", "the first one and the second", "picture 3"):
        assert number_images(words, user_says(words)) == words


def test_an_earlier_image_is_known_by_what_it_shows():
    conversation = Conversation()
    for prompt in ("a knight", "a dragon"):
        conversation.add("user", prompt)
        conversation.add("assistant", "ok", scene(), record={"plan": {"prompt": prompt}})
    words = "put the dragon into the knight picture"
    conversation.add("user", words)
    assert number_images(words, conversation) == "put the dragon from picture 2 into picture 1"


def test_my_photo_is_the_current_image_after_it_was_changed():
    conversation = Conversation()
    conversation.add("user", scene(), "a warmer light")
    conversation.add("assistant", "ok", scene())
    for words, numbered in (
        ("make my photo brighter", "make my photo brighter"),
        ("the light of the photo I sent", "the light of picture 1"),
    ):
        branch = conversation.branch(conversation.head)
        branch.add("user", words)
        assert number_images(words, branch) == numbered
