"""The transformers adapter on tiny random folders of the families people use."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file, save_file

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

pytestmark = pytest.mark.slow

SEEING = [kind for kind in KINDS if kind != "text_only"]


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:x\nsize 1\n"


WEIGHTS, WORDS, IMAGES = "model.safetensors", "tokenizer.json", "preprocessor_config.json"
CONFIG = "config.json"


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


def fed_lengths(mllm: LocalMLLM, monkeypatch) -> list[int]:
    """Lengths of what the network is fed from now on, in tokens."""
    fed = []
    forward = mllm.model.get_input_embeddings().forward
    monkeypatch.setattr(
        mllm.model.get_input_embeddings(),
        "forward",
        lambda ids: (fed.append(ids.shape[-1]), forward(ids))[1],
    )
    return fed


def test_it_follows_the_protocol_and_streams(mllm):
    assert isinstance(mllm, ChatModel)
    passed_on = []
    reply = mllm.chat(
        user_says(),
        sampling=Sampling(max_new_tokens=40, temperature=1.0, seed=3),
        hooks=Hooks(on_text=passed_on.append),
    )
    assert reply and "".join(passed_on).strip() == reply and len(passed_on) > 5
    assert reply == mllm.chat(
        user_says(), sampling=Sampling(max_new_tokens=40, temperature=1.0, seed=3)
    )
    assert reply != mllm.chat(
        user_says(), sampling=Sampling(max_new_tokens=40, temperature=1.0, seed=4)
    )


def test_sampling_leaves_the_callers_random_state_alone(mllm):
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    mllm.chat(user_says(), sampling=Sampling(max_new_tokens=3, temperature=1.0, seed=9))
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("kind", SEEING)
def test_images_are_seen(models, kind):
    mllm = models[kind]
    assert mllm.capabilities.max_images is None
    conversations = [
        user_says(scene(size), "what is it?") for size in ((60, 40), (60, 40), (40, 90))
    ]
    conversations[1].tree[conversations[1].head].images[0].image.paste((255, 0, 0), (0, 0, 60, 40))

    def replies(conversation: Conversation) -> tuple[str, ...]:
        return tuple(
            mllm.chat(conversation, sampling=Sampling(max_new_tokens=20, temperature=1.0, seed=s))
            for s in range(4)
        )

    assert len({replies(conversation) for conversation in conversations}) == 3
    assert replies(conversations[0]) == replies(conversations[0])


def test_without_vision_images_are_only_named(models):
    mllm = models["text_only"]
    assert mllm.capabilities.max_images == 0
    assert mllm.chat(user_says(scene(), "what is it?"), sampling=Sampling(max_new_tokens=5))


def long_conversation(mllm: LocalMLLM, *, fresh: bool) -> list[str]:
    """Five turns, the first with an image, and the last on a branch."""
    conversation, replies = user_says(scene((60, 40)), "a red boat"), []
    for words in ("what colour is it?", "a blue car", "it is by the sea"):
        if fresh:
            mllm.forget()
        replies.append(mllm.chat(conversation, sampling=Sampling(max_new_tokens=12)))
        conversation.add("assistant", "a boat by the sea")
        conversation.add("user", words)
    first = next(iter(conversation.tree))
    conversation = conversation.branch(first)
    conversation.add("assistant", "a blue car on the grass")
    conversation.add("user", scene((50, 70)), "and what is it?")
    for _ in range(2):
        if fresh:
            mllm.forget()
        replies.append(mllm.chat(conversation, sampling=Sampling(max_new_tokens=12)))
    return replies


def test_the_cache_changes_nothing_but_the_work(mllm, monkeypatch):
    fed = fed_lengths(mllm, monkeypatch)
    expected = long_conversation(mllm, fresh=True)
    whole = sum(fed)
    fed.clear()
    mllm.forget()
    assert long_conversation(mllm, fresh=False) == expected
    saved = 1 - sum(fed) / whole
    # A window of 64 tokens that has moved on cannot go back; that model starts anew more often.
    assert saved > (0.05 if mllm.model.config.model_type == "gemma3" else 0.35)


@pytest.mark.parametrize("kind", [kind for kind in SEEING if kind != "gemma3"])
def test_a_new_image_costs_no_more_than_itself(models, kind, monkeypatch):
    mllm = models[kind]
    fed = fed_lengths(mllm, monkeypatch)
    conversation = user_says(scene((60, 40)), "a red boat by the sea " * 20)
    mllm.forget()
    mllm.chat(conversation, sampling=Sampling(max_new_tokens=3))
    conversation.add("assistant", "a boat")
    conversation.add("user", scene((50, 70)), "and this?", scene((40, 90)))
    fed.clear()
    continued = [
        mllm.chat(conversation, sampling=Sampling(max_new_tokens=12, temperature=1.0, seed=s))
        for s in range(3)
    ]
    assert sum(fed) < 200
    mllm.forget()
    fed.clear()
    mllm.chat(conversation, sampling=Sampling(max_new_tokens=1))
    assert sum(fed) > 200
    expected = []
    for seed in range(3):
        mllm.forget()
        expected.append(
            mllm.chat(
                conversation, sampling=Sampling(max_new_tokens=12, temperature=1.0, seed=seed)
            )
        )
    assert continued == expected


@pytest.mark.parametrize(
    ("ids", "images", "tiles", "tokens", "reused"),
    [
        ([1, 9, 9, 2, 3, 4, 5], "a", {}, 5, 1),  # text after the image
        ([1, 9, 9, 2, 3, 9, 9, 5], "ab", {}, 5, 1),  # a new image
        ([1, 9, 9, 2, 3, 4], "b", {}, 1, 0),  # another one of the same size
        ([1, 9, 9, 2, 3, 9, 7, 9, 5], "ab", {"a": 1, "b": 2}, 5, 1),  # a new one of two tiles
        ([1, 9, 9, 7, 9, 2, 3], "a", {"a": 2}, 1, 0),  # all tiles of an image, or none
        ([1, 9, 9, 7, 9, 2, 3], "a", {"a": 3}, None, None),  # spans of unknown images
        ([7, 9, 9], "a", {}, None, None),
    ],
)
def test_the_prefix_ends_where_an_image_is_new(ids, images, tiles, tokens, reused):
    cache = SimpleNamespace(length=5, get_seq_length=lambda: cache.length)
    cache.crop = lambda cut: setattr(cache, "length", cache.length + cut)
    prefix = PrefixCache(image_token=9)
    done = SimpleNamespace(get={"cache": cache}.get, sequences=torch.tensor([[1, 9, 9, 2, 3]]))
    prefix.store(done, ["a"])
    cached = prefix.lookup(ids, list(images), tiles.get)
    assert cached == (None if tokens is None else CachedPrefix(cache, tokens, reused))
    assert tokens is None or cache.length == tokens
    assert prefix.lookup(ids, list(images), tiles.get) is None  # it was taken out


@pytest.mark.parametrize("calls", [1, 2, 5])
def test_stopping_takes_effect_within_one_token(mllm, monkeypatch, calls):
    fed = fed_lengths(mllm, monkeypatch)
    polls = []

    def stop() -> bool:
        polls.append(1)
        return len(polls) >= calls

    with pytest.raises(Stopped):
        mllm.chat(user_says(), sampling=Sampling(max_new_tokens=500), hooks=Hooks(should_stop=stop))
    assert len(polls) == calls and len(fed) == calls - 1
    assert mllm.chat(user_says(), sampling=Sampling(max_new_tokens=5))


@pytest.mark.parametrize("kind", KINDS)
def test_loading_can_be_stopped_within_a_tensor(folders, kind):
    polls = []

    def stop(calls: float) -> bool:
        polls.append(1)
        return len(polls) >= calls

    mllm = local.load(
        folders[kind], device="cpu", hooks=Hooks(should_stop=lambda: stop(float("inf")))
    )
    calls = len(polls)
    assert calls > len(mllm.model.state_dict())
    for early in {1, *range(calls, 0, -max(1, calls // 40))}:
        polls.clear()
        hooks = Hooks(should_stop=lambda n=early: stop(n))
        with pytest.raises(Stopped):
            local.load(folders[kind], device="cpu", dtype=torch.bfloat16, hooks=hooks)
        assert len(polls) == early
        assert torch.is_grad_enabled() and torch.get_default_dtype() == torch.float32


def test_a_random_model_plans_in_the_users_own_words(mllm, monkeypatch):
    monkeypatch.setattr(chat_planner, "SAMPLING", replace(chat_planner.SAMPLING, max_new_tokens=20))
    monkeypatch.setattr(chat_planner, "ANSWER_TOKENS", 20)
    copilot = Copilot(mllm, FakePainter())
    conversation = Conversation()
    drawn = copilot.chat(conversation, "a red boat by the sea")
    assert drawn.plan.intent == "generate" and "your own words" in str(drawn.report)
    assert copilot.chat(conversation, "make the boat blue").plan.intent == "refine"
    assert mllm.name == "gemma3" or copilot.ask(scene(), "what is it?")  # it writes nothing
    chat = mllm.chat

    def chat_briefly(conversation, *, sampling, **options):
        return chat(conversation, sampling=replace(sampling, max_new_tokens=12), **options)

    monkeypatch.setattr(mllm, "chat", chat_briefly)
    rewrites = copilot.rewrite("a red car", n=2)
    assert all("red" in r.prompt.lower() and r.kept for r in rewrites)


def test_too_long_a_conversation_names_the_limit(mllm):
    with pytest.raises(ValueError, match=r"tokens; .* reads at most 4095. Shorten the text"):
        mllm.chat(user_says("a red boat " * 3000))


@pytest.mark.parametrize("kind", KINDS)
def test_half_precision(folders, kind):
    mllm = local.load(folders[kind], device="cpu", dtype=torch.bfloat16)
    parts = (scene(), "what is it?") if mllm.capabilities.max_images != 0 else ("what is it?",)
    assert mllm.chat(user_says(*parts), sampling=Sampling(max_new_tokens=5))
    assert mllm.model.dtype == torch.bfloat16


def test_wrong_folders_are_explained(folders, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"config.json is missing"):
        local.load(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "something_new", "auto_map": {}}')
    with pytest.raises(ValueError, match=r"cannot read the model in .*; update transformers, or"):
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
        with pytest.raises(ValueError, match=r"attention 'flash_attention_2' .* Use .*'sdpa'"):
            local.load(folders["text_only"], device="cpu", attention="flash_attention_2")


def rename_weights(folder: Path, prefix: str) -> None:
    weights = load_file(folder / "model.safetensors")
    save_file({f"{prefix}{n}": w for n, w in weights.items()}, folder / "model.safetensors")


def nest_weights(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save({"epoch": 3, "state_dict": weights}, folder / "pytorch_model.bin")


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


class Command:
    """Pickled, it calls a function when it is read."""

    def __reduce__(self):
        return (print, ("code of a model folder ran",))


def pickle_weights(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    torch.save(Command(), folder / "pytorch_model.bin")


def quantise(folder: Path, method: str) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["quantization_config"] = {"quant_method": method, "bits": 4, "group_size": 32}
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("kind", "spoil", "words"),
    [
        ("text_only", lambda d: (d / WEIGHTS).write_text(POINTER), f"{WEIGHTS} in .* are git-lfs"),
        ("text_only", lambda d: (d / WORDS).write_text(POINTER), f"{WORDS} in .* are git-lfs"),
        ("text_only", lambda d: (d / CONFIG).write_text("{"), f"{CONFIG} cannot be read: .*again"),
        ("text_only", lambda d: (d / CONFIG).write_text(POINTER), f"{CONFIG} in .* are git-lfs"),
        ("text_only", lambda d: (d / WORDS).write_text("{"), f"{WORDS} cannot be read: .*again"),
        ("text_only", pickle_weights, "holds code, which is never run; take the model as .safe"),
        ("text_only", lambda d: halve(d / WEIGHTS), f"{WEIGHTS} .* not downloaded completely"),
        ("llava", lambda d: (d / IMAGES).unlink(), f"has no {IMAGES}"),
        ("llava", lambda d: (d / WORDS).unlink(), "has no tokenizer"),
        ("text_only", lambda d: (d / WEIGHTS).rename(d / "x.safetensors"), "cannot be loaded"),
        ("text_only", lambda d: rename_weights(d, "module."), "each name begins with 'module.'"),
        ("text_only", lambda d: rename_weights(d, "backbone."), "are not those of a llama model"),
        ("text_only", nest_weights, "stored are .*state_dict.* save the part with the weights"),
        ("text_only", lambda d: quantise(d, "awq"), r"quantised \(awq\).*gptqmodel"),
        ("text_only", lambda d: quantise(d, "gptq"), r"quantised \(gptq\).*optimum"),
    ],
)  # fmt: skip
def test_broken_folders_are_explained(folders, tmp_path, kind, spoil, words):
    folder = shutil.copytree(folders[kind], tmp_path / "broken")
    spoil(folder)
    with pytest.raises(ValueError, match=words) as caught:
        local.load(folder, device="cpu")
    assert "://" not in str(caught.value) and "attention" not in str(caught.value)


@pytest.mark.parametrize("index", ["{}", '{"weight_map": {}}'])
def test_an_index_without_files_is_named(folders, tmp_path, index):
    folder = shutil.copytree(folders["text_only"], tmp_path / "broken")
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(index)
    with pytest.raises(ValueError, match=r"index.json has no weight_map"):
        local.load(folder, device="cpu")
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "b.safetensors"}}')
    with pytest.raises(ValueError, match=r"lacks b.safetensors"):
        local.load(folder, device="cpu")


@pytest.mark.parametrize("device", ["cuda:77", "gpu"])
def test_a_device_that_is_not_there_is_a_value_error(folders, device):
    with pytest.raises(ValueError, match=f"device '{device}' cannot be used"):
        local.load(folders["text_only"], device=device)


@pytest.mark.parametrize(
    ("kind", "file", "settings"),
    [
        ("text_only", "config.json", {"model_type": "x", "auto_map": {"AutoConfig": "own.X"}}),
        ("text_only", "tokenizer_config.json", {"auto_map": {"AutoTokenizer": ["own.X", None]}}),
        ("llava", "preprocessor_config.json", {"auto_map": {"AutoImageProcessor": "own.X"}}),
        (
            "qwen2_5_vl",
            "video_preprocessor_config.json",
            {"auto_map": {"AutoVideoProcessor": "own.X"}},
        ),
    ],
)
def test_code_of_a_folder_is_neither_run_nor_offered(tmp_path, monkeypatch, kind, file, settings):
    """transformers would ask on the console, where a server waits for ever."""
    folder = make(kind, tmp_path / kind)
    classes = {"tokenizer_class": "X", "image_processor_type": "X", "video_processor_type": "X"}
    path = folder / file
    kept = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**kept, **classes, **settings}))
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\nclass X: pass\n")
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("asked on the console"))
    with pytest.raises(ValueError, match=r"custom code|needs Python code of its own"):
        local.load(folder, device="cpu")
    assert not (tmp_path / "ran").exists()


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
