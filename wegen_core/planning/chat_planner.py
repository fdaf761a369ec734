"""Planning with any chat model: a JSON object, or small steps, held against the user's words.

Two ways are tried, and which of them fits the model is remembered: a whole plan as JSON, and small
questions for models that ramble. A plan's fields that contradict the words are asked for once more,
and then replaced by what the words say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..mllm.chat_model import EmptyReplyError
from ..mllm.lenient_json import find_objects, is_closed
from ..records.conversation import Conversation
from ..records.hooks import NO_HOOKS, Hooks, OnText, Sampling, Stopped
from ..records.plan import Intent, Plan
from . import small_steps
from .habits import Habits, Way
from .plan_check import Draft, check_fields, check_intent, merge
from .plan_request import Task, plan_fields, plan_instruction, read_draft, schema_of
from .references import describe_references, resolve_base_image
from .user_text import AnswerStream, is_fit_answer, is_refusal, words_of
from .words import WordsPlan, prompt_of, read_words

if TYPE_CHECKING:
    from ..mllm.chat_model import ChatModel

PLAN_TOKENS = 300
"""A plan takes about 100 tokens."""

SAMPLING = Sampling(temperature=0.4, top_p=0.9, max_new_tokens=PLAN_TOKENS)

ANSWER_TOKENS = 2048
THINKING_TOKENS = 2048
"""Of a plan by a model that thinks first."""

_MIN_SPOKEN = 12
"""Characters of a text that tell a refusal from an answer."""

_IN_WORDS = "\n(Answer in plain words, without JSON.)"
NOTE = "(No plan could be read from {name}; your own words are used as they are.)"
NO_ANSWER = "({name} gave no answer in words; ask again, or use a larger language model.)"


class ChatPlanner:
    """Implements `Planner` with a chat model."""

    def __init__(self, model: ChatModel) -> None:
        self.model = model
        self.name = model.name
        self.habits = Habits()
        self._calls = 0

    def plan(
        self,
        conversation: Conversation,
        *,
        intent: Intent | None = None,
        sampling: Sampling = SAMPLING,
        hooks: Hooks = NO_HOOKS,
    ) -> Plan:
        """See `Planner.plan`.

        What the words clearly ask in words is answered by plain chat. Otherwise the model writes a
        whole plan; a second time if the first contradicts the words, quoting what was wrong. A
        model that writes none is asked in small steps. Each field that is missing or still wrong
        comes from the words; `Plan.sources` says which. If all do, the plan's text says so.
        """
        sampling = replace(
            SAMPLING, **{name: v for name, v in vars(sampling).items() if v is not None}
        )
        words = read_words(conversation, intent)
        if words.plan.intent == "answer" and (intent or "intent" in words.certain):
            return Plan("answer", text=self._answer(conversation, sampling, hooks))
        task, calls = Task(conversation, intent, sampling, hooks, words), self._calls
        streamer = _PlanTextStreamer(task, self.model, self.habits)
        plan = self._whole_plan(task, streamer) if self.habits.way == "whole plan" else None
        plan = plan or self._small_steps(task)
        if self._calls > calls and "model" not in {source for _, source in plan.sources}:
            plan = replace(plan, text=NOTE.format(name=self.name))
        streamer.finish(plan)
        return plan

    def _answer(self, conversation: Conversation, sampling: Sampling, hooks: Hooks) -> str:
        """Plain chat, without JSON; a model that writes nothing else is asked once more."""
        sampling = replace(sampling, max_new_tokens=ANSWER_TOKENS)
        request = conversation
        for attempt in (1, 2):
            stream = AnswerStream(hooks.on_text, hold=not self.model.capabilities.marks_thoughts)
            try:
                reply = self.model.chat(
                    request, sampling=sampling, hooks=replace(hooks, on_text=stream.push)
                )
            except EmptyReplyError:
                if attempt == 2:
                    raise
                reply = ""
            if text := words_of(reply):
                break
            request = _with_instruction(conversation, _IN_WORDS)
        text = text or NO_ANSWER.format(name=self.name)
        stream.finish(text)
        return text

    def _whole_plan(self, task: Task, streamer: _PlanTextStreamer) -> Plan | None:
        """The plan of one or two JSON objects; None if the model wrote none."""
        fields = plan_fields(task, sees=self.model.capabilities.sees)
        schema = schema_of(fields)
        draft, fault = None, ""
        for attempt in (1, 2):
            instruction = streamer.instruction = plan_instruction(task, fields, fault)
            reply, rambled = self._chat(
                _with_instruction(task.conversation, instruction),
                task,
                lambda reply: self._ends_json(reply),
                schema if self.model.capabilities.json_schema else None,
                streamer.push if attempt == 1 else None,
            )
            try:
                newer = read_draft(reply, fields, len(task.conversation.images))
            except ValueError as error:
                if rambled:
                    break
                fault = str(error)
                continue
            self._check(newer, task, instruction)
            if draft is not None:
                better = len(newer.faults) < len(draft.faults)
                self.habits.helped += better
                self.habits.in_vain += not better
            if draft is None or len(newer.faults) <= len(draft.faults):
                draft = newer
            if not draft.faults or not self.habits.asks_again:
                break
            fault = "; ".join(draft.faults.values())
        if draft is None:
            self.habits.way = "small steps"
            return None
        self.habits.note_use("whole plan", "prompt" not in draft.faults)
        return self._merged(draft, task, "whole plan")

    def _small_steps(self, task: Task) -> Plan:
        """The plan of one answer for each thing that the words leave open."""
        questions = small_steps.questions(task.request)
        draft, sees = Draft({}), self.model.capabilities.sees
        if not task.forced and "intent" not in task.words.certain:
            draft.values["intent"] = small_steps.read_intent(self._step(task, questions.intent))
            if draft.values["intent"] in ("refine", "compose") and not task.conversation.images:
                draft.values["intent"] = None  # there is nothing to change
            # The text of an answer is asked for later.
            check_intent(draft, task.words, task.request, trusted=self.habits.trusted)
        words = self._words_of_intent(draft, task)
        plan, before = words.plan, prompt_of(task.conversation, words.plan.base)
        is_new = plan.intent == "generate"
        kind = "new prompt" if is_new else "changed prompt"
        if plan.intent == "answer":
            draft.values["text"] = self._answer(
                task.conversation, task.sampling, replace(task.hooks, on_text=None)
            )
        elif (is_new or before or sees) and not self.habits.is_useless(kind):
            question = questions.new_prompt if is_new else questions.changed_prompt
            prompt = small_steps.read_line(self._step(task, question, before))
            is_example = small_steps.is_example(prompt, f"{before}\n{task.request}")
            draft.values["prompt"] = "" if is_example else prompt
            if not is_new and sees and not plan.keep:
                draft.values["keep"] = small_steps.read_things(self._step(task, questions.keep))
            if plan.scope == "local" and sees and plan.region is None:
                draft.values["region"] = small_steps.read_place(self._step(task, questions.where))
        if not draft.values:
            return self._merged(draft, task, "the words alone")
        was_asked, trusted = "prompt" in draft.values, self.habits.trusted
        check_fields(draft, words, task.request, "", before, sees=sees, trusted=trusted)
        if was_asked:
            self.habits.note_use(kind, "prompt" not in draft.faults)
        return self._merged(draft, task, "small steps")

    def _step(self, task: Task, question: small_steps.Question, before: str = "") -> str:
        images = task.conversation.images if self.model.capabilities.sees else []
        message = f"{before}\n{task.request}".strip()
        brief = replace(task.sampling, max_new_tokens=small_steps.MAX_NEW_TOKENS, temperature=0.0)
        reply, _ = self._chat(
            small_steps.ask(question, message, images),
            replace(task, sampling=brief),
            lambda reply: "\n" in reply.strip(),
        )
        return words_of(reply)

    def _chat(
        self,
        conversation: Conversation,
        task: Task,
        is_enough: Callable[[str], bool],
        schema: dict[str, Any] | None = None,
        on_text: OnText | None = None,
    ) -> tuple[str, bool]:
        """A short reply, and whether the model would have gone on; stopped once it is enough."""
        self._calls += 1
        limit = task.sampling.max_new_tokens or PLAN_TOKENS
        pieces: list[str] = []

        def collect(piece: str) -> None:
            pieces.append(piece)
            if on_text is not None:
                on_text(piece)

        def is_over() -> bool:
            return len(pieces) > limit or is_enough("".join(pieces))

        def should_stop() -> bool:
            return is_over() or bool(task.hooks.should_stop and task.hooks.should_stop())

        tokens = THINKING_TOKENS if self.habits.thinks else limit
        try:
            reply = self.model.chat(
                conversation,
                schema=schema,
                sampling=replace(task.sampling, max_new_tokens=tokens),
                hooks=replace(task.hooks, on_text=collect, should_stop=should_stop),
            )
        except EmptyReplyError:
            if not self.habits.thinks:  # it had too little room so far
                self.habits = Habits(thinks=True)
            return "", False
        except Stopped:
            if not is_over():
                raise
            reply = "".join(pieces)
        return reply, not is_enough(reply) and max(len(pieces), len(reply) / 3) > 0.9 * limit

    def _ends_json(self, reply: str) -> bool:
        """Whether the JSON object that a reply begins with is complete."""
        start = reply.lstrip()
        if not (start.startswith(("{", "`")) or self.model.capabilities.marks_thoughts):
            return False  # this may be a thought, with a draft in it
        return "}" in start and is_closed(start)

    def _check(self, draft: Draft, task: Task, instruction: str) -> None:
        """Note the faults of a whole plan, and how far the model's intents can be trusted."""
        stated = task.words.plan.intent
        intent = draft.values["intent"] = task.forced or draft.values.get("intent")
        draft.values["text"] = words_of(draft.values.get("text", ""), instruction)
        if not task.forced:
            self.habits.agreed += intent == stated
            self.habits.contradicted += intent != stated and "intent" in task.words.certain
        trusted, sees = self.habits.trusted, self.model.capabilities.sees
        if intent == "answer" and not is_fit_answer(draft.values["text"]):
            draft.faults["text"] = '"text" is not an answer, and the intent is "answer"'
        check_intent(draft, task.words, task.request, trusted=trusted)
        words = self._words_of_intent(draft, task)
        before = prompt_of(task.conversation, words.plan.base)
        check_fields(draft, words, task.request, instruction, before, sees=sees, trusted=trusted)

    def _words_of_intent(self, draft: Draft, task: Task) -> WordsPlan:
        """The plan of the words, with the model's intent where that is taken."""
        intent = draft.values.get("intent")
        if "intent" in draft.faults or intent in (None, task.words.plan.intent):
            return task.words
        return read_words(task.conversation, intent)

    def _merged(self, draft: Draft, task: Task, way: Way) -> Plan:
        words = self._words_of_intent(draft, task)
        plan = merge(draft, words)
        plan = replace(plan, sources=(("way", way), *plan.sources))
        return resolve_base_image(plan, task.conversation)


class _PlanTextStreamer:
    """Passes on the text of a plan while the other fields are still being generated."""

    def __init__(self, task: Task, model: ChatModel, habits: Habits) -> None:
        self._on_text, self._words, self._habits = task.hooks.on_text, task.words, habits
        self._request = task.request
        self._starts = ("",) if model.capabilities.marks_thoughts else ("{", "`")
        self._reply = self._emitted = ""
        self._complete = self._on_text is None
        self.instruction = ""

    def push(self, piece: str) -> None:
        """Take the next piece of the model's reply."""
        self._reply += piece
        if self._complete or "\\" in self._reply[-6:]:  # half an escape is not a character yet
            return
        if not self._reply.lstrip().startswith(self._starts):
            return  # this may be a thought
        for data in find_objects(self._reply):
            text = data.get("text")
            agrees = data.get("intent") == self._words.plan.intent
            if isinstance(text, str) and (agrees or self._may_differ()) and self._is_fit(text):
                self._emit(text)
            self._complete = "prompt" in data  # the field after the text has begun

    def _is_fit(self, text: str) -> bool:
        """Whether the beginning of a text can be said before the whole is checked."""
        if len(text) < _MIN_SPOKEN or text in self.instruction or is_refusal(text):
            return False
        if small_steps.is_example(text, self._request):
            return False
        return words_of(text) == text.strip()

    def _may_differ(self) -> bool:
        return "intent" not in self._words.certain and self._habits.trusted

    def finish(self, plan: Plan) -> None:
        """Pass on what is still missing of the text of `plan`."""
        words = plan.text or plan.prompt
        self._emit(words if words.startswith(self._emitted) else f"{self._emitted}\n{words}")

    def _emit(self, text: str) -> None:
        if self._on_text is not None and text.startswith(self._emitted) and text != self._emitted:
            self._on_text(text[len(self._emitted) :])
            self._emitted = text


def _with_instruction(conversation: Conversation, instruction: str) -> Conversation:
    """The conversation with the instruction after the user's last words.

    The instruction comes last so that the turns before it are the same in every call, and a model's
    KV cache of them still holds.
    """
    turn = conversation.turns[-1]
    stated = describe_references(turn.references)
    branch = conversation.branch(turn.parent)
    branch.add(turn.role, *turn.parts, *([stated] if stated else []), instruction)
    return branch
