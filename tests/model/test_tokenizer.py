"""The tokenizer against the recorded ids of the old slow Llama tokenizer."""

from __future__ import annotations

import json
import random
import shutil
import time
from pathlib import Path

import pytest

from wegen_core.model.tokenizer import IncrementalDecoder, Tokenizer

GOLDEN = Path(__file__).parents[1] / "golden"
FOLDER = GOLDEN / "tokenizer"
RECORDS = json.loads((GOLDEN / "tokenization.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer(FOLDER)


def _copy(tmp_path: Path, added: dict[str, int]) -> Path:
    folder = tmp_path / "tokenizer"
    shutil.copytree(FOLDER, folder)
    (folder / "added_tokens.json").write_text(json.dumps(added), encoding="utf-8")
    return folder


def _added() -> dict[str, int]:
    return json.loads((FOLDER / "added_tokens.json").read_text(encoding="utf-8"))


def _stream(tokenizer: Tokenizer, ids: list[int]) -> str:
    decoder = IncrementalDecoder(tokenizer)
    return "".join([decoder.push(i) for i in ids]) + decoder.flush()


@pytest.mark.parametrize("record", RECORDS, ids=range(len(RECORDS)))
def test_golden(tokenizer: Tokenizer, record: dict) -> None:
    assert tokenizer.encode(record["text"]) == record["encode_no_special"]
    assert [tokenizer.bos_id, *tokenizer.encode(record["text"])] == record["encode"]
    assert tokenizer.decode(record["encode_no_special"]) == record["decode"]


def test_golden_generated_texts(tokenizer: Tokenizer) -> None:
    for record in json.loads((GOLDEN / "generation.json").read_text(encoding="utf-8")).values():
        ids = [tokenizer.bos_id, *tokenizer.encode(record["prompt"]), *record["new_ids"]]
        assert tokenizer.decode(ids) == record["full_text"]


def test_named_ids(tokenizer: Tokenizer) -> None:
    config = json.loads((GOLDEN / "config.json").read_text(encoding="utf-8"))
    named = config["special_token_ids"]
    assert tokenizer.bos_id == named["<s>"] and tokenizer.eos_id == named["</s>"]
    assert tokenizer.image_start_id == named["<img>"] and tokenizer.image_end_id == named["</img>"]
    assert tokenizer.pad_id == config["llm"]["pad_token_id"]
    assert len(tokenizer) == config["vocab_size"]
    block = tokenizer.image_block()
    assert len(block) == 66 and block[1] == named["<img_00000>"]
    assert tokenizer.encode(tokenizer.decode(block)) == block


def test_another_order_of_the_added_tokens(tmp_path: Path) -> None:
    added = _added()
    ids = sorted(added.values(), reverse=True)
    tokenizer = Tokenizer(_copy(tmp_path, dict(zip(added, ids, strict=True))), image_tokens=16)
    assert tokenizer.image_ids == ids[:16]
    assert tokenizer.encode("a <img_00015>\n b</img>") == [
        259,
        ids[15],
        277,
        tokenizer.image_end_id,
    ]


def test_save(tokenizer: Tokenizer, tmp_path: Path) -> None:
    tokenizer.save(tmp_path / "copy")
    for file in FOLDER.iterdir():
        assert (tmp_path / "copy" / file.name).read_bytes() == file.read_bytes()
    assert Tokenizer(tmp_path / "copy").encode("a <img> b") == tokenizer.encode("a <img> b")


def test_streamed_text_is_the_decoded_text(tokenizer: Tokenizer) -> None:
    rng = random.Random(0)
    size = len(tokenizer)
    bytes_of = {tokenizer._sp.piece_to_id(f"<0x{b:02X}>"): b for b in range(256)}
    id_of = {b: i for i, b in bytes_of.items()}
    for _ in range(3000):
        ids: list[int] = []
        for _ in range(rng.randint(0, 14)):
            if rng.random() < 0.4:  # a whole or a broken character in bytes
                ids += [id_of[b] for b in rng.choice("é中😀\ufffd\n").encode()[: rng.randint(1, 4)]]
            else:
                ids.append(rng.randrange(3, size))
        assert _stream(tokenizer, ids) == tokenizer.decode(ids), ids


def test_streaming_never_shows_half_a_character(tokenizer: Tokenizer) -> None:
    decoder = IncrementalDecoder(tokenizer)
    pieces = [decoder.push(i) for i in tokenizer.encode("ok é中😀!")]
    assert "".join(pieces) == "ok é中😀!"
    assert all("\ufffd" not in piece for piece in pieces)


def test_streaming_leaves_special_tokens_out(tokenizer: Tokenizer) -> None:
    ids = [tokenizer.bos_id, *tokenizer.encode("a small cat"), tokenizer.eos_id]
    assert _stream(tokenizer, ids) == "a small cat"


@pytest.mark.parametrize("text", ["hello world ", "中", "<img>", "<img_0000", "a"])
def test_long_texts_are_fast(tokenizer: Tokenizer, text: str) -> None:
    text *= 100_000 // len(text)
    start = time.process_time()
    tokenizer.decode(tokenizer.encode(text))
    assert time.process_time() - start < 1


def test_lone_surrogates(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode("a\ud800b") == tokenizer.encode("a\ufffdb")


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"tokenizer\.model"):
        Tokenizer(tmp_path)
    shutil.copy(FOLDER / "tokenizer.model", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"added_tokens\.json"):
        Tokenizer(tmp_path)


def test_bad_folders(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="<img_00064>"):
        Tokenizer(FOLDER, image_tokens=65)
    with pytest.raises(ValueError, match="<img>"):
        Tokenizer(_copy(tmp_path / "a", {"</img>": 420}))
    with pytest.raises(ValueError, match="is taken by"):
        Tokenizer(_copy(tmp_path / "b", _added() | {"<img>": 20}))
    with pytest.raises(ValueError, match="is taken by </img>"):
        Tokenizer(_copy(tmp_path / "c", _added() | {"<new>": 485}))
    broken = _copy(tmp_path / "d", _added())
    (broken / "tokenizer.model").write_bytes(b"version https://git-lfs.github.com/spec/v1")
    with pytest.raises(ValueError, match="not a sentencepiece model"):
        Tokenizer(broken)


def test_ids_outside_the_vocabulary(tokenizer: Tokenizer) -> None:
    for bad in (-1, len(tokenizer)):
        with pytest.raises(ValueError, match="not in the vocabulary of 494"):
            tokenizer.decode([bad])
