"""What English text says beside its nouns: negations, keep clauses, names, styles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .english import Token, lemma
from .lazy_pattern import lazy_pattern
from .lexicon import english as lexicon
from .lexicon.styles import STYLES
from .mention import Mention

_TRIGGERS = frozenset("without no not don't never neither avoid avoiding excluding nobody".split())
_NOT_NEGATING = frozenset("other only just longer more matter less doubt".split())
_NEGATION_ENDS = frozenset(
    "but with on at in under by so because instead while where then except unless for from into to "
    "keep leave make change turn is are behind near over".split()
)
_EMPTY_VERBS = frozenset(
    "add adding show showing include including draw have having be being use using do put any "
    "visible "
    "appear let want see get make making there too very".split()
)
_CHANGE_VERB = lazy_pattern(r"(?:chang|touch|alter|modif|mov|crop|edit|affect)\w*")
_MAX_NEGATION = 10  # tokens


def negations(tokens: Sequence[Token]) -> Iterator[tuple[int, int, frozenset[str]]]:
    """Find the token range and the negated words of each "no ...", "without ...", "...-free"."""
    i = 0
    while i < len(tokens):
        if tokens[i].text == "free" and i > 1 and tokens[i - 1].text == "-":
            yield i - 2, i + 1, frozenset({lemma(tokens[i - 2].text)})
        elif tokens[i].text == "free" and i + 1 < len(tokens) and tokens[i + 1].text == "of":
            last, words = _negated_words(tokens, i + 1)
            if words:
                yield i, last, words
        elif tokens[i].text in _TRIGGERS:
            last, words = _negated_words(tokens, i)
            if words:
                yield i, last, words
                i = last
                continue
        i += 1


def _negated_words(tokens: Sequence[Token], first: int) -> tuple[int, frozenset[str]]:
    """Where the negation that starts at token `first` ends, and the words it negates."""
    if tokens[first].text == "nobody":
        return first + 1, frozenset({"person"})
    words: set[str] = set()
    last = i = first + 1
    while i < min(len(tokens), first + _MAX_NEGATION):
        token = tokens[i]
        following = tokens[i + 1].text if i + 1 < len(tokens) else ""
        if i == first + 1 and (token.text in _NOT_NEGATING or _CHANGE_VERB.fullmatch(token.text)):
            return first, frozenset()
        if token.text == "one" and i == first + 1 and tokens[first].text == "no":
            return i + 1, frozenset({"person"})
        joins = token.text in ("and", "or", "nor")
        if joins and (following in ("a", "an", "the", "it") or _is_verb(following)):
            break
        if (not token.word and token.text not in "-/&") or token.text in _NEGATION_ENDS:
            break
        i += 1
        if not joins and token.word:
            last = i
            if token.text not in lexicon.STOPWORDS and token.text not in _EMPTY_VERBS:
                words.add(lemma(token.text))
        if _CHANGE_VERB.fullmatch(token.text):
            return first, frozenset()
    return last, frozenset(words)


def _is_verb(word: str) -> bool:
    return re.fullmatch(lexicon.EDIT_VERBS, word) is not None or word in ("keep", "leave")


_CLAUSE_END = lazy_pattern(
    rf"(?:,|\band\b|\bbut\b|\bthen\b|\bwhile\b)\s*(?:then |also |just |only |please )?"
    rf"(?:{lexicon.EDIT_VERBS}|with|chang\w+|turn\w+|mak\w+)\b",
    re.IGNORECASE,
)
_KEPT_THING = (
    r"(?:the|everything|all|my|his|her|its|their|it|this|that|both|other|same|rest|every|"
    r"composition|background|lighting|colou?rs?|pose|face|faces|style)\b"
)
_KEEP = lazy_pattern(
    rf"\b(?:keep(?:ing)?|preserv(?:e|ing)|maintain(?:ing)?|"
    rf"retain(?:ing)?)\s+{_KEPT_THING}[^.;!?\n]{{0,160}}"
    r"|\b(?:don't|don’t|do not|never|without)\s+(?:chang|touch|alter|modify|mov|crop|edit|"
    r"affect)\w*\s"
    r"[^.;!?\n]{1,120}"
    r"|\bleav(?:e|ing)\s[^.;!?\n]{1,80}?\b(?:alone|unchanged|as (?:it|they) (?:is|are)|as[- ]is|"
    r"intact|"
    r"untouched|the same)\b",
    re.IGNORECASE,
)
_STAYS = lazy_pattern(
    r"\b(?:(?:stays?|remains?) (?:exactly )?(?:the same|as (?:(?:it|he|she|they) )?(?:is|are))|"
    r"unchanged|untouched|nothing else (?:\w+ )?chang\w+|must not "
    r"change"
    r"|should not change)\b",
    re.IGNORECASE,
)
_KEEP_WORDS = frozenset(
    "keep keeping preserve preserving maintain maintaining retain retaining leave leaving "
    "without never "
    "don't not do change changing touch touching alter altering modify modifying move moving crop "
    "cropping edit editing affect affecting alone unchanged untouched intact stay stays remain "
    "remains must should way were has".split()
)


def keep_mentions(text: str) -> Iterator[Mention]:
    """Find clauses that say what stays: "keep the sky", "everything else unchanged"."""
    last = 0
    for match in _KEEP.finditer(text):
        cut = _CLAUSE_END.search(text, match.start() + 5, match.end())
        clause = text[match.start() : cut.start() if cut else match.end()].rstrip(" ,\t")
        last = end = match.start() + len(clause)
        yield Mention("keep", match.start(), end, keep_words(clause))
    for match in _STAYS.finditer(text):
        begin = max(
            text.rfind(mark, max(0, match.start() - 80), match.start()) for mark in ",.;!?\n"
        )
        joiner = text.rfind(" and ", max(begin, 0), match.start())
        begin = max(begin + 1, joiner + 5 if joiner >= 0 else 0, match.start() - 80, 0)
        begin += len(text[begin : match.start()]) - len(text[begin : match.start()].lstrip())
        words = keep_words(text[begin : match.end()])
        if begin >= last and words:
            yield Mention("keep", begin, match.end(), words)


def keep_words(clause: str) -> frozenset[str]:
    """Return the words of a keep clause that say what stays."""
    words = re.findall(r"[a-z0-9']+", clause.lower().replace("’", "'"))
    rest = {"everything", "else", "rest"} & set(words)
    content = {lemma(w) for w in words if w not in lexicon.STOPWORDS and w not in _KEEP_WORDS}
    return frozenset(content | ({"else"} if rest and not content else set()))


_STYLE_OF = {phrase: name for name, phrases in STYLES.items() for phrase in phrases}
_STYLE = lazy_pattern(
    "|".join(
        rf"(?<![a-z]){re.escape(phrase)}s?(?![a-z])" if phrase.isascii() else re.escape(phrase)
        for phrase in sorted(_STYLE_OF, key=lambda phrase: (-len(phrase), phrase))
    ),
    re.IGNORECASE,
)
_BLACK_WHITE = lazy_pattern(
    r"\bblack[- ](?:and|&)[- ]white(?=\s*(?:$|[,.;!?]|photo|film|picture|image|portrait|shot|"
    r"illus|draw"
    r"|sketch|movie|comic|style))",
    re.IGNORECASE,
)
_STYLE_PHRASE = lazy_pattern(
    r"\b(?:in the (?:style|manner) of|in the style)\s+(?:(?!with |on |in |at |and "
    r")[^\s,.;!?]{1,30}\s?)"
    r"{1,4}|\b(?!(?:the|this|that|a|an|in|of|my|its|same|other|new|one|art|painting|any)\b)"
    r"[a-z][\w]{1,20}[- ]style\b",
    re.IGNORECASE,
)


def monochrome(text: str) -> Iterator[re.Match[str]]:
    """Find where "black and white" is a style and not two colours."""
    return _BLACK_WHITE.finditer(text)


def style_mentions(text: str) -> Iterator[Mention]:
    """Find styles; all ways to name one style get the same value."""
    phrase_spans: list[tuple[int, int]] = []
    for match in _STYLE_PHRASE.finditer(text):
        end = match.start() + len(match[0].rstrip())
        inner = _STYLE.search(text, match.start(), end)
        name = _style_of(inner[0]) if inner else None
        words = re.sub(r"\b(?:in the (?:style|manner)(?: of)?|style)\b|[-]", " ", match[0].lower())
        phrase_spans.append((match.start(), end))
        yield Mention("style", match.start(), end, name or " ".join(words.split()))
    for match in monochrome(text):
        yield Mention("style", *match.span(), "black and white")
    position = 0
    for match in _STYLE.finditer(text):
        while position < len(phrase_spans) and phrase_spans[position][1] <= match.start():
            position += 1
        if position < len(phrase_spans) and phrase_spans[position][0] < match.end():
            continue
        name = _style_of(match[0])
        if name:
            yield Mention("style", *match.span(), name)


def _style_of(words: str) -> str | None:
    """The canonical name of a style, given in the singular or the plural."""
    lower = words.lower()
    return _STYLE_OF.get(lower) or _STYLE_OF.get(lower.removesuffix("s"))


_NAME_JOINERS = frozenset("of de van der von the la le del da".split())
_TITLE_SHARE = 0.8  # more capitals than this belong to a headline and mark no names


def name_mentions(text: str, tokens: Sequence[Token]) -> Iterator[Mention]:
    """Find capitalised words in mid-sentence, a run of them as one: "Van Gogh", "New York"."""
    long_words = [t for t in tokens if t.word and t.end - t.start > 3]
    capitals = sum(text[t.start].isupper() for t in long_words)
    if len(long_words) > 3 and capitals > _TITLE_SHARE * len(long_words):
        return
    i = 0
    while i < len(tokens):
        last = _name_end(text, tokens, i)
        opening = i == 0 or tokens[i - 1].text in ".!?:;\n•*-\0"
        if last - i >= (2 if opening else 1):
            start, end = tokens[i].start, tokens[last - 1].end
            if end - start > 1 and text[start:end] not in lexicon.NOT_NAMES:
                yield Mention("name", start, end, text[start:end].casefold())
        i = max(last, i + 1)


def _name_end(text: str, tokens: Sequence[Token], i: int) -> int:
    """Where the run of capitalised words from token `i` ends; `i` if there is none."""
    first = last = i
    while i < len(tokens):
        token, raw = tokens[i], text[tokens[i].start : tokens[i].end]
        if raw[0].isupper() and token.text[0].isalpha() and raw not in lexicon.NOT_NAMES:
            i = last = i + 1
        elif token.text in _NAME_JOINERS and last == i > first and i + 1 < len(tokens):
            following = text[tokens[i + 1].start : tokens[i + 1].end]
            if token.text == "the" or not following[0].isupper():
                break
            i += 1
        else:
            break
        if i < len(tokens) and text[tokens[i - 1].end : tokens[i].start] != " ":
            break
    return last
