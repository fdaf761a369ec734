"""What a request says must stay: "leave the lake alone", "except the boat", "背景不变"."""

from __future__ import annotations

import re

from . import chinese
from .clauses import keep_words
from .lazy_pattern import lazy_pattern
from .lexicon import requests as words
from .parser import parse

_MORE_KEPT = lazy_pattern(
    r"\b(?:except(?:ing)?(?: for)?|apart from|other than|aside from|but not)\s+"
    r"(?=the|his|her|my|its|their|that|this|for|[a-z]+s\b)[^.;!?,\n]{1,60}"
    r"|(?<=everything )but\s+[^.;!?,\n]{1,60}"
    r"|\b(?:don't|don’t|do not|dont|never|without|no)\s+(?:mess\w* with|los\w+|ruin\w*|replac\w*|"
    r"remov\w*"
    r"|alter\w*|recolou?r\w*|chang\w*|touch\w*|edit\w*|mov\w*|modify\w*)\s[^.;!?\n]{1,80}"
    r"|\bkeep(?:ing)?\s+(?!(?:on|going|doing|up)\b)[^.;!?\n]{1,100}"
    r"|\bleav(?:e|ing)\s+[^.;!?\n]{1,60}?\b(?:out of (?:it|this)|be|in place|where (?:it|they|he|"
    r"she) (?:is|are))\b"
    r"|\bhands off\s+[^.;!?,\n]{1,40}"
    r"|(?:^|(?<=[,.;!\n])|\bbut\b|\bwhile\b|\band\b)\s*(?:the|his|her|my|its|their|all|"
    r"everything)\b[^,.;!?\n]{0,50}?\b"
    r"(?:(?:should|must|has to|have to|needs? to|can|to)\s+(?:stay|remain|be kept|be left|"
    r"not change|"
    r"be the same|not be (?:changed|touched))|stays?|remains?|is (?:fine|perfect|good|great)|"
    r"are (?:fine|perfect|good|great))\b[^,.;!?\n]{0,40}"
    r"|(?:除了|除)[^，。；！？,.\n]{1,16}?(?:以外|之外|外)?(?:[，,]|(?=都|全|其他|其余|别的|所有|"
    r"$))"
    r"|[^，。；！？,.\n把将]{1,12}?(?:都|就|也|要|请|全部?|一律|完全)*(?:不用|不能|不许|不需要|"
    r"不准|别|不要|不必|无需|不)"
    r"(?:改变|改动|改|变动|变|动|碰)(?!成|为|得)(?=$|[，。；！？,.\n了哦啊])"
    r"|(?:不要|别|不用|不许|不能|不准|不)(?:改变|改动|改|动|碰|变动|破坏|影响|换掉?|丢掉?|"
    r"删)(?!成|为)"
    r"[^，。；！？,.\n]{1,20}"
    r"|[^，。；！？,.\n把将]{1,12}?(?:还是|依然|依旧|仍然|照旧|要|继续|原样)*(?:留着|照旧|"
    r"原封不动|保留着?|保持原样|"
    r"维持原样|一样)(?=$|[，。；！？,.\n])"
    r"|(?:留着|保住|留下|保持|保留|维持)[^，。；！？,.\n]{1,20}",
    re.IGNORECASE,
)
_KEPT_END = lazy_pattern(
    rf"(?:,|\b(?:and|then|also|plus)\b)\s*(?:please |also |just |only )*"
    rf"(?={words.EDIT})(?!(?:the|cut|set|colou?r|paint|light|dress|lighting|painting|clothing|"
    rf"setting|tone|warm|cool|cover|open|close|style|frame|crop)\b)"
    rf"|\b(?:but|while|except|apart from|other than|aside from)\b|[，,](?=.*(?:把|将|换|改|加|变))",
    re.IGNORECASE,
)
_KEPT_LEAD = lazy_pattern(
    r"^[\s,，]*(?:(?:and|but|while|please|just|also|then|with|so|again|make sure(?: that)?|"
    r"be sure to|"
    r"ensure(?: that)?|to)\s+)*"
    r"(?:(?:keep(?:ing)?|preserv(?:e|ing)|maintain(?:ing)?|retain(?:ing)?|leav(?:e|ing)|"
    r"hands off)\s+|"
    r"(?:don't|don’t|dont|do not|never|without|no)\s+(?:mess\w* with|[a-z]+)\s+|"
    r"(?:except(?:ing)?(?: for)?|apart from|other than|aside from|but not|but)\s+)"
    r"(?:(?:for|to|of|about)\s+)?"
    r"|^[，,\s]*(?:但是?|而且|并且?|同时|请|要|可|务必|一定要?|只要|还|也|不过)*"
    r"(?:保持住?|保留|维持|留着|留下|保住|除了|除|(?:不要|别|不用|不许|不能|不准|不)"
    r"(?:改变|改动|改|动|碰|变动|破坏|影响|换掉?|丢掉?|删))*",
    re.IGNORECASE,
)
_KEPT_TAIL = lazy_pattern(
    r"\s*\b(?:exactly|just|completely|all|both)?\s*(?:(?:should|must|has to|have to|needs? to|"
    r"can|to)\s+)?"
    r"(?:(?:stay|remain|be|is|are|stays|remains|stay)\s+)*(?:not\s+)?"
    r"(?:(?:kept|left|exactly|just|all)\s+)*"
    r"(?:alone|unchanged|unaltered|untouched|intact|the same|as (?:it|they|he|she|that)(?:'s| is|"
    r" are| was| were)?(?: now)?|"
    r"as[- ]is|in place|where (?:it|they|he|she) (?:is|are)|out of (?:it|this)|be|put|"
    r"exactly as (?:it|they) (?:is|are)|stay|stays|remain|remains|change|changed|touched|visible|"
    r"identical|consistent|(?:is|are) (?:fine|perfect|good|great)(?: as (?:it|they) (?:is|are))?|"
    r"like (?:it|that|this)(?: is)?|please)\s*$"
    r"|(?:的?部分|的?地方|的?内容)?(?:请|都|就|也|要|全部?|一律|完全|还是|依然|仍然|继续|一定)*"
    r"(?:不变|不动|原样|一致|不要动|不要变|不要改|别动|别改|别变|别碰|不用改|不用动|不用变|"
    r"不能变|不能动|不能改|不改|"
    r"不许动|留着|照旧|原封不动|保留着?|保持原样|维持原样|一样|以外|之外|外|就好|就行|即可|"
    r"不需要改|不需要动|不必改)+[，,]?$",
    re.IGNORECASE,
)
_EXCEPTION = lazy_pattern(
    r"\b(?:keep|leave|preserve|don't change|do not change|don't touch)\b[^.;!?\n]{0,60}?"
    r"(?=\b(?:except|apart from|other than|aside from|but)\b)",
    re.IGNORECASE,
)
_AND = lazy_pattern(r"\s*(?:,|、|，|\band\b|\bor\b|\bnor\b|&|和|与|以及|跟|及)\s*")
_HAN = lazy_pattern(r"[\u4e00-\u9fff]")


def keep_spans(text: str) -> list[tuple[int, int]]:
    """Spans of the clauses of a request that say what stays, in order, without overlaps."""
    candidates = [(m.start, m.end) for m in parse(text).mentions if m.kind == "keep"]
    candidates += [match.span() for match in _MORE_KEPT.finditer(text)]
    # "keep everything except the hat": the exception is what changes.
    exceptions = [match.span() for match in _EXCEPTION.finditer(text)]
    candidates = [span for span in candidates if all(span[0] != end for _, end in exceptions)]
    for k, (start, end) in enumerate(candidates):
        if cut := _KEPT_END.search(text, start + 5, end):
            candidates[k] = start, cut.start()
    spans: list[tuple[int, int]] = []
    for start, end in sorted(candidates, key=lambda span: (span[0], -span[1])):
        if spans and start < spans[-1][1]:
            spans[-1] = spans[-1][0], max(end, spans[-1][1])
        elif text[start:end].strip():
            spans.append((start, end))
    return spans


def kept_things(clause: str) -> list[str]:
    """The things that a keep clause names: "leave the lake and the sky alone" -> both."""
    bare = _KEPT_LEAD.sub("", clause.strip(" \t\n,.;，。；!！"))
    for _ in range(3):
        bare = _KEPT_TAIL.sub("", bare.strip(" ,，"))
    return [thing.strip() for thing in _AND.split(bare) if thing.strip(" .的")]


def kept_words(thing: str) -> frozenset[str]:
    """The words of a thing that stays, in a form that can be compared."""
    return chinese.keep_words(thing) if _HAN.search(thing) else keep_words(thing)
