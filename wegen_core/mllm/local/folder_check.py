"""What is wrong with a model folder, found before transformers reads it and says it in riddles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ...model.weights import check_names

_LFS_POINTER = b"version https://git-lfs"
_TOKENIZERS = (
    "tokenizer.json",
    "tokenizer.model",
    "vocab.json",
    "vocab.txt",
    "tekken.json",
    "spiece.model",
    "*.tiktoken",
    "sentencepiece*.model",
)


def check_json_files(folder: Path) -> None:
    """ValueError that names a JSON file of `folder` that cannot be read, and the remedy."""
    paths = sorted(folder.glob("*.json"))
    _refuse_pointers(folder, paths)
    for path in paths:
        _read_json(path)


def check_folder(folder: Path, *, sees: bool) -> None:
    """ValueError that names what is missing or broken in a transformers folder, and the remedy.

    sees: whether the model takes images.
    """
    weights = _weight_files(folder)
    _refuse_pointers(folder, [*weights, *sorted(folder.glob("*.model"))])
    for path in weights:
        if path.suffix != ".safetensors":
            continue
        check_names(path, (name for name in _read_header(path) if name != "__metadata__"))
    if not any(any(folder.glob(name)) for name in _TOKENIZERS):
        raise ValueError(
            f"{folder} has no tokenizer (tokenizer.json or tokenizer.model); download it again"
        )
    settings = _read_json(folder / "processor_config.json")
    has_settings = (folder / "preprocessor_config.json").is_file() or "image_processor" in settings
    if sees and not has_settings:
        raise ValueError(
            f"{folder} has no preprocessor_config.json, which says how images are read; "
            "download it from where the model comes from"
        )


def _refuse_pointers(folder: Path, paths: list[Path]) -> None:
    if pointers := [path.name for path in paths if _is_pointer(path)]:
        raise ValueError(
            f"{', '.join(pointers)} in {folder} are git-lfs pointers instead of the files; "
            "run `git lfs pull` there, or download the files"
        )


def _is_pointer(path: Path) -> bool:
    if not path.is_file() or path.stat().st_size > 1024:
        return False
    with path.open("rb") as file:
        return file.read(len(_LFS_POINTER)) == _LFS_POINTER


def _weight_files(folder: Path) -> list[Path]:
    """The files that transformers would read; it says itself if there is none."""
    for name in ("model.safetensors", "pytorch_model.bin"):
        if (folder / name).is_file():
            return [folder / name]
        index = folder / f"{name}.index.json"
        if not index.is_file():
            continue
        files = _read_json(index).get("weight_map")
        if not isinstance(files, dict) or not files:
            raise ValueError(
                f"{index} has no weight_map, which names the weight files; download it"
            )
        paths = [folder / file for file in sorted({str(file) for file in files.values()})]
        if missing := [path.name for path in paths if not path.is_file()]:
            raise ValueError(f"{folder} lacks {', '.join(missing)}; download it again")
        return paths
    return []


def _read_header(path: Path) -> dict[str, Any]:
    """The header of a file; ValueError if the file does not have the size that it states."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        try:
            header = json.loads(file.read(length)) if 0 < length < size else None
        except ValueError:
            header = None
    if isinstance(header, dict):
        ends = [t["data_offsets"][1] for n, t in header.items() if n != "__metadata__"]
        if 8 + length + max(ends, default=0) == size:
            return header
    raise ValueError(
        f"{path} ({size} bytes) is broken or was not downloaded completely; download it again"
    )


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} cannot be read: {error}; download it again") from error
    return data if isinstance(data, dict) else {}
