"""The mini's tokenizer: sentencepiece BPE over the playground's sentences, and WeGen's own tags."""

from __future__ import annotations

import io
import json
from pathlib import Path

import sentencepiece

from ..model.prompt import unique_words
from ..model.tokenizer import ADDED_FILE, MODEL_FILE, Tokenizer
from ..playground.sequences import corpus

VOCABULARY = 768
SENTENCES = 30_000


def train_tokenizer(folder: Path, image_tokens: int, seed: int = 0) -> Tokenizer:
    """Train a tokenizer into `folder`, or read the one that is there."""
    if not (folder / ADDED_FILE).exists():
        folder.mkdir(parents=True, exist_ok=True)
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(corpus(SENTENCES, seed)),
            model_writer=model,
            model_type="bpe",
            vocab_size=VOCABULARY,
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
        added = {name: VOCABULARY + i for i, name in enumerate(names)}
        (folder / ADDED_FILE).write_text(json.dumps(added, indent=1), encoding="utf-8")
    return Tokenizer(folder, image_tokens)


def training_vocabulary(seed: int = 0) -> str:
    """List every word of the sentences that the mini learns from, with spaces between."""
    return " ".join(
        sorted({word for text in corpus(SENTENCES, seed) for word in unique_words(text)})
    )
