"""Regular expressions that are compiled on first use.

The finders' large patterns take a tenth of a second to compile. ComfyUI imports this package at
start-up, where they are not needed yet.
"""

from __future__ import annotations

import re
from typing import Any, cast


class _LazyPattern:
    def __init__(self, pattern: str, flags: int) -> None:
        self._arguments = pattern, flags

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(*self._arguments)
        for method in ("search", "match", "fullmatch", "finditer", "findall", "sub"):
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


def lazy_pattern(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return what `re.compile` returns, but compile it when it is first used."""
    return cast("re.Pattern[str]", _LazyPattern(pattern, flags))
