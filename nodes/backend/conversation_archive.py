"""A saved conversation as a zip file, and back; what comes in is not trusted."""

from __future__ import annotations

import io
import json
import re
import tempfile
import zipfile
from pathlib import Path

from ...wegen_core.records.conversation import Conversation
from ...wegen_core.records.conversation_files import FILE
from .conversations import SIDEBAR_FILE, Conversations

MAX_BYTES = 1 << 30
MAX_FILES = 10_000
_DATA_NAME = re.compile(r"[0-9a-f]{16}\.(?:png|npy)")


def export_zip(conversations: Conversations, conversation_id: str) -> bytes:
    """The folder of a conversation as a zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(conversations.folder(conversation_id).iterdir()):
            if path.name in (FILE, SIDEBAR_FILE) or _DATA_NAME.fullmatch(path.name):
                archive.write(path, path.name)
    return buffer.getvalue()


def import_zip(conversations: Conversations, content: bytes) -> str:
    """A conversation from a zip file of `export_zip`, its images written anew; its id.

    Raises ValueError for what is not such a file, or is too large.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise ValueError(f"the file is not a zip file: {error}") from error
    with archive, tempfile.TemporaryDirectory() as temporary:
        entries = {entry.filename: entry for entry in archive.infolist()}
        size = sum(entry.file_size for entry in entries.values())
        if len(entries) > MAX_FILES or size > MAX_BYTES:
            raise ValueError(
                f"the zip file holds {len(entries)} files of {size >> 20} MB in all; up to "
                f"{MAX_FILES} files and {MAX_BYTES >> 20} MB are taken"
            )
        if FILE not in entries:
            raise ValueError(f"the zip file holds no {FILE}; export a conversation first")
        for name, entry in entries.items():
            if name == FILE or _DATA_NAME.fullmatch(name):
                (Path(temporary) / name).write_bytes(_read_entry(archive, entry))
        try:
            conversation = Conversation.load(temporary)
        except FileNotFoundError as error:
            raise ValueError(str(error)) from error
        title = ""
        if SIDEBAR_FILE in entries:
            try:
                title = str(json.loads(_read_entry(archive, entries[SIDEBAR_FILE]))["title"])
            except (ValueError, KeyError, TypeError):
                title = ""
    conversation_id = conversations.create(title)
    conversations.save(conversation_id, conversation)
    return conversation_id


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The bytes of an entry, no more than it declares."""
    with archive.open(entry) as file:
        content = file.read(entry.file_size + 1)
    if len(content) > entry.file_size:
        raise ValueError(f"{entry.filename} is larger than the zip file says")
    return content
