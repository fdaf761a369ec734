"""What a chat model is asked for a whole plan, and how its JSON is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..mllm.lenient_json import find_objects
from ..records.conversation import Conversation
from ..records.fields import FieldSpec
from ..records.hooks import Hooks, Sampling
from ..records.plan import Intent, Plan, Reference, asked_fields, json_schema
from . import small_steps
from .plan_check import Draft
from .words import WordsPlan

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
NEW_IMAGE_EXAMPLES = {
    "en": """\
"two kites" -> {"intent": "generate", "text": "Two kites for you.", "prompt": "Two kites above a \
windy beach, bright morning light"}
"hello!" -> {"intent": "answer", "text": "Hello! What shall I draw?", "prompt": ""}""",
    "zh": """\
“两只风筝” -> {"intent": "generate", "text": "给你画两只风筝。", "prompt": "两只风筝飞在有风的海滩\
上空，清晨明亮的光线"}
“你好！” -> {"intent": "answer", "text": "你好！想让我画什么？", "prompt": ""}""",
}
CHANGE_EXAMPLES = {
    "en": """\
A house by a pond, "make the roof green" -> {"intent": "refine", "text": "The roof is green now.", \
"prompt": "A house with a green roof by a pond"}
Two kites above a beach, "remove one" -> {"intent": "refine", "text": "One kite is gone.", \
"prompt": "One kite above a beach"}""",
    "zh": """\
池塘边的房子，“把屋顶改成绿色” -> {"intent": "refine", "text": "屋顶现在是绿色了。", "prompt": \
"池塘边一座绿色屋顶的房子"}
海滩上空的两只风筝，“去掉一只” -> {"intent": "refine", "text": "去掉了一只风筝。", "prompt": \
"海滩上空的一只风筝"}""",
}
_FEW_FIELDS = 4
"""With more, examples would make the instruction too long."""

_AGAIN = "\nYour last answer could not be used: {fault}. Answer again, with the JSON object alone."


@dataclass(frozen=True)
class Task:
    """What is to be planned. words: what the words say of it."""

    conversation: Conversation
    forced: Intent | None
    sampling: Sampling
    hooks: Hooks
    words: WordsPlan

    @property
    def request(self) -> str:
        """The words of the user's last turn."""
        return self.conversation.turns[-1].text


def plan_instruction(task: Task, fields: Sequence[FieldSpec], fault: str) -> str:
    """What the model is told after the user's last words."""
    lines = []
    for spec in fields:
        ask = spec.ask
        if spec.name == "intent":
            ask = f'"{task.forced}"' if task.forced else _INTENTS
        elif spec.name == "text" and not task.forced:
            ask += _ANSWERING
        lines.append(f'"{spec.key}": {ask}')
    if len(fields) <= _FEW_FIELDS:
        examples = CHANGE_EXAMPLES if task.conversation.images else NEW_IMAGE_EXAMPLES
        is_chinese = small_steps.questions(task.request) is small_steps.CHINESE
        lines.append(examples["zh" if is_chinese else "en"])
    return INSTRUCTION + "\n".join(lines) + (_AGAIN.format(fault=fault) if fault else "")


def plan_fields(task: Task, *, sees: bool) -> list[FieldSpec]:
    """The fields of a plan that a model is asked for.

    Most are about images. A model that does not see them is asked only for what the words leave
    open.
    """
    names = {"intent", "text", "prompt"}
    plan, images = task.words.plan, len(task.conversation.images)
    if images and sees:
        return asked_fields(Plan)
    if images and plan.intent in ("refine", "compose") and "scope" not in task.words.certain:
        names.add("scope")
    if images > 1 and "references" not in task.words.certain:
        names.add("references")
    return [spec for spec in asked_fields(Plan) if spec.name in names]


def schema_of(fields: Sequence[FieldSpec]) -> dict[str, Any]:
    """The part of SCHEMA that is about `fields`."""
    names = [spec.key for spec in fields]
    if names == SCHEMA["required"]:
        return SCHEMA
    return SCHEMA | {"properties": {n: SCHEMA["properties"][n] for n in names}, "required": names}


def read_draft(reply: str, fields: Sequence[FieldSpec], images: int) -> Draft:
    """The fields in a model's reply, with the faults of those that cannot be read.

    Raises ValueError, in words for the model, if there is no JSON object with such fields.
    """
    objects = [o for o in find_objects(reply) if "intent" in o or "prompt" in o]
    if not objects:
        raise ValueError("it held no JSON object with the fields asked for")
    data = objects[-1]  # reasoning models emit drafts first
    draft = Draft({})
    for spec in fields:
        try:
            value = spec.kind.read(data.get(spec.key), f"plan {spec.key}")
            if spec.name == "references":
                _check_numbers(value, images)
            draft.values[spec.name] = value
        except ValueError as error:
            draft.faults[spec.name] = str(error)
    if draft.values.get("intent") in ("refine", "compose") and not images:
        draft.values["intent"] = "generate"
    return draft


def _check_numbers(references: tuple[Reference, ...], image_count: int) -> None:
    for reference in references:
        if reference.image > image_count:
            raise ValueError(f"reference names picture {reference.image}; there are {image_count}")
