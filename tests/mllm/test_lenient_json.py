"""Reading JSON the way language models write it."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wegen_core.mllm.lenient_json import find_objects

WANTED = {"intent": "refine", "changes": ["it's red"], "region": None, "n": 0.5}
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


# A busy machine draws slowly.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.text(), values, max_size=5), st.sampled_from([None, 2]), st.booleans())
@pytest.mark.slow
def test_json_is_read_as_json(value, indent, ascii):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii)
    assert list(find_objects(f"Sure!\n```json\n{text}\n```\nAnything else?")) == [value]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text("{}[]()\"'“”‘’\\u12,:#/ \nabtrue-.eE", max_size=300))
def test_no_text_raises(text):
    assert all(isinstance(found, dict) for found in find_objects(text))


@pytest.mark.parametrize(
    "text",
    [
        '{"intent": "refine", "changes": ["it\'s red",], "region": null, "n": 0.5,}',
        "{'intent': 'refine', 'changes': ['it's red'], 'region': None, 'n': .5}",
        "{intent: “refine”, changes: [‘it's red’], region: null, n: 5e-1}",
        '{"intent": "refine", // what\n "changes": ["it\'s red"], # y\n "region": null, "n": .5}',
        '{"intent": "refine"\n "changes": ["it\'s red"]\n "region": null\n "n": 0.5}',
        'Here {you} are: {"intent":"refine","changes":["it\'s red"],"region":null,"n":0.5} ok}',
        '{"intent": "refine", "changes": ["it\'s red"], "region": null, "n": 0.5',
    ],
)
def test_how_models_write_it(text):
    assert next(o for o in find_objects(text) if "intent" in o) == WANTED


def test_raw_line_breaks_inner_quotes_and_cut_off_strings():
    assert list(find_objects('{"a": "x\ny", "b": "a sign "OPEN" above"}')) == [
        {"a": "x\ny", "b": 'a sign "OPEN" above'}
    ]
    assert list(find_objects('{"a": [{"b": "c"}, {"d": "and th')) == [
        {"a": [{"b": "c"}, {"d": "and th"}]}
    ]
    assert list(find_objects('{"a": 1} and {"b": 2}')) == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize(
    "text",
    ["{" * 10**6, '{"a":' * 10**5, '{"' * 10**5, '{"a": "//' * 10**5, '{"a" ' + " \n" * 10**6],
)
def test_hostile_text_is_cheap(text):
    start = time.process_time()
    list(find_objects(text))
    assert time.process_time() - start < 2
