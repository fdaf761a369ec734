"""Things, how many, what colour and where: the boxes of an object detector and their pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from ...constraints.english import lemma
from ...constraints.lexicon.english import COLOUR_NEAR
from ...records.hooks import NO_HOOKS, Hooks
from ...vision.detector import Box, Detection, Detector, overlap
from .atoms import Atom
from .colours import PROTOTYPES, colour_shares
from .expert import Answer
from .places import is_placed, is_related, is_visible

if TYPE_CHECKING:
    from PIL.Image import Image

    from ...constraints.mention import Subject

_NOUNS = {  # of labels whose words do not say it
    "dining table": "table",
    "diningtable": "table",
    "potted plant": "plant",
    "pottedplant": "plant",
    "cell phone": "phone",
    "sports ball": "ball",
    "tvmonitor": "tv",
    "mouse": "computer mouse",  # not the animal
    "keyboard": "computer keyboard",  # not a piano
}
MANY, FEW = 0.35, 0.15
"""Shares of a box: from the first on its thing certainly has a colour, from the second possibly."""


SAME_SPOT = 0.8
"""Intersection over union from which two boxes are of one thing."""


class ObjectExpert:
    """Answers about things of the kinds that an object detector knows.

    An atom is judged twice: by the certain detections and colours alone, and with the possible
    ones. Where the two differ, it cannot tell.

    Parameters
    ----------
    detector
        What finds the things.
    sure, possible
        Scores from which a detection is certain, and from which it is possible.
    """

    def __init__(self, detector: Detector, sure: float = 0.5, possible: float = 0.3) -> None:
        self._detector = detector
        self._sure, self._possible = sure, possible
        self.name = detector.name

    def covers(self, atom: Atom) -> bool:
        """Whether boxes and pixels show what is asked, of things that the detector knows."""
        nouns = _visible_nouns(atom)
        return bool(nouns) and all(self._labels(noun, atom.words) for noun in nouns)

    def answer(
        self, image: Image, atoms: Sequence[Atom], *, hooks: Hooks = NO_HOOKS
    ) -> list[Answer]:
        """Each by the boxes. A no scores below 0.5, the more the nearer the image comes."""
        detections, sure = self._detect(image)
        shares = cache(lambda box: colour_shares(image, box))
        certain = _Scene(sure, shares, MANY, image.size)
        possible = _Scene(detections, shares, FEW, image.size)
        answers = []
        for atom in atoms:
            labels = {noun: self._labels(noun, atom.words) for noun in _visible_nouns(atom)}
            near, things = certain.match(atom, labels)
            possibly_near, possible_things = possible.match(atom, labels)
            score: float | None = None
            if near == possibly_near == 1:
                score = max(0.5, min((d.score for d in things), default=1 - self._possible))
            elif near < 1 and possibly_near < 1:
                score = near / 2
            evidence = "; ".join(map(_describe, possible_things[:4])) or "not detected"
            if atom.kind == "colour" and possible_things:
                main = sorted(shares(possible_things[0].box).items(), key=lambda item: -item[1])
                evidence += f", {main[0][0]} {main[0][1]:.0%}, {main[1][0]} {main[1][1]:.0%}"
            answers.append(Answer(score, evidence))
        return answers

    def _detect(self, image: Image) -> tuple[list[Detection], list[Detection]]:
        """All detections that are possible, and those of them that are certain.

        The less sure one of two on the same spot is dropped if both are of one kind; else it is not
        certain.
        """
        detections: list[Detection] = []
        sure: list[Detection] = []
        for detection in sorted(self._detector.detect(image), key=lambda d: -d.score):
            same_spot = [d for d in detections if overlap(d.box, detection.box) > SAME_SPOT]
            if detection.score < self._possible or detection.label in {d.label for d in same_spot}:
                continue
            detections.append(detection)
            if detection.score >= self._sure and not same_spot:
                sure.append(detection)
        return detections, sure

    def _labels(self, noun: str, words: str) -> frozenset[str]:
        """The detector's labels for a canonical noun, as it is said in `words`."""
        named = {
            label
            for label in self._detector.labels
            if " " in label and label in words.lower() and lemma(label.split()[-1]) == noun
        }  # a teddy bear is not a bear
        return frozenset(named or {label for label in self._detector.labels if _is(label, noun)})


def _is(label: str, noun: str) -> bool:
    return _NOUNS.get(label, label if " " in label else lemma(label)) == noun


def _visible_nouns(atom: Atom) -> list[str]:
    """The nouns of an atom that boxes and pixels can show; [] for any other atom."""
    value = atom.value
    if value is None:
        return []
    if atom.kind == "thing":
        return [value]
    if atom.kind == "count":
        return [value[1]]
    if atom.kind in ("negation", "change"):
        return sorted(value)
    if atom.kind == "colour" and value[0] in PROTOTYPES:
        return [value[1]]
    if atom.kind == "relation":
        subject, relation, other = value
        if is_visible(relation, in_frame=not other) and subject.colours <= PROTOTYPES.keys():
            return [subject.noun, other] if other else [subject.noun]
    return []


class _Match(NamedTuple):
    """How near an image comes to an atom (0 to 1; 1: it holds), and the things that this is of."""

    near: float
    things: list[Detection]


class _Scene:
    """Detections of an image of `size`; a thing has a colour from the share `enough` of its box."""

    def __init__(
        self,
        detections: Sequence[Detection],
        shares: Callable[[Box], dict[str, float]],
        enough: float,
        size: tuple[int, int],
    ) -> None:
        self._detections = detections
        self._shares = shares
        self._enough = enough
        self._size = size

    def match(self, atom: Atom, labels: dict[str, frozenset[str]]) -> _Match:
        """labels: those of each noun of the atom."""
        value = atom.value
        if atom.kind == "relation":
            subject, relation, other = value
            return self._match_relation(subject, relation, other, labels)
        things = [d for d in self._detections if d.label in frozenset().union(*labels.values())]
        count = len(things)
        if atom.kind in ("negation", "change"):
            return _Match(0.0 if things else 1.0, things)
        if atom.kind == "count":
            return _Match(min(count, value[0]) / max(count, value[0], 1), things)
        if atom.kind == "colour":
            coloured = [d for d in things if self._has_colour(d, value[0])]
            return _Match(min(1.0, len(coloured) / atom.number), coloured or things)
        return _Match(1.0 if things else 0.0, things)

    def _match_relation(
        self, subject: Subject, relation: str, other: str, labels: dict[str, frozenset[str]]
    ) -> _Match:
        things = [
            d
            for d in self._detections
            if d.label in labels[subject.noun]
            and all(self._has_colour(d, colour) for colour in subject.colours)
        ]
        if not other:
            placed = [d for d in things if is_placed(relation, d.box, self._size)]
            return _Match(1.0, placed) if placed else _Match(0.5 if things else 0.0, things)
        others = [d for d in self._detections if d.label in labels[other]]
        pairs = [[a, b] for a in things for b in others if a is not b]
        for a, b in pairs:
            if is_related(relation, a.box, b.box):
                return _Match(1.0, [a, b])
        return _Match(0.5 if pairs else 0.0, [*things, *others])

    def _has_colour(self, detection: Detection, colour: str) -> bool:
        shares = self._shares(detection.box)
        near = {name for name, others in COLOUR_NEAR.items() if colour in others}
        accepted = {colour} | near | COLOUR_NEAR.get(colour, frozenset())
        return sum(shares.get(name, 0.0) for name in accepted) >= self._enough


def _describe(detection: Detection) -> str:
    box = ", ".join(str(round(edge)) for edge in detection.box)
    return f"{detection.label} {detection.score:.2f} at ({box})"
