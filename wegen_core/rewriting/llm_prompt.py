"""Asking a model for rewrites, no longer than a prompt takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..mllm.chat_model import PromptRewriter
from ..records.hooks import NO_HOOKS, Hooks, Sampling
from ..records.plan import Constraint
from .llm_reply import clean, is_complete, whole_sentences

if TYPE_CHECKING:
    from ..mllm.chat_model import ChatModel

INSTRUCTION = """\
You rewrite prompts for an image generator. Rewrite the prompt below in {language}.
- Keep every fact of the prompt: things, numbers, colours, names, places, styles.
- Keep text in quotation marks letter by letter, in its marks, untranslated.
- Add about {count} fitting details and nothing else. Details to decide: {facets}.
- Say what is to be seen. Add no negations and no words about quality.
- Answer with the rewritten prompt alone, on one line.
{must}
Prompt: {wish}"""
THOUGHTS = 2048  # tokens that a model may take to think and to speak
_LANGUAGES = {
    "zh": "Chinese",
    "ja": "Japanese",
    "ko": "Korean",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "pt": "Portuguese",
    "nl": "Dutch",
    "ru": "Russian",
    "ar": "Arabic",
    "he": "Hebrew",
    "hi": "Hindi",
    "th": "Thai",
    "el": "Greek",
}


def instruction(
    wish: str, constraints: Sequence[Constraint], facets: Mapping[str, str], language: str
) -> str:
    """The words that ask a general model for one rewrite; `facets` are directions to lean to."""
    must = [f"  {c.kind}: {c.text}" for c in constraints if c.kind != "language"]
    return INSTRUCTION.format(
        language=_LANGUAGES.get(language, "English"),
        count=max(1, len(facets)),
        facets="; ".join(f"{facet} (for example {words})" for facet, words in facets.items())
        or "none",
        must="\n".join(["Must stay:", *must]) if must else "",
        wish=wish,
    )


def samples(
    mllm: ChatModel,
    wish: str,
    ask: str,
    *,
    details: int,
    seeds: Sequence[int],
    temperature: float,
    hooks: Hooks = NO_HOOKS,
) -> list[str]:
    """A rewrite of `wish` by the model for each of `seeds`, cleaned; without those that are none.

    A `PromptRewriter` knows itself how it is asked; any other is asked with the words `ask`, one
    `chat` a sample, which ends as soon as a prompt with `details` details is there.
    """
    if isinstance(mllm, PromptRewriter):
        sampling = Sampling(temperature=temperature, seed=seeds[0])
        replies = mllm.rewrite(wish, n=len(seeds), sampling=sampling, hooks=hooks)
    else:
        most = room(wish, details)
        replies = [_asked(mllm, ask, seed, temperature, most, hooks) for seed in seeds]
    return [text for text in (clean(str(reply), wish) for reply in replies) if text]


def room(wish: str, details: int) -> int:
    """Signs that a rewrite with so many details may take."""
    return 2 * len(wish) + 100 * details + 240


def _asked(
    mllm: ChatModel,
    ask: str,
    seed: int,
    temperature: float,
    most: int,
    hooks: Hooks,
) -> str:
    """What the model says, until it has said a whole prompt or `most` signs."""
    from ..records.conversation import Conversation
    from ..records.hooks import Stopped

    talk = Conversation()
    talk.add("user", ask)
    heard = ""

    def hear(piece: str) -> None:
        nonlocal heard
        heard += piece

    def enough() -> bool:
        return len(heard) > most or is_complete(_own_words(heard, ask))

    # What is thought is not heard, so only a model that says all at once is given fewer tokens.
    tokens = THOUGHTS if mllm.capabilities.streams else most // 2
    try:
        reply = mllm.chat(
            talk,
            sampling=Sampling(temperature=temperature, seed=seed, max_new_tokens=tokens),
            hooks=replace(
                hooks,
                on_text=hear,
                should_stop=lambda: enough() or bool(hooks.should_stop and hooks.should_stop()),
            ),
        )
    except Stopped:
        if not enough():
            raise
        reply = heard if is_complete(_own_words(heard, ask)) else whole_sentences(heard)
    return _own_words(str(reply), ask)


def _own_words(reply: str, ask: str) -> str:
    """The reply without lines of the instruction, which weak models say after it."""
    known = {line.strip() for line in ask.splitlines()}
    return "\n".join(line for line in reply.split("\n") if line.strip() not in known - {""})
