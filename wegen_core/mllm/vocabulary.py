"""Out-of-vocabulary words, and filler phrases, for the small embedded network."""

from __future__ import annotations

import re

from ..constraints.image_numbers import find_image_mentions
from ..constraints.lazy_pattern import lazy_pattern
from ..constraints.syntax import readable
from ..model.prompt import unique_words

# Filler phrases that the embedded network misreads as content.
_FILLERS = lazy_pattern(
    r"\b(?:a (?:little |tiny )?bit(?: more| less)?|a little (?:more|less)|more|less|slightly|"
    r"somewhat|a lot|much|(?:kind|sort) of|kinda|really|actually|simply|maybe|perhaps|pls|plz|"
    r"thanks|thank you|ok|okay|hey|hi|hmm|oh|um)\b[ ,.!]*",
    re.IGNORECASE,
)
_POLITE_QUESTION = lazy_pattern(
    r"\s*(?:can|could|would|will) you (.+?)[?\s]*", re.IGNORECASE | re.DOTALL
)
# Words of the network's training texts that name neither a thing nor how it looks.
_LINKING = frozenset(
    """a add after among an and anything are as at be by can change choose combine could create
    delete do does draw erase everything exchange first for from get give how i i'd image in inst
    instead into is it just keep like make many me move my next no nothing now object objects of on
    one only paint painting picture place places pair put remove replace rewrite rid same second
    shift should show single something take that the their there thing things this time to too turn
    two under use want we well what whatever where which with would yes you""".split()
)
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
# How the network's training texts name images; "image 2" is among them, but rarer.
_LEARNED = lazy_pattern(
    rf"picture \d+|(?:{'|'.join(_ORDINALS)}) (?:picture|image|one)", re.IGNORECASE
)


def out_of_vocabulary(text: str, vocabulary: frozenset[str] | None) -> tuple[str, ...]:
    """List the words of a text that a model was not trained on.

    Parameters
    ----------
    vocabulary
        The words it was trained on, lower case; None: every word.

    Returns
    -------
    tuple of str
        Lower case, each once, in order; without those of filler phrases.
    """
    if vocabulary is None:
        return ()
    return tuple(word for word in unique_words(strip_fillers(text)) if word not in vocabulary)


def names_nothing_known(text: str, vocabulary: frozenset[str]) -> bool:
    """Whether a text names something, but nothing of what a model was trained on.

    Words that only link others, and verbs of requests, name nothing. A text without Latin letters
    names something unknown.
    """
    words = unique_words(strip_fillers(text))
    known = [word for word in words if word in vocabulary]
    return len(known) < max(1, len(words)) and _LINKING.issuperset(known)


def strip_fillers(text: str) -> str:
    """Reword a request as the embedded network learned requests.

    "Could you", "a bit more", "pls" and the like go, and painting syntax; "image 2" becomes
    "picture 2". A text of nothing else stays as it is.
    """
    text = readable(text) or text
    polite = _POLITE_QUESTION.fullmatch(text)
    text = polite[1] if polite else text
    plain = _with_plain_numbers(_FILLERS.sub("", text)).strip()
    return plain if unique_words(plain) else text


def _with_plain_numbers(text: str) -> str:
    """Reword English image numbers as the network learned them.

    These are "picture 2", "the second picture", and "picture 1 and picture 3" for a list.
    """
    for mention in reversed(find_image_mentions(text)):
        phrase, number = text[mention.start : mention.end], mention.numbers[0]
        if not phrase.isascii() or _LEARNED.fullmatch(phrase):
            continue
        if not mention.ordinal:
            plain = " and ".join(f"picture {n}" for n in mention.numbers)
        elif len(mention.numbers) == 1 and 1 <= number <= len(_ORDINALS):
            plain = f"{_ORDINALS[number - 1]} picture"
        else:
            continue
        text = text[: mention.start] + plain + text[mention.end :]
    return text
