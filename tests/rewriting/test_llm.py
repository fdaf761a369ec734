"""Rewriting with a chat model: what it is sent, when it is stopped, what its reply means."""

from __future__ import annotations

from functools import partial

import pytest

from tests.support.conversations import ScriptedModel
from wegen_core.mllm import Capabilities
from wegen_core.mllm.reply import THINKING_MARKS
from wegen_core.records.hooks import Hooks, Stopped
from wegen_core.rewriting import rewrite
from wegen_core.rewriting.llm_prompt import MAX_NEW_TOKENS, max_characters
from wegen_core.rewriting.llm_reply import extract_prompt, has_whole_prompt

word_by_word = partial(ScriptedModel, pieces="word")


def test_a_chat_model_gets_the_instruction_and_its_reply_is_cleaned():
    model = word_by_word('<think>hm</think>Sure! Here it is:\n"a red fox asleep in grass"')
    assert rewrite("a red fox", 1, mllm=model)[0].prompt == "a red fox asleep in grass"
    assert model.requests[0].text.startswith("You rewrite prompts for an image generator.")
    assert model.requests[0].text.endswith("Must stay:\n  colour: red fox\nPrompt: a red fox")


def test_a_reply_is_stopped_after_its_prompt():
    model = word_by_word("a red fox in tall grass.\n\nLet me know if " + "you want more " * 500)
    assert rewrite("a red fox", 1, mllm=model)[0].prompt == "a red fox in tall grass."
    assert model.sent < 30


def test_a_rambling_model_costs_little():
    model = word_by_word("How can I help you with that today and " * 500)
    results = rewrite("a red fox", 4, mllm=model)
    assert all(result.prompt.startswith("a red fox, ") for result in results)
    assert len(model.requests) == 12  # three attempts for the first, one for each of the others
    assert model.sent < len(model.requests) * max_characters("a red fox", 5) / 3
    sentences = word_by_word("a red fox in the snow. " + "and it is also very nice and " * 500)
    assert rewrite("a red fox", 1, mllm=sentences)[0].prompt == "a red fox in the snow."


def test_a_model_that_does_not_stream_gets_fewer_tokens():
    reply = "a red fox asleep in tall grass"
    streaming = word_by_word(reply)
    silent = word_by_word(reply, capabilities=Capabilities(streams=False))
    for model in (streaming, silent):
        assert rewrite("a red fox", 1, mllm=model)[0].prompt == reply
    assert {r.sampling.max_new_tokens for r in streaming.requests} == {MAX_NEW_TOKENS}
    (few,) = {r.sampling.max_new_tokens for r in silent.requests}
    assert few == max_characters("a red fox", 4) // 2 < MAX_NEW_TOKENS / 4


@pytest.mark.parametrize(("ending", "prompt"), [("an owl", "an owl"), ("", "zzz, ")])
def test_an_echo_of_the_instruction_is_not_a_rewrite(ending, prompt):
    class Parrot(ScriptedModel):
        def chat(self, conversation, **options):
            self.replies = [f"{conversation.turns[-1].text}\n{ending}"]
            return super().chat(conversation, **options)

    result = rewrite("zzz", 1, mllm=Parrot(pieces="word"))[0].prompt
    assert result == prompt if ending else result.startswith(prompt)


def test_stop_reaches_the_model():
    model = word_by_word("a red fox asleep in tall grass")
    with pytest.raises(Stopped):
        rewrite("a red fox", 1, mllm=model, hooks=Hooks(should_stop=lambda: model.sent > 2))
    assert model.sent == 3


def test_words_to_the_user_are_not_a_rewrite():
    talk = "This prompt was rewritten to have a red fox in it"
    model = word_by_word(talk, "a red fox in the snow")
    assert rewrite("a red fox", 1, mllm=model)[0].prompt == "a red fox in the snow"
    assert rewrite("a red fox", 1, mllm=word_by_word(talk))[0].prompt.startswith("a red fox, ")


@pytest.mark.parametrize(
    ("reply", "prompt"),
    [
        ("a cat", "a cat"),
        ("```\na cat\n```", "a cat"),
        ('{"prompt": "a cat"}', "a cat"),
        ('{"prompt": "a cat",}\nI hope this helps!', "a cat"),
        ('{"prompt": "a draft"}\n{"prompt": "a cat"}', "a cat"),
        ("Prompt: a cat", "a cat"),
        ("<think>never ends", ""),
        ("Now here's a rewritten prompt: a cat in the rain.", "a cat in the rain."),
        (
            "Sure! Here is the rewritten prompt:\n\n**A cat** in the rain\n\nEnjoy!",
            "A cat in the rain",
        ),
        ("Certainly! A cat in the rain.", "A cat in the rain."),
        ("### Rewritten Prompt\n1. a cat in the rain\n2. a cat at sea", "a cat in the rain"),
        ("Improved image prompt: “a cat in the rain”", "a cat in the rain"),
        ('The rewritten prompt would be "a cat in the rain".', "a cat in the rain"),
        ("a cat in the rain. I hope this helps! Let me know.", "a cat in the rain."),
        ("好的，以下是改写后的提示词：一只猫坐在窗边。", "一只猫坐在窗边。"),
        ("改写：一只猫，雨中。窗边", "一只猫，雨中。窗边"),
        ("Style: watercolour. A cat.", "Style: watercolour. A cat."),
        ('a wall with "Sure! Here" on it', ""),
        ('{"prompt": "a c', ""),
        ("I'm sorry, I can't help with that.", ""),
        ("Here is the prompt:", ""),
        ('a sign "A" and a sign "B"', 'a sign "A" and a sign "B"'),
    ],
)
def test_the_prompt_is_extracted_from_a_reply(reply, prompt):
    assert extract_prompt(reply) == prompt


@pytest.mark.parametrize(("opening", "closing"), THINKING_MARKS)
def test_thinking_is_removed(opening, closing):
    assert extract_prompt(f"{opening}a dog? no{closing}a cat") == "a cat"
    assert extract_prompt(f"{opening}a dog? no") == ""


def test_words_of_the_prompt_itself_are_not_talk():
    prompt = 'a wall with "Sure! Here is" written on it, by a prompt box'
    assert extract_prompt(prompt, prompt) == prompt


@pytest.mark.parametrize(
    ("beginning", "whole"),
    [
        ("Sure! Here it is:\n", False),
        ("Sure! Here it is:\na cat", False),
        ("Sure! Here it is:\na cat\n", False),
        ("Sure! Here it is:\na cat,\non a mat\n\n", True),
        ("a cat\nI hope this helps!\n", True),
        ("```\na cat\n", False),
        ('{\n"prompt": "a cat",\n', False),
    ],
)
def test_when_a_reply_has_a_whole_prompt(beginning, whole):
    assert has_whole_prompt(beginning) == whole
