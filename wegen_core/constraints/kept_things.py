"""What a request says must stay: "leave the lake alone", "except the boat", "背景不变"."""

from __future__ import annotations

import re
from typing import NamedTuple

from . import chinese
from .clauses import keep_words
from .lazy_pattern import lazy_pattern
from .lexicon import requests as words


class KeepClause(NamedTuple):
    """The words `text[start:end]` of a request, and the things that they keep."""

    start: int
    end: int
    things: tuple[str, ...]


_TAIL = (  # of "keep the sky ..."
    r"(?:exactly |just |all |both |completely |looking |all of (?:it|them) )*(?:alone|unchanged|"
    r"unaltered|untouched|intact|identical|consistent|(?:exactly )?the same(?: as (?:before|now))?|"
    r"(?:exactly )?as (?:it|they|he|she|that)(?:'s| is| are| was| were)?(?: now)?|as[- ]is|"
    r"in place|put|where (?:it|they|he|she) (?:is|are)|out of (?:it|this)|like (?:it|that|"
    r"this)(?: is)?|"
    r"be|please)\b"
)
_NEXT = (  # what follows a keep clause
    r"(?=\s*(?:[.;!?\n]|$|,?\s*\b(?:but|while|except|apart from|other than|aside from|so that|"
    r"because|since|when|if|and then|then)\b|(?:,|,?\s*\b(?:and|also|plus)\b)\s*"
    rf"(?:please |also |just |only |then )*"
    rf"(?:(?!(?:{words.NOUN_LIKE})\b(?! (?:him|her|them|it|an?)\b))(?:{words.EDIT})|"
    r"(?:the|his|her|my|its|their) (?:\w+ ){1,3}?(?:should|must|to)\b)))"
)
_THING = r"(?P<thing>[^.;!?\n]{1,100}?)"
_OF = r"(?:the|his|her|my|its|their|all|everything|both|our|your)\b"
_TOUCH = (
    r"(?:mess\w* (?:with|up)|los\w+|ruin\w*|replac\w*|remov\w*|alter\w*|recolou?r\w*|chang\w*|"
    r"touch\w*|retouch\w*|edit\w*|mov\w*|modify\w*|affect\w*|crop\w*|cover\w*|distort\w*)"
)
_MUST = r"(?:can|may|could|should|must|has to|have to|needs? to|ought to|shall)"
_STAY = (
    r"(?:stay|remain|look (?:exactly |just )?(?:the same|(?:as|like) (?:now|before))|be kept|"
    r"be left|be the same|"
    r"not (?:be )?(?:chang|touch|mov|alter|edit|los|harm|affect|shift|modif|replac|remov)\w*)"
)
_PATTERNS = tuple(
    lazy_pattern(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:keep(?:ing)?|preserv(?:e|ing)|maintain(?:ing)?|retain(?:ing)?):?\s+"
        rf"(?!(?:on|going|doing|up)\b){_THING}(?:\s+{_TAIL})*{_NEXT}",
        rf"\bleav(?:e|ing)\s+{_THING}\s+{_TAIL}(?:\s+{_TAIL})*",
        rf"(?:^|[,.;!?]\s*|\b(?:but|and)\s+)leav(?:e|"
        rf"ing)\s+(?P<thing>{_OF}[^.;!?,\n]{{0,40}}?){_NEXT}",
        r"\b(?:don't|don’t|do not|dont|never|without|no|not)\s+(?:you dare |dare |ever )?"
        rf"(?:{_TOUCH})\s+(?!to\b)"
        rf"{_THING}{_NEXT}",
        rf"\b(?:hands off|no changes? (?:to|of|in))\s+{_THING}{_NEXT}",
        r"(?:^|[.;!?]\s*)(?P<thing>[^.:;!?\n]{1,60}): hands off(?=\s*(?:[.,;!]|$))",
        r"(?<![^\s,.;!])(?P<thing>(?:(?!(?:but|while|please|make|so|if)\b|"
        r"and (?!the|his|her|its|their|my))[\w'-]+\s+){1,6}?)"
        rf"(?:{_MUST}\s+{_STAY}|(?:is|are) to (?:stay|remain)|"
        rf"(?:is|are) not to (?:be )?{_TOUCH}|(?:is|are) off[- ]limits|"
        r"(?:mustn|shouldn|can|needn)['’]?t (?:be )?(?:chang|touch|mov|alter)\w*)"
        rf"(?:\s+{_TAIL})*[^,.;!?\n]{{0,20}}",
        r"(?:^|[,.;!]\s*)(?!but|while)(?P<thing>(?:[\w'-]+\s+){1,3}?and\s+(?:[\w'-]+\s+){1,3}?)"
        rf"{_MUST}\s+{_STAY}(?:\s+{_TAIL})*",
        r"(?:^|[,.;!]\s*)(?P<thing>(?:(?!but|and)[\w'-]+\s+){1,2}?)"
        r"stays?(?: identical| put| on)?(?=\s*(?:[.,;!]|$))",
        r"(?:^|[,.;!]\s*|\b(?:and|but|while|with)\s+)(?P<thing>(?:[\w'-]+\s+){1,4}?)"
        r"(?:stays?|remains?) (?:right |exactly )?(?:where|as|how|what) "
        r"(?:it|they|he|she) (?:is|are)",
        rf"(?<![^\s,.;!])(?P<thing>{_OF}(?:\s+(?!but\b|and\b)[\w'-]+){{0,5}}?)\s+(?:(?:stays?|"
        rf"remains?)"
        rf"(?:\s+{_TAIL}|\s+\w+(?= *(?:[,.;!?\n]|$)))*|(?:is|are) (?:fine|perfect|good|"
        rf"great)(?:\s+{_TAIL})*)(?=\s*(?:[,.;!?\n]|$|but\b|and\b|so\b))",
        r"(?:^|[,.;!]\s*|\b(?:and|but|with|while)\s+)(?P<thing>(?:(?!(?:must|should|looks?|it'?self|is|are|I|want)\b)[\w'-]+\s+)"
        r"{1,5}?)(?:(?:itself|himself|herself) )?(?:(?:is|are|being|left|kept|stays?|remains?)\s+)?"
        r"(?:unchanged|untouched|unaltered|intact|as[- ]is|the same)(?=\s*(?:$|[,.;!?]))",
        r"(?:^|[,.;!]\s*|\b(?:and|but|with)\s+)(?P<thing>(?:(?!(?:but|and|stays?|remains?|is|"
        r"are)\b)[\w'-]+\s+){1,4}?)(?:exactly |just )?"
        r"as (?:it|they|he|she) (?:is|are|was|were)\b",
        r"(?P<thing>everything else|all else|the rest) (?:as|like) (?:before|it|now|is)\b(?: \w+)?",
        r"\bchang\w+ (?P<thing>nothing)(?= (?:except|but|apart|other))",
        r"(?P<thing>nothing else)(?: \w+){0,3}",
        r"\b(?P<thing>nothing) (?:but|except) [^.;!?\n]{1,40}? "
        rf"{_MUST} chang\w+",
        r"\b(?:except(?:ing)?(?: for)?|apart from|other than|aside from|but not|"
        r"(?:(?<=everything )|(?<=everyone )|(?<=all )|(?<=else ))but)\s+"
        rf"(?P<thing>[^.;!?,\n]{{1,60}}?){_NEXT}",
    )
)
_THING_ZH = r"(?P<thing>[^，。；！？,.;!?\n把将]{1,16}?)"
_NOT_ZH = r"(?:不要|别|不用|不许|不能|不准|请勿|勿|不需要|不必|无需|不可以?|不)"
_TOUCH_ZH = (
    r"(?:改变|改动|改|变动|变|动|碰|破坏|影响|换掉?|丢掉?|删掉?|剪掉?|挡住?|遮住?|弄坏?|丢失?|裁掉?|"
    r"修改?|调整?|乱动|走样|变形|跑偏)(?!成|为|得)"
)
_END_ZH = r"(?=$|[，。；！？,.;!?\n]|了|哦|啊|就|的)"
_SAME_ZH = (
    rf"(?:(?:都|就|也|请|一点|丝毫|千万|统统|通通|全部?|一律|完全|还是|依然|仍然|继续|要|一定|保持|维持|部分|地方|的)*"
    rf"(?:不变|不动|原样|留着|照旧|原封不动|保留|一致|{_NOT_ZH}{_TOUCH_ZH}))"
)
_PATTERNS_ZH = tuple(
    lazy_pattern(pattern)
    for pattern in (
        rf"除了?[^，。；！？,.\n]{{1,10}}?(?:以外|之外|外)?[，,]?(?P<thing>什么|其他|其它|其余|"
        rf"别的|所有)(?:地方|部分|东西)?"
        rf"都?{_NOT_ZH}{_TOUCH_ZH}",
        rf"{_THING_ZH}(?:可以|要|应该|请|都|就|也|继续)*(?:保持|维持)(?!不变|"
        rf"原)[^，。；！？,.;!?\n]{{1,4}}"
        r"(?=$|[，。；！？,.;!?\n])",
        rf"(?:只留下?|只剩下?|保持住?|保留好?|维持|留着|留下|保住){_THING_ZH}(?:{_SAME_ZH})?(?=$|"
        rf"[，。；！？,.;!?\n])",
        rf"{_NOT_ZH}{_TOUCH_ZH}{_THING_ZH}(?=$|[，。；！？,.;!?\n])",
        rf"{_THING_ZH}{_SAME_ZH}{_END_ZH}",
        rf"(?<![去删清消移擦解])除了?{_THING_ZH}(?:以外|之外|外)?(?:[，,]|(?=都|全|其他|其余|别的|所有|$))",
    )
)
# "keep everything except the hat": the exception is what changes.
_KEPT_BEFORE = lazy_pattern(
    r"\b(?:keep|leave|preserve|don't (?:change|touch)|do not (?:change|touch)|"
    r"change nothing)\b[^.;!?\n]*$",
    re.IGNORECASE,
)
_ASKED = lazy_pattern(r"\b(?:do|does|did|how|why|when|where)\b[^.;!?,\n]{0,20}$", re.IGNORECASE)
_EVERYTHING_ELSE = re.compile(
    r"(?:anything|everything|all|nothing)(?: else| other than.*)?|(?:all )?(?:of )?the rest|rest",
    re.IGNORECASE,
)
_AND = lazy_pattern(r"\s*(?:,|、|，|\band\b|\bor\b|\bnor\b|&|和|与|以及|跟|及)\s*", re.IGNORECASE)
_ALL_ZH = lazy_pattern("^(?:什么|所有)$")
_MANNER = lazy_pattern(r"(?:it|them|things)\s+\w", re.IGNORECASE)  # "keep it natural"
_LAST = lazy_pattern(rf"\s+(?:{_TAIL}|though|too|as well|as before|for now)$", re.IGNORECASE)
_LEAD_ZH = re.compile(
    r"^(?:图\S[里中上]?的|第\S张[里中上]?的?|但是?|而且|并且?|同时|请|让|要|可是?|不过|务必|一定要?|只要|还|也)+"
)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_NONE_ZH = re.compile("(?:一个|一点儿?|一丝|半点|哪怕一点)$")


def find_keep_clauses(text: str) -> list[KeepClause]:
    """The clauses of a request that say what stays, in order, without overlaps."""
    patterns = (*_PATTERNS, *_PATTERNS_ZH) if _HAN.search(text) else _PATTERNS
    matches = [match for pattern in patterns for match in pattern.finditer(text)]
    clauses: list[KeepClause] = []
    for match in sorted(matches, key=lambda m: (m.start(), -m.end())):
        exception = match[0].lower().startswith(("except", "apart", "other", "aside", "but"))
        if clauses and match.start() < clauses[-1].end:
            continue
        before = text[max(0, match.start() - 80) : match.start()]
        if (exception and _KEPT_BEFORE.search(before)) or _ASKED.search(before):
            continue
        if things := _things(match["thing"]):
            clauses.append(KeepClause(match.start(), match.end(), things))
    return clauses


def _things(words_kept: str) -> tuple[str, ...]:
    bare = _NONE_ZH.sub("", _LEAD_ZH.sub("", _LAST.sub("", words_kept.strip(" ,，"))))
    things = [thing.strip(" .的") for thing in _AND.split(bare)]
    return tuple(
        "everything else" if _EVERYTHING_ELSE.fullmatch(thing) else _ALL_ZH.sub("其他部分", thing)
        for thing in things
        if thing and not _MANNER.match(thing)
    )


def kept_words(thing: str) -> frozenset[str]:
    """The words of a thing that stays, in a form that can be compared."""
    return chinese.keep_words(thing) if _HAN.search(thing) else keep_words(thing)
