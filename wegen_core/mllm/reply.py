"""A model's reply as it arrives, without the marks and the thoughts that models write around it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..constraints.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from ..records.hooks import OnText

THINKING_MARKS = (
    ("<think>", "</think>"),  # DeepSeek, Qwen, GLM, Phi, Hunyuan, ...
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),  # EXAONE, Gemini
    ("<reasoning>", "</reasoning>"),
    ("<reason>", "</reason>"),
    ("<reflection>", "</reflection>"),
    ("<analysis>", "</analysis>"),  # Keye-VL
    ("<seed:think>", "</seed:think>"),  # Seed-OSS
    ("<longcat_think>", "</longcat_think>"),
    ("[THINK]", "[/THINK]"),  # Magistral
    ("[THINKING]", "[/THINKING]"),
    ("◁think▷", "◁/think▷"),  # Kimi-VL
    ("<|begin_of_thought|>", "<|end_of_thought|>"),  # Sky-T1
    ("<|START_THINKING|>", "<|END_THINKING|>"),  # Command A
    ("<|inner_prefix|>", "<|inner_suffix|>"),  # Apertus
    ("<|think|>", "<|content|>"),  # Solar
    ("<|channel|>analysis", "<|channel|>final"),  # gpt-oss (harmony)
    ("<|channel|>commentary", "<|channel|>final"),
    ("<|channel>thought", "<channel|>"),  # Gemma 4
    ("<unused94>thought", "<unused95>"),  # MedGemma
)
"""What reasoning models write before and after their thinking, in any case of letters."""

# Any other tag that speaks of thinking: <scratch_pad>, <mm:think>, <|thinking_start|>, ...
_THINKING_WORD = "(?:think|thought|reason|scratch_?pad|monologue)"
_OPENING_TAG = rf"<[^<>\s]{{0,30}}{_THINKING_WORD}[^<>\n]{{0,30}}>"
_CLOSING_TAG = rf"<(?=[^<>\s]{{0,30}}{_THINKING_WORD})[^<>\s]{{0,40}}(?:/|end)[^<>\n]{{0,40}}>"
_HALF_TAG = lazy_pattern(rf"<[^<>\s]{{0,30}}(?:{_THINKING_WORD}[^<>\n]{{0,30}})?\Z", re.IGNORECASE)

# The same as plain words, which open a thought only where a reply begins. gpt-oss' marks become
# such words where a server drops special tokens.
_PLAIN_MARKS = (
    ("analysis", "assistantfinal"),
    ("Here is my thought process:", "Here is my response:"),  # Granite
    ("Here's my thought process:", "Here's my response:"),
    ("Here are my reasoning steps:", "[BEGIN FINAL RESPONSE]"),  # Apriel
)
# The answer itself; what stands before is a thought.
_ANSWER_MARKS = (
    ("<answer>", "</answer>"),  # GLM-4.1V, Hunyuan, R1-style VLMs
    ("<final_answer>", "</final_answer>"),
    ("<conclusion>", "</conclusion>"),  # LLaVA-CoT
    ("<response>", "</response>"),  # ERNIE
    ("<output>", "</output>"),  # Marco-o1, Reflection
    ("<final>", "</final>"),
    ("[BEGIN FINAL RESPONSE]", "[END FINAL RESPONSE]"),  # Apriel
    ("<|begin_of_solution|>", "<|end_of_solution|>"),
    ("<|START_RESPONSE|>", "<|END_RESPONSE|>"),
)
# Left out of an answer.
_OTHER_MARKS = (
    "<|begin_of_box|>",  # GLM-V
    "<|end_of_box|>",
    "<|im_start|>assistant",
    "<|start|>assistant",
    "<|start_header_id|>assistant<|end_header_id|>",
    "<start_of_turn>model",
    "<|turn>model",
    "<|assistant|>",
    "<|begin|>assistant",
    "[/INST]",
    "<|message|>",
    "<|constrain|>json",
    "<|end|>",
    "<s>",
)
# The reply ends here, whatever the model adds.
_END_MARKS = (
    "<|im_end|>",
    "<|im_start|>user",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|eot|>",
    "<|return|>",
    "<|call|>",
    "<|user|>",
    "<|observation|>",
    "<end_of_turn>",
    "<|end_of_turn|>",
    "<end_of_utterance>",
    "<start_of_turn>user",
    "<turn|>",
    "<eos>",
    "</s>",
    "<｜end▁of▁sentence｜>",
    "<|end_of_sentence|>",
    "<|END_OF_TURN_TOKEN|>",
    "[|endofturn|]",
)


def _any_of(marks: Iterable[str]) -> str:
    return "|".join(map(re.escape, marks))


def _pattern(**kinds: str) -> re.Pattern[str]:
    """A pattern whose `lastgroup` is the kind of the mark."""
    groups = "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in kinds.items())
    return lazy_pattern(groups, re.IGNORECASE)


_OPENINGS = [opening for opening, _ in THINKING_MARKS]
_CLOSINGS = [*dict.fromkeys(closing for _, closing in THINKING_MARKS)]
_ANSWERS = [opening for opening, _ in _ANSWER_MARKS]
_PLAIN_CLOSINGS = [closing for _, closing in _PLAIN_MARKS]
_CLOSING = f"{_any_of(_CLOSINGS)}|{_CLOSING_TAG}"
_OPENING = f"{_any_of(_OPENINGS)}|{_OPENING_TAG}"
_MARK = _pattern(
    closing=_CLOSING,
    opening=_OPENING,
    answer=_any_of(_ANSWERS),
    other=_any_of([*_OTHER_MARKS, *(closing for _, closing in _ANSWER_MARKS)]),
    end=_any_of(_END_MARKS),
)
_THOUGHT_END = _pattern(closing=f"{_CLOSING}|{_any_of(_PLAIN_CLOSINGS)}")
_THOUGHT = _pattern(closing=_CLOSING, opening=_OPENING)
_MARKS = [
    *_OPENINGS,
    *_CLOSINGS,
    *_PLAIN_CLOSINGS,
    *(mark for pair in _ANSWER_MARKS for mark in pair),
    *_OTHER_MARKS,
    *_END_MARKS,
]
_BEGINNINGS = frozenset(mark[:size].lower() for mark in _MARKS for size in range(1, len(mark)))
_LONGEST = max(map(len, _MARKS))
_PLAIN_OPENING = lazy_pattern(
    r"\s*(?:analysis(?=[^\W\d_])|"
    + "|".join(re.escape(opening) for opening, _ in _PLAIN_MARKS[1:])
    + ")",
    re.IGNORECASE,
)
_ANSWER_AT_THE_END = lazy_pattern(
    f"(?:{'|'.join(map(re.escape, _ANSWERS))})(.*?)"
    f"(?:{'|'.join(re.escape(closing) for _, closing in _ANSWER_MARKS)})\\s*\\Z",
    re.IGNORECASE | re.DOTALL,
)
_BOXED = lazy_pattern(r".*\\boxed\{(?:\\text\{(.*)\}|(.*))\}[\s$.]*", re.DOTALL)


def without_thoughts(reply: str) -> str:
    """A whole reply without the model's thinking and marks."""
    streamed = StreamedReply()
    streamed.add(reply)
    return streamed.finish()


def opens_thought(prompt: str) -> bool:
    """Whether a prompt ends with a mark that opens a thought, as some chat templates do."""
    return prompt.rstrip().lower().endswith(tuple(opening.lower() for opening in _OPENINGS))


def is_mark(token: str) -> bool:
    """Whether a special token of a tokenizer is a mark, or a part of one."""
    return any(token in mark for mark in _MARKS) or _THOUGHT.fullmatch(token) is not None


class StreamedReply:
    """A reply that arrives in pieces; the model's thinking and its marks are left out.

    Parameters
    ----------
    on_text
        Called with each piece of the reply that is not thinking.
    thinking
        Whether the chat template has opened a thought already.

    Attributes
    ----------
    begun : bool
        Whether any of the reply proper has arrived.
    """

    def __init__(self, on_text: OnText | None = None, *, thinking: bool = False) -> None:
        self._on_text = on_text
        self._pieces: list[str] = []  # all that arrived
        self._answer: list[str] = []  # without thoughts
        self._set_aside = ""  # the answer, unless another follows its stray closing mark
        self._undecided = ""  # the newest text, which may begin a mark
        self._half_character = ""
        self._thinking = self._assumed_thinking = thinking
        self._at_start = not thinking
        self._ended = self._thought_over = False
        self.begun = False

    def add(self, piece: str) -> None:
        """Take the next piece of what the model writes."""
        self._undecided += (piece := self._whole_characters(piece))
        self._pieces.append(piece)
        if self._at_start and not self._is_past_start():
            return
        pattern = _THOUGHT_END if self._thinking else _MARK
        while match := pattern.search(self._undecided):
            self._pass_on(self._undecided[: match.start()])
            self._undecided = self._undecided[match.end() :]
            kind = match.lastgroup
            if kind == "opening":
                self._thinking = True
            elif kind in ("closing", "answer"):  # all before was a thought, marked or not
                self._set_aside = "".join(self._answer) if self._thought_over else ""
                self._thinking = self._assumed_thinking = False
                self._thought_over = True
                self._answer.clear()
            elif kind == "end" and self._answer:
                self._ended = True
            pattern = _THOUGHT_END if self._thinking else _MARK
        decided = len(self._undecided) - self._length_of_half_mark()
        self._pass_on(self._undecided[:decided])
        self._undecided = self._undecided[decided:]

    def finish(self, *, cut_off: bool = False) -> str:
        """The whole reply; what was held back is passed on.

        cut_off: whether the reply was still going on. A thought that was not closed is then none.
        """
        if self._assumed_thinking and not cut_off:  # the model did not think after all
            self._thinking = self._assumed_thinking = False
            self._undecided = self.raw
        self._pass_on(self._undecided)
        self._undecided = ""
        return self.text

    @property
    def text(self) -> str:
        """The reply so far, without thinking."""
        # An answer may stand in a thought that is never closed.
        if self._thinking and (boxed := _ANSWER_AT_THE_END.search(self.raw)):
            return boxed[1].strip()
        hidden = self._thinking or self._ended
        text = "".join([*self._answer, "" if hidden else self._undecided]).strip()
        if boxed := _BOXED.fullmatch(text):  # as models do that were trained on mathematics
            text = boxed[1] or boxed[2]
        return text or self._set_aside.strip()

    @property
    def raw(self) -> str:
        """All that the model wrote."""
        return "".join(self._pieces)

    @property
    def opened_by_template(self) -> bool:
        """Whether a thought ended that no mark had opened."""
        first = _THOUGHT.search(self.raw)
        return first is not None and first.lastgroup == "closing"

    def _is_past_start(self) -> bool:
        """Whether it is clear if the reply begins with a mark of plain words."""
        start = self._undecided.lstrip().lower()
        if any(opening.lower().startswith(start) for opening, _ in _PLAIN_MARKS):
            return False
        if opening := _PLAIN_OPENING.match(self._undecided):
            self._thinking, self._undecided = True, self._undecided[opening.end() :]
        self._at_start = False
        return True

    def _whole_characters(self, piece: str) -> str:
        """`piece` with surrogates joined; a half waits for its other half in the next piece."""
        piece, self._half_character = self._half_character + piece, ""
        if "\ud800" <= piece[-1:] <= "\udbff":
            piece, self._half_character = piece[:-1], piece[-1]
        return piece.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def _length_of_half_mark(self) -> int:
        tail = self._undecided[-_LONGEST:].lower()
        half_mark = next((len(tail) - i for i in range(len(tail)) if tail[i:] in _BEGINNINGS), 0)
        half_tag = _HALF_TAG.search(self._undecided)
        return max(half_mark, len(half_tag[0]) if half_tag else 0)

    def _pass_on(self, text: str) -> None:
        if self._thinking or self._ended:
            return
        text = text if self._answer else text.lstrip()
        if text:
            self._answer.append(text)
            self.begun = True
            if self._on_text is not None:
                self._on_text(text)
