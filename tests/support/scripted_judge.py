"""A chat model that judges in every published form."""

from __future__ import annotations

import json

from wegen_core.mllm import Capabilities
from wegen_core.records.conversation import Conversation
from wegen_core.records.hooks import GREEDY, NO_HOOKS


class ScriptedJudge:
    """A `ChatModel` that sees, and answers each published form well. requests: what it got."""

    name = "scripted judge"
    capabilities = Capabilities()

    def __init__(self) -> None:
        self.requests: list[Conversation] = []

    def chat(self, conversation, *, schema=None, sampling=GREEDY, hooks=NO_HOOKS) -> str:
        self.requests.append(conversation)
        text = conversation.turns[-1].text
        if text.endswith("in one word."):
            return "one" if text.startswith("How many") else "Yes."
        if "Yes or No" in text:
            return "Yes, it does."
        if "NAME: NUMBER" in text or "Prompt Compliance" in text:
            return "Brief reasoning: good.\nPrompt Compliance: 5\nQuality: 4\nIntegrity: 3"
        names = ("prompt_following", "consistency", *(f"{n}_score" for n in KRIS))
        fields = {name: 8 if name in names[:2] else 4 for name in names if f'"{name}"' in text}
        if '"score": [' in text:
            fields["score"] = [8, 7]
        elif '"score"' in text:
            fields["score"] = 8
        return f"Here it is: {json.dumps(fields)}"


KRIS = ("consistency", "instruction", "knowledge", "quality")
