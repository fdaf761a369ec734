"""Undo: the one request that needs no model, only the conversation's tree."""

from __future__ import annotations

import re

from ..records.conversation import Conversation
from ..records.plan import Plan
from ..records.results import Reply, Report

MAX_LENGTH = 200
"""A longer message says more than undo, in characters."""

_BEFORE = r"(?:(?:no|nope|oh|oops|ok|okay|hmm|wait|sorry|please|pls|can you|could you)\W+)*"
_VERB = r"(?:undo|revert|go back|take (?:that|it|this) back)"
_OBJECT = (
    r"(?:\W+(?:that|this|it|again|please|pls|one step|a step|(?:to )?(?:the |my )?"
    r"(?:previous|last|earlier|one before)(?: (?:one|step|change|edit|picture|image|version))?))*"
)
_UNDO = re.compile(rf"\W*{_BEFORE}{_VERB}{_OBJECT}\W*", re.IGNORECASE)
_UNDO_ZH = re.compile(
    r"\W*(?:不|不对|不要|请|帮我)*\W*(?:撤销|撤回|撤消|取消|退回|回退|回到|恢复)"
    r"(?:刚才|刚刚|上次|上一步|上一张|上一个|之前|那个|这个|的|修改|改动|操作|版本|图|吧|一下)*\W*"
)


def try_undo(conversation: Conversation, message: str) -> Reply | None:
    """The reply to a `message` that only asks to take back the last image, else None.

    The head of `conversation` moves to the turn before the user's turn that led to that image, and
    the reply shows the image that is current there. The turns after it stay in the tree, as a
    branch.
    """
    if len(message) > MAX_LENGTH or not (_UNDO.fullmatch(message) or _UNDO_ZH.fullmatch(message)):
        return None
    turns = conversation.turns
    drawn = [i for i, turn in enumerate(turns) if turn.role == "assistant" and turn.images]
    if not drawn:
        text = "There is no image to take back."
    else:
        last = drawn[-1]
        request = next((t for t in reversed(turns[:last]) if t.role == "user"), turns[last])
        conversation.head = request.parent
        text = f"Taken back: {request.text}"
    return Reply(text, conversation.images[-1:], Plan("answer", text=text), Report(text))
