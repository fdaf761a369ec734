"""What an image must show, as single yes-or-no questions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...constraints import find_constraints, find_subjects
from ...constraints.parser import parse
from ..target_prompt import removed_thing

if TYPE_CHECKING:
    from ...records.conversation import Conversation, ImagePart
    from ...records.plan import Constraint, Plan

_NOT_VISIBLE = frozenset({"language", "picture", "keep", "syntax"})  # in the result alone
_MAKES = re.compile(
    r"^\W*(?:please )?(?:make|paint|colou?r|dye|give|add|put|insert|place|draw|write|let)\b"
    r"|(?:加|添|放|画|写|涂|变)",
    re.IGNORECASE,
)
_REPLACES = re.compile(
    r"\b(?:replace|change|turn|swap|exchange|transform|convert|move)\b.*?\b(?:with|to|into|for|by)\b"
    r"|(?:变成|变为|改成|改为|换成|换为|替换成|移到)",
    re.IGNORECASE,
)
_QUESTIONS = {
    "change": 'Was this done to the image: "{}"?',
    "count": 'Does the image show exactly as many as these words say: "{}"?',
    "negation": 'Do these words fit the image: "{}"?',
    "quote": 'Is the text "{}" written in the image, letter by letter?',
    "reference": "Does the first image show the same thing as the second image: {}?",
    "thing": 'Does the image show this: "{}"?',
}


@dataclass(frozen=True)
class Atom:
    """One question about an image.

    Parameters
    ----------
    kind
        "thing", "change", "reference", or the kind of a constraint.
    words
        The user's.
    value
        Their meaning: for "thing" a noun, for "change" the nouns that it removes, else see
        `constraints.mention.Mention`; None: not known.
    number
        Of how many things a colour is demanded.
    reference
        The image whose thing must be there, for the kind "reference".
    in_change
        A change of the same plan states it as well.
    """

    kind: str
    words: str
    value: Any = None
    number: int = 1
    reference: ImagePart | None = None
    in_change: bool = False

    @property
    def question(self) -> str:
        """For a chat model."""
        return _QUESTIONS.get(self.kind, _QUESTIONS["negation"]).format(self.words)


def find_atoms(plan: Plan, conversation: Conversation) -> list[Atom]:
    """The atoms of `plan`, for the last turn of `conversation`, which is the user's.

    They are the plan's changes if it refines, the visible constraints of the user's words, the
    things that a wish for a new image names, and the things that references give. Of what the words
    of a change demand, only what must hold afterwards is an atom: "replace the red boat with a blue
    car" demands the car. What a rewritten prompt adds is not demanded.
    """
    text = conversation.turns[-1].text
    changes = plan.changes if plan.intent == "refine" else ()
    atoms = [_change_atom(words) for words in changes]
    changed_words = _words(" ".join(changes))
    visible = [c for c in find_constraints(text) if c.kind not in _NOT_VISIBLE]
    for constraint in visible:
        in_change = _words(constraint.text) <= changed_words
        if not in_change or _is_result(constraint, _statement_of(constraint, changes, text)):
            atoms.append(_constraint_atom(constraint, visible, in_change))
    if plan.intent == "generate":
        atoms += _thing_atoms(text, atoms)
    if plan.intent == "compose":
        for reference in plan.references:
            if reference.role in ("subject", "object") and reference.strength > 0:
                words = f"{reference.what or 'the main thing'} from picture {reference.image}"
                part = conversation.images[reference.image - 1]
                atoms.append(Atom("reference", words, reference=part))
    return atoms


def _change_atom(change: str) -> Atom:
    """A change; where it removes things, its value is their nouns."""
    nouns = frozenset(map(_noun, find_subjects(removed_thing(change))))
    return Atom("change", change, nouns or None)


def _statement_of(constraint: Constraint, changes: Sequence[str], text: str) -> str:
    """The change, or else the part of the user's text, that states a constraint."""
    parts = (*changes, *re.split(r"[.;,，。；]", text))
    return next((part for part in parts if constraint.text in part), text)


def _is_result(constraint: Constraint, change: str) -> bool:
    """Whether a constraint in the words of `change` must hold after it."""
    start = change.find(constraint.text)
    if start < 0 or removed_thing(change) or constraint.kind == "count":  # two more, or two in all
        return False
    if match := _REPLACES.search(change):
        return start >= match.end()
    longer = [c.text for c in find_constraints(change) if c.kind == constraint.kind == "colour"]
    before = any(constraint.text in text != constraint.text for text in longer)
    return not before and _MAKES.search(change) is not None  # "make the red car blue"


def _constraint_atom(constraint: Constraint, others: list[Constraint], in_change: bool) -> Atom:
    number = 1
    for other in others if constraint.kind == "colour" else ():
        if other.kind == "count" and constraint.text in other.text:  # "three red boats"
            number = _meaning(other)[0]
    value = constraint.text if constraint.kind == "quote" else _meaning(constraint)
    return Atom(constraint.kind, constraint.text, value, number, in_change=in_change)


def _meaning(constraint: Constraint) -> Any:
    """The value of the mention that takes most of a constraint's words; None if it has none."""
    mentions = [m for m in parse(constraint.text).mentions if m.kind == constraint.kind]
    return max(mentions, key=lambda m: m.end - m.start).value if mentions else None


def _thing_atoms(text: str, atoms: list[Atom]) -> Iterator[Atom]:
    """The things that `text` names and that no other atom demands."""
    demanded = " ".join(atom.words for atom in atoms if atom.kind != "quote")
    nouns = {_noun(subject) for subject in find_subjects(demanded)}
    for subject in find_subjects(text):
        if _noun(subject) not in nouns:
            yield Atom("thing", subject.text, _noun(subject))


def _noun(subject: Constraint) -> str:
    """The canonical noun of a subject."""
    return _meaning(subject) or subject.text


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))
