"""Language models from the Hugging Face hub: by name, and only where the user has allowed it.

The switch is an environment variable, so that no workflow from elsewhere can turn it on. Weights
and settings alone are fetched, no code and no pickles.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from ...records.hooks import NO_HOOKS, Hooks

SWITCH = "WEGEN_DOWNLOAD"
FILES = ("*.json", "*.jinja", "*.safetensors", "*.model", "*.tiktoken", "*.txt")
_NAME = re.compile(r"[A-Za-z0-9][\w-]*/[A-Za-z0-9](?:[\w-]|\.(?!\.))*")


class DownloadError(RuntimeError):
    """The model could not be had; the text says why, and what to do."""


def place_of(repository: str, folder: Path) -> Path:
    """Where the model of that name lies in `folder`; ValueError for a name that is none."""
    if not _NAME.fullmatch(repository):
        raise ValueError(
            f"repository is {repository!r}; give a name such as 'Qwen/Qwen3-VL-4B-Instruct'"
        )
    return folder / repository.split("/")[1]


def is_allowed() -> bool:
    return os.environ.get(SWITCH, "").strip().lower() in ("1", "true", "yes", "on")


def ensure(
    repository: str,
    folder: Path,
    *,
    endpoint: str | None = None,
    hooks: Hooks = NO_HOOKS,
) -> Path:
    """The model's own folder in `folder`, fetched if it is not there yet and the switch is on.

    endpoint: address of another hub, None: huggingface.co or what HF_ENDPOINT says. A download that
    broke off goes on the next time. Raises ValueError for a name that is none,
    DownloadError if the switch is off or the hub does not give the model, `Stopped`.
    """
    place = place_of(repository, folder)
    if (place / "config.json").is_file():
        return place
    if not is_allowed():
        raise DownloadError(
            f"{repository} is not in {folder}, and downloads are off; start with the environment "
            f"variable {SWITCH}=1, or put its folder there yourself"
        )
    hooks.check_stop()
    from huggingface_hub import snapshot_download
    from tqdm import tqdm

    class Bar(tqdm):
        def update(self, n: float | None = 1) -> bool | None:
            hooks.check_stop()
            return super().update(n)

    part = place.with_name(f"{place.name}.part")
    try:
        snapshot_download(
            repository,
            local_dir=part,
            allow_patterns=list(FILES),
            endpoint=endpoint,
            tqdm_class=Bar,
            max_workers=2,
        )
    except (OSError, ValueError) as error:  # what the hub raises for names, networks and disks
        reason = " ".join(str(error).split())[:300]
        raise DownloadError(f"{repository} could not be downloaded: {reason}") from error
    if not (part / "config.json").is_file():
        raise DownloadError(f"{repository} holds no config.json; it is no transformers model")
    part.rename(place)
    return place
