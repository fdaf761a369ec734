"""Planning with any chat model: a JSON Schema, lenient reading, a second attempt, a fallback."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..constraints import broken, find_constraints, find_subjects, is_edit
from ..constraints.repair import repair
from ..mllm.chat_model import EmptyReplyError
from ..mllm.lenient_json import find_objects
from ..records.conversation import Conversation
from ..records.hooks import NO_HOOKS, Hooks, OnText, Sampling
from ..records.plan import INTENTS, Intent, Plan, Reference, asked_fields, json_schema
from .references import describe_references, resolve_base_image
from .words import plan_from_words

if TYPE_CHECKING:
    from ..mllm.chat_model import ChatModel

SAMPLING = Sampling(temperature=0.4, top_p=0.9, max_new_tokens=2048)
SCHEMA = json_schema(Plan)

INSTRUCTION = """\
You plan the next step of a design copilot that talks, draws and changes pictures. Do not draw and \
do not chat: answer the message above with one JSON object and nothing else. Its fields:
"""
_INTENTS = (
    '"generate" for a new picture, "refine" to change the last picture, "compose" to put things '
    'from several pictures together, "answer" to reply in words only'
)
_ANSWERING = ", or for an answer the full answer"
_AGAIN = "\nYour last answer could not be used: {fault}. Answer again, with the JSON object alone."
NOTE = "(No plan could be read from {name}; your own words are used as they are.)"


class ChatPlanner:
    """Implements `Planner` with a chat model."""

    def __init__(self, model: ChatModel) -> None:
        self.model = model
        self.name = model.name

    def plan(
        self,
        conversation: Conversation,
        *,
        intent: Intent | None = None,
        sampling: Sampling = SAMPLING,
        hooks: Hooks = NO_HOOKS,
    ) -> Plan:
        """See `Planner.plan`.

        The model has two attempts: the second quotes what was wrong with the first, and optional
        fields that are wrong again are left out. After that the plan is made of the user's own
        words, and its text says so. Constraints that a new image's prompt has lost are put back;
        a prompt that keeps none of them and none of the things named is rejected. A forced intent
        "answer" is plain chat.
        """
        sampling = replace(
            SAMPLING, **{name: v for name, v in vars(sampling).items() if v is not None}
        )
        if intent == "answer":
            reply = self.model.chat(conversation, sampling=sampling, hooks=hooks)
            return Plan("answer", text=reply)
        schema = SCHEMA if self.model.capabilities.json_schema else None
        streamer = _PlanTextStreamer(hooks.on_text)
        fault = ""
        for attempt in (1, 2):
            try:
                reply = self.model.chat(
                    _with_instruction(conversation, intent, fault),
                    schema=schema,
                    sampling=sampling,
                    hooks=replace(hooks, on_text=streamer.push if attempt == 1 else None),
                )
            except EmptyReplyError:
                reply = ""
            try:
                plan = read_plan(reply, conversation, intent, lenient=attempt == 2)
                break
            except ValueError as error:
                fault = str(error)
        else:
            plan = _plan_from_own_words(self.name, conversation, intent, reply)
        streamer.finish(plan)
        return plan


class _PlanTextStreamer:
    """Passes on the text of a plan while the other fields are still being generated."""

    def __init__(self, on_text: OnText | None) -> None:
        self._on_text = on_text
        self._reply = self._emitted = ""
        self._complete = on_text is None

    def push(self, piece: str) -> None:
        """Take the next piece of the model's reply."""
        self._reply += piece
        if self._complete or "\\" in self._reply[-6:]:  # half an escape is not a character yet
            return
        for data in find_objects(self._reply):
            if isinstance(text := data.get("text"), str):
                self._emit(text)
            self._complete = "prompt" in data  # the field after the text has begun

    def finish(self, plan: Plan) -> None:
        """Pass on what is still missing of the text of `plan`."""
        words = plan.text or plan.prompt
        self._emit(words if words.startswith(self._emitted) else f"{self._emitted}\n{words}")

    def _emit(self, text: str) -> None:
        if self._on_text is not None and text.startswith(self._emitted) and text != self._emitted:
            self._on_text(text[len(self._emitted) :])
            self._emitted = text


def _with_instruction(
    conversation: Conversation, intent: Intent | None, fault: str
) -> Conversation:
    """The conversation with the instruction after the user's last words.

    The instruction comes last so that the turns before it are the same in every call, and a model's
    KV cache of them still holds.
    """
    lines = []
    for spec in asked_fields(Plan):
        ask = spec.ask
        if spec.name == "intent":
            ask = f'"{intent}"' if intent else _INTENTS
        elif spec.name == "text" and not intent:
            ask += _ANSWERING
        lines.append(f'"{spec.key}": {ask}')
    instruction = INSTRUCTION + "\n".join(lines)
    if fault:
        instruction += _AGAIN.format(fault=fault)
    turn = conversation.turns[-1]
    stated = describe_references(turn.references)
    branch = conversation.branch(turn.parent)
    branch.add(turn.role, *turn.parts, *([stated] if stated else []), instruction)
    return branch


def read_plan(
    reply: str, conversation: Conversation, intent: Intent | None = None, *, lenient: bool = False
) -> Plan:
    """The plan in a model's reply; ValueError, in words for the model, if there is none.

    lenient: optional fields that are wrong are left out.
    """
    objects = [o for o in find_objects(reply) if "intent" in o or "prompt" in o]
    if not objects:
        raise ValueError("it held no JSON object with the fields asked for")
    data = objects[-1]  # reasoning models emit drafts first
    turn, image_count = conversation.turns[-1], len(conversation.images)
    if intent or (lenient and str(data.get("intent", "")).strip().lower() not in INTENTS):
        data = {**data, "intent": intent or plan_from_words(conversation).intent}
    values: dict[str, Any] = {}
    for spec in asked_fields(Plan):
        required = spec.name in ("intent", "text", "prompt")
        if not required and not image_count:
            continue  # the other fields are about images of the conversation
        try:
            value = spec.kind.read(data.get(spec.key), f"plan {spec.key}")
            if spec.name == "references":
                _check_numbers(value, image_count)
            values[spec.name] = value
        except ValueError:
            if required or not lenient:
                raise
    values["prompt"] = " ".join(values["prompt"].split())
    if values["intent"] == "answer" and not values["text"]:
        raise ValueError('"text" is empty, and the intent is "answer"')
    if values["intent"] in ("refine", "compose") and not image_count:
        values["intent"] = "generate"
    plan = Plan(**values, constraints=tuple(find_constraints(turn.text)))
    return _restore_constraints(plan, turn.text)


def _check_numbers(references: tuple[Reference, ...], image_count: int) -> None:
    for reference in references:
        if reference.image > image_count:
            raise ValueError(f"reference names picture {reference.image}; there are {image_count}")


def _restore_constraints(plan: Plan, request: str) -> Plan:
    """`plan` for a new image with a prompt that keeps what the words of `request` fix.

    Raises ValueError if the prompt is about something else.
    """
    if plan.intent != "generate" or is_edit(request):
        return plan  # an edit's words describe the change, not the whole image
    required = [c for c in (*plan.constraints, *find_subjects(request)) if c.kind != "language"]
    if broken([c for c in plan.constraints if c.kind == "language"], plan.prompt):
        required = [c for c in required if c.kind == "quote"]  # translated: other words differ
    prompt = plan.prompt
    lost = broken(required, prompt)
    if lost == required and any(c.kind == "subject" for c in required):
        raise ValueError(
            f'"prompt" leaves out what was asked for: {", ".join(c.text for c in lost)}'
        )
    for constraint in lost:
        repaired = repair(prompt, constraint, request)
        if repaired is not None and not broken([constraint], repaired):
            prompt = repaired
    return replace(plan, prompt=prompt)


def _plan_from_own_words(
    name: str, conversation: Conversation, intent: Intent | None, reply: str
) -> Plan:
    """The plan where the model wrote none: what the user's words say."""
    note = NOTE.format(name=name)
    plan = plan_from_words(conversation, intent)
    if plan.intent == "answer":
        return replace(plan, text=f"{reply.strip()}\n{note}".strip())
    return resolve_base_image(replace(plan, text=note), conversation)
