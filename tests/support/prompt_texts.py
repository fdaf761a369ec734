"""Hypothesis strategies for prompts: arbitrary text, and words that the finders know."""

from __future__ import annotations

from hypothesis import strategies as st

_WORDS = st.sampled_from(
    'a no two red blue cat house on left of in without keep make picture 1 Paris "OPEN" “你好” '
    "'x' , . and style 两只 红色 的 猫 在 桌子 上 不要 图1 \n \" - (".split(" ")
)
PROMPTS = st.one_of(st.text(max_size=80), st.lists(_WORDS, max_size=24).map(" ".join))
