"""Rows become the batches of the reference: ids, labels, image positions; packed or not."""

from __future__ import annotations

import pytest
import torch

from tests.support.golden_net import golden_net
from tests.support.training_rows import write_playground_rows
from wegen_core.model.prompt import IGNORED
from wegen_core.training.data import conversation_batch, painter_batch, read_data
from wegen_core.training.sequences import encode_turns
from wegen_core.training.settings import STAGES, stage_settings


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    return write_playground_rows(tmp_path_factory.mktemp("rows"))


def _read(rows, stage="instruct", **changes):
    net = golden_net()
    changes = {"held_out": 0.0, "max_tokens": 900, **changes}
    settings = stage_settings(stage, "official", **changes)
    return net, settings, read_data({rows: 1.0}, settings, net.tokenizer, net.context_length)


def _turn(role, *parts):
    fields = {"text": None, "image": None, "learn": role == "assistant"}
    return {"role": role, "parts": [{**fields, **part} for part in parts]}


def _text(text, **rest):
    return {"type": "text", "text": text, **rest}


IMAGE = {"type": "image", "image": 0}


def test_what_is_learned():
    tokenizer = golden_net().tokenizer
    turns = [
        _turn("user", IMAGE, _text("a red boat")),
        _turn("assistant", _text("here it is"), IMAGE),
        _turn("user", _text("thanks")),
        _turn("assistant", _text("not this", learn=False), IMAGE | {"learn": False}),
    ]
    sequence = encode_turns(turns, tokenizer)
    learned = [i for i in sequence.labels if i != IGNORED]
    assert learned == [*tokenizer.encode("here it is"), tokenizer.image_start_id, tokenizer.eos_id]
    assert all(
        label in (IGNORED, i) for i, label in zip(sequence.ids, sequence.labels, strict=True)
    )
    assert sequence.generated == [False, True, False]
    text = tokenizer.decode(sequence.ids).replace(" ", "")
    assert text.startswith("<s>[INST]<img><img_00000>") and text.endswith("</img></s>")
    assert text.count("<img_00063></img>") == 3


def test_errors_name_the_field():
    tokenizer = golden_net().tokenizer
    for turn, message in [
        (_turn("system", _text("x")), r"turns\[0\]\.role is 'system'"),
        (_turn("user", _text("x", learn=True)), r"turns\[0\]: a user's part has learn"),
        (_turn("user", _text(None)), r"turns\[0\]\.parts\[0\] has type 'text' and text None"),
    ]:
        with pytest.raises(ValueError, match=message):
            encode_turns([turn], tokenizer)


def test_a_packed_batch_has_the_losses_of_its_sequences(rows):
    net, settings, data = _read(rows)
    items = sorted(data.train, key=lambda item: len(item.sequence.ids))[::6][:4]
    assert len({len(item.sequence.ids) for item in items}) > 1
    batch = conversation_batch([[i] for i in items], net, settings)
    packed_rows = ([items], [items[:1], items[1:]], [[i] for i in items])
    with torch.no_grad():
        packed = [net(conversation_batch(r, net, settings), diffusion=False) for r in packed_rows]
        padded = net({n: t for n, t in batch.items() if n != "position_ids"}, diffusion=False)
    assert float(padded["mse_loss"]) > 0
    for name, value in padded.items():
        for losses in packed:
            assert float(losses[name]) == pytest.approx(float(value), rel=1e-5), name


def test_a_sequence_does_not_see_the_one_before_it(rows):
    net, settings, data = _read(rows)
    one, two, other = data.train[:3]
    with torch.no_grad():
        batches = [conversation_batch([[first, two]], net, settings) for first in (one, other)]
        hidden = [
            net.hidden_states(b, net.pool(net.encode_images(b["images"])))[0] for b in batches
        ]
    length = len(two.sequence.ids)
    assert torch.allclose(hidden[0][-length:], hidden[1][-length:], atol=1e-5)


def test_the_kinds_of_the_mix_are_read(rows):
    _, _, data = _read(rows, "align")
    assert {item.head.kind for item in data.train} == {"caption", "rewrite"}
    net, settings, data = _read(rows, "painter", max_images=8)
    assert {item.head.kind for item in data.train} == {"session"}
    batch = painter_batch(data.train[:1], net, settings)
    assert len(batch["images"]) == len(data.train[0].sequence.generated) > 1
    assert batch["images_aug"].abs().max() <= 1


def test_all_rows_of_a_video_are_held_out_together(rows):
    _, _, data = _read(rows, held_out=0.7)
    trained, held_out = (
        {item.head.sources["video"] for item in side} for side in (data.train, data.held_out)
    )
    assert trained and held_out and not trained & held_out


def test_data_that_cannot_be_used(rows, tmp_path):
    with pytest.raises(ValueError, match=r"takes the kinds photo \(mix\)"):
        _read(rows, mix={"photo": 1.0})
    with pytest.raises(ValueError, match="more than 20 tokens"):
        _read(rows, max_tokens=20)
    with pytest.raises(FileNotFoundError, match=r"holds no \.parquet"):
        _read(tmp_path)


def test_settings_are_checked():
    for stage in STAGES:
        for preset in ("mini", "small", "official"):
            stage_settings(stage, preset)
    with pytest.raises(ValueError, match="batch is 0"):
        stage_settings("align", "mini", batch=0)
    with pytest.raises(ValueError, match="mix"):
        stage_settings("align", "mini", mix={})
