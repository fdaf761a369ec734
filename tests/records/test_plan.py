"""Plans are validated, and survive JSON."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wegen_core.records.plan import INTENTS, SCOPES, Constraint, Plan, Reference

unit = st.floats(0, 1)
words = st.text(min_size=1).filter(str.strip)
spans = st.tuples(unit, unit).filter(lambda s: s[0] < s[1])
regions = st.builds(lambda x, y: (x[0], y[0], x[1], y[1]), spans, spans)
plans = st.builds(
    Plan,
    st.sampled_from(INTENTS),
    prompt=words,
    text=st.text(),
    changes=st.lists(st.text(), max_size=3),
    keep=st.lists(st.text(), max_size=3),
    scope=st.none() | st.sampled_from(SCOPES),
    region=st.none() | regions,
    references=st.lists(
        st.builds(Reference, st.integers(1, 9), words, st.text(), unit), max_size=2
    ),
    constraints=st.lists(
        st.builds(Constraint, words, words, st.tuples(st.integers(0, 9), st.integers(0, 9))),
        max_size=2,
    ),
)


@given(plans)
def test_json_round_trip(plan):
    assert Plan.from_json(plan.to_json()) == plan


def test_the_draft_is_neither_written_nor_compared():
    plan = Plan("generate", "a boat", draft=object())
    assert "draft" not in plan.to_json()
    assert plan == Plan("generate", "a boat")
    assert "draft" not in repr(plan)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"intent": "paint"}, "plan intent is 'paint'; use one of answer, generate"),
        ({"intent": ["generate"]}, "plan intent"),
        ({"intent": "generate"}, "plan prompt is empty"),
        ({"intent": "refine", "prompt": " \n"}, "plan prompt is empty; intent 'refine'"),
        ({"intent": "answer", "prompt": None}, "plan prompt is None; give text"),
        ({"intent": "answer", "text": 3}, "plan text is 3"),
        ({"intent": "answer", "changes": "red"}, "plan changes is 'red'; give a list"),
        ({"intent": "answer", "keep": (1,)}, "plan keep holds 1"),
        ({"intent": "answer", "references": ("x",)}, "plan references holds 'x'"),
        ({"intent": "answer", "constraints": ("x",)}, "plan constraints holds 'x'"),
        (
            {"intent": "answer", "scope": "all"},
            "plan scope is 'all'; use one of local, background, global",
        ),
        ({"intent": "answer", "region": (0, 0, 1)}, "plan region is"),
        ({"intent": "answer", "region": (0.5, 0, 0.5, 1)}, "x0 < x1"),
        ({"intent": "answer", "region": (0, 0, 1, 1.1)}, "y1 <= 1"),
        ({"intent": "answer", "region": (0, 0, 1, float("nan"))}, "plan region"),
    ],
)
def test_wrong_plans_are_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        Plan(**fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"image": 0}, "numbered from 1"),
        ({"image": True}, "numbered from 1"),
        ({"image": 1, "role": ""}, "reference role"),
        ({"image": 1, "what": None}, "reference what"),
        ({"image": 1, "strength": 1.5}, "strength is 1.5; give a number in 0..1"),
    ],
)
def test_wrong_references_are_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        Reference(**fields)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[]", "plan is a list"),
        ("{}", "plan has no intent"),
        ('{"intent": "answer", "mood": 1}', "unknown field 'mood'"),
        ('{"intent": "answer", "references": 3}', "plan references is 3"),
        (
            '{"intent": "answer", "references": [{"page": 1}]}',
            "reference has unknown field 'page'; use picture",
        ),
        ('{"intent": "answer", "references": [{"picture": 0}]}', "numbered from 1"),
        ('{"intent": "answer", "constraints": [{"kind": "quote"}]}', "give kind, text and span"),
        (
            '{"intent": "answer", "constraints": [{"kind": "quote", "text": "x", "span": 5}]}',
            "the span 5; give",
        ),
        ('{"intent": "answer", "constraints": [3]}', "constraints holds 3"),
    ],
)
def test_wrong_json_is_explained(text, message):
    with pytest.raises(ValueError, match=message):
        Plan.from_json(text)
