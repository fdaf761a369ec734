"""Several different rewrites of one wish, each checked against the user's own words.

Variant k depends on the arguments and on variants 0..k-1 alone, so that asking for more never
changes those one has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..constraints.check import broken
from ..constraints.english import lemma
from ..constraints.find import find_constraints, find_subjects
from ..constraints.lexicon import english as lexicon
from ..constraints.parser import parse
from ..constraints.repair import append, repair
from ..constraints.request_text import is_edit, strip_request_phrase, tidy
from ..constraints.vagueness import detail_budget, leaves_everything_open
from ..mllm.chat_model import ChatModel, PromptRewriter
from ..records.hooks import NO_HOOKS, Hooks
from ..records.plan import Constraint
from .facets import FacetSampler, hash_to_unit
from .keep_clause import FAMILIES, keep_clause
from .llm_prompt import instruction, samples

ROUNDS = 2  # times a model is asked again for one variant before its best try is repaired
SAMPLES = 2  # rewrites asked for at a time


@dataclass(frozen=True)
class Rewrite:
    """One rewritten prompt and what can be proved of it.

    kept: the user's constraints, every one of which `prompt` keeps; added: the words that are not
    the user's, as they stand in `prompt`; repaired: what a model had lost and was put back.
    """

    prompt: str
    kept: tuple[Constraint, ...] = ()
    added: tuple[str, ...] = ()
    repaired: tuple[str, ...] = ()

    @property
    def marked(self) -> str:
        """The prompt with every addition in "[+ ]"."""
        pieces, last = [], 0
        for words in self.added:
            at = self.prompt.find(words, last)
            if at >= 0:
                pieces += [self.prompt[last:at], f"[+{words}]"]
                last = at + len(words)
        return "".join([*pieces, self.prompt[last:]])

    def report(self) -> str:
        """Readable text of a few lines: the marked prompt, what was kept, added and repaired."""
        lines = [self.marked]
        if self.kept:
            lines.append("kept: " + "; ".join(f"{c.kind} {c.text}" for c in self.kept))
        lines.append("added: " + ("; ".join(self.added) or "nothing"))
        if self.repaired:
            lines.append("repaired: " + "; ".join(self.repaired))
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.report()


def rewrite(
    prompt: str,
    n: int = 4,
    seed: int = 0,
    creativity: float = 0.7,
    mllm: ChatModel | None = None,
    style: str = "plain",
    *,
    hooks: Hooks = NO_HOOKS,
) -> list[Rewrite]:
    """`n` rewrites of `prompt`, as different from each other as the wish leaves room for.

    creativity: 0 puts spaces and articles right and nothing else, 1 surprises; how much is added
    also falls with the length of the prompt, so that clear prompts are left nearly alone. mllm:
    writes the rewrites when given (see `asking.samples`); each is checked against every constraint,
    asked for again, repaired, and at last replaced by the user's words. Without one, facet tables
    in English and Chinese fill what the wish leaves open; prompts in other languages stay as they
    are. Edit instructions get what stays the same, in the words of the painter family `style`, and
    never decoration. An empty prompt is a wish for anything.

    Any text is taken; ValueError for n < 0, creativity outside 0..1 or an unknown style.
    """
    if n < 0:
        raise ValueError(f"n is {n}; ask for 0 or more rewrites")
    if not 0 <= creativity <= 1:
        raise ValueError(f"creativity is {creativity}; it must be between 0 and 1")
    if style not in FAMILIES:
        raise ValueError(f"style {style!r} is not known; use one of {', '.join(FAMILIES)}")
    writer = _Writer(prompt, seed, creativity, mllm, style, hooks)
    return [writer.variant(k) for k in range(n)]


class _Writer:
    """Writes the variants of one prompt in order."""

    def __init__(
        self,
        prompt: str,
        seed: int,
        creativity: float,
        mllm: ChatModel | None,
        style: str,
        hooks: Hooks,
    ) -> None:
        self.prompt, self.seed, self.creativity, self.mllm = prompt, seed, creativity, mllm
        self.hooks, self.rounds = hooks, ROUNDS
        self.family = FAMILIES[style]
        self.own = tidy(prompt)
        self.constraints = tuple(find_constraints(prompt))
        self.language = parse(prompt).language
        self.edit = is_edit(self.own)
        self.room = 0 if self.edit else detail_budget(self.own, creativity)
        if self.room:
            self.own = strip_request_phrase(self.own)
        # "surprise me" is what a model is told; facet tables start from nothing.
        self.start = "" if creativity and leaves_everything_open(self.own) else self.own
        words = self.own if self.room else ""  # long prompts need no facets looked up
        self.sampler = FacetSampler(words, seed, creativity, self.language == "zh")
        self.checked = (*self.constraints, *find_subjects(self.own)) if mllm else self.constraints
        self.complete = isinstance(mllm, PromptRewriter)
        self.earlier: list[frozenset[str]] = []

    def variant(self, k: int) -> Rewrite:
        """Variant `k`; called for 0, 1, 2, ..."""
        if self.edit and self.creativity > 0:
            stays = keep_clause(self.own, k, self.seed, self.family, self.language == "zh")
            base = self.own.rstrip(".。 ") if stays else self.own
            return Rewrite(
                base + stays, self.constraints, (stays.lstrip(",.，。 "),) if stays else ()
            )
        facets = self.sampler.choose(self.room) if self.room else {}
        written = (
            self._by_model(self.mllm, k, facets) if self.mllm and self.room and self.own else None
        )
        result = written or self._by_facets(facets)
        self.earlier.append(_words(result.prompt))
        return result

    def _by_facets(self, facets: Mapping[str, str]) -> Rewrite:
        """The user's words followed by facet values."""
        added = list(facets.values()) if self.language in ("en", "zh", "") else []
        if not self.own and not added:
            added = list(self.sampler.choose(1).values())  # never an empty prompt
        if added and self.start.endswith((".", "!", "?")):
            added[0] = added[0][:1].upper() + added[0][1:]
        joiner = "，" if self.language == "zh" else ", "
        text = append(self.start, joiner.join(added)) if added else self.own
        if text != self.own and not self._proved(
            text
        ):  # facet values are chosen to agree; this is the net below
            text, added = self.own, []
        return Rewrite(text, self.constraints, tuple(added))

    def _proved(self, text: str) -> bool:
        lost = broken(self.constraints, text)
        # What does not hold in the user's own words is no loss of ours.
        return not lost or set(lost) <= set(broken(self.constraints, self.own))

    def _by_model(self, mllm: ChatModel, k: int, facets: Mapping[str, str]) -> Rewrite | None:
        """The model's most different rewrite that keeps everything; a repaired one; or None."""
        ask = instruction(self.own, self.constraints, facets, self.language)
        tries: list[str] = []
        for attempt in range(self.rounds + 1):
            seeds = [
                int(hash_to_unit(self.seed, k, attempt, j) * (1 << 31)) for j in range(SAMPLES)
            ]
            tries += samples(
                mllm,
                self.own,
                ask,
                details=self.room,
                seeds=seeds,
                temperature=round(0.3 + 0.9 * self.creativity, 2),
                hooks=self.hooks,
            )
            good = [text for text in tries if not self._lost(text)]
            best = max(good, key=self._distance, default=None)
            if best is not None and (self._distance(best) > 0 or attempt == self.rounds):
                return self._written(best, ())
        for text in sorted(dict.fromkeys(tries), key=lambda text: len(self._lost(text))):
            lost = self._lost(text)
            if self._is_unrelated(lost):
                continue
            for constraint in lost:
                text = repair(text, constraint, self.prompt) or ""
                if not text:
                    break
            if text and not self._lost(text):
                return self._written(text, tuple(f"{c.kind} {c.text}" for c in lost))
        self.rounds = 0  # who has not managed one is not asked again and again for the next
        return None

    def _lost(self, text: str) -> list[Constraint]:
        return broken(self.checked, text, complete=self.complete)

    def _is_unrelated(self, lost: list[Constraint]) -> bool:
        """Whether a reply keeps nothing of the wish; "How can I help?" is not to be repaired."""
        wanted = [c for c in self.checked if c.kind != "language"]
        return bool(wanted) and all(c in lost for c in wanted)

    def _written(self, text: str, repaired: tuple[str, ...]) -> Rewrite:
        return Rewrite(text, self.constraints, _added(text, self.own), repaired)

    def _distance(self, text: str) -> float:
        """Jaccard distance of the words to those of the nearest earlier variant."""
        words = _words(text)
        return min((_jaccard(words, earlier) for earlier in self.earlier), default=1.0)


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W\u4e00-\u9fff]+|[\u4e00-\u9fff]", text.casefold()))


def _jaccard(left: frozenset[str], right: frozenset[str]) -> float:
    return 1 - len(left & right) / len(left | right) if left or right else 0.0


_FILL = lexicon.STOPWORDS | lexicon.BOUNDARY


def _added(text: str, wish: str) -> tuple[str, ...]:
    """The runs of words in `text` that `wish` does not have; whole clauses where it is Chinese."""
    if parse(text).language in ("zh", "ja", "ko", "th"):
        clauses = re.findall(r"[^，。；、,.;\s]+", text)
        return tuple(clause for clause in clauses if clause not in wish)
    own = {lemma(word) for word in re.findall(r"[^\W_]+", wish.lower())}
    runs: list[tuple[int, int]] = []
    open_run = False
    for match in re.finditer(r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]", text):
        word = match[0].lower()
        new = word[0].isalnum() and lemma(word) not in own and word not in _FILL
        if new and open_run:
            runs[-1] = (runs[-1][0], match.end())
        elif new:
            runs.append(match.span())
        open_run = new or (open_run and word in _FILL)
    return tuple(text[start:end] for start, end in runs)
