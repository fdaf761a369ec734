"""Generated images on disk, each beside a JSON file that says how it was made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..images.atomic_write import write_atomically
from ..images.files import release_path, write_image

if TYPE_CHECKING:
    from PIL import Image

PACKAGES = ("torch", "diffusers", "transformers")


def versions() -> dict[str, str]:
    """Versions of this package and of the libraries that compute the images.

    They are read from package metadata, so that no library is imported.
    """
    installed = {"wegen": __version__}
    for name in PACKAGES:
        try:
            installed[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            installed[name] = "not installed"
    return installed


def save(image: Image.Image, path: Path, record: Mapping[str, Any]) -> None:
    """Write `image` as a PNG file, and before it a JSON file of the same name with its record.

    Parameters
    ----------
    image
        Any mode that PNG can hold.
    path
        Must end in .png. Missing folders are created. A claim of `free_path` ends here.
    record
        How the image was made, as plain JSON. The versions and the date are added.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    date = datetime.now(timezone.utc).isoformat(timespec="seconds")
    text = json.dumps(
        {**record, "versions": versions(), "date": date}, ensure_ascii=False, indent=1
    )
    try:
        write_atomically(path.with_suffix(".json"), text.encode("utf-8", "surrogatepass"))
        write_image(image, path)
    finally:
        release_path(path)
