"""Stand-in for `folder_paths`: where models lie."""

from __future__ import annotations

import tempfile
from pathlib import Path

base_path = tempfile.gettempdir()
models_dir = str(Path(base_path) / "models")
folder_names_and_paths: dict[str, tuple[list[str], set[str]]] = {}


def add_model_folder_path(
    folder_name: str, full_folder_path: str, is_default: bool = False
) -> None:
    """Look for models of a kind in one more folder; first there, if `is_default`."""
    paths = folder_names_and_paths.setdefault(folder_name, ([], set()))[0]
    if full_folder_path not in paths:
        paths.insert(0 if is_default else len(paths), full_folder_path)


def get_folder_paths(folder_name: str) -> list[str]:
    """The folders for models of a kind; KeyError for a kind that nobody has added."""
    return list(folder_names_and_paths[folder_name][0])


def get_user_directory() -> str:
    """The folder of all users' folders."""
    return str(Path(base_path) / "user")


def get_input_directory() -> str:
    """Where Load Image looks."""
    return str(Path(base_path) / "input")
