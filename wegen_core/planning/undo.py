"""Undo: the one request that needs no model, only the conversation's tree."""

from __future__ import annotations

import re

from ..constraints.lazy_pattern import lazy_pattern
from ..records.conversation import Conversation
from ..records.plan import Plan
from ..records.results import Reply, Report

MAX_LENGTH = 200
"""A longer message says more than undo, in characters."""

_BEFORE = (
    r"(?:(?:no|nope|nah|oh|oops|ok|okay|hmm?|wait|sorry|please|pls|never ?mind|actually|just|let's|"
    r"can (?:you|we)|could (?:you|we)|i (?:want|would like) to|i'd like to|"
    r"(?:that|it|this)(?:'s| is| was| looks) (?:worse|wrong|bad|awful|not (?:good|right|it)|"
    r"not what i (?:meant|wanted)))\W+)*"
)
_LAST = (
    r"(?:the |my |your )?(?:previous|last|earlier|older|old|(?:one|version|image|picture) before)"
    r"(?: (?:one|step|change|edit|picture|image|version|state))?"
)
_VERB = (
    r"(?:undo|revert|go (?:one step )?back|step back|roll ?back|cancel|ctrl ?[+-]? ?z|scrap|"
    rf"back (?=to\b)|(?:restore|return|bring back)(?=\W+(?:to )?{_LAST})|"
    r"(?:take|put|change|turn|bring|set) (?:that|it|this|everything) back)"
)
_OBJECT = (
    r"(?:\W+(?:that|this|it|again|please|pls|one step|a step|(?:the )?(?:change|edit|step)|"
    rf"(?:to )?{_LAST}|(?:to )?(?:the way|how|what|as) it was(?: before)?))*"
)
_UNDO = lazy_pattern(rf"\W*{_BEFORE}{_VERB}{_OBJECT}\W*", re.IGNORECASE)
_PREFERRED = lazy_pattern(
    rf"\W*{_BEFORE}(?:(?:i (?:think i )?)?(?:preferred|prefer|liked)(?: it)? {_LAST}"
    rf"(?: (?:better|more|most))?|{_LAST} (?:was|is|looked) (?:much |a lot )?(?:better|nicer)|"
    r"it was better before)\W*",
    re.IGNORECASE,
)
_UNDO_ZH = lazy_pattern(
    r"\W*(?:不|不对|不要|不好|算了|请|帮我|还是)*\W*(?:(?:撤销|撤回|撤消|取消|退回|回退|返回|回到|恢复|还原(?=到|成|上|之前|原来)|退)"
    r"(?:到|成|为|刚才|刚刚|上次|上一步|上一张|上一个|上一版|之前|原来|那个|那张|这个|的|修改|改动|操作|版本|样子|图|"
    r"吧|一下|一步)*|(?:变|改)回(?:去|来|原来|之前|刚才|的|样子)+吧?|"
    r"(?:还是)?(?:上一张|上一版|之前那张|之前的|原来的)(?:比较|更)?好(?:看|一点|一些)?)\W*"
)


def try_undo(conversation: Conversation, message: str) -> Reply | None:
    """The reply to a `message` that only asks to take back the last image, else None.

    The head of `conversation` moves to the turn before the user's turn that led to that image, and
    the reply shows the image that is current there. The turns after it stay in the tree, as a
    branch.
    """
    asks = (_UNDO, _PREFERRED, _UNDO_ZH)
    if len(message) > MAX_LENGTH or not any(pattern.fullmatch(message) for pattern in asks):
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
