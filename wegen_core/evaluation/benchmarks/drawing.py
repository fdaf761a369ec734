"""Published sets of prompts. Each function reads the user's download of one set."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...constraints.find import find_constraints, find_subjects
from ...constraints.vagueness import is_short_prompt
from ...records.plan import Constraint
from . import replies
from .cases import Case, Question, find_file

COMPBENCH = "color texture shape spatial 3d_spatial numeracy non_spatial complex".split()
_NUMBERS = "zero one two three four five six seven eight nine ten".split()
_YES = "Answer the question with Yes or No."


def geneval(data: Path) -> Iterator[Case]:
    """GenEval, 553 prompts: djghosh13/geneval, `prompts/evaluation_metadata.jsonl`."""
    path = find_file(data, "evaluation_metadata.jsonl", "github.com/djghosh13/geneval")
    for number, facts in enumerate(_json_lines(path)):
        yield Case(f"{number:05}", facts["tag"], (facts["prompt"],), facts=facts)


def geneval2(data: Path) -> Iterator[Case]:
    """GenEval 2, 800 prompts: facebookresearch/GenEval2, `geneval2_data.jsonl`.

    Questions as in its `evaluation.py`. An answer counts as much as it is likely (Soft-TIFA) where
    the judge says so, else as 1 or 0 (TIFA). Groups are the numbers of atoms.
    """
    path = find_file(data, "geneval2_data.jsonl", "github.com/facebookresearch/GenEval2")
    for number, facts in enumerate(_json_lines(path)):
        questions = tuple(
            replace(
                _about_result(f"{question} Answer in one word.", expected),
                likely=_beginnings(expected.lower()),
            )
            for question, expected in facts["vqa_list"]
        )
        group = f"{facts['atom_count']} atoms"
        yield Case(f"{number:04}", group, (facts["prompt"],), questions=questions, facts=facts)


def dpg(data: Path) -> Iterator[Case]:
    """DPG-Bench, 1,065 prompts: TencentQQGYLab/ELLA, `dpg_bench/prompts/*.txt`, `dpg_bench.csv`.

    Questions and dependencies as in its `compute_dpg_bench.py` (which drops the first question of
    the file), put to a chat model instead of mPLUG. The file with the questions could not be read
    here: its columns are those that the code names.
    """
    path = find_file(data, "dpg_bench.csv", "github.com/TencentQQGYLab/ELLA")
    items: dict[str, list[dict[str, str]]] = {}
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            items.setdefault(row["item_id"], []).append(row)
    for name, rows in items.items():
        prompt = find_file(path.parent, f"prompts/{name}.txt", "the same place")
        numbers = [int(row["proposition_id"]) for row in rows]
        parents = [
            [numbers.index(int(d)) for d in row["dependency"].split(",") if int(d) in numbers]
            for row in rows
        ]
        questions = tuple(
            _about_result(f"{row['question_natural_language']} {_YES}", "Yes") for row in rows
        )
        text = prompt.read_text("utf-8").strip()
        yield Case(name, "all", (text,), questions=questions, facts={"parents": parents})


def compbench(data: Path) -> Iterator[Case]:
    """T2I-CompBench, 8 times 300 prompts: `examples/dataset/*_val.txt` of its repository.

    A chat model answers instead of BLIP-VQA, UniDet and CLIP: about each noun phrase of colours,
    textures, shapes and numbers (the product counts, as for BLIP-VQA), about the whole prompt of
    the others. Phrases are split at "and" and commas, not by spaCy.
    """
    for group in COMPBENCH:
        path = find_file(data, f"{group}_val.txt", "github.com/Karine-Huang/T2I-CompBench")
        for number, line in enumerate(path.read_text("utf-8").splitlines()):
            if not (prompt := line.split("\t")[0].strip()):
                continue
            phrases = [prompt]
            if group in ("color", "texture", "shape", "numeracy"):
                phrases = [p for p in re.split(r",|\band\b", prompt.rstrip(".")) if p.strip()]
            questions = tuple(_shows(" ".join(phrase.split())) for phrase in phrases)
            yield Case(f"{group}-{number:03}", group, (prompt,), questions=questions)


def parti(data: Path) -> Iterator[Case]:
    """PartiPrompts, 1,632 prompts: google-research/parti, `PartiPrompts.tsv`.

    The authors asked people; here a chat model says whether the image shows the prompt.
    """
    for number, row in enumerate(_parti_rows(data)):
        prompt = row["Prompt"].strip()
        yield Case(f"{number:04}", row["Category"], (prompt,), questions=(_shows(prompt),))


def short_prompts(data: Path) -> Iterator[Case]:
    """Short prompts for diversity: each line of `prompts.txt`; else those of PartiPrompts."""
    if (data / "prompts.txt").is_file():
        lines = (data / "prompts.txt").read_text("utf-8").splitlines()
    else:
        lines = [p for row in _parti_rows(data) if is_short_prompt(p := row["Prompt"])]
    for number, prompt in enumerate(filter(None, map(str.strip, lines))):
        yield Case(f"{number:04}", "all", (prompt,))


def coco(data: Path) -> Iterator[Case]:
    """Captions of COCO 2014: `captions_coco14_test.txt` of hzphzp/WeGen, one caption a line.

    Its authors took the first 30,000 for FID (guidance 2) and the first 4,096 for CLIP-T (guidance
    7), seed 42, 50 steps. The photographs are those of the folder `val2014`.
    """
    path = find_file(data, "captions_coco14_test.txt", "github.com/hzphzp/WeGen")
    photographs = find_file(data, "val2014", "cocodataset.org")
    for number, line in enumerate(path.read_text("utf-8").splitlines()):
        if line.strip():
            yield Case(f"{number:05}", "all", (line.strip(),), facts={"photographs": photographs})


def geneval_atoms(case: Case) -> list[Constraint]:
    """What GenEval's `include` and `exclude` demand, as constraints of a prompt.

    Things, colours and positions; an exact number where one more of a kind is excluded.
    """
    include, atoms = case.facts["include"], []
    for thing in include:
        atoms.append(_atom("subject", thing["class"]))
        if "color" in thing:
            atoms.append(_atom("colour", f"{thing['color']} {thing['class']}"))
        if "position" in thing:
            relation, other = thing["position"]
            words = f"{thing['class']} {relation} a {include[other]['class']}"
            atoms.append(_atom("relation", words))
    counts = {thing["class"]: thing["count"] for thing in include}
    for thing in case.facts.get("exclude", ()):
        number = _NUMBERS[counts[thing["class"]]]
        atoms.append(_atom("count", f"{number} {thing['class']}s"))
    return atoms


def geneval2_atoms(case: Case) -> list[Constraint]:
    """GenEval 2's questions and answers, as constraints of a prompt."""
    atoms = []
    for question, expected in case.facts["vqa_list"]:
        if match := re.fullmatch(r"How many (.+) are in the image\?", question):
            atoms.append(_atom("count", f"{expected} {match[1]}"))
        elif match := re.fullmatch(r"Are there any (.+) in the image\?", question):
            atoms.append(_atom("subject", match[1]))
        elif match := re.fullmatch(r"(?:Is|Are) the (\S+) (\S+)\?", question):
            atoms.append(_atom("colour", f"{match[2]} {match[1]}"))
        elif match := re.fullmatch(r"(?:Is|Are) the (.+)\?", question):
            atoms.append(_atom("relation", match[1]))
    return atoms


def prompt_atoms(case: Case) -> list[Constraint]:
    """What the rewriter finds in a prompt: constraints and things."""
    prompt = case.prompts[0]
    visible = [c for c in find_constraints(prompt) if c.kind not in ("language", "picture", "keep")]
    return [*visible, *find_subjects(prompt)]


def _atom(kind: str, text: str) -> Constraint:
    return Constraint(kind, text, (0, len(text)))


def _about_result(text: str, expected: str) -> Question:
    return Question(text, replies.answer(expected), (0.0,), "result")


def _beginnings(expected: str) -> tuple[str, ...]:
    """An answer in one word; a number also in digits."""
    return (expected, str(_NUMBERS.index(expected))) if expected in _NUMBERS else (expected,)


def _shows(phrase: str) -> Question:
    return _about_result(f'Does this image show "{phrase}"? {_YES}', "Yes")


def _json_lines(path: Path) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.strip():
            try:
                yield json.loads(line)
            except json.JSONDecodeError as error:
                raise ValueError(f"line {number} of {path} is not JSON: {error}") from None


def _parti_rows(data: Path) -> Iterator[dict[str, str]]:
    path = find_file(data, "PartiPrompts.tsv", "github.com/google-research/parti")
    with open(path, encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
