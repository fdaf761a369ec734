"""What a rewrite adds to the words of a prompt."""

from __future__ import annotations

import re

from ..constraints.english import lemma
from ..constraints.lexicon import english as lexicon
from ..constraints.parser import parse

FUNCTION_WORDS = lexicon.STOPWORDS | lexicon.BOUNDARY


def added_words(text: str, request: str) -> tuple[str, ...]:
    """Return the runs of words in `text` that `request` does not have; in Chinese whole clauses."""
    if parse(text).language in ("zh", "ja", "ko", "th"):
        clauses = re.findall(r"[^，。；、,.;\s]+", text)
        return tuple(clause for clause in clauses if clause not in request)
    known = {lemma(word) for word in re.findall(r"[^\W_]+", request.lower())}
    runs: list[tuple[int, int]] = []
    in_run = False
    for match in re.finditer(r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]", text):
        word = match[0].lower()
        is_new = word[0].isalnum() and lemma(word) not in known and word not in FUNCTION_WORDS
        if is_new and in_run:
            runs[-1] = (runs[-1][0], match.end())
        elif is_new:
            runs.append(match.span())
        in_run = is_new or (in_run and word in FUNCTION_WORDS)
    return tuple(text[start:end] for start, end in runs)


_PREPOSITIONS = frozenset(
    "in on at by with under over near behind beside between among against across through from into "
    "inside beneath around during after before above below".split()
)


def added_phrases(text: str, request: str) -> tuple[str, ...]:
    """Return what `text` adds to `request`, as phrases that make sense after it."""
    if parse(text).language in ("zh", "ja", "ko", "th"):
        return added_words(text, request)
    known = {lemma(word.lstrip("0123456789")) for word in re.findall(r"[^\W_]+", request.lower())}
    small = lexicon.STOPWORDS | _PREPOSITIONS
    phrases = []
    for clause in re.findall(r"[^,.;:!?\n]+", text):
        words = re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", clause)
        first = 0
        for last in range(len(words) + 1):
            is_known = last < len(words) and lemma(words[last].lower()) in known
            if last < len(words) and (words[last].lower() in small or not is_known):
                continue
            run = words[first:last]
            if len(run) > 2 and is_known and run[-1].lower() not in small:
                run = [*run, words[last]]  # "drives along a winding" + "road"
            while run and run[-1].lower() in small:
                run.pop()
            while run and run[0].lower() in small - _PREPOSITIONS:
                run.pop(0)
            if any(word.lower() not in small and lemma(word.lower()) not in known for word in run):
                phrases.append(" ".join(run))
            first = last + 1
    return tuple(phrases)
