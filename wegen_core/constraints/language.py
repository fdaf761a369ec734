"""Which language a text is in, by its script, letters and words."""

from __future__ import annotations

from functools import lru_cache

from .english import known
from .lazy_pattern import lazy_pattern
from .lexicon import english as lexicon
from .lexicon.languages import ENDINGS, LETTERS, NAMES, SAME_SCRIPT, SCRIPTS, WORDS

LANGUAGE_NAMES = NAMES
"""ISO 639-1 code -> English name."""

_SCRIPTS = tuple((code, lazy_pattern(f"[{letters}]")) for code, letters in SCRIPTS)
_ENDINGS = {code: lazy_pattern(rf"\w{{2,}}(?:{endings})") for code, endings in ENDINGS.items()}
_LATIN = lazy_pattern(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]+")
_POSSESSIVE = lazy_pattern(r"(?<=[a-z])['’]s\b")
_ENGLISH = lexicon.BOUNDARY | lexicon.ABSTRACT | lexicon.EVENTS | lexicon.COLOURS.keys()
_SAMPLE = 2000  # characters that decide
_ENGLISH_PRIOR = 0.7
_BORROWED = 0.5  # the score of a word such as "piñata", which English has borrowed


def detect_language(text: str) -> str:
    """Return the ISO 639-1 code of the language that most of `text` is in; "" without letters.

    The script decides first. Text in Latin letters is classified by its words, then by its letters
    and the endings of words. Without evidence for another language it counts as English.
    """
    text = text[:_SAMPLE]
    words = [word.lower() for word in _LATIN.findall(_POSSESSIVE.sub("", text))]
    if not text.isascii():
        scores = {code: len(pattern.findall(text)) for code, pattern in _SCRIPTS}
        if scores["ja"]:  # its text is mostly Chinese characters
            scores["ja"] += scores["zh"]
            scores["zh"] = 0
        best = max(scores, key=lambda code: scores[code])
        weight = 2 if best in ("zh", "ja", "ko", "th") else 4  # characters of a word, about
        if scores[best] and scores[best] / weight >= len(words) / 2:
            return _same_script(best, text)
    return _latin_language(words) if words else ""


def _same_script(code: str, text: str) -> str:
    for other, letters in SAME_SCRIPT.get(code, ()):
        if any(letter in text for letter in letters):
            return other
    return code


@lru_cache(maxsize=1)
def _evidence() -> dict[str, dict[str, float]]:
    """Word -> language -> weight: the fewer languages have a word, the more it says."""
    table: dict[str, dict[str, float]] = {}
    for code, words in WORDS.items():
        for word in words.split():
            table.setdefault(word, {})[code] = 0.0
    for votes in table.values():
        for code in votes:
            votes[code] = max(1 / len(votes) ** 0.5, _ENGLISH_PRIOR if code == "en" else 0)
    return table


def _latin_language(words: list[str]) -> str:
    scores = dict.fromkeys(WORDS, 0.0) | dict.fromkeys(LETTERS, 0.0)
    table = _evidence()
    for word in words:
        votes = table.get(word, {})
        for code, weight in votes.items():
            scores[code] += weight
        if "en" not in votes and (word in _ENGLISH or known(word)):
            scores["en"] += 0.4
        if votes:
            continue
        marked = {letter for letter in word if not letter.isascii()}
        for code, letters in LETTERS.items():
            if marked and marked.issubset(letters):
                scores[code] += 1.0 if max(marked) > "\xff" or "ß" in marked else 0.5
        for code, pattern in _ENDINGS.items():
            if pattern.fullmatch(word):
                scores[code] += 0.3
    best = max(scores, key=lambda code: scores[code])
    return best if scores[best] > max(scores["en"], _BORROWED) else "en"
