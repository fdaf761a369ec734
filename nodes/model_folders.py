"""Where WeGen models lie: `models/wegen` and what extra_model_paths.yaml adds under `wegen`."""

from __future__ import annotations

from pathlib import Path

import folder_paths

MINI = "mini"
KEY = "wegen"
_MARKS = ("config.json", "pytorch_model.bin")  # our own format, the official checkpoint


def register() -> None:
    """Add `<models>/wegen`; folders that the user's YAML named before keep their place in front."""
    folder_paths.add_model_folder_path(KEY, str(Path(folder_paths.models_dir) / KEY))


def names() -> list[str]:
    """`mini`, which needs no file, and every model folder found."""
    return [MINI, *sorted(_found())]


def locate(name: str) -> str:
    """`mini` or the folder of that name; ValueError that says where to put it."""
    folder = MINI if name == MINI else _found().get(name)
    if folder is not None:
        return str(folder)
    places = " or ".join(folder_paths.get_folder_paths(KEY))
    raise ValueError(
        f"model {name!r} is not there; choose {MINI!r}, or put the folder (the official "
        f"checkpoint, or one written by `python -m wegen_core convert`) into {places} and press R"
    )


def fingerprint(name: str) -> str:
    """Changes when files of the model do, so that a model trained anew is loaded anew."""
    folder = _found().get(name)
    files = folder.iterdir() if folder else ()
    return repr(sorted((f.name, f.stat().st_mtime_ns) for f in files))


def _found() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for place in map(Path, folder_paths.get_folder_paths(KEY)):
        for folder in place.iterdir() if place.is_dir() else ():
            if folder.name != MINI and any((folder / mark).is_file() for mark in _MARKS):
                found.setdefault(folder.name, folder)
    return found
