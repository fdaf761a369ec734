"""Several different rewrites of one prompt, each checked against the user's own words.

Variant k depends on the arguments and on variants 0..k-1 only, so a larger n never changes the
variants that a smaller n gives.
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
from ..mllm.chat_model import ChatModel, PromptRewriter, require_chat_model
from ..painting.families import FAMILIES
from ..records.hooks import NO_HOOKS, Hooks
from ..records.plan import Constraint
from .facets import FacetSampler, hash_to_unit
from .keep_clause import keep_clause
from .llm_prompt import rewrite_instruction, sample_rewrites

MAX_RETRIES = 2  # of a model, for one variant; then its best reply is repaired
SAMPLES = 2  # rewrites that a model writes at a time


@dataclass(frozen=True)
class Rewrite:
    """A rewritten prompt and what was checked about it.

    Parameters
    ----------
    prompt : str
        The rewritten prompt.
    kept : tuple of Constraint
        The user's constraints; `prompt` satisfies all of them that the user's words satisfy.
    added : tuple of str
        The words that are not the user's, as they stand in `prompt`.
    repaired : tuple of str
        The constraints that a model had lost and that were put back.
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
        """Describe the rewrite in a few lines: the marked prompt, what was kept, added, repaired.

        Returns
        -------
        str
            Text for the user.
        """
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
    """Rewrite a prompt in `n` different ways.

    How much is added falls with the length of the prompt: long prompts are left nearly alone. An
    edit instruction gets a clause that says what stays the same, and no decoration. An empty prompt
    asks for anything.

    Parameters
    ----------
    prompt : str
        The user's words, in any language.
    n : int, optional
        Number of rewrites, at least 0.
    seed : int, optional
        The same arguments give the same rewrites.
    creativity : float, optional
        In 0..1. 0 only corrects spaces and articles, 1 surprises.
    mllm : ChatModel, optional
        Writes the rewrites. Each one is checked against every constraint. One that fails is
        requested again, then repaired, and at last replaced by the user's words. Without a model,
        facet tables in English and Chinese fill what the prompt leaves open; prompts in other
        languages stay as they are.
    style : str, optional
        A key of `FAMILIES`: the painter family in whose wording an edit says what stays.
    hooks : Hooks, optional
        Stops the model.

    Returns
    -------
    list of Rewrite
        As different from each other as the prompt permits.

    Raises
    ------
    ValueError
        n < 0, creativity outside 0..1, or an unknown style.
    TypeError
        `mllm` implements neither `ChatModel` nor `PromptRewriter`.
    Stopped
        `hooks.should_stop` returned True.
    """
    if n < 0:
        raise ValueError(f"n is {n}; ask for 0 or more rewrites")
    if not 0 <= creativity <= 1:
        raise ValueError(f"creativity is {creativity}; it must be between 0 and 1")
    if style not in FAMILIES:
        raise ValueError(f"style {style!r} is not known; use one of {', '.join(FAMILIES)}")
    if mllm is not None and not isinstance(mllm, PromptRewriter):
        require_chat_model(mllm)
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
        self.hooks, self.retries = hooks, MAX_RETRIES
        self.family = FAMILIES[style]
        self.constraints = tuple(find_constraints(prompt))
        self.language = parse(prompt).language
        self.request = tidy(prompt)  # the user's words
        self.is_edit = is_edit(self.request)
        self.details = 0 if self.is_edit else detail_budget(self.request, creativity)
        if self.details:
            self.request = strip_request_phrase(self.request)
        # A model is given "surprise me"; facet tables start from nothing.
        self.start = "" if creativity and leaves_everything_open(self.request) else self.request
        words = self.request if self.details else ""  # long prompts get no facets
        self.sampler = FacetSampler(words, seed, creativity, self.language == "zh")
        subjects = find_subjects(self.request) if mllm else []
        self.required = (*self.constraints, *subjects)
        # The embedded network's rewrites name everything in the image.
        self.complete = isinstance(mllm, PromptRewriter)
        self.earlier: list[frozenset[str]] = []  # the words of the earlier variants

    def variant(self, k: int) -> Rewrite:
        """Write variant `k`; called for 0, 1, 2, ..."""
        if self.is_edit and self.creativity > 0:
            clause = keep_clause(self.request, k, self.seed, self.family, self.language == "zh")
            if not clause:
                return Rewrite(self.request, self.constraints)
            text = self.request.rstrip(".。 ") + clause
            return Rewrite(text, self.constraints, (clause.lstrip(",.，。 "),))
        facets = self.sampler.choose(self.details) if self.details else {}
        result = None
        if self.mllm and self.details and self.request:
            result = self._by_model(self.mllm, k, facets)
        result = result or self._by_facets(facets)
        self.earlier.append(_words(result.prompt))
        return result

    def _by_facets(self, facets: Mapping[str, str]) -> Rewrite:
        """The user's words followed by facet values."""
        added = list(facets.values()) if self.language in ("en", "zh", "") else []
        if not self.request and not added:
            added = list(self.sampler.choose(1).values())  # never an empty prompt
        if not added:
            return Rewrite(self.request, self.constraints)
        if self.start.endswith((".", "!", "?")):
            added[0] = added[0][:1].upper() + added[0][1:]
        text = append(self.start, ("，" if self.language == "zh" else ", ").join(added))
        # Safety net: facet values are chosen to agree with the prompt. Constraints that the user's
        # own words already violate do not count.
        lost = broken(self.constraints, text)
        if lost and not set(lost) <= set(broken(self.constraints, self.request)):
            return Rewrite(self.request, self.constraints)
        return Rewrite(text, self.constraints, tuple(added))

    def _by_model(self, mllm: ChatModel, k: int, facets: Mapping[str, str]) -> Rewrite | None:
        """The model's most different rewrite that keeps everything; a repaired one; or None."""
        instruction = rewrite_instruction(self.request, self.constraints, facets, self.language)
        candidates: list[str] = []
        for attempt in range(self.retries + 1):
            seeds = [
                int(hash_to_unit(self.seed, k, attempt, j) * (1 << 31)) for j in range(SAMPLES)
            ]
            candidates += sample_rewrites(
                mllm,
                self.request,
                instruction,
                details=self.details,
                seeds=seeds,
                temperature=round(0.3 + 0.9 * self.creativity, 2),
                hooks=self.hooks,
            )
            good = [text for text in candidates if not self._lost(text)]
            best = max(good, key=self._distance, default=None)
            if best is not None and (self._distance(best) > 0 or attempt == self.retries):
                return Rewrite(best, self.constraints, _added(best, self.request))
        for candidate in sorted(dict.fromkeys(candidates), key=lambda text: len(self._lost(text))):
            lost = self._lost(candidate)
            if self._is_unrelated(lost):
                continue
            text: str | None = candidate
            for constraint in lost:
                text = repair(text, constraint, self.prompt) if text else None
            if text and not self._lost(text):
                repaired = tuple(f"{c.kind} {c.text}" for c in lost)
                return Rewrite(text, self.constraints, _added(text, self.request), repaired)
        self.retries = 0  # a model that failed completely gets one attempt for each later variant
        return None

    def _lost(self, text: str) -> list[Constraint]:
        return broken(self.required, text, complete=self.complete)

    def _is_unrelated(self, lost: list[Constraint]) -> bool:
        """Whether a reply such as "How can I help?" keeps nothing, so that repair is no use."""
        required = [c for c in self.required if c.kind != "language"]
        return bool(required) and all(c in lost for c in required)

    def _distance(self, text: str) -> float:
        """Jaccard distance of the words to those of the nearest earlier variant."""
        words = _words(text)
        return min((_jaccard_distance(words, earlier) for earlier in self.earlier), default=1.0)


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W\u4e00-\u9fff]+|[\u4e00-\u9fff]", text.casefold()))


def _jaccard_distance(left: frozenset[str], right: frozenset[str]) -> float:
    return 1 - len(left & right) / len(left | right) if left or right else 0.0


_FUNCTION_WORDS = lexicon.STOPWORDS | lexicon.BOUNDARY


def _added(text: str, request: str) -> tuple[str, ...]:
    """The runs of words in `text` that `request` does not have; in Chinese whole clauses."""
    if parse(text).language in ("zh", "ja", "ko", "th"):
        clauses = re.findall(r"[^，。；、,.;\s]+", text)
        return tuple(clause for clause in clauses if clause not in request)
    known = {lemma(word) for word in re.findall(r"[^\W_]+", request.lower())}
    runs: list[tuple[int, int]] = []
    in_run = False
    for match in re.finditer(r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]", text):
        word = match[0].lower()
        is_new = word[0].isalnum() and lemma(word) not in known and word not in _FUNCTION_WORDS
        if is_new and in_run:
            runs[-1] = (runs[-1][0], match.end())
        elif is_new:
            runs.append(match.span())
        in_run = is_new or (in_run and word in _FUNCTION_WORDS)
    return tuple(text[start:end] for start, end in runs)
