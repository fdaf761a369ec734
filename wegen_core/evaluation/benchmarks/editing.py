"""Published sets of edits and references. Each function reads the user's download of one set.

Where the authors' own judge prompts lie in the data folder, in their evaluation code, they are
used; else requests of our own with the same scales and reply formats. Only figures of the former
can be compared with published ones; `facts["wording"]` and the results say which were used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from . import replies
from .cases import Case, Question, constants, find_file, open_images, parquet_rows

OWN, PUBLISHED = "own wording", "published wording"

_JSON = 'Answer with one JSON object and nothing else: {"reasoning": "in a few words", %s}'
_LAST = (
    "In a conversation with {count} turns an image was changed step by step. You see the original, "
    "then the result of each turn. The instructions were: {instructions}. Judge the last turn. "
    '"prompt_following": was the last instruction carried out, from 0 (not at all) to 10 '
    '(perfectly)? "consistency": is all else as it was before it, from 0 (another image) to 10 '
    "(nothing else changed)? "
) + _JSON % '"prompt_following": n, "consistency": n'
_IMGEDIT = (
    'The second image is an edit of the first. The instruction was "{instruction}". Rate it in '
    "three lines of the form NAME: NUMBER, each from 1 (failed) to 5 (perfect):\n"
    "Compliance: was exactly that changed?\nQuality: is the change seamless and natural?\n"
    "Preservation: are all other details as they were?"
)
_SEMANTICS = (
    'The second image is an edit of the first. The instruction was "{instruction}". Give two '
    "numbers from 0 to 10: how far the instruction was carried out, and how far all else stayed as "
    "it was. "
) + _JSON % '"score": [n, n]'
_QUALITY = (
    "Give two numbers from 0 to 10 for this generated image: how natural it looks, and how free it "
    "is of artefacts. "
) + _JSON % '"score": [n, n]'
_FOLLOWING = (
    "The last image was made from those before it. The instruction was: {instruction}. How well "
    "does it follow the instruction, from 0 to 10, no matter whether it shows the same subjects? "
) + _JSON % '"score": n'
_SUBJECTS = (
    "The last image was made from those before it. The instruction was: {instruction}. How far are "
    "the subjects (and the place, if one is taken over) those of the images before it, from 0 to "
    "10? Take off a point for every difference. "
) + _JSON % '"score": n'
_KRIS = {
    "consistency_score": "is all that the instruction does not name as it was",
    "instruction_score": "was exactly the instruction carried out",
    "knowledge_score": "does the result agree with this explanation: {explanation}",
    "quality_score": "is the result natural and free of artefacts",
}

_KNOWLEDGE = {
    "abstract_reasoning", "mathematics", "practical_knowledge", "medicine", "biology", "physics",
    "rule-based_reasoning", "geography", "chemistry", "humanities",
}  # fmt: skip
_KRIS_PROMPTS = {
    "multi-element_composition": ("prompt_consist_multi", "prompt_instruction_multi"),
    "temporal_prediction": ("prompt_consist_temporal", "prompt_instruction_temporal"),
    "viewpoint_change": ("prompt_consist", "prompt_view_instruction_following"),
}
"""Names in KRIS-Bench's `prompts.py` for the kinds that have prompts of their own."""


def imgedit(data: Path) -> Iterator[Case]:
    """ImgEdit's basic edits, 737: PKU-YuanGroup/ImgEdit, `Benchmark/Basic`, and `Benchmark.tar`.

    Judge prompts: `prompts.json` beside `basic_edit.json`; three scores of 1 to 5 (`basic_bench.py`
    and `step1_get_avgscore.py`).
    """
    path = find_file(data, "basic_edit.json", "github.com/PKU-YuanGroup/ImgEdit")
    edits = json.loads(path.read_text("utf-8"))
    prompts = path.with_name("prompts.json")
    published = json.loads(prompts.read_text("utf-8")) if prompts.is_file() else {}
    folder = _folder_of(data, next(iter(edits.values()))["id"], "huggingface.co, sysuyy/ImgEdit")
    for key, edit in edits.items():
        kind, instruction = edit["edit_type"], edit["prompt"]
        text = published[kind].replace("<edit_prompt>", instruction) if kind in published else None
        question = Question(
            text or _IMGEDIT.format(instruction=instruction), replies.lines(3, 1, 5), (1.0,) * 3
        )
        yield Case(
            key,
            kind,
            (instruction,),
            "refine",
            open_images(folder / edit["id"]),
            (question,),
            {"wording": PUBLISHED if text else OWN},
        )


def gedit(data: Path) -> Iterator[Case]:
    """GEdit-Bench: stepfun-ai/GEdit-Bench on the hub, in Parquet.

    The columns are those that `GEdit-Bench/*.py` of stepfun-ai/Step1X-Edit reads; the data itself
    could not be read here. Two pairs of scores from 0 to 10 (VIEScore); judge prompts from its
    `vie_prompts.py`. Edited and judged is `input_image_raw`.
    """
    context, source = "_context_no_delimit", "stepfun-ai/GEdit-Bench from huggingface.co"
    semantics = constants(
        data,
        "vie_prompts.py",
        context,
        "_prompts_0shot_two_image_edit_rule",
        "_prompts_0shot_tie_rule_SC",
    )
    quality = constants(data, "vie_prompts.py", context, "_prompts_0shot_rule_PQ")
    columns = ("task_type", "key", "instruction", "instruction_language")
    for row, images in parquet_rows(data, columns, source):
        instruction, language = row["instruction"], row["instruction_language"]
        if semantics:
            text = semantics.replace("<instruction>", instruction)
        else:
            text = _SEMANTICS.replace("{instruction}", instruction)
        yield Case(
            f"{row['key']}-{language}",
            f"{language} {row['task_type']}",
            (instruction,),
            "refine",
            images("input_image_raw"),
            (
                Question(text, replies.scores(2), (0.0, 0.0)),
                Question(quality or _QUALITY, replies.scores(2), (0.0, 0.0), "result"),
            ),
            {"wording": PUBLISHED if semantics and quality else OWN},
        )


def kris(data: Path) -> Iterator[Case]:
    """KRIS-Bench: mercurystraw/Kris_Bench, `KRIS_Bench/*/annotation.json` and its images.

    Scores from 1 to 5, as in its `metrics_*.py`; judge prompts from its `prompts.py`. What they
    show: the images and the result, for a new viewpoint also the right image; for quality the
    result alone.
    """
    first = find_file(data, "annotation.json", "github.com/mercurystraw/Kris_Bench")
    for path in sorted(first.parent.parent.glob("*/annotation.json")):
        kind = path.parent.name
        for key, entry in json.loads(path.read_text("utf-8")).items():
            names = entry["ori_img"]
            names = [names] if isinstance(names, str) else names
            questions, scores, wording = _kris_questions(data, kind, entry, path.parent)
            yield Case(
                f"{kind}-{key}",
                kind,
                (entry["ins_en"],),
                "refine" if len(names) == 1 else "compose",
                open_images(*(path.parent / name for name in names)),
                questions,
                {"scores": scores, "wording": wording},
            )


def _kris_questions(
    data: Path, kind: str, entry: dict[str, str], folder: Path
) -> tuple[tuple[Question, ...], list[str], str]:
    """The three requests about one case, the names of the scores they give, and their wording."""
    consistency, instruction = _KRIS_PROMPTS.get(
        kind, ("prompt_consist", "prompt_instruction_following")
    )
    knows = kind in _KNOWLEDGE
    requests = [
        (consistency, ["consistency_score"]),
        ("prompt_dual_evaluation", ["instruction_score", "knowledge_score"])
        if knows
        else (instruction, ["instruction_score"]),
        ("prompt_quality", ["quality_score"]),
    ]
    instruction_text, explanation = entry["ins_en"], entry.get("explain_en", "")
    questions, wording = [], PUBLISHED
    for name, scores in requests:
        if text := constants(data, "prompts.py", name):
            text = text.format(instruct=instruction_text, explanation=explanation)
        else:
            wording = OWN
            meanings = "; ".join(f"{score}: {_KRIS[score]}" for score in scores)
            meanings = meanings.replace("{explanation}", explanation)
            reply = _JSON % ", ".join(f'"{score}": n' for score in scores)
            text = (
                f'The instruction for an edit was "{instruction_text}". The result is the last '
                f"image. Give numbers from 1 (not at all) to 5 (fully). {meanings}. {reply}"
            )
        truth = folder / entry["gt_img"] if "view" in name and entry.get("gt_img") else None
        questions.append(
            Question(
                text,
                replies.fields(scores, 1, 5),
                (1.0,) * len(scores),
                "result" if name == "prompt_quality" else "all",
                open_images(truth) if truth else list,
            )
        )
    names = [score.removesuffix("_score") for _, scores in requests for score in scores]
    return tuple(questions), names, wording


def mse(data: Path) -> Iterator[Case]:
    """MSE-Bench, conversations of five turns: leigangqu/MSE-Bench on the hub, in Parquet.

    The columns are those that `evaluation/compute_score.py` of ByteDance-Seed/VINCIE reads; the
    data itself could not be read here. Two scores from 0 to 10; judge prompt from that file.
    """
    published = constants(data, "compute_score.py", "prompt_template")
    source = "leigangqu/MSE-Bench from huggingface.co"
    for row, images in parquet_rows(data, ("index", "context"), source):
        instructions = tuple(row["context"])
        questions = []
        for count in range(1, len(instructions) + 1):
            listed = {f"turn{k}": text for k, text in enumerate(instructions[:count], 1)}
            if published:
                text = published.format(
                    editing_prompt=listed, num_prompts=count, num_images=count + 1
                )
            else:
                text = _LAST.replace("{count}", str(count)).replace("{instructions}", str(listed))
            names = ("prompt_following", "consistency")
            questions.append(Question(text, replies.fields(names, 0, 10), (0.0, 0.0)))
        yield Case(
            str(row["index"]),
            "all",
            instructions,
            "refine",
            images("image"),
            tuple(questions),
            {"wording": PUBLISHED if published else OWN},
        )


def pie(data: Path) -> Iterator[Case]:
    """PIE-Bench, 700 edits: cure-lab/PnPInversion, `mapping_file.json`, `annotation_images/`.

    Masks are run lengths of 512x512 pixels, with the border added, as in its `evaluate.py`.
    """
    source = "the form linked in github.com/cure-lab/PnPInversion"
    path = find_file(data, "mapping_file.json", source)
    for key, entry in json.loads(path.read_text("utf-8")).items():
        target = entry["editing_prompt"].replace("[", "").replace("]", "")
        yield Case(
            key,
            entry["editing_type_id"],
            (entry["editing_instruction"],),
            "refine",
            open_images(path.parent / "annotation_images" / entry["image_path"]),
            facts={"mask": partial(pie_mask, entry["mask"]), "target prompt": target},
        )


def pie_mask(run_lengths: list[int], side: int = 512) -> np.ndarray:
    """float32 [side, side], 1 where the edit belongs: pairs of a start and a length."""
    mask: np.ndarray = np.zeros(side * side, np.float32)
    for start, length in zip(run_lengths[::2], run_lengths[1::2], strict=True):
        mask[start : start + length] = 1
    mask = mask.reshape(side, side)
    mask[[0, -1], :] = mask[:, [0, -1]] = 1
    return mask


def dreambench(data: Path) -> Iterator[Case]:
    """DreamBench, 30 subjects times 25 prompts: google/dreambooth, `dataset/`.

    The reference is the first photograph of the subject. The words ask for the subject of picture
    1, then repeat the published prompt without its token.
    """
    path = find_file(data, "prompts_and_classes.txt", "github.com/google/dreambooth")
    text = path.read_text("utf-8")
    classes = re.findall(r"^(\w+),(.+)$", text, re.MULTILINE)[1:]  # after the heading
    objects, living = (re.findall(r"'(.+)'\.format", part) for part in text.split("Live Subject"))
    for subject, kind in classes:
        photographs = sorted((path.parent / subject).glob("*.jp*g"))
        if not photographs:
            raise FileNotFoundError(f"{path.parent / subject} holds no photographs of {subject}")
        for number, template in enumerate(living if kind in ("cat", "dog") else objects):
            prompt = " ".join(template.format("", kind).split())
            yield Case(
                f"{subject}-{number:02}",
                subject,
                (f"The {kind} of picture 1: {prompt}",),
                "compose",
                open_images(photographs[0]),
                facts={"photographs": open_images(*photographs), "prompt": prompt},
            )


def omnicontext(data: Path) -> Iterator[Case]:
    """OmniContext: OmniGen2/OmniContext on the hub, in Parquet.

    The columns are those that `omnicontext/*.py` of VectorSpaceLab/OmniGen2 reads; the data itself
    could not be read here. Two scores from 0 to 10; judge prompts from its `prompt_generator.py`.
    """
    context, rule = "_context_no_delimit", "_prompts_0shot_in_context_generation_rule_"
    following = constants(data, "prompt_generator.py", context, f"{rule}PF_Single_and_Multiple")
    columns = ("key", "task_type", "instruction")
    for row, images in parquet_rows(data, columns, "OmniGen2/OmniContext from huggingface.co"):
        instruction, kind = row["instruction"], row["task_type"]
        place = "Scene" if "scene" in kind else "Single_and_Multiple"
        subjects = constants(data, "prompt_generator.py", context, f"{rule}SC_{place}")
        texts = [
            text.replace("<instruction>", instruction)
            if text
            else own_text.replace("{instruction}", instruction)
            for text, own_text in ((following, _FOLLOWING), (subjects, _SUBJECTS))
        ]
        yield Case(
            str(row["key"]),
            kind,
            (instruction,),
            "compose",
            images("input_images"),
            tuple(Question(text, replies.scores(1), (0.0,)) for text in texts),
            {"wording": PUBLISHED if following and subjects else OWN},
        )


def _folder_of(data: Path, relative: str, source: str) -> Path:
    """The folder below which the file `relative` lies."""
    path = find_file(data, relative, source)
    return path.parents[len(Path(relative).parts) - 1]
