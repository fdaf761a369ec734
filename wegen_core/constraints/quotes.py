"""Text in quotation marks: an image shows it letter by letter, so nothing else reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .lazy_pattern import lazy_pattern
from .mention import Mention

_QUOTE = lazy_pattern(
    r'(?<![A-Za-z0-9])"(?P<a>[^"\n]{1,2000})"'
    r"|“(?P<b>[^“”]{1,2000})”|„(?P<c>[^„“”]{1,2000})[“”]|«(?P<d>[^«»]{1,2000})»"
    r"|「(?P<e>[^「」]{1,2000})」|『(?P<f>[^『』]{1,2000})』|《(?P<g>[^《》]{1,2000})》"
    r"|‘(?P<h>[^‘’\n]{1,200})’(?![A-Za-z])"
    r"|(?<![A-Za-z0-9])'(?P<i>(?:[^'\n]|(?<=[A-Za-z])'(?=[A-Za-z])){1,200})'(?![A-Za-z0-9])"
)


def find_quotes(text: str) -> Iterator[Mention]:
    """Find the words in quotation marks; the spans are without the marks."""
    for match in _QUOTE.finditer(text):
        inner = match[match.lastgroup or 0]
        if inner.strip():
            yield Mention("quote", *match.span(match.lastgroup or 0), inner)


def quote_spans(text: str) -> list[tuple[int, int]]:
    """Return the spans of all quotes with their marks, in order."""
    return [(quote.start - 1, quote.end + 1) for quote in find_quotes(text)]


def blank(text: str, spans: Iterable[tuple[int, int]], fill: str = "\0") -> str:
    """Overwrite the sorted spans of `text`, so that finders do not look into them."""
    pieces, last = [], 0
    for start, end in spans:
        pieces += [text[last:start], fill * (end - start)]
        last = end
    return "".join([*pieces, text[last:]])
