"""A tokenizer of few words: sentencepiece BPE over given sentences, and WeGen's own tags."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from pathlib import Path

import sentencepiece

from ..model.tokenizer import ADDED_FILE, MODEL_FILE, Tokenizer


def train_tokenizer(
    folder: Path, image_tokens: int, sentences: Iterable[str], vocabulary: int
) -> Tokenizer:
    """Train a tokenizer into `folder`, or read the one that is there."""
    if not (folder / ADDED_FILE).exists():
        folder.mkdir(parents=True, exist_ok=True)
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences),
            model_writer=model,
            model_type="bpe",
            vocab_size=vocabulary,
            # Unknown characters fall back to bytes: any text in any language can be encoded.
            byte_fallback=True,
            character_coverage=1.0,
            normalization_rule_name="identity",
            remove_extra_whitespaces=False,
            split_digits=True,
            num_threads=1,
            minloglevel=2,
        )
        (folder / MODEL_FILE).write_bytes(model.getvalue())
        names = [f"<img_{k:05d}>" for k in range(image_tokens)] + ["<img>", "</img>"]
        added = {name: vocabulary + i for i, name in enumerate(names)}
        (folder / ADDED_FILE).write_text(json.dumps(added, indent=1), encoding="utf-8")
    return Tokenizer(folder, image_tokens)
