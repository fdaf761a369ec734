"""The old slow Llama tokenizer's rule, straight on sentencepiece.

The network was trained on the ids of that tokenizer (transformers 4.30, legacy behaviour); current
tokenizers give other ids around added tokens. The rule: split the text on added tokens (longest
match), strip white space on both sides of every added token that is not special, and encode each
remaining piece on its own, so that each gets its own leading space mark.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

MODEL_FILE = "tokenizer.model"
ADDED_FILE = "added_tokens.json"
_MAP_FILE = "special_tokens_map.json"
_OPTIONAL_FILES = (_MAP_FILE, "tokenizer_config.json")
_SURROGATES = re.compile("[\ud800-\udfff]")
_UNDECIDED_BYTES = 3
"""An unfinished UTF-8 sequence is at most this many bytes long."""


class Tokenizer:
    """Text <-> ids of the WeGen language model; `len()` is one more than the largest id.

    Parameters
    ----------
    folder
        Holds `tokenizer.model` (sentencepiece) and `added_tokens.json` (token -> id, any order).
        `special_tokens_map.json` may name the padding token.
    image_tokens
        Visual tokens of one image; `<img_00000>` ... must exist for each of them.

    Attributes
    ----------
    bos_id, eos_id, pad_id, image_start_id, image_end_id
        Ids.
    image_ids
        The ids of `<img_00000>`, `<img_00001>`, ... in this order.

    Raises
    ------
    FileNotFoundError
        A file is missing.
    ValueError
        Tokens are missing or clash, or a file cannot be read.
    """

    def __init__(self, folder: str | Path, image_tokens: int = 64) -> None:
        self._files = _read_files(Path(folder))
        self._sp = _sentencepiece(self._files[MODEL_FILE], folder)
        self._special = {
            "<unk>": self._sp.unk_id(),
            "<s>": self._sp.bos_id(),
            "</s>": self._sp.eos_id(),
        }
        self._added = self._read_added(folder)
        self._special_of = {i: t for t, i in self._special.items()}
        self._added_of = {i: t for t, i in self._added.items()}
        longest_first = sorted([*self._added, *self._special], key=len, reverse=True)
        self._split = re.compile("(" + "|".join(map(re.escape, longest_first)) + ")")

        self.bos_id, self.eos_id = self._special["<s>"], self._special["</s>"]
        self.image_start_id = self.token_id("<img>")
        self.image_end_id = self.token_id("</img>")
        self.image_ids = [self.token_id(f"<img_{k:05d}>") for k in range(image_tokens)]
        self.pad_id = self._read_pad()

    def __len__(self) -> int:
        return max(self._sp.vocab_size(), 1 + max(self._added.values(), default=0))

    def encode(self, text: str) -> list[int]:
        """Encode text, without a beginning-of-sequence token; lone surrogates become U+FFFD."""
        parts = self._split.split(_SURROGATES.sub("\ufffd", text))
        ids: list[int] = []
        for index, part in enumerate(parts):
            if index % 2:  # re.split puts what the pattern matches at odd positions
                ids.append(self.token_id(part))
                continue
            if index > 0 and parts[index - 1] in self._added:
                part = part.lstrip()
            if index + 1 < len(parts) and parts[index + 1] in self._added:
                part = part.rstrip()
            if part:
                ids.extend(self._sp.encode(part))
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """Decode ids; added and special tokens are spelled out, as by the old tokenizer.

        Raises
        ------
        ValueError
            An id is outside the vocabulary.
        """
        texts: list[str] = []
        run: list[int] = []
        for i in ids:
            i = self._checked(i)
            if i not in self._added_of:
                run.append(i)
                continue
            if run:
                texts.append(self._decode_run(run))
                run = []
            texts.append(self._added_of[i])
        if run:
            texts.append(self._decode_run(run))
        return " ".join(texts)

    def image_block(self) -> list[int]:
        """Ids of `<img>`, all visual tokens of one image, `</img>`."""
        return [self.image_start_id, *self.image_ids, self.image_end_id]

    def token_id(self, name: str) -> int:
        """The id of an added or special token; ValueError if there is no such token."""
        token = self._added.get(name, self._special.get(name))
        if token is None:
            raise ValueError(
                f"the tokenizer has no token {name}; "
                f"its {ADDED_FILE} holds {len(self._added)} other tokens"
            )
        return token

    def save(self, folder: str | Path) -> None:
        """Write the tokenizer's files into `folder`, which is made if it does not exist."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in self._files.items():
            (folder / name).write_bytes(data)

    def _checked(self, i: Any) -> int:
        i = int(i)
        if i not in self._added_of and not 0 <= i < self._sp.vocab_size():
            raise ValueError(f"token id {i} is not in the vocabulary of {len(self)} tokens")
        return i

    def _decode_run(self, run: list[int]) -> str:
        """Text of ids without added tokens.

        The old tokenizer puts the space that belongs before a special token before the text in
        front of it. The network's training texts have it so.
        """
        pieces: list[int] = []
        text, after_special = "", False
        for index, i in enumerate(run):
            if i in self._special_of:
                if index and not after_special:
                    text += " "
                text += self._decode_pieces(pieces) + self._special_of[i]
                pieces = []
            else:
                pieces.append(i)
            after_special = i in self._special_of
        return text + self._decode_pieces(pieces)

    def _decode_pieces(self, ids: list[int]) -> str:
        return self._sp.decode(ids) if ids else ""

    def _read_added(self, folder: str | Path) -> dict[str, int]:
        record = json.loads(self._files[ADDED_FILE].decode("utf-8"))
        added = {str(t): int(i) for t, i in record.items() if t not in self._special}
        owners: dict[int, str] = {}
        for token, i in added.items():
            taken = self._sp.id_to_piece(i) if 0 <= i < self._sp.vocab_size() else owners.get(i)
            if i < 0 or taken is not None:
                raise ValueError(
                    f"{Path(folder) / ADDED_FILE}: the id {i} of {token} is "
                    + (f"taken by {taken}" if taken is not None else "negative")
                )
            owners[i] = token
        return added

    def _read_pad(self) -> int:
        """The padding token that the files name, else `<unk>`, as the network was trained."""
        record = json.loads(self._files.get(_MAP_FILE, b"{}").decode("utf-8")).get("pad_token")
        name = str(record.get("content") if isinstance(record, dict) else record)
        return self._added.get(name, self._special.get(name, self._sp.unk_id()))


class IncrementalDecoder:
    """Text of ids that arrive one by one: `push` returns what is certain, `flush` the rest.

    A character whose bytes are spread over several ids is held back until it is complete. Put
    together, the pieces are `decode(ids)` without `<s>`, `</s>` and `<unk>`.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._run: list[int] = []  # the end of the current run of text: context and undecided ids
        self._returned = 0  # characters of the run's text that were returned already
        self._has_text = False  # whether anything was pushed

    def push(self, i: int) -> str:
        """Take an id; return the text that is now complete, often none. ValueError if unknown."""
        tokenizer = self._tokenizer
        i = tokenizer._checked(i)
        if i in tokenizer._special_of:
            return self.flush()
        if i in tokenizer._added_of:
            text = self.flush() + (" " if self._has_text else "") + tokenizer._added_of[i]
            self._run, self._returned, self._has_text = [], 0, True
            return text
        gap = " " if self._has_text and not self._run else ""
        self._has_text = True
        self._run.append(i)
        text = tokenizer._decode_pieces(self._run)
        is_byte = tokenizer._sp.is_byte(i)
        end = len(text)
        while is_byte and len(text) - end < _UNDECIDED_BYTES and text[:end].endswith("\ufffd"):
            end -= 1
        new, self._returned = text[self._returned : end], max(end, self._returned)
        if end == len(text):  # nothing undecided: one character is context enough for what follows
            self._run = self._run[-len(text[-1].encode()) :] if is_byte else [i]
            self._returned = len(tokenizer._decode_pieces(self._run))
        return gap + new

    def flush(self) -> str:
        """Return what was held back: the end of the text, or a character that stays incomplete."""
        text = self._tokenizer._decode_pieces(self._run)[self._returned :]
        self._returned += len(text)
        return text


def _read_files(folder: Path) -> dict[str, bytes]:
    files = {}
    for name in (MODEL_FILE, ADDED_FILE, *_OPTIONAL_FILES):
        path = folder / name
        if path.is_file():
            files[name] = path.read_bytes()
        elif name not in _OPTIONAL_FILES:
            raise FileNotFoundError(
                f"the tokenizer folder {folder} has no {name}; copy it there from the checkpoint"
            )
    return files


def _sentencepiece(proto: bytes, folder: str | Path) -> Any:
    from sentencepiece import SentencePieceProcessor

    try:
        # Bytes, not the path: sentencepiece cannot open every path on Windows.
        return SentencePieceProcessor(model_proto=proto)
    except RuntimeError as error:
        raise ValueError(
            f"{Path(folder) / MODEL_FILE} is not a sentencepiece model ({len(proto)} bytes); "
            "is it a git-lfs pointer or a broken download?"
        ) from error
