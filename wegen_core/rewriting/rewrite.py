"""Several different rewrites of one prompt, each checked against the user's own words.

Variant k depends on the arguments and on variants 0..k-1 only, so a larger n never changes the
variants that a smaller n gives.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..constraints import request_text
from ..constraints.check import broken
from ..constraints.find import find_constraints, find_subjects
from ..constraints.language import LANGUAGE_NAMES
from ..constraints.lexicon import english as lexicon
from ..constraints.parser import parse
from ..constraints.repair import append, repair
from ..constraints.request_text import is_tag_list, strip_request_phrase, tidy
from ..constraints.syntax import find_syntax, readable, restore_syntax, split_end
from ..constraints.vagueness import detail_budget, leaves_everything_open
from ..mllm.chat_model import ChatModel, PromptRewriter, require_chat_model
from ..painting.families import FAMILIES
from ..records.hooks import NO_HOOKS, Hooks
from ..records.plan import Constraint
from .additions import FUNCTION_WORDS, added_phrases, added_words
from .facets import FacetSampler, Value, Wording, fitting, hash_to_unit
from .gate import clean_reply, contradictions
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
    note : str
        Why this variant adds nothing new, and what can be done about it; "" if it does.
    """

    prompt: str
    kept: tuple[Constraint, ...] = ()
    added: tuple[str, ...] = ()
    repaired: tuple[str, ...] = ()
    note: str = ""

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
        if self.note:
            lines.append(self.note)
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
    edit: bool | None = None,
    hooks: Hooks = NO_HOOKS,
) -> list[Rewrite]:
    """Rewrite a prompt in `n` different ways.

    How much is added falls with the length of the prompt: long prompts are left nearly alone. An
    edit instruction gets a clause that says what stays the same, and no decoration. An empty prompt
    asks for anything. Painting syntax such as weights, networks, wildcards and parameters comes
    back letter by letter; no model sees it.

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
        facet tables in English and Chinese fill what the prompt leaves open, also where a model
        adds nothing or repeats itself; prompts in other languages stay as they are, and `note`
        says so.
    style : str, optional
        A key of `FAMILIES`: the painter family in whose wording an edit says what stays and
        details are added. Lists of tags always get tags.
    edit : bool, optional
        Whether the prompt changes an image. None: its words decide. False where there is no image.
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
        `mllm` is no `PromptRewriter` and has no `ChatModel.chat`, which is all that is needed here.
    Stopped
        `hooks.should_stop` returned True.
    """
    if n < 0:
        raise ValueError(f"n is {n}; ask for 0 or more rewrites")
    if not 0 <= creativity <= 1:
        raise ValueError(f"creativity is {creativity}; it must be between 0 and 1")
    if style not in FAMILIES:
        raise ValueError(f"style {style!r} is not known; use one of {', '.join(FAMILIES)}")
    if not (mllm is None or hasattr(mllm, "chat") or isinstance(mllm, PromptRewriter)):
        require_chat_model(mllm)
    writer = _Writer(prompt, seed, creativity, mllm, style, edit, hooks)
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
        edit: bool | None,
        hooks: Hooks,
    ) -> None:
        self.prompt, self.seed, self.creativity, self.mllm = prompt, seed, creativity, mllm
        self.hooks, self.retries = hooks, MAX_RETRIES
        self.family = FAMILIES[style]
        self.constraints = tuple(find_constraints(prompt))
        self.language = parse(prompt).language
        self.has_tables = self.language in ("en", "zh", "")
        self.request = tidy(prompt)  # the user's words
        self.is_edit = request_text.is_edit(self.request) if edit is None else edit
        self.details = 0
        if not self.is_edit:
            self.details = detail_budget(readable(self.request), creativity)
        if self.details:
            self.request = strip_request_phrase(self.request)
        self.wish = readable(self.request)  # what a model sees: the words without painting syntax
        self.is_tags = is_tag_list(self.request)
        # A model is given "surprise me"; facet tables start from nothing.
        self.start, self.end = split_end(self.request)
        if self.details and leaves_everything_open(self.request):
            self.start = ""
        self.wording: Wording = "zh" if self.language == "zh" else "en"
        has_scores = any(item.kind == "score" for item in find_syntax(self.request))
        if self.language != "zh" and (self.is_tags or has_scores or self.family.keywords):
            self.wording = "keywords"
        # Long prompts get no facets.
        words = self.request if self.details else ""
        self.sampler = FacetSampler(words, seed, creativity, self.wording)
        subjects = find_subjects(self.request) if mllm else []
        self.required = (*self.constraints, *subjects)
        # The embedded network's rewrites name everything in the image.
        self.complete = isinstance(mllm, PromptRewriter)
        self.earlier: list[frozenset[str]] = []  # the words of the earlier variants

    def variant(self, k: int) -> Rewrite:
        """Write variant `k`; called for 0, 1, 2, ..."""
        if self.is_edit:
            return self._edit(k)
        values = self.sampler.choose(self.details) if self.details else {}
        result = None
        if self.mllm and self.details and self.wish:
            result = self._by_model(self.mllm, k, values)
        result = result or self._by_facets(values)
        self.earlier.append(_words(result.prompt) - FUNCTION_WORDS)
        return result

    def _edit(self, k: int) -> Rewrite:
        """The instruction with a clause about what stays."""
        clause = ""
        if self.creativity > 0:
            clause = keep_clause(self.request, k, self.seed, self.family, self.language == "zh")
        if clause:
            text = self.start.rstrip(".。 ") + clause + self.end
            return Rewrite(text, self.constraints, (clause.lstrip(",.，。 "),))
        return Rewrite(self.request, self.constraints, note=self._note())

    def _note(self) -> str:
        """Why nothing can be added to the prompt."""
        if self.creativity == 0:
            reason = "Creativity is 0."
        elif self.is_edit and self.family.keep:
            reason = "The instruction says itself what stays."
        elif self.is_edit:
            reason = "This painter reads no words about what stays."
        elif not self.details:
            reason = "The prompt is long enough."
        elif not self.has_tables:
            name = LANGUAGE_NAMES.get(self.language, self.language)
            reason = f"The prompt is in {name}; the word lists are in English and Chinese. " + (
                "The language model gave no usable rewrite; use a larger one."
                if self.mllm
                else "Connect a language model (mllm) to rewrite it."
            )
        else:
            reason = "The prompt leaves nothing open."
        return f"{reason} All variants are the same."

    def _by_facets(self, values: Mapping[str, Value]) -> Rewrite:
        """The user's words followed by facet values."""
        added = list(self.sampler.words(values).values()) if self.has_tables else []
        if not self.request and not added:
            added = list(self.sampler.words(self.sampler.choose(1)).values())  # never empty
        if not added:
            return Rewrite(self.request, self.constraints, note=self._note())
        text = self._extended(added)
        # Safety net: facet values are chosen to agree with the prompt. Constraints that the user's
        # own words already violate do not count.
        lost = broken(self.constraints, text)
        if lost and not set(lost) <= set(broken(self.constraints, self.request)):
            return Rewrite(self.request, self.constraints, note=self._note())
        return Rewrite(text, self.constraints, tuple(added))

    def _extended(self, added: list[str]) -> str:
        """The user's words with `added` behind them, before what must stay at the end."""
        if self.start.endswith((".", "!", "?")):
            added[0] = added[0][:1].upper() + added[0][1:]
        return append(self.start, self._joined(added)) + self.end

    def _joined(self, phrases: Iterable[str]) -> str:
        return ("，" if self.language == "zh" else ", ").join(phrases)

    def _by_model(self, mllm: ChatModel, k: int, values: Mapping[str, Value]) -> Rewrite | None:
        """The model's most different rewrite that keeps everything; a repaired one; or None."""
        instruction = rewrite_instruction(
            self.wish,
            [c for c in self.constraints if c.kind != "syntax"],
            self.sampler.words(values) if self.has_tables else {},
            self.language,
            tags=self.wording == "keywords",
        )
        floor = 0.0
        if self.has_tables and not self.complete:
            floor = self._distance(self._by_facets(values).prompt)
        candidates: list[str] = []
        for attempt in range(self.retries + 1):
            seeds = [
                int(hash_to_unit(self.seed, k, attempt, j) * (1 << 31)) for j in range(SAMPLES)
            ]
            replies = sample_rewrites(
                mllm,
                self.wish,
                instruction,
                details=self.details,
                seeds=seeds,
                temperature=round(0.3 + 0.9 * self.creativity, 2),
                hooks=self.hooks,
            )
            candidates += filter(None, map(self._candidate, replies))
            good = [text for text in candidates if not self._faults(text)]
            best = max(good, key=self._distance, default=None)
            if best is None:
                continue
            is_new = self._distance(best) > 0
            if self.complete and (is_new or attempt == self.retries):
                return Rewrite(best, self.constraints, self._added(best))
            if not self.complete and (is_new or attempt == self.retries):
                self.retries = self.retries if is_new else 0  # it writes always the same
                return self._different(best, values, floor)
        for candidate in sorted(dict.fromkeys(candidates), key=lambda c: len(self._faults(c))):
            lost = self._lost(candidate)
            if self._is_unrelated(lost):
                continue
            text: str | None = candidate
            for constraint in lost:
                text = repair(text, constraint, self.prompt) if text else None
            if text and not self._faults(text) and self._distance(text) >= floor:
                repaired = tuple(f"{c.kind} {c.text}" for c in lost)
                return Rewrite(text, self.constraints, self._added(text), repaired)
        self.retries = 0  # a model that failed completely gets one attempt for each later variant
        return None

    def _different(self, text: str, values: Mapping[str, Value], floor: float) -> Rewrite | None:
        """A model's rewrite, with facet values if it differs too little from earlier variants."""
        if self._distance(text) >= floor and self._added(text):
            note = "" if self._distance(text) else "The language model repeats an earlier variant."
            return Rewrite(text, self.constraints, self._added(text), note=note)
        left_open = self.sampler.words(fitting(values, text) if self.has_tables else {})
        words, end = split_end(text)
        more = append(words.rstrip(".。"), self._joined(left_open.values())) + end
        if left_open and self._distance(more) >= floor and not self._faults(more):
            added = (*self._added(text), *left_open.values())
            return Rewrite(more, self.constraints, added)
        return None

    def _candidate(self, reply: str) -> str:
        """The rewrite that a reply stands for; "" if none.

        Tags, prompts of several lines, and those with painting syntax inside keep their own words;
        what the reply adds follows them.
        """
        if self.complete:
            return restore_syntax(reply, self.request) or ""
        text = clean_reply(reply, self.wish)
        if not text:
            return ""
        if not self.is_tags and "\n" not in self.request:
            whole = restore_syntax(text, self.request) if find_syntax(self.request) else text
            if whole is not None:
                return whole
        details = self._details(text)
        return self._extended(details) if details else ""

    def _details(self, text: str) -> list[str]:
        """What a reply adds, as phrases that can follow the user's own words."""
        nouns = parse(self.wish).present
        details = []
        for phrase in added_phrases(text, self.wish):
            parsed = parse(phrase)
            names_again = self.language == "zh" and not parsed.present.isdisjoint(nouns)
            if not names_again and phrase.lower() not in lexicon.COLOURS:
                details.append(phrase)
        return details[: self.details]

    def _lost(self, text: str) -> list[Constraint]:
        return broken(self.required, text, complete=self.complete)

    def _faults(self, text: str) -> Sequence[object]:
        """What is wrong with a rewrite: lost constraints, and what contradicts the prompt."""
        return [*self._lost(text), *(() if self.complete else contradictions(text, self.request))]

    def _is_unrelated(self, lost: list[Constraint]) -> bool:
        """Whether a reply such as "How can I help?" keeps nothing, so that repair is no use."""
        required = [c for c in self.required if c.kind not in ("language", "syntax")]
        return bool(required) and all(c in lost for c in required)

    def _added(self, text: str) -> tuple[str, ...]:
        rest = text[len(self.start) : len(text) - len(self.end)]
        if self.start and text.startswith(self.start) and rest[:1] in (",", "，"):
            return tuple(filter(None, re.split(r"\s*[,，]\s*", rest)))
        return added_words(text, self.request)

    def _distance(self, text: str) -> float:
        """Jaccard distance of the content words to those of the nearest earlier variant."""
        words = _words(text) - FUNCTION_WORDS
        return min((_jaccard_distance(words, earlier) for earlier in self.earlier), default=1.0)


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W\u4e00-\u9fff]+|[\u4e00-\u9fff]", text.casefold()))


def _jaccard_distance(left: frozenset[str], right: frozenset[str]) -> float:
    return 1 - len(left & right) / len(left | right) if left or right else 0.0
