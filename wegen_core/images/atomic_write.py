"""Files that are replaced as a whole."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` under a temporary name, then rename it to `path`.

    After a crash or a full disk `path` holds either the old bytes or the new ones.

    Parameters
    ----------
    path
        The file to write; its folder must exist.
    content
        All bytes of the file.

    Raises
    ------
    OSError
        The file cannot be written; the temporary file is removed.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
