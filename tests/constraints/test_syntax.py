"""Painting syntax: what is found, what a painter reads of it, and how it comes back."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings

from tests.support.prompt_texts import PROMPTS
from wegen_core.constraints import find_constraints, holds
from wegen_core.constraints.repair import repair
from wegen_core.constraints.request_text import tidy
from wegen_core.constraints.syntax import find_syntax, readable, restore_syntax, split_end

# Prompt, its syntax in order, what is read.
SYNTAX = [
    ("a girl, <lora:flower_dress:0.8>", ["<lora:flower_dress:0.8>"], "a girl"),
    ("a photo of <sks> dog", ["<sks>"], "a photo of dog"),
    ("a photo of sks dog", ["sks"], "a photo of dog"),
    ("ohwx man, p3rs0n, zwx", ["ohwx", "p3rs0n", "zwx"], "man"),
    ("a (red:1.3) fox", ["(red:1.3)"], "a red fox"),
    ("((best, (red:1.2) fox)), [dark]", ["((best, (red:1.2) fox))", "[dark]"],
     "best, red fox, dark"),
    ("(a cat)++ and (dog)1.2, sky--", ["(a cat)++", "(dog)1.2", "sky--"], "a cat and dog, sky"),
    ("[cat:dog:0.5] in [a|b]", ["[cat:dog:0.5]", "[a|b]"], "cat dog in a b"),
    ("a {2$$ , $$red|blue} ball", ["{2$$ , $$red|blue}"], "a red blue ball"),
    ("{{{glow}}} __a/b c__ ${x=1}", ["{{{glow}}}", "__a/b c__", "${x=1}"], "glow"),
    ("embedding:EasyNegative, a cat", ["embedding:EasyNegative"], "a cat"),
    ("a cat BREAK a dog AND a bird", ["BREAK", "AND"], "a cat, a dog, a bird"),
    ("a cat :1.2 AND a dog :0.8", [":1.2", "AND", ":0.8"], "a cat, a dog"),
    ("hot:: dog::2", ["::", "::2"], "hot dog"),
    ("1.5::red hair::, blue", ["1.5::", "::"], "red hair, blue"),
    ("score_9, rating_safe, a horse", ["score_9", "rating_safe"], "a horse"),
    ("一张sks狗的照片，(红色:1.2)", ["sks", "(红色:1.2)"], "一张狗的照片，红色"),
    ("1girl | 2boys, @wlop, badHandV4", ["1girl", "|", "2boys", "@wlop", "badHandV4"],
     "1girl, 2boys"),
    ("1girl, long_hair, :3", ["1girl", "long_hair", ":3"], "1girl, long hair"),
    ("miku \\(vocaloid\\), saber_(fate)", ["miku \\(vocaloid\\)", "saber_(fate)"],
     "miku vocaloid, saber fate"),
    ("/imagine prompt: a cat --ar 16:9 --no text, people",
     ["/imagine prompt:", "--ar 16:9", "--no text, people"], "a cat"),
    ("a cat —ar 3:2", ["—ar 3:2"], "a cat"),
    ("a \U0001f431 and \U0001f469\u200d\U0001f680", ["\U0001f431", "\U0001f469\u200d\U0001f680"],
     "a and"),
    ("#ff8800 sky, AREA(0 0.5, 0 1)", ["#ff8800", "AREA(0 0.5, 0 1)"], "sky"),
    ("a cat /* note */ sits", ["/* note */"], "a cat sits"),
    ("https://x.org/a.png a cat", ["https://x.org/a.png"], "a cat"),
    ("a cat, Negative prompt: dog\nSteps: 20, Seed: 1",
     ["Negative prompt: dog\nSteps: 20, Seed: 1"], "a cat"),
    ("xyzzy12 and S* in a park, cat:1.5", ["xyzzy12", "S*", "cat:1.5"], "and in a park, cat:1.5"),
]  # fmt: skip


@pytest.mark.parametrize(("prompt", "syntax", "words"), SYNTAX)
def test_syntax_is_found_and_read(prompt, syntax, words):
    assert [item.text for item in find_syntax(prompt)] == syntax
    assert readable(prompt) == words
    constraints = [c for c in find_constraints(prompt) if c.kind == "syntax"]
    assert [c.text for c in constraints] == syntax
    assert all(holds(c, prompt) and not holds(c, "another prompt") for c in constraints)


@pytest.mark.parametrize(
    "prompt",
    [
        "a 16:9 photo of a cat, 35mm, 8k, sdxl, 1980s",
        "two cats -- one of them black -- on a mat",
        "an expert squirrel in an excellent jacquard, lynx, rhythm, tv, Oxford, length, crypt",
        'a sign "(OPEN:1.2) <lora:x:1>"',
        "A CAT AND A DOG ON A MAT",
        "brighter pls, thx, hmmm, shh, grrr, zzz, btw",
        "a negative space logo, at 10:30, ratio 2:1.5",
        "50% off, a baroque palace, a 5+ star hotel, me@x.org",
        "schön, fjord, tijd, stacja, zjazd, vzduch, Kreuzkirche, marxist proxy, maxwell",
        "(unclosed [brackets",
    ],
)
def test_plain_words_are_not_syntax(prompt):
    assert find_syntax(prompt) == ()
    assert readable(prompt) == prompt


def test_nothing_inside_syntax_is_a_constraint():
    kinds = {c.kind for c in find_constraints("a cat, <lora:two red_cars:1>, (no Bob:1.2)")}
    assert kinds == {"syntax", "language"}


@pytest.mark.parametrize(
    "prompt",
    ["a girl <lora:my  style:0.8>", "a hat (A eye:1.2)", "{2$$ , $$red|blue} ball", "__a  b__ x"],
)
def test_syntax_is_not_tidied(prompt):
    assert tidy(prompt) == prompt


@pytest.mark.parametrize(
    ("prompt", "rewording", "whole"),
    [
        ("score_9, a fox --v 6", "A fox in snow.", "score_9, a fox in snow --v 6"),
        ("a (red:1.3) fox", "A red fox in snow.", "A (red:1.3) fox in snow."),
        ("a fox, <lora:x:1>", "A fox in snow.", "A fox in snow, <lora:x:1>"),
        ("a fox, (best quality:1.2)", "A fox in snow", "A fox in snow, (best quality:1.2)"),
        ("a (red:1.3) fox", "A vixen in snow.", None),
        ("a (red:1.2) hat and a (red:1.2) car", "A red hat in a car", None),
        ("a __colour__ fox", "A blue fox", None),
        ("a cat BREAK a dog", "A cat and a dog", None),
        ("a photo of sks", "A photo of a dog", None),
    ],
)
def test_syntax_is_restored_where_that_is_clear(prompt, rewording, whole):
    assert restore_syntax(rewording, prompt) == whole


@pytest.mark.parametrize(
    ("prompt", "repaired"),
    [
        ("a cat --ar 3:2", "a dog --ar 3:2"),
        ("score_9, a cat", "score_9, a dog"),
        ("a cat, <lora:x:1>", "a dog, <lora:x:1>"),
        ("a cat BREAK a dog", None),
    ],
)
def test_lost_syntax_is_put_back_at_its_edge(prompt, repaired):
    (constraint,) = [c for c in find_constraints(prompt) if c.kind == "syntax"]
    assert repair("a dog", constraint, prompt) == repaired


def test_what_must_stay_last_is_split_off():
    assert split_end("a cat, <lora:x:1> --ar 3:2 --v 6") == ("a cat, <lora:x:1>", " --ar 3:2 --v 6")
    assert split_end("a cat AND a dog :0.8") == ("a cat AND a dog", " :0.8")
    assert split_end("a cat\nNegative prompt: dog") == ("a cat", "\nNegative prompt: dog")
    assert split_end("a cat") == ("a cat", "")


@settings(max_examples=200, deadline=None)
@given(PROMPTS)
def test_syntax_of_any_text_is_a_span_of_it(prompt):
    last = 0
    for item in find_syntax(prompt):
        assert last <= item.start < item.end
        assert prompt[item.start : item.end] == item.text
        last = item.end
    assert isinstance(readable(prompt), str)


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit", ["(", "[a:", "{a|", "<a", "__", "a_", "a \\(", "--no ", "::", "sks "]
)
def test_finding_syntax_takes_linear_time(unit):
    def seconds(size: int) -> float:
        times = []
        for _ in range(3):
            start = time.process_time()
            find_syntax(unit * (size // len(unit)))
            times.append(time.process_time() - start)
        return min(times)

    once, twice = seconds(20_000), seconds(40_000)
    assert twice < 3 * once + 0.1
