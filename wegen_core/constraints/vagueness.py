"""How open a prompt is: four questions about it, each defined once.

`is_short_prompt`: so short that every image of a batch gets a rewrite of its own.
`names_nothing`: it names no thing to show, at most a place or a mood.
`leaves_everything_open`: it has not even a place, a mood or a colour.
`detail_budget`: how many details a rewrite of it may add.
"""

from __future__ import annotations

import re

from .lazy_pattern import lazy_pattern
from .lexicon import english as lexicon
from .lexicon import nouns as noun_table
from .parser import parse
from .syntax import find_syntax, readable

SHORT_PROMPT_WORDS = 8


def is_short_prompt(prompt: str) -> bool:
    """Check whether a prompt has fewer than `SHORT_PROMPT_WORDS` words.

    Parameters
    ----------
    prompt : str
        The user's words. Two Chinese, Japanese or Korean characters count as a word, because
        these languages write no spaces.

    Returns
    -------
    bool
        True for short prompts, the empty one included.
    """
    wide = sum("\u3040" <= c <= "\u9fff" or "\uac00" <= c <= "\ud7a3" for c in prompt)
    return len(prompt.split()) + wide // 2 < SHORT_PROMPT_WORDS


# Words of the prompt -> details at most.
_MAX_DETAILS = ((4, 5), (10, 4), (20, 3), (35, 2), (60, 1))


def detail_budget(prompt: str, creativity: float) -> int:
    """Count the details that a rewrite of a prompt of this length may add.

    Parameters
    ----------
    prompt : str
        The user's words.
    creativity : float
        In 0..1; scales the number.

    Returns
    -------
    int
        0 for creativity 0 and for prompts of more than 60 words, else 1 to 5.
    """
    words = (
        len(re.findall(r"[^\W\u4e00-\u9fff]+", prompt))
        + len(re.findall(r"[\u4e00-\u9fff]", prompt)) / 2
    )
    most = next((count for limit, count in _MAX_DETAILS if words <= limit), 0)
    return max(1, round(creativity * most)) if most and creativity > 0 else 0


_FILLERS = frozenset(
    "something anything whatever surprise somewhere nice beautiful good great pretty cool lovely "
    "picture image scene random idea wonderful interesting amazing me you like choose make draw "
    "show "
    "give create paint please up wish".split()
)
_FILLER_ZH = lazy_pattern(
    r"随便|随意|什么|任意|惊喜|什么都|都可以|都行|好看的|漂亮的|一些|东西|画面|图片|一张|一幅|"
    r"画|给我|来|的|点|个|吧"
)


_FUNCTION_WORDS = lexicon.STOPWORDS | lexicon.BOUNDARY | lexicon.COLOURS.keys()
_MOOD = lazy_pattern(
    r"cheerful|happy|joyful|sad|calm|peaceful|serene|gloomy|moody|dramatic|mysterious|spooky|scary|"
    r"cozy|cosy|romantic|dreamy|epic|playful|funny|lonely|quiet|magical|festive|cute|sunny|bright|"
    r"colou?rful|warm|hot|cold|fresh|summery|wintry|sleepy|dark|relaxing|exciting|strange|weird",
)


def names_nothing(prompt: str) -> bool:
    """Check whether a prompt names no thing to show: "surprise me", "something nice by the sea".

    Parameters
    ----------
    prompt : str
        The user's words.

    Returns
    -------
    bool
        False, too, for prompts of more than 200 characters and for those with a quote, a name, an
        image number, a style or a count. Painting syntax may name anything, except at the end.
    """
    if len(prompt) > 200 or any(item.row.place != "last" for item in find_syntax(prompt)):
        return False
    prompt = readable(prompt)
    parsed = parse(prompt)
    if any(parsed.values(kind) for kind in ("quote", "name", "picture", "style", "count")):
        return False
    if re.search(r"[\u4e00-\u9fff]", prompt):
        return re.search(r"[^\W\d_]", _FILLER_ZH.sub("", prompt)) is None
    words = _words(prompt)
    places_and_moods = {word for word in words if _is_place_or_mood(word)}
    return words <= _FILLERS | _FUNCTION_WORDS | places_and_moods and (
        not words or bool(words & _FILLERS)
    )


def leaves_everything_open(prompt: str) -> bool:
    """Check whether a prompt names no thing, mood, colour or place: "surprise me".

    Parameters
    ----------
    prompt : str
        The user's words.

    Returns
    -------
    bool
        True only where `names_nothing` is.
    """
    return names_nothing(prompt) and not any(
        word in lexicon.COLOURS or _is_place_or_mood(word) for word in _words(prompt)
    )


def _words(prompt: str) -> set[str]:
    return set(re.findall(r"[^\W\d_\u4e00-\u9fff]+", prompt[:400].lower()))


def _is_place_or_mood(word: str) -> bool:
    return noun_table.NOUNS.get(word) in noun_table.PLACES or _MOOD.fullmatch(word) is not None
