"""Find what the user's words demand, deterministically and without a model."""

from __future__ import annotations

from ..records.plan import Constraint
from .mention import Mention
from .parser import parse

KINDS = (
    "quote",
    "syntax",
    "count",
    "colour",
    "name",
    "negation",
    "relation",
    "style",
    "keep",
    "picture",
    "language",
)


def find_constraints(prompt: str) -> list[Constraint]:
    """Find all constraints of `prompt`.

    English and Chinese prompts are read in full. In other languages quotes, numbers, names,
    painting syntax and the language itself are found. Linear in the length of the prompt; never
    raises.

    Parameters
    ----------
    prompt : str
        The user's words.

    Returns
    -------
    list of Constraint
        In reading order, the language last. `kind` is one of `KINDS`. `text` is
        `prompt[span[0]:span[1]]`, for a quote without its quotation marks. For "language" it is
        the ISO 639-1 code, and the span is the whole prompt. The same prompt always gives the
        same list.
    """
    parsed = parse(prompt)
    constraints = [_constraint(prompt, m) for m in parsed.mentions if m.kind in KINDS]
    if parsed.language:
        constraints.append(Constraint("language", parsed.language, (0, len(prompt))))
    return list(dict.fromkeys(constraints))


def find_subjects(prompt: str) -> list[Constraint]:
    """Find the things that `prompt` names; a rewrite must name them too.

    Parameters
    ----------
    prompt : str
        The user's words.

    Returns
    -------
    list of Constraint
        Of kind "subject", one for each thing, in reading order.
    """
    first_mentions: dict[object, Mention] = {}
    for mention in parse(prompt).mentions:
        if mention.kind == "subject":
            first_mentions.setdefault(mention.value, mention)
    return [_constraint(prompt, mention) for mention in first_mentions.values()]


def _constraint(prompt: str, mention: Mention) -> Constraint:
    return Constraint(
        mention.kind, prompt[mention.start : mention.end], (mention.start, mention.end)
    )
