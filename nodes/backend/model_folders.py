"""Model folders: `models/wegen`, for language models also `models/LLM` and `text_encoders`.

Detectors and encoders that check images are in `models/vision`.

Folders that extra_model_paths.yaml adds under these names count too.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import folder_paths

MINI = "mini"
KEY = "wegen"
MLLM_KEYS = ("LLM", "text_encoders", KEY)
VISION_KEY = "vision"
NO_VISION = "none"
NO_MLLM = "(put a model folder into models/LLM)"
_MARKS = ("config.json", "pytorch_model.bin")  # our own format, the official checkpoint


def register() -> None:
    """Add `wegen`, `LLM` and `vision`; folders of the user's YAML keep their place in front."""
    for key in (KEY, "LLM", VISION_KEY):
        folder_paths.add_model_folder_path(key, str(Path(folder_paths.models_dir) / key))


def names() -> list[str]:
    """`mini`, which needs no file, and every model folder found."""
    return [MINI, *sorted(_wegen_folders())]


def locate(name: str) -> str:
    """`mini` or the folder of that name; ValueError that says where to put it."""
    folder = MINI if name == MINI else _wegen_folders().get(name)
    if folder is not None:
        return str(folder)
    places = " or ".join(folder_paths.get_folder_paths(KEY))
    raise ValueError(
        f"model {name!r} does not exist; choose {MINI!r}, or put the folder (the official "
        f"checkpoint, or one written by `python -m wegen_core convert`) into {places} and press R"
    )


def mllm_names() -> list[str]:
    """Every folder with a transformers language model, once, as `LLM/<folder>`."""
    unique: dict[Path, str] = {}
    for name, folder in _mllm_folders().items():
        unique.setdefault(folder.resolve(), name)
    return sorted(unique.values()) or [NO_MLLM]


def locate_mllm(name: str) -> str:
    """The folder of that name; ValueError that says where to put it."""
    if folder := _mllm_folders().get(name):
        return str(folder)
    raise ValueError(
        f"language model {name!r} is not there; put its folder, as it is published (config.json, "
        f"tokenizer.json, *.safetensors), into {Path(folder_paths.models_dir) / 'LLM'} and press R"
    )


def vision_names() -> list[str]:
    """`none`, and every folder with an object detector or a vision encoder."""
    return [NO_VISION, *sorted(_vision_folders())]


def locate_vision(name: str) -> str | None:
    """The folder of that name, None for `none`; ValueError that says where to put it."""
    folder = _vision_folders().get(name)
    if folder is None and name != NO_VISION:
        raise ValueError(
            f"{name!r} is not there; put its folder, as it is published (config.json, "
            f"*.safetensors), into {Path(folder_paths.models_dir) / VISION_KEY} and press R"
        )
    return None if folder is None else str(folder)


def downloads() -> Path:
    """Where a language model from the hub goes."""
    return Path(folder_paths.get_folder_paths("LLM")[0])


def weights_size(folder: str) -> int:
    """Bytes of the weights in a folder."""
    return sum(file.stat().st_size for file in Path(folder).glob("*.safetensors"))


def fingerprint(name: str) -> str:
    """Changes when files of the model do, so that a retrained model is loaded again.

    A hash, because ComfyUI writes it into every image that is saved.
    """
    folder = _wegen_folders().get(name) or _mllm_folders().get(name)
    files = folder.iterdir() if folder else ()
    state = repr(sorted((f.name, f.stat().st_mtime_ns) for f in files))
    return hashlib.sha256(state.encode()).hexdigest()[:16]


def _wegen_folders() -> dict[str, Path]:
    folders: dict[str, Path] = {}
    for parent in map(Path, folder_paths.get_folder_paths(KEY)):
        for folder in parent.iterdir() if parent.is_dir() else ():
            if folder.name != MINI and any((folder / mark).is_file() for mark in _MARKS):
                folders.setdefault(folder.name, folder)
    return folders


def _vision_folders() -> dict[str, Path]:
    return {
        folder.name: folder
        for parent in map(Path, folder_paths.get_folder_paths(VISION_KEY))
        for folder in (parent.iterdir() if parent.is_dir() else ())
        if (folder / "config.json").is_file()
    }


def _mllm_folders() -> dict[str, Path]:
    folders: dict[str, Path] = {}
    for key in MLLM_KEYS:
        for parent in map(Path, folder_paths.get_folder_paths(key)):
            for folder in parent.iterdir() if parent.is_dir() else ():
                if _is_mllm(folder):
                    folders.setdefault(f"{key}/{folder.name}", folder)
    return folders


def _is_mllm(folder: Path) -> bool:
    """Whether a folder is laid out as transformers does; WeGen's own has another config.json."""
    config = folder / "config.json"
    if not config.is_file() or not (folder / "tokenizer_config.json").is_file():
        return False
    try:
        return "model_type" in json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
