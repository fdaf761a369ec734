"""A chat model that rewrites as language models of half a billion parameters do: badly."""

from __future__ import annotations

import random
from collections.abc import Callable

from wegen_core.mllm import Capabilities
from wegen_core.records.conversation import Conversation
from wegen_core.records.hooks import GREEDY, NO_HOOKS, Hooks, Sampling

DETAILS = (
    "on a wooden floor", "under tall trees", "in the morning light", "with soft shadows",
    "in front of a brick wall", "seen from the side", "with a calm mood", "in an old town",
    "beside a river", "painted with loose strokes", "in warm colours", "at the end of a path",
)  # fmt: skip


def _first_lost(prompt: str, details: str, _: random.Random) -> str:
    return f"{prompt[4:] if prompt[:4].isalpha() else prompt.partition(' ')[2]} {details}"


FAULTS: dict[str, Callable[[str, str, random.Random], str]] = {
    "nothing added": lambda prompt, details, rng: prompt,
    "always the same": lambda prompt, details, rng: f"{prompt} in the park on a sunny day",
    "label": lambda prompt, details, rng: f"Count: {prompt} {details}",
    "heading": lambda prompt, details, rng: f"Open the Rain: {prompt} {details}",
    "title line": lambda prompt, details, rng: f"The Quiet Morning\n{prompt} {details}",
    "capitals": lambda prompt, details, rng: f"{prompt} {details}".upper(),
    "title case": lambda prompt, details, rng: f"{prompt} {details}".title(),
    "first words lost": _first_lost,
    "words lost": lambda prompt, details, rng: (
        " ".join(word for word in prompt.split() if rng.random() < 0.6) + f" {details}"
    ),
    "contradiction": lambda prompt, details, rng: f"{prompt}, two red cars at noon and at night",
    "talk": lambda prompt, details, rng: "How can I help you today?",
    "facets as labels": lambda prompt, details, rng: f"{prompt}. Light: soft. Mood: calm.",
    "good": lambda prompt, details, rng: f"{prompt} {details}",
}
"""Fault -> (prompt, two details, random numbers) -> reply."""


class WeakModel:
    """A `ChatModel` with one of the faults, or with all of them by turns."""

    name = "weak"
    capabilities = Capabilities(max_images=0)

    def __init__(self, fault: str | None = None) -> None:
        self.fault = fault

    def chat(
        self,
        conversation: Conversation,
        *,
        schema: dict | None = None,
        sampling: Sampling = GREEDY,
        hooks: Hooks = NO_HOOKS,
    ) -> str:
        rng = random.Random(sampling.seed)
        prompt = conversation.turns[-1].text.rpartition("\nPrompt: ")[2]
        fault = self.fault or rng.choice(list(FAULTS))
        return FAULTS[fault](prompt, " ".join(rng.sample(DETAILS, 2)), rng)
