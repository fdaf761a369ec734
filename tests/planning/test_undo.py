"""Taking back the last picture by saying so."""

from __future__ import annotations

import pytest
from PIL import Image

from wegen_core.planning.undo import try_undo
from wegen_core.records.conversation import Conversation


def talk(*said: str) -> Conversation:
    """Turns of the user, each answered: "?" at the end by words, else by a new picture."""
    made = Conversation()
    for i, words in enumerate(said):
        made.add("user", words)
        shown = [] if words.endswith("?") else [Image.new("RGB", (4, 4), (i, 0, 0))]
        made.add("assistant", f"reply {i}", *shown)
    return made


@pytest.mark.parametrize(
    "words",
    ["undo that", "Undo!", "no, undo that please", "oops go back", "take that back", "revert it",
     "go back to the previous picture", "undo the last change", "撤销", "不对，撤回刚才的修改吧",
     "never mind, go back one step", "Put it back the way it was.",
     "I liked the previous one better", "that's worse, revert to the last version", "cancel that",
     "The one before was better!",
     "改回去吧", "还是上一张好", "返回上一步", "恢复成原来的样子"],
)  # fmt: skip
def test_the_picture_before_comes_back_and_what_was_said_since_stays_a_branch(words):
    conversation = talk("a boat", "make it red", "what colour is it?")
    before = len(conversation.tree)
    reply = try_undo(conversation, words)
    assert reply.text == "Taken back: make it red" and reply.plan.intent == "answer"
    assert [i.getpixel((0, 0)) for i in reply.images] == [(0, 0, 0)]
    assert [t.text for t in conversation.turns] == ["a boat", "reply 0"]
    assert len(conversation.tree) == before
    assert try_undo(conversation, words).images == [] and conversation.turns == []
    assert "no image" in try_undo(conversation, words).text


@pytest.mark.parametrize(
    "words",
    ["go back to the beach", "take the hat back", "undo the red of the boat", "a way back",
     "put it back on the table", "back", "make the background red", "回到海边", "取消红色",
     "I like the last one", "restore it please", "cancel the text", "put her back to the wall",
     "改回红色", "变回白天"],
)  # fmt: skip
def test_anything_more_than_that_is_for_the_model(words):
    conversation = talk("a boat", "make it red")
    assert try_undo(conversation, words) is None and len(conversation.turns) == 4
