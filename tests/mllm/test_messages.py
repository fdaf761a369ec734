"""Conversations as chat models take them, and replies without the model's thinking."""

from __future__ import annotations

import pytest

from tests.support.fakes import scene
from wegen_core.mllm.messages import to_messages
from wegen_core.records.conversation import Conversation


def question() -> Conversation:
    conversation = Conversation()
    conversation.add("user", "Is it a boat?")
    return conversation


def test_messages_alternate_and_images_are_the_users():
    conversation = Conversation()
    conversation.add("user", scene((30, 20), "RGBA"))
    conversation.add("user", "make it red")
    conversation.add("assistant", scene((3000, 1000)))
    conversation.add("user", "and", "bigger")
    first, second, third = to_messages(conversation)
    assert [m.role for m in (first, second, third)] == ["user", "assistant", "user"]
    assert (first.text, second.text) == ("Picture 1:\nmake it red", "(a picture)")
    assert third.text == "Picture 2, drawn by you:\nand\nbigger"
    assert [i.size for m in (first, second, third) for i in m.images] == [(30, 20), (1536, 512)]
    assert all(i.mode == "RGB" for i in first.images + third.images)
    newest = to_messages(conversation, max_images=1)
    assert newest[0].parts == ["Picture 1: (not shown)\nmake it red"]
    assert len(newest[2].images) == 1


def test_the_user_must_have_the_last_word():
    conversation = Conversation()
    for _ in range(2):
        with pytest.raises(ValueError, match="does not end with the user's turn; add their mess"):
            to_messages(conversation)
        conversation.add("assistant", "hello")
