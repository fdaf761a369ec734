"""Generation with the KV cache against a plain loop that feeds everything again at every step.

The network has other sizes than the golden one: grouped queries, a head size of its own, another
rotary base, 9 visual tokens per image, and the added tokens in another order.
"""

from __future__ import annotations

import json
import random
import shutil
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.support.published_layout import GOLDEN
from wegen_core.model import ConversationCache, WeGen
from wegen_core.model.config import VisionConfig, WeGenConfig
from wegen_core.model.decoding import Llama
from wegen_core.model.generation import Features
from wegen_core.model.tokenizer import Tokenizer

TOKENS = 9
LLM = {
    "vocab_size": 494,
    "hidden_size": 60,
    "intermediate_size": 70,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "head_dim": 14,
    "rope_theta": 700.0,
    "max_position_embeddings": 400,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
PROMPTS = [
    "[INST] a red fox [/INST]\n<img>",
    "[INST] IMAGE Make it snowy. [/INST]\n",
    "[INST] IMAGE IMAGE What is it? [/INST]\nSure: IMAGE now <img>",
    "x",
]


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> WeGen:
    folder = tmp_path_factory.mktemp("other") / "tokenizer"
    shutil.copytree(GOLDEN / "tokenizer", folder)
    added = json.loads((folder / "added_tokens.json").read_text(encoding="utf-8"))
    ids = list(added.values())
    random.Random(3).shuffle(ids)
    mixed = dict(zip(added, ids, strict=True))
    (folder / "added_tokens.json").write_text(json.dumps(mixed), encoding="utf-8")
    golden = json.loads((GOLDEN / "config.json").read_text(encoding="utf-8"))
    vision = VisionConfig(image_size=24, patch_size=4, width=20, layers=1, head_width=5)
    config = WeGenConfig(
        vision, LLM, golden["unet"], golden["vae"], golden["scheduler"], tokens_side=3
    )
    torch.manual_seed(12)
    # Double precision: the feedback of random weights would magnify single-precision rounding.
    net = WeGen(config, Tokenizer(folder, TOKENS)).eval().double()
    with torch.no_grad():
        for weight in net.llm.parameters():
            weight.copy_(weight + 0.1 * torch.randn(weight.shape))
        head = net.llm.lm_head.weight
        head[net.tokenizer.image_start_id] *= 3  # wins now and then
        head[net.tokenizer.eos_id] = 0
    return net


def _prompt(net: WeGen, text: str) -> tuple[Tensor, Tensor]:
    """Ids, and random features of the images in the prompt."""
    block = net.tokenizer.decode(net.tokenizer.image_block())
    ids = [net.tokenizer.bos_id, *net.tokenizer.encode(text.replace("IMAGE", block))]
    generator = torch.Generator().manual_seed(len(text))
    features = torch.randn(text.count("IMAGE"), 36, 20, generator=generator).double()
    return torch.tensor(ids), features


def _last_hidden(net: WeGen, embeds: list[Tensor]) -> Tensor:
    context = torch.stack(embeds)[None]
    return net.llm.model(inputs_embeds=context, use_cache=False).last_hidden_state[0, -1]


@torch.no_grad()
def plain(
    net: WeGen, ids: Tensor, images: Tensor, guidance: float, new: int, convention: Features
) -> tuple[list[int], Tensor, Tensor]:
    """New ids [T], hidden states [T,D], features of all finished images [n,9,W]."""
    tokens = net.tokenizer
    chain = [tokens.image_start_id, *tokens.image_ids, tokens.image_end_id]
    visual = torch.isin(ids, torch.tensor(tokens.image_ids))
    context = list(net.embed(ids, net.pool(images), visual))
    unguided = [context[-1]] if int(ids[-1]) == tokens.image_start_id else []
    last, found, hidden, guided_features = int(ids[-1]), [], [], []
    for _ in range(new):
        hidden.append(_last_hidden(net, context))
        if last in chain[:-1]:
            token = chain[chain.index(last) + 1]
        else:
            logits = net.llm.lm_head(hidden[-1])
            logits[chain[1:]] = 0.0
            token = int(logits.argmax())
        embed = net.llm.model.embed_tokens.weight[token]
        if token in tokens.image_ids:
            state = hidden[-1]
            if guidance != 1:
                free = _last_hidden(net, unguided)
                state = free + guidance * (state - free)
            guided_features.append(net.output_projector(state))
            embed = net.input_projector(guided_features[-1])
            if token != tokens.image_ids[-1]:  # the published code never feeds it there
                unguided.append(embed)
        elif token == tokens.image_start_id:
            unguided = [embed] if convention == "aligned" else [*unguided, embed]
        context.append(embed)
        found.append(token)
        last = token
    plain_features = [net.output_projector(h) for h in hidden]
    late = [plain_features[j + 1] for j, t in enumerate(found[:-1]) if t in tokens.image_ids]
    closing = (tokens.image_ids[-1], tokens.image_end_id)
    count = TOKENS * sum(pair == closing for pair in pairwise(found))
    kept = (guided_features if convention == "aligned" else late)[:count]
    features = (
        torch.stack(kept).view(-1, TOKENS, 20) if kept else hidden[0].new_zeros(0, TOKENS, 20)
    )
    return found, torch.stack(hidden), features


def _close(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("convention", ["aligned", "reference"])
@pytest.mark.parametrize("guidance", [1.0, 2.5])
@pytest.mark.parametrize("text", PROMPTS)
def test_one_prompt(net: WeGen, text: str, guidance: float, convention: Features) -> None:
    ids, images = _prompt(net, text)
    expected, hidden, features = plain(net, ids, images, guidance, 60, convention)
    found = net.generate(ids[None], images, None, guidance, 60, convention)
    assert found.ids.tolist() == expected
    _close(found.hidden, hidden)
    _close(found.features, features)


def test_the_plain_loop_paints(net: WeGen) -> None:
    """The comparison would say little if images came up only where the prompt asks for one."""
    starts = []
    for text in PROMPTS:
        ids, images = _prompt(net, text)
        found, _, features = plain(net, ids, images, 1.0, 60, "aligned")
        assert len(set(found)) > TOKENS + 2 and len(features) >= 1
        starts.append(found.count(net.tokenizer.image_start_id))
    assert sum(count > 0 for count in starts) >= 3


@pytest.mark.parametrize("convention", ["aligned", "reference"])
@pytest.mark.parametrize("guidance", [1.0, 2.5])
@pytest.mark.slow
def test_prompts_of_different_lengths(net: WeGen, guidance: float, convention: Features) -> None:
    prompts = [_prompt(net, text) for text in PROMPTS]
    images = torch.cat([features for _, features in prompts])
    ids = [row for row, _ in prompts]
    results = net.generate(ids, images, None, guidance, 45, convention)
    for (row, features), found in zip(prompts, results, strict=True):
        expected, hidden, visual = plain(net, row, features, guidance, 45, convention)
        assert found.ids.tolist() == expected
        _close(found.hidden, hidden)
        _close(found.features, visual)


@pytest.mark.parametrize("guidance", [1.0, 2.5])
def test_a_conversation_cache_changes_nothing(net: WeGen, guidance: float) -> None:
    """Three turns, each prompt beginning with what was said and painted before."""
    cache = ConversationCache()
    ids, images = _prompt(net, PROMPTS[0])
    for turn in range(3):
        fresh = net.generate(ids, images, None, guidance, 30)
        kept = net.generate(ids, images, None, guidance, 30, cache=cache)
        assert kept.ids.tolist() == fresh.ids.tolist(), turn
        _close(kept.hidden, fresh.hidden)
        _close(kept.features, fresh.features)
        # The history ends with its last finished image, so that images and features agree.
        answer = fresh.ids.tolist()
        ends = [i for i, t in enumerate(answer) if t == net.tokenizer.image_end_id]
        said = answer[: ends[-1] + 1] if len(fresh.features) else []
        more, _ = _prompt(net, "Now make it rainy. <img>")
        ids = torch.cat([ids, torch.tensor(said, dtype=torch.long), more[1:]])
        images = _append(images, net, fresh.features)


def _append(images: Tensor, net: WeGen, features: Tensor) -> Tensor:
    return torch.cat([net.pool(images), features])


def test_a_changed_history_is_noticed(net: WeGen) -> None:
    cache = ConversationCache()
    ids, images = _prompt(net, PROMPTS[2])
    net.generate(ids, images, None, 1.0, 20, cache=cache)
    changed = images.clone()
    changed[1] += 1.0
    found = net.generate(ids, changed, None, 1.0, 20, cache=cache)
    expected, hidden, _ = plain(net, ids, changed, 1.0, 20, "aligned")
    assert found.ids.tolist() == expected
    _close(found.hidden, hidden)
    shorter, _ = _prompt(net, "[INST] IMAGE What")
    found = net.generate(shorter, images[:1], None, 1.0, 20, cache=cache)
    assert found.ids.tolist() == plain(net, shorter, images[:1], 1.0, 20, "aligned")[0]


@pytest.mark.parametrize("guidance", [1.0, 2.5])
@pytest.mark.slow
def test_variants_of_one_prompt_are_each_as_alone(net: WeGen, guidance: float) -> None:
    """They share the prompt's cache; some paint, and some end, before the others."""
    ids, images = _prompt(net, PROMPTS[1])
    options = {"guidance": guidance, "max_new_tokens": 250, "temperature": 3.0}
    together = net.generate([ids] * 6, torch.cat([images] * 6), seed=5, **options)
    assert len({len(found.ids) for found in together}) > 1
    assert len({len(found.features) for found in together}) > 1
    for seed, found in enumerate(together, 5):
        alone = net.generate(ids, images, seed=seed, **options)
        assert found.ids.tolist() == alone.ids.tolist()
        _close(found.hidden, alone.hidden)
        _close(found.features, alone.features)


def test_forced_tokens_compute_no_logits(net: WeGen) -> None:
    ids, images = _prompt(net, PROMPTS[0])  # ends with <img>
    rows: list[int] = []
    handle = net.llm.lm_head.register_forward_hook(lambda _, args, out: rows.append(len(args[0])))
    try:
        net.generate(ids, images, max_new_tokens=TOKENS + 1)
        assert rows == []
        net.generate([ids] * 3, images, max_new_tokens=TOKENS + 2)
        assert rows == [3]  # the one after </img>
    finally:
        handle.remove()


def test_a_second_turn_feeds_only_what_is_new(net: WeGen, monkeypatch: pytest.MonkeyPatch) -> None:
    fed: list[int] = []
    advance = Llama.advance

    def noted(llama: Llama, embeds: Tensor, *rest: Any) -> Tensor:
        fed.append(embeds.shape[1])
        return advance(llama, embeds, *rest)

    monkeypatch.setattr(Llama, "advance", noted)
    cache = ConversationCache()
    ids, images = _prompt(net, PROMPTS[0])
    made = net.generate(ids, images, max_new_tokens=TOKENS + 1, cache=cache)
    assert fed == [len(ids)] + [1] * TOKENS
    fed.clear()
    more, _ = _prompt(net, "Now make it rainy. <img>")
    longer = torch.cat([ids, made.ids, more[1:]])
    net.generate(
        longer, _append(images, net, made.features), max_new_tokens=TOKENS + 1, cache=cache
    )
    # `</img>` closed the first turn, so nothing had to follow it yet.
    assert fed == [1 + len(more[1:])] + [1] * TOKENS
