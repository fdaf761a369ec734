"""The transformers adapter on tiny random folders of the families people use."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from tests.support.conversations import user_says
from tests.support.fakes import FakePainter, scene
from tests.support.tiny_vlms import KINDS, make
from wegen_core.copilot import Copilot
from wegen_core.mllm import ChatModel
from wegen_core.mllm.local import model as local
from wegen_core.mllm.local.model import LocalMLLM
from wegen_core.mllm.local.prefix_cache import CachedPrefix, PrefixCache
from wegen_core.planning import chat_planner
from wegen_core.records.conversation import Conversation
from wegen_core.records.hooks import Hooks, Sampling, Stopped

SEEING = [kind for kind in KINDS if kind != "text_only"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    return {kind: make(kind, root / kind) for kind in KINDS}


@pytest.fixture(scope="module")
def models(folders) -> dict[str, LocalMLLM]:
    return {kind: local.load(folder, device="cpu") for kind, folder in folders.items()}


@pytest.fixture(params=KINDS)
def mllm(request, models) -> LocalMLLM:
    models[request.param].forget()
    return models[request.param]


def counted(mllm: LocalMLLM, monkeypatch) -> list[int]:
    """Lengths of what the network is fed from now on."""
    fed = []
    forward = mllm.model.get_input_embeddings().forward
    monkeypatch.setattr(
        mllm.model.get_input_embeddings(),
        "forward",
        lambda ids: (fed.append(ids.shape[-1]), forward(ids))[1],
    )
    return fed


def test_it_follows_the_protocol_and_streams_what_it_says(mllm):
    assert isinstance(mllm, ChatModel)
    heard = []
    reply = mllm.chat(
        user_says(),
        sampling=Sampling(max_new_tokens=40, temperature=1.0, seed=3),
        hooks=Hooks(on_text=heard.append),
    )
    assert reply and "".join(heard).strip() == reply and len(heard) > 5
    assert reply == mllm.chat(
        user_says(), sampling=Sampling(max_new_tokens=40, temperature=1.0, seed=3)
    )
    assert reply != mllm.chat(
        user_says(), sampling=Sampling(max_new_tokens=40, temperature=1.0, seed=4)
    )


def test_sampling_leaves_the_callers_random_state_alone(mllm):
    torch.manual_seed(1)
    wanted = torch.rand(3)
    torch.manual_seed(1)
    mllm.chat(user_says(), sampling=Sampling(max_new_tokens=3, temperature=1.0, seed=9))
    assert torch.equal(torch.rand(3), wanted)


@pytest.mark.parametrize("kind", SEEING)
def test_pictures_are_seen(models, kind):
    mllm = models[kind]
    assert mllm.capabilities.max_images is None
    talks = [user_says(scene(size), "what is it?") for size in ((60, 40), (60, 40), (40, 90))]
    talks[1].tree[talks[1].head].images[0].image.paste((255, 0, 0), (0, 0, 60, 40))

    def replies(talk: Conversation) -> tuple[str, ...]:
        return tuple(
            mllm.chat(talk, sampling=Sampling(max_new_tokens=20, temperature=1.0, seed=s))
            for s in range(4)
        )

    assert len({replies(talk) for talk in talks}) == 3
    assert replies(talks[0]) == replies(talks[0])


def test_without_eyes_pictures_are_only_named(models):
    mllm = models["text_only"]
    assert mllm.capabilities.max_images == 0
    assert mllm.chat(user_says(scene(), "what is it?"), sampling=Sampling(max_new_tokens=5))


def long_talk(mllm: LocalMLLM, *, fresh: bool) -> list[str]:
    """Five turns, the second after a picture and the last on a branch."""
    talk, replies = user_says(scene((60, 40)), "a red boat"), []
    for words in ("what colour is it?", "a blue car", "it is by the sea"):
        if fresh:
            mllm.forget()
        replies.append(mllm.chat(talk, sampling=Sampling(max_new_tokens=12)))
        talk.add("assistant", "a boat by the sea")
        talk.add("user", words)
    first = next(iter(talk.tree))
    talk = talk.branch(first)
    talk.add("assistant", "a blue car on the grass")
    talk.add("user", scene((50, 70)), "and what is it?")
    for _ in range(2):
        if fresh:
            mllm.forget()
        replies.append(mllm.chat(talk, sampling=Sampling(max_new_tokens=12)))
    return replies


def test_the_cache_changes_nothing_but_the_work(mllm, monkeypatch):
    fed = counted(mllm, monkeypatch)
    wanted = long_talk(mllm, fresh=True)
    whole = sum(fed)
    fed.clear()
    mllm.forget()
    assert long_talk(mllm, fresh=False) == wanted
    saved = 1 - sum(fed) / whole
    # A window of 64 tokens that has moved on cannot go back; that model starts anew more often.
    assert saved > (0.05 if mllm.model.config.model_type == "gemma3" else 0.35)


@pytest.mark.parametrize("kind", [kind for kind in SEEING if kind != "gemma3"])
def test_a_new_picture_costs_no_more_than_itself(models, kind, monkeypatch):
    mllm = models[kind]
    fed = counted(mllm, monkeypatch)
    talk = user_says(scene((60, 40)), "a red boat by the sea " * 20)
    mllm.forget()
    mllm.chat(talk, sampling=Sampling(max_new_tokens=3))
    talk.add("assistant", "a boat")
    talk.add("user", scene((50, 70)), "and this?", scene((40, 90)))
    fed.clear()
    continued = [
        mllm.chat(talk, sampling=Sampling(max_new_tokens=12, temperature=1.0, seed=s))
        for s in range(3)
    ]
    assert sum(fed) < 200
    mllm.forget()
    fed.clear()
    mllm.chat(talk, sampling=Sampling(max_new_tokens=1))
    assert sum(fed) > 200
    wanted = []
    for seed in range(3):
        mllm.forget()
        wanted.append(
            mllm.chat(talk, sampling=Sampling(max_new_tokens=12, temperature=1.0, seed=seed))
        )
    assert continued == wanted


@pytest.mark.parametrize(
    ("ids", "shown", "pieces", "tokens", "pictures"),
    [
        ([1, 9, 9, 2, 3, 4, 5], "a", {}, 5, 1),  # words after the picture
        ([1, 9, 9, 2, 3, 9, 9, 5], "ab", {}, 5, 1),  # a new picture
        ([1, 9, 9, 2, 3, 4], "b", {}, 1, 0),  # another one of the same size
        ([1, 9, 9, 2, 3, 9, 7, 9, 5], "ab", {"a": 1, "b": 2}, 5, 1),  # a new one in two pieces
        ([1, 9, 9, 7, 9, 2, 3], "a", {"a": 2}, 1, 0),  # in pieces it is known as a whole
        ([1, 9, 9, 7, 9, 2, 3], "a", {"a": 3}, None, None),  # whose they are is not known
        ([7, 9, 9], "a", {}, None, None),
    ],
)
def test_what_is_known_ends_where_a_picture_is_new(ids, shown, pieces, tokens, pictures):
    cache = SimpleNamespace(length=5, get_seq_length=lambda: cache.length)
    cache.crop = lambda cut: setattr(cache, "length", cache.length + cut)
    prefix = PrefixCache(image_token=9)
    done = SimpleNamespace(get={"cache": cache}.get, sequences=torch.tensor([[1, 9, 9, 2, 3]]))
    prefix.store(done, ["a"])
    found = prefix.lookup(ids, list(shown), pieces.get)
    assert found == (None if tokens is None else CachedPrefix(cache, tokens, pictures))
    assert tokens is None or cache.length == tokens
    assert prefix.lookup(ids, list(shown), pieces.get) is None  # it is given away


@pytest.mark.parametrize("calls", [1, 2, 5])
def test_stop_is_heard_within_one_token(mllm, monkeypatch, calls):
    fed = counted(mllm, monkeypatch)
    asked = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) >= calls

    with pytest.raises(Stopped):
        mllm.chat(user_says(), sampling=Sampling(max_new_tokens=500), hooks=Hooks(should_stop=stop))
    assert len(asked) == calls and len(fed) == calls - 1
    assert mllm.chat(user_says(), sampling=Sampling(max_new_tokens=5))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.slow
def test_loading_can_be_stopped_within_a_tensor(folders, kind):
    asked = []

    def stop(calls: float) -> bool:
        asked.append(1)
        return len(asked) >= calls

    mllm = local.load(
        folders[kind], device="cpu", hooks=Hooks(should_stop=lambda: stop(float("inf")))
    )
    calls = len(asked)
    assert calls > len(mllm.model.state_dict())
    for early in {1, *range(calls, 0, -max(1, calls // 40))}:
        asked.clear()
        with pytest.raises(Stopped):
            options = {"device": "cpu", "dtype": torch.bfloat16}
            local.load(folders[kind], hooks=Hooks(should_stop=lambda n=early: stop(n)), **options)
        assert len(asked) == early
        assert torch.is_grad_enabled() and torch.get_default_dtype() == torch.float32


def test_a_random_model_plans_in_the_users_own_words(mllm, monkeypatch):
    monkeypatch.setattr(chat_planner, "SAMPLING", replace(chat_planner.SAMPLING, max_new_tokens=20))
    copilot = Copilot(mllm, FakePainter())
    talk = Conversation()
    drawn = copilot.chat(talk, "a red boat by the sea")
    assert drawn.plan.intent == "generate" and "your own words" in str(drawn.report)
    assert copilot.chat(talk, "make the boat blue").plan.intent == "refine"
    assert copilot.ask(scene(), "what is it?")
    monkeypatch.setattr(mllm, "chat", partial(mllm.chat, sampling=Sampling(max_new_tokens=12)))
    found = copilot.rewrite("a red car", n=2)
    assert all("red" in r.prompt.lower() and r.kept for r in found)


def test_too_long_a_conversation_names_the_limit(mllm):
    with pytest.raises(ValueError, match="tokens; .* reads at most 4095. Shorten the text"):
        mllm.chat(user_says("a red boat " * 3000))


@pytest.mark.parametrize("kind", KINDS)
def test_half_precision(folders, kind):
    mllm = local.load(folders[kind], device="cpu", dtype=torch.bfloat16)
    parts = (scene(), "what is it?") if mllm.capabilities.max_images != 0 else ("what is it?",)
    assert mllm.chat(user_says(*parts), sampling=Sampling(max_new_tokens=5))
    assert mllm.model.dtype == torch.bfloat16


def test_wrong_folders_are_explained(folders, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="config.json is missing"):
        local.load(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "something_new", "auto_map": {}}')
    with pytest.raises(ValueError, match="cannot read the model in .*; update transformers, or"):
        local.load(tmp_path)
    base = tmp_path / "base"
    shutil.copytree(folders["text_only"], base)
    (base / "chat_template.jinja").unlink()
    with pytest.raises(ValueError, match="base has no chat template; take the 'instruct'"):
        local.load(base)
    monkeypatch.setattr(local, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="4 bits need the package bitsandbytes"):
        local.load(folders["text_only"], bits=4)
    with pytest.raises(ValueError, match="bits is 3"):
        local.load(folders["text_only"], bits=3)
    monkeypatch.undo()
    if find_spec("flash_attn") is None:
        with pytest.raises(ValueError, match="attention 'flash_attention_2' .* Use .*'sdpa'"):
            local.load(folders["text_only"], device="cpu", attention="flash_attention_2")


@pytest.mark.parametrize("bits", [4, 8])
def test_quantised(tmp_path, bits):
    for package in ("bitsandbytes", "accelerate"):
        pytest.importorskip(package)
    wide = {"hidden_size": 64, "intermediate_size": 128, "head_dim": 16}  # blocks of 64 weights
    folder = make("text_only", tmp_path, **wide)
    mllm = local.load(folder, device="cpu", bits=bits)
    names = {type(module).__name__ for module in mllm.model.modules()}
    assert names & {"Linear4bit", "Linear8bitLt"}
    assert mllm.chat(user_says(), sampling=Sampling(max_new_tokens=5))


def test_attention_is_a_choice(folders):
    replies = {
        attention: local.load(folders["text_only"], device="cpu", attention=attention).chat(
            user_says(), sampling=Sampling(max_new_tokens=8)
        )
        for attention in ("sdpa", "eager")
    }
    assert replies["sdpa"] == replies["eager"]
