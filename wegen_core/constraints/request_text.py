"""The user's own words: tidied, stripped of "please draw me", told apart into wish and edit."""

from __future__ import annotations

import re
from collections.abc import Callable

from .lexicon import english as lexicon
from .lexicon import nouns as noun_table
from .parser import read

_SPACES = re.compile(r"[^\S\n]+|[\x00-\x09\x0b-\x1f\x7f]+")
_TWICE = re.compile(r"\b(the|a|an|of|in|on|and|with|to|is) \1\b", re.IGNORECASE)
_A = re.compile(r"\b([Aa]) (?=(?!one\b|once\b|eu|ewe)[aeio][a-z])")


def tidy(prompt: str) -> str:
    """`prompt` with its spaces, doubled function words and a/an put right; quotes untouched."""
    pieces, last = [], 0
    for fact in read(prompt).facts:
        if fact.kind == "quote" and fact.start > last:
            pieces += [_tidy(prompt[last : fact.start - 1]), prompt[fact.start - 1 : fact.end + 1]]
            last = fact.end + 1
    return "".join([*pieces, _tidy(prompt[last:])]).strip()


def _tidy(text: str) -> str:
    text = _SPACES.sub(" ", text)
    text = re.sub(r" ?\n[ \n]{0,1000}", "\n", text)
    text = re.sub(r" (?=[,.;:!?，。；：！？](?:[ \n]|$))", "", text)
    text = re.sub(r",(?: ?,){1,1000}", ",", text)
    return _A.sub(r"\1n ", _TWICE.sub(r"\1", text))


_REQUEST = re.compile(
    r"(?:please |can you |could you |would you )*"
    r"(?:(?:draw|paint|show|make|create|generate|give|render)(?: me)?|"
    r"i(?: want|'d like|’d like| would like)(?: to see)?) "
    r"(?=(?:a|an|the|one|two|three|some|my|something|anything)\b)(?!the\b)"
    r"(?:(?:a|an|the) (?:nice |beautiful )?(?:picture|image) of )?",
    re.IGNORECASE,
)
_REQUEST_ZH = re.compile(
    r"(?:请|帮我|给我|我想要|我要)*(?:画|生成|来|做|创作)(?:一张|一幅|一个|"
    r"一下)?(?:关于)?(?=[\u4e00-\u9fff])"
)


def without_request(wish: str) -> str:
    """The wish without "please draw me ..." in front, where something is left."""
    for pattern in (_REQUEST, _REQUEST_ZH):
        match = pattern.match(wish)
        if match and match.end() and len(wish) - match.end() > 1 and "随" not in wish[:8]:
            return wish[match.end() :]
    return wish


_POLITE = r"\s*(?:please |now |then |can you |could you |just |next,? |ok,? )*"
_TARGET = (
    r"(?:the|it|this|that|these|those|them|him|her|his|its|their|my|everything|all|both|only|"
    r"picture|image|photo)\b"
)
_EDIT = re.compile(
    rf"{_POLITE}(?:"
    rf"(?:remove|delete|erase|replace|recolou?r|swap|crop|flip|rotate|brighten|darken|blur|sharpen|"
    r"zoom|enlarge|shrink|restore|retouch|upscale|colou?rize|combine|merge|insert|move|edit)\b"
    rf"|(?:add|change) |(?:make|turn|paint|colou?r|dye|give|set|convert|transform|let|fix|style|"
    rf"keep|render|put|place|use|leave|have|dress) {_TARGET}"
    r"|(?:put|place) (?:a|an|one|two|three|some)\b.{1,80}? (?:on|onto|in|into|next to|under|over|"
    r"beside|behind|around|near) (?:the|it|his|her|its|their|him|this|that|picture|image)\b"
    r"|(?:don't|don’t|do not|no longer|instead)\b)",
    re.IGNORECASE,
)
_EDIT_ZH = re.compile(
    r"\s*(?:请|帮我|麻烦|现在|然后|再)*(?:把|将|去掉|去除|删除|删掉|移除|擦除|添加|加上|加一|"
    r"增加|给.{1,12}"
    r"(?:加|戴|穿|换|涂)|让.{1,12}(?:变|成)|替换|换成|换掉|改成|改为|调整|调亮|调暗|放大|缩小|"
    r"保持|不要改|在图)"
)


def is_edit(wish: str) -> bool:
    """Whether the words ask to change a picture that is there: "make the boat red"."""
    return bool(_EDIT.match(wish[:400]) or _EDIT_ZH.match(wish[:400]))


_VAGUE = frozenset(
    "something anything whatever surprise somewhere nice beautiful good great pretty cool lovely "
    "picture image scene random idea wonderful interesting amazing me you like choose make draw "
    "show "
    "give create paint please up wish".split()
)
_VAGUE_ZH = re.compile(
    r"随便|随意|什么|任意|惊喜|什么都|都可以|都行|好看的|漂亮的|一些|东西|画面|图片|一张|一幅|"
    r"画|给我|来|的|点|个|吧"
)


def is_vague(wish: str) -> bool:
    """Whether the words name nothing to show: "surprise me", "something nice by the sea"."""
    if re.search(r"[\u4e00-\u9fff]", wish):
        return _plain(wish) and re.search(r"[^\W\d_]", _VAGUE_ZH.sub("", wish)) is None
    words = _words(wish)
    fills = {word for word in words if _place_or_mood(word)}
    return _plain(wish) and words <= _VAGUE | _FILL | fills and (not words or bool(words & _VAGUE))


SHORT_PROMPT_WORDS = 8
"""A prompt of fewer words leaves open what the image shows."""


def is_short_prompt(prompt: str) -> bool:
    """Whether a prompt is so short that it is rewritten, differently for each image."""
    wide = sum("\u3040" <= c <= "\u9fff" or "\uac00" <= c <= "\ud7a3" for c in prompt)
    # Chinese, Japanese and Korean are written without spaces: about two characters a word.
    return len(prompt.split()) + wide // 2 < SHORT_PROMPT_WORDS


def says_nothing(wish: str) -> bool:
    """Whether there is not even a mood, colour or place in the words: "surprise me"."""
    words = _words(wish)
    return is_vague(wish) and not any(w in lexicon.COLOURS or _place_or_mood(w) for w in words)


def _plain(wish: str) -> bool:
    if len(wish) > 200:
        return False
    return not any(
        read(wish).values(kind) for kind in ("quote", "name", "picture", "style", "count")
    )


def _words(wish: str) -> set[str]:
    return set(re.findall(r"[^\W\d_\u4e00-\u9fff]+", wish[:400].lower()))


def _place_or_mood(word: str) -> bool:
    return noun_table.NOUNS.get(word) in noun_table.PLACES or bool(_MOOD(word))


_FILL = lexicon.STOPWORDS | lexicon.BOUNDARY | lexicon.COLOURS.keys()
_MOOD: Callable[[str], object] = re.compile(
    r"cheerful|happy|joyful|sad|calm|peaceful|serene|gloomy|moody|dramatic|mysterious|spooky|scary|"
    r"cozy|cosy|romantic|dreamy|epic|playful|funny|lonely|quiet|magical|festive|cute|sunny|bright|"
    r"colou?rful|warm|hot|cold|fresh|summery|wintry|sleepy|dark|relaxing|exciting|strange|weird",
).fullmatch
