"""What weak language models do to prompts: labels, capitals, titles, contradictions."""

from __future__ import annotations

import re

from ..constraints.lazy_pattern import lazy_pattern
from ..constraints.lexicon import english as lexicon
from ..constraints.parser import ParsedPrompt, parse
from ..constraints.quotes import blank, quote_spans

_WORD = lazy_pattern(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_HEADING = lazy_pattern(r"\s*[^\s,.:;：，。\"“\d][^,.:;：，。\"“\n]{0,47}[:：]\s+(?=\S)")
# Names of facets and constraints, which models copy from the instruction.
_LABEL = lazy_pattern(
    r"(?:^|(?<=[.;,|\n] )|(?<=\n))(?:counts?|colou?rs?|subjects?|actions?|settings?|time|season|"
    r"light|lighting|mood|palette|viewpoint|composition|medium|style|scene|background|details?|"
    r"quotes?|text|names?|relations?|negations?|keep|location|atmosphere|camera|"
    r"title|prompt|image|description)(?: \d)?\s*:\s*",
    re.IGNORECASE,
)
_LABEL_ZH = lazy_pattern(
    r"(?:^|(?<=[。；，、\n]))(?:数量|颜色|主体|主题|动作|场景|地点|时间|季节|光线|光影|气氛|氛围|色调|"
    r"视角|构图|媒介|风格|背景|细节|标题|描述|画面)\s*[:：]\s*"
)
_SHOUTED_SHARE = 0.5  # of the letters
_TITLE_SHARE = 0.6  # of the long words

# Words of a scene that exclude each other: a rewrite says none of a row's other groups if the
# prompt says one.
_OPPOSITES = (
    (
        r"\b(?:night|midnight|moonlit|moonlight|nighttime)\b|夜|月光|星空",
        r"\b(?:midday|noon|sunny|sunlit|sunlight|sunshine|sunrise|morning|afternoon|daylight|"
        r"daytime)\b|白天|阳光|正午|清晨|上午|下午|日出",
    ),
    (
        r"\b(?:winter|snow\w*|frozen|icy)\b|冬|雪|冰封",
        r"\b(?:summer|summery|tropical)\b|夏|热带",
        r"\b(?:autumn|autumnal)\b|秋",
        r"\b(?:springtime|in spring|cherry blossoms?)\b|春|樱花",
    ),
    (
        r"\b(?:rain\w*|storm\w*|downpour)\b|雨|暴风",
        r"\b(?:sunny|sunshine|clear sky|cloudless)\b|晴|烈日",
    ),
    (
        r"\b(?:photo|photograph\w*|photorealistic|dslr)\b|照片|摄影",
        r"\b(?:oil painting|watercolou?r|drawing|illustration|sketch|cartoon|anime|comic|pixel art|"
        r"gouache|engraving|linocut)\b|油画|水彩|素描|插画|卡通|动漫|像素|水墨|版画",
    ),
    (
        r"\b(?:black[- ]and[- ]white|monochrome|grayscale|greyscale)\b|黑白|单色",
        r"\b(?:colou?rful|vivid colou?rs|vibrant colou?rs|rainbow)\b|彩色|缤纷|五彩",
    ),
    (r"\b(?:indoors|interior)\b|室内", r"\b(?:outdoors)\b|室外|户外"),
    (
        r"\b(?:empty|deserted|abandoned)\b|空无一人|空荡",
        r"\b(?:crowd\w*|bustling|busy)\b|人群|热闹|熙熙攘攘",
    ),
)
_OPPOSITE_PATTERNS = tuple(
    tuple(lazy_pattern(words, re.IGNORECASE) for words in row) for row in _OPPOSITES
)


def clean_reply(text: str, prompt: str) -> str:
    """Return a model's rewrite without labels and headings, and with its lost first words.

    Returns
    -------
    str
        "" for a rewrite that shouts or is a title.
    """
    if ":" not in prompt and "：" not in prompt:
        text = _LABEL_ZH.sub("", _LABEL.sub("", text))
        heading = _HEADING.match(text)
        if heading and len(heading[0].split()) <= 6:
            text = text[heading.end() :]
    text = _with_first_words(text.strip(), prompt)
    return "" if _is_shouted(text, prompt) or _is_title(text, prompt) else text


def _with_first_words(text: str, prompt: str) -> str:
    """`text` with the beginning of `prompt` if it starts in the middle of it."""
    text = re.sub(r"^[\s,.;:!?，。；：！？、)\]-]+", "", text)
    words = re.findall(r"[^\W_]+", text[:200])[:3]
    for count in range(len(words), 0, -1):  # the longest beginning that is in the prompt
        beginning = re.search(r"[\W_]+".join(words[:count]), prompt, re.IGNORECASE)
        at = beginning.start() if beginning else 0
        if at > 0:
            break
    else:
        return text
    word = words[0].casefold()
    in_word = (
        len(word) > 2
        and word.isascii()
        and prompt[at - 1].isalpha()
        and not prompt[at + len(word) : at + len(word) + 1].isalpha()
        and word not in _WORD.findall(prompt.casefold())
    )
    lost = _content(prompt[:at])
    is_beginning = count == len(words) and lost and lost.isdisjoint(_content(text))
    return prompt[:at] + text if in_word or is_beginning else text


def _content(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold())) - lexicon.STOPWORDS


def _outside_quotes(text: str) -> str:
    return blank(text, quote_spans(text), " ")


def _is_shouted(text: str, prompt: str) -> bool:
    """Whether it is mostly in capitals, or has a run of them that the prompt does not have."""
    visible = _outside_quotes(text)
    letters = [c for c in visible if c.isupper() or c.islower()]
    if sum(c.isupper() for c in letters) > _SHOUTED_SHARE * len(letters) > 0:
        return not _outside_quotes(prompt).isupper() and len(letters) > 3
    runs = re.findall(r"\b[A-Z]{2,}(?:\s+[A-Z]{2,})+\b", visible)
    return any(run not in _outside_quotes(prompt) for run in runs)


def _is_title(text: str, prompt: str) -> bool:
    """Whether most of its long words are capitalised and those of the prompt are not."""

    def share(words: list[str]) -> float:
        long_words = [word for word in words[1:] if len(word) > 3]
        return sum(w[0].isupper() for w in long_words) / len(long_words) if long_words else 0.0

    words = _WORD.findall(_outside_quotes(text))
    required = _WORD.findall(_outside_quotes(prompt))
    return len(words) > 3 and share(words) > _TITLE_SHARE >= share(required)


def contradictions(text: str, prompt: str) -> list[str]:
    """Return what a rewrite adds against the words of a prompt: numbers, colours, light, ...

    Constraints that the rewrite lost are not among them (`constraints.check`).
    """
    stated, added = parse(prompt), parse(text)
    faults = [
        f"{number} {noun}"
        for number, noun in added.values("count") - stated.values("count")
        if any(noun == other for _, other in stated.values("count"))
    ]
    faults += [
        f"{colour} {noun}"
        for colour, noun in added.values("colour") - stated.values("colour")
        if noun and _is_other_colour(colour, noun, stated)
    ]
    faults += [f'"{quote}"' for quote in added.quotes - stated.quotes if quote not in prompt]
    faults += [f"image {n}" for n in added.values("picture") - stated.values("picture")]
    for row in _OPPOSITE_PATTERNS:
        groups = [bool(pattern.search(prompt)) for pattern in row]
        if sum(groups) == 1:
            others = (p for p, is_stated in zip(row, groups, strict=True) if not is_stated)
            faults += [match[0] for p in others if (match := p.search(text))]
    return faults


def _is_other_colour(colour: str, noun: str, stated: ParsedPrompt) -> bool:
    """Whether the prompt gives the noun colours, and not this one or one near it."""
    required = {c for c, thing in stated.values("colour") if thing == noun}
    near = {c for name in required for c in (name, *lexicon.COLOUR_NEAR.get(name, ()))}
    return bool(required) and colour not in near
