"""What weak language models write, and that a user never sees it."""

from __future__ import annotations

from itertools import combinations
from statistics import mean

import pytest

from tests.support.weak_models import FAULTS, WeakModel
from wegen_core.constraints import broken
from wegen_core.rewriting import rewrite
from wegen_core.rewriting.gate import clean_reply, contradictions


@pytest.mark.parametrize(
    ("prompt", "reply", "cleaned"),
    [
        ("three red apples", "Count: three red apples on wood", "three red apples on wood"),
        ("a cat", "a cat. Light: soft. Mood: calm.", "a cat. soft. calm."),
        ("a woman in the rain", "Open the Rain: a woman in the rain", "a woman in the rain"),
        ("something cheerful at sea", "thing cheerful at sea", "something cheerful at sea"),
        ("a red fox in snow", "fox in snow, at dawn", "a red fox in snow, at dawn"),
        ("a red fox in snow", "in snow, a red fox", "in snow, a red fox"),
        ("a clock: noon", "a clock: noon", "a clock: noon"),
        ('a sign "OPEN LATE"', 'a sign "OPEN LATE" in snow', 'a sign "OPEN LATE" in snow'),
        ('a sign "OPEN LATE"', "OPEN LATE A SIGN IN THE SNOW", ""),
        ("a sign", "a sign OPEN LATE in the snow", ""),
        ("a red fox", "A Red Fox In The Deep Snow", ""),
        ("一只猫", "主体：一只猫，光线：柔和", "一只猫，柔和"),
    ],
)  # fmt: skip
def test_replies_are_cleaned_or_refused(prompt, reply, cleaned):
    assert clean_reply(reply, prompt) == cleaned


@pytest.mark.parametrize(
    ("prompt", "reply", "against"),
    [
        ("two cats", "two cats and three cats", ["3 cat"]),
        ("a red car", "a red car beside a blue car", ["blue car"]),
        ("a cat", 'a cat and a sign "HELLO"', ['"HELLO"']),
        ("a cat at night", "a cat at night in the midday heat", ["midday"]),
        ("an oil painting of a cat", "an oil painting, a photo of a cat", ["photo"]),
        ("夜里的街", "夜里的街，阳光", ["阳光"]),
        ("a red car", "a red car and a blue house at night", []),
    ],
)
def test_contradictions_are_named(prompt, reply, against):
    assert contradictions(reply, prompt) == against


PROMPTS = (
    "a red fox",
    "two cats on a sofa",
    'a neon sign that says "OPEN LATE"',
    "a street, no cars",
)


def distance(texts: list[str]) -> float:
    bags = [set(text.lower().replace(",", "").split()) for text in texts]
    return mean(1 - len(a & b) / len(a | b) for a, b in combinations(bags, 2))


@pytest.mark.parametrize("fault", [*FAULTS, None])
def test_variants_of_a_weak_model_keep_everything_and_differ_as_without_it(fault):
    with_model, without = [], []
    for prompt in PROMPTS:
        results = rewrite(prompt, 6, mllm=WeakModel(fault))
        assert not [r.prompt for r in results if broken(r.kept, r.prompt)]
        assert len({r.prompt for r in results}) == 6 and all(r.added for r in results)
        with_model.append(distance([r.prompt for r in results]))
        without.append(distance([r.prompt for r in rewrite(prompt, 6)]))
    assert mean(with_model) >= mean(without) - 0.02
