"""Asking any model that chats for a plan: a schema, tolerant reading, a second try, a fallback."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..constraints import broken, find_constraints, is_edit
from ..constraints.find import find_subjects
from ..constraints.repair import repair
from ..mllm.lenient_json import find_objects
from ..records.conversation import Conversation
from ..records.plan import INTENTS, ROLES, SCOPES, Intent, Plan, Reference
from .references import given_references, in_words, with_base

if TYPE_CHECKING:
    from ..mllm import MLLM
    from ..records.conversation import ImagePart, Turn
    from ..records.hooks import OnText, Progress, ShouldStop
    from ..records.plan import Region

TEMPERATURE, TOP_P = 0.4, 0.9
MOST_TOKENS = 2048

INSTRUCTION = """\
You plan the next step of a design copilot that talks, draws and changes pictures. Do not draw and \
do not chat: answer the message above with one JSON object and nothing else. Its fields:
"intent": {intents}
"text": one short, friendly sentence to the user, in the user's language{answering}
"prompt": the whole picture as it shall be afterwards, described for an image model: every thing, \
colour, number, place and style the user asked for, and for a change also all that stays. Text to \
be written in the picture stays in quotation marks, letter by letter. "" for an answer
"changes": list of what changes, in a few words each; [] if the picture is new
"keep": list of what must stay as it is; [] if the picture is new
"scope": how much of the picture the change touches, one of {scopes}: a part, one thing, all that \
is behind the things, or all of it, as another style, light, season or mood do
"region": where in the picture the change belongs, as [left, top, right, bottom], each from 0 to 1 \
of the width or height; null if it is the whole picture or not clear
"references": list of pictures to take something from, each \
{{"picture": its number, "role": one of {roles}, "what": the thing taken, "strength": 0 to 1}}; \
"base" is the picture that things are put into; [] if none"""

_INTENTS = (
    '"generate" for a new picture, "refine" to change the last picture, "compose" to put things '
    'from several pictures together, "answer" to reply in words only'
)
_AGAIN = """
Your last answer could not be used: {fault}. Answer again, with the JSON object alone."""
NOTE = "(No plan could be read from {name}; your own words are used as they are.)"

_WORDS = {"type": "array", "items": {"type": "string"}}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "intent": {"type": "string", "enum": list(INTENTS)},
        "text": {"type": "string"},
        "prompt": {"type": "string"},
        "changes": _WORDS,
        "keep": _WORDS,
        "scope": {"type": "string", "enum": list(SCOPES)},
        "region": {"anyOf": [{"type": "array", "items": {"type": "number"}}, {"type": "null"}]},
        "references": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "picture": {"type": "integer"},
                    "role": {"type": "string", "enum": list(ROLES)},
                    "what": {"type": "string"},
                    "strength": {"type": "number"},
                },
                "required": ["picture", "role", "what", "strength"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["intent", "text", "prompt", "changes", "keep", "scope", "region", "references"],
    "additionalProperties": False,
}


def ask_for_plans(
    mllm: MLLM,
    conversation: Conversation,
    *,
    n: int = 1,
    intent: Intent | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
    seed: int = 0,
    guidance: float | None = None,
    on_text: OnText | None = None,
    on_progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> list[Plan]:
    """`n` plans for the last user turn: `MLLM.plan` for any class that chats.

    guidance and on_progress are for visual tokens, which such a model has none of.

    Two tries each: the second quotes what was wrong with the first, and optional parts that are
    still wrong are left out. After that the plan is made of the user's own words, and its text says
    so. The user's constraints (`find_constraints`) that a new picture's prompt has lost are put
    back; a prompt that keeps none of them and none of the things named is no plan. A forced intent
    "answer" is plain chat, streamed.
    """
    options: dict[str, Any] = {
        "temperature": TEMPERATURE if temperature is None else temperature,
        "top_p": TOP_P if top_p is None else top_p,
        "max_new_tokens": MOST_TOKENS,
        "should_stop": should_stop,
    }
    plans = []
    for own in range(seed, seed + n):
        if intent == "answer":
            said = mllm.chat(conversation, seed=own, on_text=on_text, **options)
            plans.append(Plan("answer", text=said or "(no answer)"))
            continue
        aloud = _Aloud(on_text)
        plans.append(_plan(mllm, conversation, intent, own, aloud, options))
        aloud.finish(plans[-1])
    return plans


def _plan(
    mllm: MLLM,
    conversation: Conversation,
    intent: Intent | None,
    seed: int,
    aloud: _Aloud,
    options: dict[str, Any],
) -> Plan:
    fault = ""
    for last in (False, True):
        talk = _with_instruction(conversation, intent, fault)
        hear = None if fault else aloud.hear
        reply = mllm.chat(talk, schema=SCHEMA, seed=seed, on_text=hear, **options)
        try:
            return _read(reply, conversation, intent, lenient=last)
        except ValueError as error:
            fault = str(error)
    return _in_own_words(mllm.name, conversation, intent, reply)


class _Aloud:
    """Says the text of a plan aloud while the rest of it is still being written."""

    def __init__(self, on_text: OnText | None) -> None:
        self._on_text = on_text
        self._heard = self._said = ""
        self._whole = on_text is None

    def hear(self, piece: str) -> None:
        """The next piece of the model's reply."""
        self._heard += piece
        if self._whole or "\\" in self._heard[-6:]:  # half an escape is no sign yet
            return
        for found in find_objects(self._heard):
            text = found.get("text")
            if isinstance(text, str):
                self._say(text)
            self._whole = "prompt" in found  # the field after the text has begun

    def finish(self, plan: Plan) -> None:
        """Say what is still to be said of `plan`."""
        words = plan.text or plan.prompt
        self._say(words if words.startswith(self._said) else f"{self._said}\n{words}")

    def _say(self, text: str) -> None:
        if self._on_text is not None and text.startswith(self._said) and text != self._said:
            self._on_text(text[len(self._said) :])
            self._said = text


def _with_instruction(
    conversation: Conversation, intent: Intent | None, fault: str
) -> Conversation:
    """The conversation, with the instruction after the user's last words.

    It stands at the end, not in front: what was said before is the same from turn to turn, so that
    a model's KV cache of it still holds.
    """
    turn = conversation.turns[-1]
    intents = f'"{intent}"' if intent else _INTENTS
    answering = "" if intent else ", or for an answer the full answer"
    lists = {"roles": ", ".join(ROLES), "scopes": ", ".join(SCOPES)}
    words = INSTRUCTION.format(intents=intents, answering=answering, **lists)
    given = in_words(given_references(turn))
    talk = conversation.branch(turn.parent)
    talk.add(
        turn.role,
        *turn.parts,
        *([given] if given else []),
        words + (_AGAIN.format(fault=fault) if fault else ""),
    )
    return talk


def _read(reply: str, conversation: Conversation, intent: Intent | None, lenient: bool) -> Plan:
    """The plan in a reply; ValueError, for the model to read, if there is none.

    lenient: optional fields that are wrong are left out.
    """
    found = [o for o in find_objects(reply) if "intent" in o or "prompt" in o]
    if not found:
        raise ValueError("it held no JSON object with the fields asked for")
    data = found[-1]  # who thinks aloud says the best last
    turn = conversation.turns[-1]
    pictures = conversation.images
    said = intent or str(data.get("intent", "")).strip().lower()
    if lenient and said not in INTENTS:
        said = _guess(turn, pictures)
    plan = Plan(
        said,  # type: ignore[arg-type]  # checked by Plan itself
        prompt=" ".join(_words(data.get("prompt")).split()),
        text=_words(data.get("text")).strip(),
        constraints=tuple(find_constraints(turn.text)),
    )
    if plan.intent == "answer" and not plan.text:
        raise ValueError('"text" is empty, and the intent is "answer"')
    if plan.intent in ("refine", "compose") and not pictures:
        plan = replace(plan, intent="generate")
    return _kept(_with_details(plan, data, len(pictures), lenient), turn.text)


def _with_details(plan: Plan, data: dict[str, Any], pictures: int, lenient: bool) -> Plan:
    """`plan` with the optional fields of `data`."""
    if plan.intent in ("answer", "generate") and not pictures:
        return plan
    found: dict[str, Any] = {}
    for name, reader in _READERS.items():
        try:
            found[name] = reader(data.get(name))
        except ValueError:
            if not lenient:
                raise
    far = [r.picture for r in found.get("references", ()) if r.picture > pictures]
    if far and not lenient:
        raise ValueError(f"reference names picture {far[0]}; there are {pictures}")
    if far:
        del found["references"]
    return replace(plan, **found)


def _kept(plan: Plan, asked: str) -> Plan:
    """`plan` whose prompt keeps what the user's words fix; of edits they fix the change only.

    Raises ValueError if the prompt is about something else.
    """
    if plan.intent != "generate" or is_edit(asked):
        return plan
    wanted = [c for c in (*plan.constraints, *find_subjects(asked)) if c.kind != "language"]
    if broken([c for c in plan.constraints if c.kind == "language"], plan.prompt):
        wanted = [c for c in wanted if c.kind == "quote"]  # translated, all else is said otherwise
    prompt = plan.prompt
    lost = broken(wanted, prompt)
    if lost == wanted and any(c.kind == "subject" for c in wanted):
        raise ValueError(
            f'"prompt" leaves out what was asked for: {", ".join(c.text for c in lost)}'
        )
    for constraint in lost:
        repaired = repair(prompt, constraint, asked)
        if repaired is not None and not broken([constraint], repaired):
            prompt = repaired
    return replace(plan, prompt=prompt)


def _in_own_words(name: str, conversation: Conversation, intent: Intent | None, reply: str) -> Plan:
    """The plan for a model that writes none."""
    turn, pictures = conversation.turns[-1], conversation.images
    asked = " ".join(turn.text.split())
    kind = intent or _guess(turn, pictures)
    note = NOTE.format(name=name)
    if kind == "answer" or not asked:
        return Plan("answer", text=f"{reply.strip()}\n{note}".strip())
    if not pictures:
        kind = "generate"
    references: tuple[Reference, ...] = ()
    if kind == "compose":
        first = len(pictures) - len(turn.images) + 1 if turn.images else 1
        references = tuple(Reference(i) for i in range(first, len(pictures) + 1))
    plan = Plan(
        kind,
        prompt=asked,
        text=note,
        changes=(asked,) if kind == "refine" else (),
        references=references,
        constraints=tuple(find_constraints(turn.text)),
    )
    return with_base(plan, conversation)


def _guess(turn: Turn, pictures: Sequence[ImagePart]) -> Intent:
    """What the user means, by the words alone."""
    asked = turn.text.strip()
    if asked.endswith(("?", "？")):
        return "answer"
    if len(turn.images) > 1:
        return "compose"
    return "refine" if pictures and (is_edit(asked) or turn.images) else "generate"


def _words(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} stands where text was asked for")
    return value


def _list(value: Any) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value or []
    if not isinstance(items, list) or not all(isinstance(i, str) for i in items):
        raise ValueError(f"{value!r} is no list of texts")
    return tuple(i.strip() for i in items if i.strip())


def _scope(value: Any) -> str | None:
    """One of SCOPES; no other word is worth a second try."""
    word = str(value).strip().lower()
    return word if word in SCOPES else None


def _region(value: Any) -> Region | None:
    """A box in 0..1, or None for the whole picture; models overshoot the border a little."""
    if not value:
        return None
    numbers = isinstance(value, list) and all(isinstance(v, (int, float)) for v in value)
    if not numbers or len(value) != 4 or not all(-0.05 <= v <= 1.05 for v in value):
        raise ValueError(f"region is {value!r}; give [left, top, right, bottom] from 0 to 1")
    x0, y0, x1, y1 = (min(1.0, max(0.0, float(v))) for v in value)
    if x1 <= x0 or y1 <= y0:
        raise ValueError(f"region is {value!r}; left must be below right, and top below bottom")
    return None if (x0, y0, x1, y1) == (0, 0, 1, 1) else (x0, y0, x1, y1)


def _references(value: Any) -> tuple[Reference, ...]:
    if not isinstance(value or [], list):
        raise ValueError(f"references is {value!r}; give a list")
    found = []
    for item in value or []:
        if not isinstance(item, dict):
            raise ValueError(f"reference {item!r} is no object")
        number = str(item.get("picture", "")).lower().removeprefix("picture").strip(" #")
        if not number.isdecimal():
            raise ValueError(f"reference picture is {item.get('picture')!r}; give its number")
        strength = item.get("strength")
        role = str(item.get("role") or "subject").strip().lower()
        what = _words(item.get("what"))
        found.append(Reference(int(number), role, what, 1.0 if strength is None else strength))
    return tuple(found)


_READERS = {
    "changes": _list,
    "keep": _list,
    "scope": _scope,
    "region": _region,
    "references": _references,
}
