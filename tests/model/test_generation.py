"""What generation offers beyond the reference: sampling, streaming, progress, Stop, words only."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.support.golden_net import golden_net, part, record
from wegen_core.model import ConversationCache, WeGen
from wegen_core.records.hooks import Hooks, Stopped

PROMPT = part("gen_t2i", "t2i_cfg1.")["input_ids"]


@pytest.fixture
def net() -> WeGen:
    return golden_net()


def test_streamed_text_is_the_text(net: WeGen) -> None:
    pieces: list[str] = []
    made = net.generate(PROMPT, max_new_tokens=160, hooks=Hooks(on_text=pieces.append))
    assert "".join(pieces).split() == made.text.replace("</s>", "").split()
    assert len(pieces) > 1


def test_every_visual_token_is_reported(net: WeGen) -> None:
    steps: list[tuple[str, int, int]] = []
    hooks = Hooks(on_progress=lambda *a: steps.append((a[0], a[1], a[2])))
    net.generate(PROMPT, max_new_tokens=160, hooks=hooks)
    assert steps == [("tokens", k, 64) for k in range(1, 65)]


def test_every_painter_step_is_reported_with_a_preview(net: WeGen) -> None:
    seen = []

    def note(stage, step, total, preview) -> None:
        seen.append((stage, step, total, preview().size))

    net.paint(torch.randn(1, 64, 32), steps=3, height=32, width=64, hooks=Hooks(on_progress=note))
    assert seen == [("paint", k, 3, (64, 32)) for k in (1, 2, 3)]


@pytest.mark.parametrize("calls", [1, 5, 40])
def test_stop_is_asked_at_every_token(net: WeGen, calls: int) -> None:
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked == calls

    with pytest.raises(Stopped):
        net.generate(PROMPT, max_new_tokens=160, hooks=Hooks(should_stop=stop))
    assert asked == calls


def test_a_cache_can_be_used_after_a_stop(net: WeGen) -> None:
    cache, answers = ConversationCache(), iter([False] * 30 + [True])
    hooks = Hooks(should_stop=lambda: next(answers))
    with pytest.raises(Stopped):
        net.generate(PROMPT, max_new_tokens=160, cache=cache, hooks=hooks)
    expected = record("generation")["t2i_cfg1"]["new_ids"]
    assert net.generate(PROMPT, max_new_tokens=160, cache=cache).ids.tolist() == expected


def test_painting_stops(net: WeGen) -> None:
    answers = iter([False, True])
    hooks = Hooks(should_stop=lambda: next(answers))
    with pytest.raises(Stopped):
        net.paint(torch.randn(1, 64, 32), steps=9, height=32, width=32, hooks=hooks)


def _sampled(net: WeGen, rows: int, seed: int, **options) -> list[list[int]]:
    made = net.generate(
        [PROMPT] * rows, max_new_tokens=12, temperature=9.0, seed=seed, images=False, **options
    )
    return [m.ids.tolist() for m in made]


def test_sampling_follows_its_seed(net: WeGen) -> None:
    three = _sampled(net, 3, seed=5)
    assert three == _sampled(net, 3, seed=5)
    assert three[:2] == _sampled(net, 2, seed=5)  # a row does not depend on its neighbours
    assert three[1:] == _sampled(net, 2, seed=6)
    assert len({tuple(row) for row in three}) == 3


def test_no_visual_token_is_sampled_as_a_word(net: WeGen) -> None:
    closed = {*net.tokenizer.image_ids, net.tokenizer.image_end_id}
    assert not any(closed & set(row) for row in _sampled(net, 8, seed=0))


def test_a_small_nucleus_is_greedy(net: WeGen) -> None:
    greedy = net.generate(PROMPT, max_new_tokens=12, images=False).ids.tolist()
    assert _sampled(net, 1, seed=0, top_p=1e-6) == [greedy]


def test_words_only(net: WeGen) -> None:
    made = net.generate(PROMPT, max_new_tokens=60, images=False)
    expected = record("generation")["t2i_cfg1"]["new_ids"]
    assert made.ids.tolist() == expected[: expected.index(net.tokenizer.image_start_id) + 1]
    assert len(made.features) == 0


def test_a_painted_picture_does_not_depend_on_its_neighbours(net: WeGen) -> None:
    tokens = torch.randn(3, 64, 32)

    def paint(chosen: Tensor, seeds: list[int]) -> Tensor:
        return net.paint(chosen, seed=seeds, steps=2, guidance=3.0, height=32, width=32)

    together = paint(tokens, [3, 1, 2])
    assert torch.allclose(together[1:2], paint(tokens[1:2], [1]), atol=1e-5)


def test_a_network_that_has_decoded_is_saved_as_it_was(net: WeGen, tmp_path: Path) -> None:
    from wegen_core.model.checkpoint import save_network

    net.generate(PROMPT, max_new_tokens=2)
    save_network(net, tmp_path / "saved")
    again = WeGen.from_pretrained(tmp_path / "saved")
    for name, tensor in net.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor), name


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_new_tokens": 0}, "max_new_tokens is 0"),
        ({"temperature": -1.0}, "temperature -1.0"),
        ({"top_p": 0.0}, "top_p 0.0"),
        ({"features": "late"}, "features is 'late'"),
        ({"image_features": torch.zeros(1, 64, 32)}, "0 image positions, but 1 images"),
    ],
)
def test_wrong_options_are_named(net: WeGen, options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        net.generate(PROMPT, **options)


@pytest.mark.parametrize(
    ("ids", "words"),
    [(torch.zeros(0, dtype=torch.long), "has 0 tokens"), (torch.ones(5000), "has 5000 tokens")],
)
def test_prompts_must_fit(net: WeGen, ids: Tensor, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        net.generate(ids.long())


def test_the_last_token_of_the_context_is_used(net: WeGen) -> None:
    limit = net.context_length
    made = net.generate(torch.full((limit - 3,), 5), max_new_tokens=50, images=False)
    assert len(made.ids) <= 3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"height": 30}, "size 64x30"),
        ({"steps": 0}, "steps is 0"),
        ({"negative": "black"}, "negative is 'black'"),
        ({"seed": [1, 2]}, "2 seeds for 1 images"),
    ],
)
def test_wrong_painting_is_named(net: WeGen, options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        net.paint(torch.randn(1, 64, 32), **{"steps": 1, "height": 64, "width": 64} | options)
