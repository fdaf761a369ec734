"""Language models from the Hugging Face hub, by name, and only where the user has allowed it.

The switch is an environment variable, so that a workflow from elsewhere cannot turn it on. Only
weights and settings are downloaded, neither code nor pickles.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from ...records.hooks import NO_HOOKS, Hooks

SWITCH = "WEGEN_DOWNLOAD"
PATTERNS = ("*.json", "*.jinja", "*.safetensors", "*.model", "*.tiktoken", "*.txt")
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w-]*/[A-Za-z0-9](?:[\w-]|\.(?!\.))*")


class DownloadError(RuntimeError):
    """The model is not there and was not downloaded; the text says why, and what to do."""


def model_folder(repository: str, folder: Path) -> Path:
    """Where in `folder` the model of that name belongs; ValueError if it is not a name."""
    if not _REPOSITORY.fullmatch(repository):
        raise ValueError(
            f"repository is {repository!r}; give a name such as 'Qwen/Qwen3-VL-4B-Instruct'"
        )
    return folder / repository.split("/")[1]


def is_allowed() -> bool:
    """Whether the user has turned downloads on."""
    return os.environ.get(SWITCH, "").strip().lower() in ("1", "true", "yes", "on")


def ensure(
    repository: str,
    folder: Path,
    *,
    endpoint: str | None = None,
    hooks: Hooks = NO_HOOKS,
) -> Path:
    """The model's own folder in `folder`, downloaded if it is not there yet.

    A download that was interrupted continues the next time.

    Parameters
    ----------
    repository
        The model's name on the hub, such as "Qwen/Qwen3-VL-4B-Instruct".
    folder
        Holds models, each in a folder of its own.
    endpoint
        Address of another hub; None: huggingface.co, or the environment variable HF_ENDPOINT.
    hooks
        should_stop is polled with every chunk.

    Raises
    ------
    ValueError
        `repository` is not a name.
    DownloadError
        The switch is off, or the hub does not provide the model.
    Stopped
        `hooks.should_stop` returned True.
    """
    target = model_folder(repository, folder)
    if (target / "config.json").is_file():
        return target
    if not is_allowed():
        raise DownloadError(
            f"{repository} is not in {folder}, and downloads are off; start with the environment "
            f"variable {SWITCH}=1, or put its folder there yourself"
        )
    hooks.check_stop()
    from huggingface_hub import snapshot_download
    from tqdm import tqdm

    class StoppableBar(tqdm):
        def update(self, n: float | None = 1) -> bool | None:
            hooks.check_stop()
            return super().update(n)

    part = target.with_name(f"{target.name}.part")
    try:
        snapshot_download(
            repository,
            local_dir=part,
            allow_patterns=list(PATTERNS),
            endpoint=endpoint,
            tqdm_class=StoppableBar,
            max_workers=2,
        )
    except (OSError, ValueError) as error:  # what the hub raises for names, networks and disks
        reason = " ".join(str(error).split())[:300]
        raise DownloadError(f"{repository} could not be downloaded: {reason}") from error
    if not (part / "config.json").is_file():
        raise DownloadError(f"{repository} has no config.json; it is not a transformers model")
    part.rename(target)
    return target


def hub_snapshot(folder: Path) -> Path:
    """The files of a model in the hub's cache, if `folder` is its `models--OWNER--NAME`.

    Any other folder is returned as it is. Raises FileNotFoundError if no snapshot is in it.
    """
    if not (folder / "snapshots").is_dir():
        return folder
    reference = folder / "refs" / "main"
    if reference.is_file():
        snapshot = folder / "snapshots" / reference.read_text().strip()
        if snapshot.is_dir():
            return snapshot
    snapshots = [path for path in (folder / "snapshots").iterdir() if path.is_dir()]
    if len(snapshots) != 1:
        raise FileNotFoundError(
            f"{folder} is a folder of the hub's cache with {len(snapshots)} snapshots; give one of "
            f"the folders in {folder / 'snapshots'}"
        )
    return snapshots[0]


def hub_name(folder: Path) -> str:
    """What to call the model of a folder: a cache folder `models--OWNER--NAME` is called NAME."""
    return folder.resolve().name.split("--")[-1]
