"""The user's words as text: tidy them, strip "please draw me", recognise edit instructions."""

from __future__ import annotations

import re

from .lazy_pattern import lazy_pattern
from .parser import parse

_SPACES = lazy_pattern(r"(?:[^\S\n]|[\x00-\x09\x0b-\x1f\x7f])+")
_SPACE_BEFORE_MARK = lazy_pattern(r" (?=[,.;:!?，。；：！？](?:[ \n]|$))")
_DOUBLED = lazy_pattern(r"\b(the|a|an|of|in|on|and|with|to|is)(?: \1\b)+", re.IGNORECASE)
_A_BEFORE_VOWEL = lazy_pattern(r"\b([Aa]) (?=(?!one\b|once\b|eu|ewe)[aeio][a-z])")


def tidy(prompt: str) -> str:
    """Correct the spaces, doubled function words and a/an of a prompt.

    Parameters
    ----------
    prompt : str
        The user's words.

    Returns
    -------
    str
        The corrected words; quotes and painting syntax are unchanged.
    """
    pieces, last = [], 0
    for mention in parse(prompt).mentions:
        if mention.kind not in ("quote", "syntax") or mention.start < last:
            continue
        marks = mention.kind == "quote"
        start, end = mention.start - marks, mention.end + marks
        pieces += [_tidy(prompt[last:start]), prompt[start:end]]
        last = end
    return "".join([*pieces, _tidy(prompt[last:])]).strip()


def _tidy(text: str) -> str:
    text = _SPACES.sub(" ", text)
    text = re.sub(r" ?\n[ \n]{0,1000}", "\n", text)
    text = _SPACE_BEFORE_MARK.sub("", text)
    text = _SPACE_BEFORE_MARK.sub("", re.sub(r",(?: ?,){1,1000}", ",", text))
    text = _A_BEFORE_VOWEL.sub(r"\1n ", _DOUBLED.sub(r"\1", text))
    return _DOUBLED.sub(r"\1", text)  # "a an" became "an an"


_REQUEST_PHRASE = lazy_pattern(
    r"(?:please |can you |could you |would you )*"
    r"(?:(?:draw|paint|show|make|create|generate|give|render)(?: me)?|"
    r"i(?: want|'d like|’d like| would like)(?: to see)?) "
    r"(?=(?:a|an|the|one|two|three|some|my|something|anything)\b)(?!the\b)"
    r"(?:(?:a|an|the) (?:nice |beautiful )?(?:picture|image) of )?",
    re.IGNORECASE,
)
_REQUEST_PHRASE_ZH = lazy_pattern(
    r"(?:请|帮我|给我|我想要|我要)*(?:画|生成|来|做|创作)(?:一张|一幅|一个|"
    r"一下)?(?:关于)?(?=[\u4e00-\u9fff])"
)


def strip_request_phrase(prompt: str) -> str:
    """Remove a leading "please draw me ..." unless nothing would be left.

    Parameters
    ----------
    prompt : str
        The user's words.

    Returns
    -------
    str
        What the user wants to see.
    """
    for pattern in (_REQUEST_PHRASE, _REQUEST_PHRASE_ZH):
        match = pattern.match(prompt)
        if match and match.end() and len(prompt) - match.end() > 1 and "随" not in prompt[:8]:
            return prompt[match.end() :]
    return prompt


_POLITE = r"\s*(?:please |now |then |can you |could you |just |next,? |ok,? )*"
_EDITED = (
    r"(?:the|it|this|that|these|those|them|him|her|his|its|their|my|everything|all|both|only|"
    r"picture|image|photo)\b"
)
_EDIT = lazy_pattern(
    rf"{_POLITE}(?:"
    rf"(?:remove|delete|erase|replace|recolou?r|swap|crop|flip|rotate|brighten|darken|blur|sharpen|"
    r"zoom|enlarge|shrink|restore|retouch|upscale|colou?rize|combine|merge|insert|move|edit)\b"
    rf"|(?:add|change) |(?:make|turn|paint|colou?r|dye|give|set|convert|transform|let|fix|style|"
    rf"keep|render|put|place|use|leave|have|dress) {_EDITED}"
    r"|(?:put|place) (?:a|an|one|two|three|some)\b.{1,80}? (?:on|onto|in|into|next to|under|over|"
    r"beside|behind|around|near) (?:the|it|his|her|its|their|him|this|that|picture|image)\b"
    r"|(?:don't|don’t|do not|no longer|instead)\b)",
    re.IGNORECASE,
)
_EDIT_ZH = lazy_pattern(
    r"\s*(?:请|帮我|麻烦|现在|然后|再)*(?:把|将|去掉|去除|删除|删掉|移除|擦除|添加|加上|加一|"
    r"增加|给.{1,12}"
    r"(?:加|戴|穿|换|涂)|让.{1,12}(?:变|成)|替换|换成|换掉|改成|改为|调整|调亮|调暗|放大|缩小|"
    r"保持|不要改|在图)"
)


def is_edit(prompt: str) -> bool:
    """Check whether the words ask to change an existing image: "make the boat red".

    Parameters
    ----------
    prompt : str
        The user's words; their first 400 characters decide.

    Returns
    -------
    bool
        False for a request for a new image ("paint a cat").
    """
    return bool(_EDIT.match(prompt[:400]) or _EDIT_ZH.match(prompt[:400]))
