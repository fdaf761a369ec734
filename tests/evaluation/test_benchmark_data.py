"""Each loader, on small files of the published form."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.support import benchmark_files
from wegen_core.constraints.check import holds
from wegen_core.evaluation.benchmarks import drawing, editing
from wegen_core.evaluation.benchmarks.table import BENCHMARKS


@pytest.fixture
def load(tmp_path):
    """The cases of a benchmark's small files."""

    def cases(name: str):
        folder = tmp_path / name
        if not folder.exists():
            benchmark_files.write(name, folder)
        return list(BENCHMARKS[name].load(folder))

    return cases


@pytest.mark.parametrize("name", BENCHMARKS)
def test_missing_data_is_an_error_that_says_where_it_comes_from(name, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"download .*(github|hugging|coco)"):
        list(BENCHMARKS[name].load(tmp_path))


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_case_can_be_opened(name, load):
    for case in load(name):
        assert case.prompts and all(case.prompts) and case.group
        assert re.fullmatch(r"[\w.-]+", case.file_name)
        images = case.images()
        assert len(images) == {"generate": 0, "refine": 1}.get(case.intent, len(images))
        assert case.intent != "compose" or images
        for question in case.questions:
            assert question.text and question.read(question.text) is None


def test_geneval_atoms(load):
    position, colours, counting = load("geneval")
    assert [a.text for a in drawing.geneval_atoms(colours)] == ["cat", "red cat"]
    assert [a.text for a in drawing.geneval_atoms(position)] == ["car", "cat", "cat left of a car"]
    assert [a.text for a in drawing.geneval_atoms(counting)] == ["cat", "two cats"]
    for case in (colours, position, counting):
        for atom in drawing.geneval_atoms(case):
            assert holds(atom, case.prompts[0]), atom
            assert not holds(atom, "a photo of three green dogs"), atom


def test_geneval2_atoms_and_questions(load):
    (case,) = load("geneval2")
    atoms = drawing.geneval2_atoms(case)
    assert [a.kind for a in atoms] == ["count", "colour", "subject", "relation", "subject"]
    assert all(holds(atom, case.prompts[0]) for atom in atoms)
    assert not holds(atoms[1], "a blue cat to the left of a red car")
    question = case.questions[0]
    assert question.text == "How many cats are in the image? Answer in one word."
    assert question.read("1") == question.read("One.") == [1] and question.read("two") == [0]
    assert case.group == "4 atoms" and question.shows == "result"


def test_dpg_questions_depend_on_each_other(load):
    (case,) = load("dpg")
    assert case.id == "stanford 1" and case.file_name == "stanford-1"
    assert case.facts["parents"] == [[], [0], [0, 1]]
    assert case.prompts[0].startswith("A red cat sits")


def test_compbench_asks_about_each_phrase(load):
    cases = {case.group: case for case in load("compbench")}
    assert set(cases) == set(drawing.COMPBENCH)
    texts = [question.text for question in cases["color"].questions]
    assert [re.findall('"(.+)"', t)[0] for t in texts] == ["a red cat", "a blue car"]
    assert len(cases["spatial"].questions) == len(cases["complex"].questions) == 1


def test_parti_keeps_quotation_marks(load):
    assert [case.prompts[0] for case in load("parti")] == ["a cat", 'a "car"']


def test_diversity_takes_short_prompts_of_parti(tmp_path):
    benchmark_files.write("parti", tmp_path / "parti")
    assert [c.prompts[0] for c in drawing.short_prompts(tmp_path / "parti")] == ["a cat", 'a "car"']


def test_imgedit_takes_the_published_requests(load):
    adjust, remove = load("imgedit")
    assert benchmark_files.BLUE_CAT in adjust.questions[0].text
    assert adjust.questions[0].text.startswith("Rate it.")
    assert adjust.facts["wording"] == editing.PUBLISHED and remove.facts["wording"] == editing.OWN
    assert "remove the car" in remove.questions[0].text


def test_gedit_takes_the_published_requests_where_they_lie_in_the_data(load, tmp_path):
    english, chinese = load("gedit")
    assert (english.id, english.group) == ("k1-en", "en color_alter") and chinese.id == "k1-cn"
    assert english.facts["wording"] == editing.OWN
    benchmark_files.vie_prompts(tmp_path / "gedit")
    editing.constants.cache_clear()
    _, chinese = load("gedit")
    semantics, quality = chinese.questions
    assert (
        semantics.text == f"JSON with score\nTwo images\nEditing instruction: {chinese.prompts[0]}"
    )
    assert quality.text == "JSON with score\nnaturalness, artifacts" and quality.shows == "result"
    assert chinese.facts["wording"] == editing.PUBLISHED


def test_kris_asks_what_fits_each_kind(load, tmp_path):
    def scores():
        return {case.group: case.facts["scores"] for case in load("kris")}

    assert scores()["color_change"] == ["consistency", "instruction", "quality"]
    assert scores()["biology"] == ["consistency", "instruction", "knowledge", "quality"]
    cases = {case.group: case for case in load("kris")}
    assert "cats are blue" in cases["biology"].questions[1].text
    assert cases["multi-element_composition"].intent == "compose"
    assert len(cases["multi-element_composition"].images()) == 2
    assert [len(q.truth()) for q in cases["viewpoint_change"].questions] == [0, 1, 0]
    benchmark_files.kris_prompts(tmp_path / "kris")
    editing.constants.cache_clear()
    case = next(c for c in load("kris") if c.group == "color_change")
    assert case.questions[0].text == 'Published. make the cat blue {"consistency_score": X}'
    assert case.facts["wording"] == editing.PUBLISHED


def test_mse_has_a_question_for_each_turn(load):
    (case,) = load("mse")
    assert len(case.prompts) == len(case.questions) == 5
    assert "'turn2': 'make the cat green'" in case.questions[1].text
    assert "turn3" not in case.questions[1].text


def test_mse_takes_the_published_request(tmp_path):
    benchmark_files.write("mse", tmp_path / "mse")
    template = " {num_prompts} prompts, {num_images} images: {editing_prompt} {{json}}"
    code = f"prompt_template = \\\n{template!r}\nimport nothing_of_the_kind\n"
    (tmp_path / "mse" / "compute_score.py").write_text(code)
    (case,) = editing.mse(tmp_path / "mse")
    assert case.questions[0].text == " 1 prompts, 2 images: {'turn1': 'make the cat blue'} {json}"
    assert case.facts["wording"] == editing.PUBLISHED


def test_pie_masks_are_run_lengths():
    mask = editing.pie_mask([6, 2], side=5)
    expected = np.ones((5, 5))
    expected[1:4, 1:4] = 0
    expected[1, 1:3] = 1
    assert mask.tolist() == expected.tolist()


def test_dreambench_has_prompts_for_objects_and_living_subjects(load):
    cases = {case.id: case for case in load("dreambench")}
    assert set(cases) == {"cat2-00", "cat2-01", "rc_car-00"}
    cat = cases["cat2-01"]
    assert cat.facts["prompt"] == "a red cat" and cat.prompts == (
        "The cat of picture 1: a red cat",
    )
    assert len(cat.images()) == 1 and len(cat.facts["photographs"]()) == 2


def test_omnicontext_shows_all_references(load):
    (case,) = load("omnicontext")
    assert len(case.images()) == 2 and case.group == "scene_object"
    assert [question.shows for question in case.questions] == ["all", "all"]


def test_a_parquet_file_without_the_columns_is_refused(tmp_path):
    benchmark_files.write("mse", tmp_path / "mse")
    with pytest.raises(FileNotFoundError, match="columns task_type, key"):
        list(editing.gedit(tmp_path / "mse"))


def test_an_error_names_the_broken_line(tmp_path):
    (tmp_path / "evaluation_metadata.jsonl").write_text("{}\nnot json")
    with pytest.raises(ValueError, match=r"line 2 of .*evaluation_metadata"):
        for _ in drawing._json_lines(tmp_path / "evaluation_metadata.jsonl"):
            pass
