"""Finding constraints: recall and precision on labelled prompts, languages, running time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings

from tests.support.labelled_prompts import (
    agreement,
    all_prompts,
    held_out_prompts,
    is_han,
    tuned_prompts,
)
from tests.support.prompt_texts import PROMPTS
from wegen_core.constraints import find_constraints, find_subjects, holds
from wegen_core.constraints.parser import detect_language, parse


@pytest.mark.parametrize("han", [False, True], ids=["english", "chinese"])
def test_recall_and_precision_on_the_prompts_it_was_tuned_on(han):
    result = agreement(p for p in tuned_prompts() if is_han(p.prompt) == han)
    assert result.labels > 60
    assert result.recall >= 0.99, result.missed
    assert result.precision >= 0.99, result.extra


def test_recall_and_precision_on_the_held_out_prompts():
    result = agreement(held_out_prompts())
    assert len(held_out_prompts()) == 35
    assert result.recall >= 0.98, result.missed
    assert result.precision >= 0.98, result.extra


def test_held_out_prompts_are_not_among_the_tuned_ones():
    tuned = {p.prompt for p in tuned_prompts()}
    assert tuned.isdisjoint(p.prompt for p in held_out_prompts())


@pytest.mark.parametrize("prompt", all_prompts())
def test_a_prompt_satisfies_its_own_constraints(prompt):
    for constraint in find_constraints(prompt):
        assert holds(constraint, prompt), constraint
        start, end = constraint.span
        assert constraint.kind == "language" or prompt[start:end] == constraint.text


@settings(max_examples=200, deadline=None)
@given(PROMPTS)
def test_constraints_of_any_text_are_spans_of_it(prompt):
    constraints = find_constraints(prompt)
    assert constraints == find_constraints(prompt)
    for constraint in constraints:
        start, end = constraint.span
        assert 0 <= start < end <= len(prompt)
        assert constraint.kind == "language" or prompt[start:end] == constraint.text


def test_each_subject_is_found_once():
    subjects = find_subjects("a cat and a dog, the cat on a sofa")
    assert [c.text for c in subjects] == ["cat", "dog", "sofa"]
    assert {c.kind for c in subjects} == {"subject"}


def test_an_image_number_is_not_a_count():
    kinds = {c.kind for c in find_constraints("put img 2 cats on the sofa of picture 1")}
    assert "picture" in kinds and "count" not in kinds


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("a cat", "en"),
        ("一只猫", "zh"),
        ("ein Hund am Strand und eine Katze", "de"),
        ("猫がいる", "ja"),
        ("кошка", "ru"),
        ("", ""),
        ("123", ""),
    ],
)
def test_language(text, language):
    assert detect_language(text) == language
    assert parse(text).language == language


def test_quoted_words_do_not_decide_the_language():
    text = 'a sign that says "你好世界欢迎你"'
    assert detect_language(text) == "zh"
    assert parse(text).language == "en"


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    ["a ", "no x ", '"', "'a ", "在", "不要", "图1", "Van ", ", ", "\n", "unchanged ", "keep the "],
)
def test_finding_takes_linear_time(unit):
    def seconds(size: int) -> float:
        prompt = unit * (size // len(unit))
        times = []
        for k in range(3):
            start = time.process_time()
            find_constraints(f"{prompt}{k}")  # another text each time: results are cached
            times.append(time.process_time() - start)
        return min(times)

    once, twice = seconds(6_000), seconds(12_000)
    assert twice < 3 * once + 0.1
