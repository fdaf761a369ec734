"""Small files in the published forms of the benchmarks, about scenes that mini knows."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from wegen_core.playground.samples import Scene, Thing, draw

CAT = Scene("sea", (Thing("cat", "red", "left"),))
CAR = Scene("grass", (Thing("car", "blue", "right"),))
BLUE_CAT = "make the cat blue"


def write(name: str, folder: Path) -> Path:
    """The data of one benchmark, in a new folder."""
    folder.mkdir(parents=True)
    WRITERS[name](folder)
    return folder


def save(path: Path, scene: Scene = CAT, size: int = 64) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    draw(scene, size).save(path)
    return path


def cell(scene: Scene) -> dict[str, Any]:
    """An image as the Hugging Face hub stores it."""
    buffer = io.BytesIO()
    draw(scene).save(buffer, "png")
    return {"bytes": buffer.getvalue(), "path": "image.png"}


def lines(path: Path, rows: Sequence[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text("\n".join(texts) + "\n", "utf-8")


def geneval(folder: Path) -> None:
    cat, car = {"class": "cat", "count": 1}, {"class": "car", "count": 1}
    rows = [
        {
            "tag": "position",
            "include": [car, cat | {"position": ["left of", 0]}],
            "prompt": "a photo of a cat left of a car",
        },
        {"tag": "colors", "include": [cat | {"color": "red"}], "prompt": "a photo of a red cat"},
        {
            "tag": "counting",
            "include": [{"class": "cat", "count": 2}],
            "exclude": [{"class": "cat", "count": 3}],
            "prompt": "a photo of two cats",
        },
    ]
    lines(folder / "prompts" / "evaluation_metadata.jsonl", rows)


def geneval2(folder: Path) -> None:
    questions = [
        ["How many cats are in the image?", "one"],
        ["Is the cat red?", "Yes"],
        ["Are there any cats in the image?", "Yes"],
        ["Is the cat to the left of the car?", "Yes"],
        ["Are there any cars in the image?", "Yes"],
    ]
    row = {
        "prompt": "a red cat to the left of a car",
        "atom_count": 4,
        "vqa_list": questions,
        "skills": ["count", "attribute", "object", "position", "object"],
    }
    lines(folder / "geneval2_data.jsonl", [row])


def dpg(folder: Path) -> None:
    columns = (
        "item_id,text,keywords,proposition_id,dependency,category_broad,category_detailed,tuple,"
        "question_natural_language"
    ).split(",")
    text = "A red cat sits on the left by the sea, and nothing else is there."
    questions = [("1", "0", "Is there a cat?"), ("2", "1", "Is the cat red?"), ("3", "1, 2", "?")]
    lines(folder / "prompts" / "stanford 1.txt", [text])
    with open(folder / "dpg_bench.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for number, needed, question in questions:
            row = [
                "stanford 1",
                text,
                "",
                number,
                needed,
                "entity",
                "whole",
                "entity - whole (cat)",
            ]
            writer.writerow([*row, question])


def compbench(folder: Path) -> None:
    prompts = {
        "color": "a red cat and a blue car",
        "spatial": "a cat on the left of a car",
        "complex": "The red cat was beside the blue car.",
    }
    names = "color texture shape spatial 3d_spatial numeracy non_spatial complex".split()
    for name in names:
        lines(folder / "examples" / "dataset" / f"{name}_val.txt", [prompts.get(name, "two cats")])


def parti(folder: Path) -> None:
    rows = ["Prompt\tCategory\tChallenge\tNote", "a cat\tAnimals\tBasic\t", 'a "car"\tVehicles\t\t']
    lines(folder / "PartiPrompts.tsv", rows)


def diversity(folder: Path) -> None:
    lines(folder / "prompts.txt", ["a cat", "", "a car"])


def coco(folder: Path) -> None:
    lines(folder / "captions_coco14_test.txt", ["a cat by the sea", "a blue car"])
    for number, scene in enumerate((CAT, CAR)):
        save(folder / "val2014" / f"COCO_val2014_{number:012}.jpg", scene)


def imgedit(folder: Path) -> None:
    edits = {
        "1082": {"id": "animal/1.jpg", "prompt": BLUE_CAT, "edit_type": "adjust"},
        "673": {"id": "style/2.jpg", "prompt": "remove the car", "edit_type": "remove"},
    }
    lines(folder / "Basic" / "basic_edit.json", [edits])
    published = "Rate it. Prompt Compliance: A number from 1 to 5.\nediting instruction is : %s.\n"
    lines(folder / "Basic" / "prompts.json", [{"adjust": published % "<edit_prompt>"}])
    save(folder / "Benchmark" / "singleturn" / "animal" / "1.jpg")
    save(folder / "Benchmark" / "singleturn" / "style" / "2.jpg", CAR)


def gedit(folder: Path) -> None:
    rows = [
        {
            "task_type": "color_alter",
            "key": "k1",
            "instruction": instruction,
            "instruction_language": language,
            "input_image": cell(CAT),
            "input_image_raw": cell(CAT),
            "Intersection_exist": True,
        }
        for language, instruction in (("en", BLUE_CAT), ("cn", "把猫变成蓝色"))
    ]
    (folder / "data").mkdir()
    pq.write_table(pa.Table.from_pylist(rows), folder / "data" / "train-0.parquet")


def vie_prompts(folder: Path) -> None:
    """The texts of GEdit-Bench's judge."""
    texts = {
        "_context_no_delimit": "JSON with score",
        "_prompts_0shot_two_image_edit_rule": "Two images",
        "_prompts_0shot_tie_rule_SC": "Editing instruction: <instruction>",
        "_prompts_0shot_rule_PQ": "naturalness, artifacts",
    }
    lines(folder / "viescore" / "vie_prompts.py", [f"{k} = {v!r}" for k, v in texts.items()])


def kris(folder: Path) -> None:
    one = {"gt_img": "", "ins_en": BLUE_CAT, "explain_en": ""}
    kinds = {
        "color_change": one | {"ori_img": "1.jpg"},
        "biology": one | {"ori_img": "1.jpg", "explain_en": "cats are blue"},
        "viewpoint_change": one | {"ori_img": "1.jpg", "gt_img": "gt.jpg"},
        "multi-element_composition": one
        | {
            "ori_img": ["1.jpg", "2.jpg"],
            "ins_en": "Place the cat from the first image into the second image.",
        },
    }
    for kind, entry in kinds.items():
        lines(folder / "KRIS_Bench" / kind / "annotation.json", [{"1": entry}])
        for name, scene in (("1.jpg", CAT), ("2.jpg", CAR), ("gt.jpg", CAR)):
            save(folder / "KRIS_Bench" / kind / name, scene)


def kris_prompts(folder: Path) -> None:
    """The texts of KRIS-Bench's judge."""
    names = ("consist", "quality", "instruction_following", "dual_evaluation", "consist_multi")
    names += ("instruction_multi", "view_instruction_following")
    text = 'Published. {instruct} {{"consistency_score": X}}'
    lines(folder / "utils" / "prompts.py", [f"prompt_{n} = {text!r}" for n in names])


def mse(folder: Path) -> None:
    row = {
        "image": cell(CAT),
        "index": 7,
        "summary": "",
        "context": [BLUE_CAT, "make the cat green", "make it night", BLUE_CAT, "make the cat red"],
    }
    pq.write_table(pa.Table.from_pylist([row]), folder / "train.parquet")


def pie(folder: Path) -> None:
    entry = {
        "image_path": "0_random_140/1.jpg",
        "original_prompt": "a red cat by the sea",
        "editing_prompt": "a [blue] cat by the sea",
        "editing_instruction": BLUE_CAT,
        "editing_type_id": "0",
        "blended_word": "cat cat",
        "mask": [512 * 200, 512 * 200],
    }
    lines(folder / "mapping_file.json", [{"000000000000": entry}])
    save(folder / "annotation_images" / "0_random_140" / "1.jpg", size=512)


def dreambench(folder: Path) -> None:
    prompts = ["prompt_list = [", "'a {0} {1} by the sea'.format(unique_token, class_token),"]
    living = [*prompts, "'a red {0} {1}'.format(unique_token, class_token)", "]"]
    text = ["Classes", "", "subject_name,class", "cat2,cat", "rc_car,car", "", "Prompts", ""]
    text += ["Object Prompts", "", *prompts, "]", "", "Live Subject Prompts", "", *living]
    lines(folder / "dataset" / "prompts_and_classes.txt", text)
    for subject, scene in (("cat2", CAT), ("rc_car", CAR)):
        for number in range(2):
            save(folder / "dataset" / subject / f"{number:02}.jpg", scene)


def omnicontext(folder: Path) -> None:
    row = {
        "key": "a1",
        "task_type": "scene_object",
        "instruction": "put the cat from picture 1 into picture 2",
        "instruction_language": "en",
        "input_images": [cell(CAT), cell(CAR)],
    }
    pq.write_table(pa.Table.from_pylist([row]), folder / "train.parquet")


WRITERS: dict[str, Callable[[Path], None]] = {
    f.__name__: f
    for f in (
        geneval, geneval2, dpg, compbench, parti, diversity, coco, imgedit, gedit, kris, mse, pie,
        dreambench, omnicontext,
    )
}  # fmt: skip
