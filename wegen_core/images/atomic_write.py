"""Files that are replaced as a whole, and a lock on a folder."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPLACE_ATTEMPTS = 8
"""How often a rename is tried, over about two seconds: on Windows a virus scanner or an indexer may
hold the file for a moment."""

_MAX_PATH = 240  # characters: Windows takes no more without a prefix


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
    path = long_path(path)
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")  # short: `path` may have 255 bytes
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder against other processes and threads that do the same.

    The operating system releases it when the process ends, however it ends. Windows locks files
    only: there, the file `.lock` stays in the folder.
    """
    if sys.platform == "win32":
        import msvcrt

        with open(long_path(folder / ".lock"), "ab") as file:
            while True:
                try:  # a call waits for ten seconds
                    msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                    break
                except OSError as error:
                    if error.errno != errno.EDEADLOCK:  # else another process still holds it
                        raise
            yield
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network drives have no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def long_path(path: Path) -> Path:
    r"""`path`, on Windows with the prefix `\\?\` where it is too long for the usual calls."""
    absolute = str(path.absolute())
    if os.name != "nt" or len(absolute) < _MAX_PATH or absolute.startswith("\\\\"):
        return path
    return Path(f"\\\\?\\{absolute}")


def _replace(temporary: Path, path: Path) -> None:
    for attempt in range(REPLACE_ATTEMPTS):
        try:
            return os.replace(temporary, path)
        except PermissionError:
            if attempt == REPLACE_ATTEMPTS - 1:
                raise
            time.sleep(0.01 * 2**attempt)
