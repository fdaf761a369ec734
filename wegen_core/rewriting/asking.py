"""Asking a model for rewrites, and reading what a chatty one replies."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from .constraints import Constraint

INSTRUCTION = """\
You rewrite prompts for an image generator. Rewrite the prompt below in {language}.
- Keep every fact of the prompt: things, numbers, colours, names, places, styles.
- Keep text in quotation marks letter by letter, in its marks, untranslated.
- Add about {count} fitting details and nothing else. Details to decide: {facets}.
- Say what is to be seen. Add no negations and no words about quality.
- Answer with the rewritten prompt alone, on one line.
{must}
Prompt: {wish}"""
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
    mllm: Any, wish: str, ask: str, *, count: int, seeds: Sequence[int], temperature: float
) -> list[str]:
    """`count` rewrites of `wish` by the model, cleaned; empty replies are left out.

    A model with a method `rewrite(wish, *, n, seed, temperature) -> list[str]` knows itself how it
    is asked; any other is asked with the words `ask`, one `chat` a sample. What it raises, passes.
    """
    if hasattr(mllm, "rewrite"):
        replies = mllm.rewrite(wish, n=count, seed=seeds[0], temperature=temperature)
    else:
        from ..conversation import Conversation

        replies = []
        for seed in seeds[:count]:
            talk = Conversation()
            talk.add("user", ask)
            replies.append(mllm.chat(talk, temperature=temperature, seed=seed))
    cleaned = (clean(str(reply)) for reply in replies)
    return [text for text in cleaned if text and len(text) <= 4 * len(wish) + 2000]


_THINKING = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"```\w*\n?(.*?)(?:```|\Z)", re.DOTALL)
_LABEL = re.compile(
    r"^(?:(?:sure|certainly|of course|okay|ok)[!,.:][^\n:]{0,80}|here(?: is|'s|’s)[^\n:]{0,80}|"
    r"(?:the )?(?:rewritten |improved |new |final )?prompt|rewrite|output|answer|改写后的提示词|"
    r"提示词|改写)"
    r"\s*[:：]\s*",
    re.IGNORECASE,
)


def clean(reply: str) -> str:
    """The prompt in a reply: without thinking, fences, JSON, a label, outer quotation marks."""
    text = _THINKING.sub(" ", reply[:200_000]).strip()
    if fenced := _FENCE.search(text):
        text = fenced[1].strip() or text
    if text.startswith("{"):
        text = _from_json(text)
    text = _LABEL.sub("", text.strip(), count=1).strip()
    if len(text) > 2 and (text[0], text[-1]) in (('"', '"'), ("“", "”"), ("*", "*")):
        inner = text[1:-1].strip("*")
        if text[0] not in inner and text[-1] not in inner:
            text = inner
    return " ".join(text.split())


def _from_json(text: str) -> str:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    for key in ("prompt", "rewrite", "rewritten_prompt", "text"):
        if isinstance(value, dict) and isinstance(value.get(key), str):
            return value[key]
    return ""
