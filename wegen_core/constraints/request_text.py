"""The user's words as text: tidy them, strip "please draw me", recognise edit instructions."""

from __future__ import annotations

import re

from .chinese import animate_words
from .lazy_pattern import lazy_pattern
from .lexicon import requests as words
from .parser import parse
from .syntax import readable

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


_POLITE = rf"\s*(?:(?:{words.POLITE}|{words.FILLER})[,\s]+)*"
_REQUEST_PHRASE = lazy_pattern(
    rf"{_POLITE}(?:(?:draw|paint|show|make|create|generate|give|render)(?: me)?|"
    r"i(?: want|['’]d like| would like)(?: to see)?) "
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


# An edit names a thing that is there: by an article or pronoun, as an image, or by its number.
_THERE = (
    r"(?:the|it|this|that|these|those|them|him|her|his|its|their|my|everything|all|both|only|"
    r"(?:picture|image|photo)s?)\b"
)
# "blur background", "replace sky with sunset": a thing without an article, and no scene after it.
_BARE_THING = (
    r"(?!(?:up|before|after|at|key|button|suite|point|stick|meet|house|phone|machine|purse|room|ray|"
    r"bar|gear)\b)(?:(?!(?:in|on|of|at|by|with|and|or|from)\b)[\w'-]+ ){0,2}?"
    r"(?!(?:in|on|of|at|by|with|and|or|from)\b)[\w'-]+"
    r"(?=\s*[.!?]*$| (?:with|to|into|from|by|for)\b| (?:in|on|of) "
    rf"(?:the|his|her|its|their|my)\b|[,.;]? (?:and |but |then )?(?:{words.EDIT})\b)"
)
_EDIT = lazy_pattern(
    rf"{_POLITE}(?:"
    r"(?:remove|delete|erase|replace|recolou?r|swap|crop|flip|rotate|brighten|darken|blur|sharpen|"
    r"enlarge|shrink|restore|retouch|upscale|colou?rize|combine|merge|insert|move|edit|change|"
    r"zoom|make|turn|paint|colou?r|dye|give|set|convert|transform|let|fix|style|keep|render|"
    rf"put|place|use|leave|have|dress|add) {_THERE}"
    r"|(?:remove|delete|erase|replace|recolou?r|brighten|darken|blur|sharpen|enlarge|restore|"
    rf"retouch|colou?rize|change|move) {_BARE_THING}"
    r"|add (?!(?:up|on|to)\b)|insert (?:a|an|one|two|some)\b|zoom (?:in|out|to|into|on)\b"
    r"|(?:crop|flip|rotate|mirror) (?:to\b|in\b|horizontal|vertical|left|right|clockwise|"
    r"counter|\d|tight)"
    r"|swap (?:faces?|heads?|places)\b|(?:upscale|colou?rize|sharpen|brighten|darken)\s*[.!]*$"
    r"|(?:upscale|zoom) \d"
    r"|(?:put|place) (?:a|an|one|two|three|some)\b.{1,80}? (?:on|onto|in|into|next to|under|over|"
    r"beside|behind|around|near) (?:the|it|his|her|its|their|him|this|that|picture|image)\b"
    r"|(?:make|put|add|get rid of) .{0,60}\b(?:in|on|to|from|of|into) (?:picture|image|photo) \d"
    r"|(?:don't|don’t|do not|no longer|instead)\b)",
    re.IGNORECASE,
)
# Sayings, titles and slogans that begin like an edit.
_SAYING = lazy_pattern(
    r"\s*(?:let it (?:be|go|snow|rain|shine|grow|bleed|roll)|let (?:the|them) (?:games|good times|"
    r"music|sun ?shine|eat cake)|let there|make it (?:rain|happen|so|last|count)|"
    r"turn (?:it|that|the \w+) (?:up|down|on|off|loose)\b|turn the (?:page|tables?|tide|other)|"
    r"keep (?:it (?:simple|real|cool|up)|the (?:faith|change|peace|fire)|calm)|use the force|"
    r"set the (?:table|stage|world|mood|tone)|change the (?:world|game|rules)|paint (?:the town|it "
    r"black)|give (?:it a|them hell|peace)|leave (?:the world|it all|her to|him to|it to)|"
    r"make the most|place the bet|move it\b|use the stairs|insert coin|have (?:a|it all)|"
    r"don['’]t (?:panic|worry|stop|look (?:up|back)|let me|give up|feed|tread|blink|breathe)|"
    r"do not (?:enter|disturb|feed|cross|open))",
    re.IGNORECASE,
)
# What such words are written on: "turn it up, neon sign".
_CARRIER = lazy_pattern(
    r"[,;:]\s*(?:(?!the\b|a\b|an\b|this\b|that\b|my\b)[\w'-]+ ){0,2}(?:poster|"
    r"neon sign|(?:book|album|magazine) cover|banner|tattoo|sticker|mural|lettering|typography|"
    r"logo|t-?shirt|screen|graffiti|billboard|slogan)s?(?: design| print)?\s*[.!]?$",
    re.IGNORECASE,
)
_NEW_SCENE = lazy_pattern(r"[,;] (?:a|an|portrait|photo|macro|close-?up|aerial|neon)\b", re.I)
_EDIT_ZH = lazy_pattern(
    r"[请帮我麻烦你现在然后再，, ]{0,8}(?:"
    r"把(?![手戏玩守酒脉关柄])(?=.{1,24}(?:[去删移换改变调放涂染加做弄画转设修抠擦缩拉翻旋挪P成掉"
    r"戴穿搬裁模虚锐提合融拼糊亮暗]|清晰))|将(?![军来士领帅相要近至就才棋])(?=.{1,24}[去删移换改变"
    r"调放涂染加做转设修成掉戴穿合融拼裁])"
    r"|去掉|去除(?!剂|器)|删除(?!键|按钮)|删掉|移除|擦除|擦掉|抹掉|添加(?!剂|物)|加上|"
    r"加一(?=[个只条顶把些点座辆朵棵张盏件双对位匹头])|加[个点些]|增加|"
    r"给.{1,12}?(?:加|戴|穿|换|涂|画|添|染)|让.{1,12}(?:变|成)|让[它他她这那图画背天整颜].{0,10}更|"
    r"换个?(?:颜色|背景|发型|风格|表情|衣服)|旋转\s*\d|背景(?:虚化|模糊)(?=$|[，。一])|替换(?!件|品|者)|换掉|"
    r"调整(?!呼吸|心态|时差|坐姿|步伐)|调[亮暗高低]|放大(?!镜|器|机)|缩小(?!版|镜)|"
    r"(?:换|改)(?:成|为)|.{1,6}(?:换成|改成|改为)|保持.{1,16}(?:不变|不动|一致|原样)|不要改|在图(?:[片像中里上]|\s*[\d一二三四]))"
)
# "给孩子戴帽子的母亲": a phrase that ends in somebody names somebody.
_DESCRIBED_ZH = lazy_pattern(
    rf"的[\u4e00-\u9fff]{{0,4}}(?:{animate_words()}|[人者员师妈爸亲娘爷奶兵士手家友客童])"
    r"(?=$|[，。,. ])"
)
_RESULT_ZH = lazy_pattern(r"[换变改]成|[改换变]为|换上|去掉|删|移除|放到|放在|加[一个上]")


def is_edit(prompt: str) -> bool:
    """Check whether the words ask to change an existing image: "make the boat red".

    Many verbs of edits are nouns as well, so the verb alone does not decide: "crop top",
    "blur background, portrait of a man" and lists of tags describe a new image. A caller that has
    no image need not ask: there is nothing to edit.

    Parameters
    ----------
    prompt : str
        The user's words; their first 400 characters decide.

    Returns
    -------
    bool
        False for a request for a new image ("paint a cat").
    """
    text = readable(prompt[:400])
    if _EDIT_ZH.match(text):
        first = text.split("，", 1)[0]
        return bool(_RESULT_ZH.search(first)) or not _DESCRIBED_ZH.search(first)
    if not _EDIT.match(text) or _SAYING.match(text) or is_tag_list(prompt):
        return False
    return not _CARRIER.search(text) and not _NEW_SCENE.search(text[:60])


_TAG_MARK = lazy_pattern(
    r"\b(?:\d\+?(?:girl|boy|other)s?|solo|masterpiece|(?:best|high|worst) quality|absurdres|"
    r"highres|score_\d|rating_|source_\w|no humans|looking at viewer)|\w_\w",
    re.IGNORECASE,
)
_IN_SENTENCE = lazy_pattern(
    r"\b(?:a|an|the|this|my|his|her|their|is|are|and|of|in|on|with|at|by|to|from|under|over|near|"
    r"behind|into|make|add|remove|change|keep|put)\b",
    re.IGNORECASE,
)


def is_tag_list(prompt: str) -> bool:
    """Check whether a prompt is a list of tags or keywords: "1girl, solo, long hair, beach".

    Parameters
    ----------
    prompt : str
        The user's words, in Latin letters.

    Returns
    -------
    bool
        True for at least three short pieces between commas, or two with a tag of a booru among
        them, most of them without articles and prepositions.
    """
    text = readable(prompt)
    pieces = [piece.strip() for piece in re.split(r"[,\n]", text) if piece.strip()]
    if len(pieces) < 2 or not text.isascii() or parse(prompt).values("quote"):
        return False
    short = [p for p in pieces if len(p.split()) <= 4 and not _IN_SENTENCE.search(p)]
    marked = _TAG_MARK.search(prompt) is not None
    return len(short) >= 0.7 * len(pieces) and (marked or len(short) == len(pieces) > 2)
